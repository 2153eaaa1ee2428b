/*
 * Runs a fuzz target over the files and folders of a corpus, for compilers without libFuzzer and as a
 * regression test: corpus-driver PATH... Says how many files it ran; crashes where the fuzzer would.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static unsigned files_run;

static int run_file(const char *path, size_t count)
{
	FILE *file = fopen(path, "rbe");
	/* Exactly as large as the file: a sanitizer sees the first byte beyond. */
	uint8_t *bytes = malloc(count > 0 ? count : 1);
	int failed = file == NULL || bytes == NULL || fread(bytes, 1, count, file) != count;

	if (failed)
		(void)fprintf(stderr, "corpus-driver: cannot read %s\n", path);
	else {
		(void)LLVMFuzzerTestOneInput(bytes, count);
		files_run++;
	}
	free(bytes);
	if (file != NULL)
		(void)fclose(file);
	return failed;
}

static int run_path(const char *path);

static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int failed = folder == NULL;

	/* One thread: the entry stays valid until the next call. */
	while (folder != NULL &&
	       (entry = readdir(folder)) != NULL) { // NOLINT(concurrency-mt-unsafe): one thread
		char *inside = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
			abort();
		failed |= run_path(inside);
		free(inside);
	}
	if (folder != NULL)
		(void)closedir(folder);
	return failed;
}

static int run_path(const char *path)
{
	struct stat file;

	if (stat(path, &file) != 0) {
		(void)fprintf(stderr, "corpus-driver: cannot read %s\n", path);
		return 1;
	}
	return S_ISDIR(file.st_mode) ? run_folder(path) : run_file(path, (size_t)file.st_size);
}

int main(int argument_count, char **arguments)
{
	int failed = argument_count < 2;

	for (int i = 1; i < argument_count; i++)
		failed |= run_path(arguments[i]);
	(void)printf("%u files\n", files_run);
	return failed;
}
