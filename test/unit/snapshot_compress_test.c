/* Compressed files hold the same, keep their mode, and never replace what they could not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/snapshot_compress.h"
#include "snapshot/snapshot_reader.h"
#include "snapshot/snapshot_verify.h"
#include "support/snapshot_builder.h"

struct place {
	char folder[64], path[80], temporary[96];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	(void)snprintf(place->folder, sizeof place->folder, "/tmp/snapshot_compress_test.XXXXXX");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	(void)snprintf(place->path, sizeof place->path, "%s/a.snap", place->folder);
	(void)snprintf(place->temporary, sizeof place->temporary, "%s.tmp", place->path);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	int left_over = access(place->temporary, F_OK) == 0;

	(void)unlink(place->temporary);
	(void)unlink(place->path);
	(void)rmdir(place->folder);
	free(place);
	return left_over ? -1 : 0;
}

static void fail_on_finding(void *context, const char *rule, const char *sentence)
{
	(void)context;
	fail_msg("%s: %s", rule, sentence);
}

/* 50,000 blocks: more than one buffer of the compressor. */
static void write_large(const char *path)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "make;main");

	(void)snapshot_builder_blocks(builder, stack, 50000, 40, 0);
	snapshot_builder_write(builder, path);
	snapshot_builder_free(builder);
}

static mode_t mode_of(const char *path)
{
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return file.st_mode & 07777;
}

static void compressed_file_holds_the_same(void **state)
{
	struct place *place = *state;
	struct snapshot *plain = NULL;
	struct snapshot *packed = NULL;
	struct status_error error = {0};
	uint64_t bytes = 0;

	write_large(place->path);
	assert_int_equal(snapshot_open(place->path, &plain, &error), 0);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, &bytes, &error), 0);
	assert_int_equal(snapshot_open(place->path, &packed, &error), 0);
	assert_int_equal(packed->disk_bytes, bytes);
	assert_true(bytes < plain->file_bytes / 2);
	assert_int_equal(packed->file_bytes, plain->file_bytes);
	assert_memory_equal(packed->bytes, plain->bytes, plain->file_bytes);
	assert_int_equal(snapshot_verify(packed, fail_on_finding, NULL), 0);
	snapshot_close(packed);
	snapshot_close(plain);
}

static void mode_is_kept(void **state)
{
	struct place *place = *state;
	struct status_error error = {0};

	write_large(place->path);
	assert_int_equal(mode_of(place->path), 0600);
	assert_int_equal(chmod(place->path, 0640), 0);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, NULL, &error), 0);
	assert_int_equal(mode_of(place->path), 0640);
}

static void compressed_file_is_left_alone(void **state)
{
	struct place *place = *state;
	struct status_error error = {0};
	struct stat before;
	struct stat after;
	uint64_t first = 0;
	uint64_t second = 0;

	write_large(place->path);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, &first, &error), 0);
	assert_int_equal(stat(place->path, &before), 0);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, &second, &error), 0);
	assert_int_equal(stat(place->path, &after), 0);
	assert_int_equal(first, second);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void other_files_are_refused_and_unchanged(void **state)
{
	struct place *place = *state;
	struct status_error error = {0};
	static const char text[] =
	    "This is somebody's letter, not a snapshot, and longer than a header of 64 bytes.";
	char read_back[sizeof text];
	int fd = open(place->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, sizeof text), sizeof text);
	assert_int_equal(snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, NULL, &error),
	    STATUS_NOT_A_SNAPSHOT);
	assert_int_equal(pread(fd, read_back, sizeof text, 0), sizeof text);
	assert_string_equal(read_back, text);
	assert_int_equal(close(fd), 0);
	assert_int_equal(snapshot_compress_file("/no/such/file", 3, NULL, &error), STATUS_IO);
}

static void left_over_temporary_file_is_no_obstacle(void **state)
{
	struct place *place = *state;
	struct status_error error = {0};
	char victim[96];
	struct stat file;

	/* ... and a link of that name is not followed. */
	(void)snprintf(victim, sizeof victim, "%s/victim", place->folder);
	assert_int_equal(close(open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	assert_int_equal(symlink(victim, place->temporary), 0);
	write_large(place->path);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, NULL, &error), 0);
	assert_int_equal(stat(victim, &file), 0);
	assert_int_equal(file.st_size, 0);
	assert_int_equal(unlink(victim), 0);
}

static void unwritable_folder_leaves_the_file(void **state)
{
	struct place *place = *state;
	struct status_error error = {0};
	struct snapshot *snapshot = NULL;

	/* A folder in the place of the temporary file stops everyone, root too. */
	write_large(place->path);
	assert_int_equal(mkdir(place->temporary, 0700), 0);
	assert_int_equal(
	    snapshot_compress_file(place->path, SNAPSHOT_COMPRESS_LEVEL, NULL, &error), STATUS_IO);
	assert_non_null(strstr(error.sentence, "cannot be created"));
	assert_int_equal(rmdir(place->temporary), 0);
	assert_int_equal(snapshot_open(place->path, &snapshot, &error), 0);
	assert_int_equal(snapshot->disk_bytes, snapshot->file_bytes);
	snapshot_close(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		compressed_file_holds_the_same, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(mode_is_kept, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
		compressed_file_is_left_alone, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
		other_files_are_refused_and_unchanged, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
		left_over_temporary_file_is_no_obstacle, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
		unwritable_folder_leaves_the_file, make_place, remove_place),
	};

	return cmocka_run_group_tests_name("snapshot_compress", tests, NULL, NULL);
}
