/*
 * corrupt-snapshot FILE CASE OUT: writes FILE, damaged by CASE, to OUT.
 * corrupt-snapshot --list: a line per case: CASE, "refused" or "verify", and a part of what must be said.
 * corrupt-snapshot --good OUT: writes a snapshot with rows in every section, to be damaged.
 * Exit: 0, 2 usage or input, 77 when FILE has no place for the case (an empty section).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd_io.h"
#include "support/snapshot_builder.h"
#include "support/snapshot_damage.h"

#define EXIT_USAGE 2
#define EXIT_SKIP  77

static int list_cases(void)
{
	size_t count;
	const struct snapshot_damage *damages = snapshot_damages(&count);

	for (size_t i = 0; i < count; i++)
		(void)printf("%s\t%s\t%s\n", damages[i].name,
		    damages[i].status == STATUS_OK ? "verify" : "refused", damages[i].says);
	return 0;
}

static int write_good(const char *path)
{
	struct snapshot_builder *builder = snapshot_builder_of_everything();

	snapshot_builder_write(builder, path);
	snapshot_builder_free(builder);
	return 0;
}

/* The whole of PATH in memory that can be resized; false with a message. */
static bool read_file(const char *path, struct damaged_image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	bool good = fd >= 0 && fstat(fd, &file) == 0 && file.st_size >= 64;

	if (good) {
		image->count = (size_t)file.st_size;
		image->bytes = malloc(image->count);
		good = image->bytes != NULL &&
		       fd_read_full(fd, image->bytes, image->count) == (ssize_t)image->count &&
		       memcmp(image->bytes,
			   "\x89"
			   "ALLOCSCOPE",
			   11) == 0;
	}
	if (fd >= 0)
		(void)close(fd);
	if (!good)
		(void)fprintf(stderr, "corrupt-snapshot: %s is no plain snapshot\n", path);
	return good;
}

static bool write_file(const char *path, const struct damaged_image *image)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && fd_write_full(fd, image->bytes, image->count) == 0;

	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (!good)
		(void)fprintf(stderr, "corrupt-snapshot: cannot write %s\n", path);
	return good;
}

static int damage_file(const char *in, const char *name, const char *out)
{
	const struct snapshot_damage *damage = snapshot_damage_named(name);
	struct damaged_image image = {0};
	int code = EXIT_USAGE;

	if (damage == NULL)
		(void)fprintf(stderr, "corrupt-snapshot: no case '%s'; see --list\n", name);
	else if (read_file(in, &image)) {
		if (!damage->apply(&image, damage))
			code = EXIT_SKIP;
		else if (write_file(out, &image))
			code = 0;
	}
	free(image.bytes);
	return code;
}

int main(int argument_count, char **arguments)
{
	if (argument_count == 2 && strcmp(arguments[1], "--list") == 0)
		return list_cases();
	if (argument_count == 3 && strcmp(arguments[1], "--good") == 0)
		return write_good(arguments[2]);
	if (argument_count == 4)
		return damage_file(arguments[1], arguments[2], arguments[3]);
	(void)fprintf(stderr, "usage: corrupt-snapshot FILE CASE OUT | --list | --good OUT\n");
	return EXIT_USAGE;
}
