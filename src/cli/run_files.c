#include "cli/run_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "cli/fatal.h"
#include "report/names_embed.h"
#include "report/report_file.h"
#include "report/text_estimate.h"
#include "report/text_number.h"
#include "snapshot/snapshot_compress.h"

#define FILES_TOLD 8

char *run_files_new_manifest(void)
{
	const char *directory = getenv("TMPDIR");
	char *path = xformat("%s/allocscope-files.XXXXXX",
	    directory != NULL && directory[0] == '/' ? directory : "/tmp");
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		die(EXIT_USAGE, "cannot make %s: %s", path, strerror(errno));
	(void)close(fd);
	return path;
}

static void look_into(struct run_file *file)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};
	struct heap *heap = NULL;
	struct heap_totals totals = {0};

	if (snapshot_open(file->path, &snapshot, &error) != 0) {
		message("%s: %s", file->path, error.sentence);
		return;
	}
	file->is_readable = true;
	file->program = xstrdup(snapshot_string(snapshot, snapshot->run->program));
	file->pid = snapshot->run->pid;
	file->trigger = snapshot->run->trigger;
	file->time_ns = snapshot->run->time_ns;
	file->blocks = snapshot->run->totals.live_blocks;
	file->bytes = snapshot->run->totals.live_bytes;
	file->iterations_ended = snapshot->run->iterations_ended;
	file->iterations_counted = snapshot->run->iterations_counted;
	memcpy(file->run_id, snapshot->run->run_id, sizeof file->run_id);
	if (heap_open(snapshot, &heap) == 0) {
		heap_count(heap, NULL, &totals);
		file->retained_blocks = totals.retained_blocks;
		file->retained_bytes = totals.retained_bytes;
		file->mean = estimate_mean(snapshot);
		file->spread = estimate_live(snapshot);
		file->retained_spread = totals.retained_spread;
		heap_close(heap);
	}
	snapshot_close(snapshot);
}

static bool has_path(const struct run_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->files[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Relative when it lies below the working directory: that is how the user will type it. */
static char *short_path(const char *path)
{
	char directory[PATH_MAX];
	size_t length = 0;

	if (getcwd(directory, sizeof directory) == NULL)
		return xstrdup(path);
	length = strlen(directory);
	if (length > 1 && strncmp(path, directory, length) == 0 && path[length] == '/')
		return xstrdup(path + length + 1);
	return xstrdup(path);
}

void run_files_collect(struct run_files *files, const char *manifest)
{
	FILE *in = fopen(manifest, "re");
	char *line = NULL;
	size_t line_bytes = 0;

	*files = (struct run_files){0};
	while (in != NULL && getline(&line, &line_bytes, in) > 0) {
		char *path = NULL;

		line[strcspn(line, "\n")] = '\0';
		path = short_path(line);
		if (line[0] == '\0' || has_path(files, path)) {
			free(path);
			continue;
		}
		files->files = xrealloc(files->files, (files->count + 1) * sizeof *files->files);
		files->files[files->count] = (struct run_file){.path = path};
		look_into(&files->files[files->count++]);
	}
	free(line);
	if (in != NULL)
		(void)fclose(in);
	(void)unlink(manifest);
}

static void free_names(struct run_file *file)
{
	free(file->path);
	free(file->program);
}

void run_files_release(struct run_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free_names(&files->files[i]);
	free(files->files);
	*files = (struct run_files){0};
}

void run_files_embed_names(const struct run_files *files, const struct name_settings *names)
{
	for (size_t i = 0; i < files->count; i++) {
		struct loaded_files loaded;
		struct status_error error = {0};
		char *path = files->files[i].path;

		if (!files->files[i].is_readable)
			continue;
		load_files(&loaded, &path, 1, names, NULL);
		load_objects(&loaded);
		load_or_die(names_survey(&loaded.files[0].input, loaded.files[0].objects));
		if (names_embed(loaded.files[0].snapshot, loaded.files[0].names,
			loaded.files[0].objects, path, &error) != 0)
			message("%s: names are not embedded: %s", path, error.sentence);
		load_files_release(&loaded);
	}
}

void run_files_compress(const struct run_files *files, int level)
{
	for (size_t i = 0; i < files->count; i++) {
		struct status_error error = {0};

		if (files->files[i].is_readable &&
		    snapshot_compress_file(files->files[i].path, level, NULL, &error) != 0)
			message("%s is not compressed: %s", files->files[i].path, error.sentence);
	}
}

static const char *when(uint32_t trigger)
{
	switch (trigger) {
	case SNAPSHOT_AT_EXIT:
		return " at exit";
	case SNAPSHOT_AT_FIRST:
		return " at the end of warm-up";
	case SNAPSHOT_AT_LAST:
		return " at the end of the last iteration";
	default:
		return "";
	}
}

static void tell_file(const struct run_file *file, bool with_process)
{
	char retained[320] = "";
	char *process = with_process ? xformat(" %s (pid %" PRIu32 "),", file->program, file->pid)
				     : xstrdup("");

	if (file->iterations_counted != 0)
		(void)snprintf(retained, sizeof retained, "; %s (%s) retained from %s",
		    text_estimate_plural(file->mean, file->retained_blocks,
			file->retained_spread.blocks, "block", "blocks")
			.text,
		    text_estimate_bytes(
			file->mean, file->retained_bytes, file->retained_spread.bytes)
			.text,
		    text_plural(file->iterations_counted, "counted iteration", "counted iterations")
			.text);
	message("%s:%s %s (%s) live%s%s", file->path, process,
	    text_estimate_plural(file->mean, file->blocks, file->spread.blocks, "block", "blocks")
		.text,
	    text_estimate_bytes(file->mean, file->bytes, file->spread.bytes).text,
	    when(file->trigger), retained);
	free(process);
}

static bool is_same_run(const struct run_file *a, const struct run_file *b)
{
	return memcmp(a->run_id, b->run_id, sizeof a->run_id) == 0;
}

/* Of two files of one process: does file A say more of its iterations than B? The end of the last iteration comes before
 * what teardown left, then the later one. A strict order: one file of a process beats all others. */
static bool beats(const struct run_files *files, size_t a, size_t b)
{
	const struct run_file *left = &files->files[a];
	const struct run_file *right = &files->files[b];
	bool left_is_last = left->trigger == SNAPSHOT_AT_LAST;
	bool right_is_last = right->trigger == SNAPSHOT_AT_LAST;

	if (left_is_last != right_is_last)
		return left_is_last;
	if (left->time_ns != right->time_ns)
		return left->time_ns > right->time_ns;
	return a > b;
}

/* The process whose files the user will look at: the one that was started, unless only others had iterations. */
static const struct run_file *main_process(const struct run_files *files, uint32_t root_pid)
{
	const struct run_file *best = NULL;

	for (size_t i = 0; i < files->count; i++) {
		const struct run_file *file = &files->files[i];

		if (!file->is_readable)
			continue;
		if (best == NULL || (best->iterations_ended == 0 && file->iterations_ended != 0) ||
		    (best->pid != root_pid && file->pid == root_pid &&
			(best->iterations_ended != 0) == (file->iterations_ended != 0)))
			best = file;
	}
	return best;
}

/* Of that process the end of its iterations, or its last file; and its first one to compare it with. */
static void tell_next(const struct run_files *files, uint32_t root_pid)
{
	const struct run_file *process = main_process(files, root_pid);
	const struct run_file *before = NULL;
	const struct run_file *after = NULL;

	for (size_t i = 0; process != NULL && i < files->count; i++) {
		const struct run_file *file = &files->files[i];

		if (!file->is_readable || !is_same_run(process, file))
			continue;
		if (before == NULL || file->time_ns < before->time_ns)
			before = file;
		if (after == NULL || beats(files, i, (size_t)(after - files->files)))
			after = file;
	}
	if (after == NULL)
		return;
	if (before != after)
		message("next: allocscope diff %s %s", before->path, after->path);
	else if (after->iterations_counted != 0)
		message("next: allocscope iterations %s, or allocscope report --sort retained %s",
		    after->path, after->path);
	else
		message("next: allocscope report %s", after->path);
}

void run_files_tell(const struct run_files *files, uint32_t root_pid)
{
	bool several = false;

	for (size_t i = 1; i < files->count; i++)
		several = several || !is_same_run(&files->files[0], &files->files[i]);
	for (size_t i = 0; i < files->count && i < FILES_TOLD; i++) {
		if (files->files[i].is_readable)
			tell_file(&files->files[i], several);
	}
	if (files->count > FILES_TOLD)
		message("and %zu more files", files->count - FILES_TOLD);
	tell_next(files, root_pid);
}

static bool is_best_of_its_run(const struct run_files *files, size_t candidate)
{
	const uint8_t *run_id = files->files[candidate].run_id;

	for (size_t i = 0; i < files->count; i++) {
		const struct run_file *other = &files->files[i];

		if (i != candidate && other->is_readable &&
		    memcmp(other->run_id, run_id, sizeof other->run_id) == 0 &&
		    beats(files, i, candidate))
			return false;
	}
	return true;
}

size_t run_files_to_judge(const struct run_files *files, uint32_t root_pid, size_t *indices)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i].is_readable && files->files[i].iterations_ended != 0 &&
		    is_best_of_its_run(files, i))
			indices[count++] = i;
	}
	for (size_t i = 0; count == 0 && i < files->count; i++) {
		if (files->files[i].is_readable && files->files[i].pid == root_pid &&
		    is_best_of_its_run(files, i))
			indices[count++] = i;
	}
	return count;
}
