/* The writer makes files that the reader takes, whatever its buffer, and tells every failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "snapshot/snapshot_writer.h"

#define BUFFER_BYTES 4096

/* A file in memory, and a buffer with a fence behind it. */
struct sink {
	int fd;
	struct snapshot_writer writer;
	char buffer[BUFFER_BYTES + 8];
};

static void sink_begin(struct sink *sink, size_t buffer_bytes)
{
	sink->fd = memfd_create("writer", MFD_CLOEXEC);
	assert_true(sink->fd >= 0);
	memset(sink->buffer, 0x5a, sizeof sink->buffer);
	snapshot_writer_begin(&sink->writer, sink->fd, sink->buffer, buffer_bytes);
}

/* The file's bytes, to be freed. */
static char *sink_end(struct sink *sink, size_t *ret_count)
{
	struct stat file;

	assert_int_equal(fstat(sink->fd, &file), 0);

	char *bytes = malloc((size_t)file.st_size + 1);

	assert_int_equal(pread(sink->fd, bytes, (size_t)file.st_size, 0), file.st_size);
	assert_int_equal(close(sink->fd), 0);
	*ret_count = (size_t)file.st_size;
	return bytes;
}

static void put_some_sections(struct snapshot_writer *writer)
{
	static const char text[] = "\0names and more names";

	snapshot_writer_section(writer, SNAPSHOT_STRINGS, 1, SNAPSHOT_SECTION_REQUIRED);
	snapshot_writer_put(writer, text, sizeof text);
	snapshot_writer_end_section(writer);
	snapshot_writer_section(writer, SNAPSHOT_BLOCK_ADDRESS, 8, SNAPSHOT_SECTION_REQUIRED);
	for (uint64_t i = 0; i < 3000; i++)
		snapshot_writer_put(writer, &i, sizeof i);
	snapshot_writer_end_section(writer);
	snapshot_writer_section(writer, SNAPSHOT_ROOTS, 24, 0);
	snapshot_writer_end_section(writer);
}

static void table_describes_the_sections(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	put_some_sections(&sink.writer);
	assert_int_equal(snapshot_writer_finish(&sink.writer), 0);

	char *bytes = sink_end(&sink, &count);
	const struct snapshot_file_header *header = (const void *)bytes;

	assert_memory_equal(header->magic, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_BYTES);
	assert_int_equal(header->version, 1);
	assert_int_equal(header->header_bytes, 64);
	assert_int_equal(header->file_bytes, count);
	assert_int_equal(header->section_count, 3);
	assert_int_equal(header->table_offset % 64, 0);
	assert_int_equal(header->table_offset + 3 * sizeof(struct snapshot_section), count);
	assert_int_equal(header->header_checksum, checksum_of(header, 56));
	assert_int_equal(header->table_checksum, checksum_of(bytes + header->table_offset, 3 * 40));

	const struct snapshot_section *table = (const void *)(bytes + header->table_offset);
	static const uint64_t lengths[] = {22, 24000, 0};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(table[i].offset % 64, 0);
		assert_int_equal(table[i].bytes, lengths[i]);
		assert_int_equal(table[i].reserved, 0);
		assert_int_equal(
		    table[i].checksum, checksum_of(bytes + table[i].offset, table[i].bytes));
	}
	assert_int_equal(table[1].id, SNAPSHOT_BLOCK_ADDRESS);
	assert_int_equal(table[1].row_bytes, 8);
	assert_int_equal(table[1].flags, SNAPSHOT_SECTION_REQUIRED);
	assert_string_equal(bytes + table[0].offset + 1, "names and more names");
	free(bytes);
}

static void file_does_not_depend_on_the_buffer(void **state)
{
	static const size_t sizes[] = {64, 100, 1000, BUFFER_BYTES};
	char *first = NULL;
	size_t first_count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct sink sink;
		size_t count;

		sink_begin(&sink, sizes[i]);
		put_some_sections(&sink.writer);
		assert_int_equal(snapshot_writer_finish(&sink.writer), 0);
		for (size_t k = sizes[i]; k < sizeof sink.buffer; k++)
			assert_int_equal(sink.buffer[k], 0x5a);

		char *bytes = sink_end(&sink, &count);

		if (first == NULL) {
			first = bytes;
			first_count = count;
			continue;
		}
		assert_int_equal(count, first_count);
		assert_memory_equal(bytes, first, count);
		free(bytes);
	}
	free(first);
}

static void file_without_sections_is_a_header(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	assert_int_equal(snapshot_writer_finish(&sink.writer), 0);
	free(sink_end(&sink, &count));
	assert_int_equal(count, 64);
}

static void unfinished_file_has_an_empty_header(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, 64);
	put_some_sections(&sink.writer);

	char *bytes = sink_end(&sink, &count);
	static const char zeros[64];

	assert_in_range(count, 1000, 100000);
	assert_memory_equal(bytes, zeros, 64);
	free(bytes);
}

static void part_of_a_row_is_an_error(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	snapshot_writer_section(&sink.writer, SNAPSHOT_NODES, 16, 0);
	snapshot_writer_put(&sink.writer, "123456789", 9);
	snapshot_writer_end_section(&sink.writer);
	assert_int_equal(snapshot_writer_finish(&sink.writer), -EINVAL);
	free(sink_end(&sink, &count));
}

static void section_inside_a_section_is_an_error(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	snapshot_writer_section(&sink.writer, SNAPSHOT_NODES, 16, 0);
	snapshot_writer_section(&sink.writer, SNAPSHOT_STACKS, 72, 0);
	assert_int_equal(snapshot_writer_finish(&sink.writer), -EINVAL);
	free(sink_end(&sink, &count));
}

static void section_65_is_an_error(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	for (uint32_t i = 0; i < SNAPSHOT_SECTIONS_MAX; i++) {
		snapshot_writer_section(&sink.writer, 1000 + i, 1, 0);
		snapshot_writer_end_section(&sink.writer);
	}
	assert_int_equal(sink.writer.error, 0);
	snapshot_writer_section(&sink.writer, 2000, 1, 0);
	assert_int_equal(snapshot_writer_finish(&sink.writer), -EINVAL);
	free(sink_end(&sink, &count));
}

static void bytes_outside_a_section_are_ignored(void **state)
{
	struct sink sink;
	size_t count;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	snapshot_writer_put(&sink.writer, "x", 1);
	snapshot_writer_end_section(&sink.writer);
	assert_int_equal(snapshot_writer_finish(&sink.writer), 0);
	free(sink_end(&sink, &count));
	assert_int_equal(count, 64);
}

/* The same rows, as sections one after the other and side by side. */
static void columns_are_sections(void **state)
{
	enum { ROWS = 1000 };
	static uint64_t numbers[ROWS];
	static uint32_t words[ROWS];
	struct snapshot_column columns[2] = {{.id = SNAPSHOT_BLOCK_SIZE, .row_bytes = 8},
	    {.id = SNAPSHOT_BLOCK_STACK, .row_bytes = 4}};
	struct sink sink;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < ROWS; i++) {
		numbers[i] = i * UINT64_C(0x9e3779b97f4a7c15);
		words[i] = i * 0x85ebca6bu;
	}
	sink_begin(&sink, BUFFER_BYTES);
	put_some_sections(&sink.writer);
	const uint32_t before = sink.writer.section_count;

	snapshot_writer_begin_columns(&sink.writer, columns, 2, ROWS, SNAPSHOT_SECTION_REQUIRED);
	for (uint32_t at = 0; at < ROWS; at += 250) {
		snapshot_writer_put_column(&sink.writer, &columns[0], numbers + at, 250);
		snapshot_writer_put_column(&sink.writer, &columns[1], words + at, 250);
	}
	snapshot_writer_end_columns(&sink.writer, columns, 2, ROWS);
	put_some_sections(&sink.writer);
	assert_int_equal(snapshot_writer_finish(&sink.writer), 0);

	const struct snapshot_section *sections = sink.writer.sections;
	char *bytes = sink_end(&sink, &count);

	assert_int_equal(sections[before].bytes, sizeof numbers);
	assert_int_equal(sections[before].offset % SNAPSHOT_ALIGNMENT, 0);
	assert_memory_equal(bytes + sections[before].offset, numbers, sizeof numbers);
	assert_int_equal(sections[before].checksum, checksum_of(numbers, sizeof numbers));
	assert_int_equal(sections[before + 1].bytes, sizeof words);
	assert_int_equal(sections[before + 1].offset % SNAPSHOT_ALIGNMENT, 0);
	assert_memory_equal(bytes + sections[before + 1].offset, words, sizeof words);
	assert_int_equal(sections[before + 1].checksum, checksum_of(words, sizeof words));
	assert_true(sections[before + 2].offset >=
		    sections[before + 1].offset + sections[before + 1].bytes);
	free(bytes);
}

static void columns_of_other_lengths_are_an_error(void **state)
{
	static const uint64_t numbers[4];
	struct snapshot_column column = {.id = SNAPSHOT_BLOCK_SIZE, .row_bytes = 8};
	struct sink sink;

	(void)state;
	sink_begin(&sink, BUFFER_BYTES);
	snapshot_writer_begin_columns(&sink.writer, &column, 1, 5, 0);
	snapshot_writer_put_column(&sink.writer, &column, numbers, 4);
	snapshot_writer_end_columns(&sink.writer, &column, 1, 5);
	assert_int_equal(snapshot_writer_finish(&sink.writer), -EINVAL);
	assert_int_equal(close(sink.fd), 0);
}

static void first_failure_of_the_disk_is_returned(void **state)
{
	struct snapshot_writer writer;
	char buffer[BUFFER_BYTES];
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(full >= 0);
	snapshot_writer_begin(&writer, full, buffer, sizeof buffer);
	put_some_sections(&writer);
	assert_int_equal(snapshot_writer_finish(&writer), -ENOSPC);
	assert_int_equal(close(full), 0);

	snapshot_writer_begin(&writer, full, buffer, sizeof buffer);
	put_some_sections(&writer);
	assert_int_equal(snapshot_writer_finish(&writer), -EBADF);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_describes_the_sections),
	    cmocka_unit_test(file_does_not_depend_on_the_buffer),
	    cmocka_unit_test(file_without_sections_is_a_header),
	    cmocka_unit_test(unfinished_file_has_an_empty_header),
	    cmocka_unit_test(part_of_a_row_is_an_error),
	    cmocka_unit_test(section_inside_a_section_is_an_error),
	    cmocka_unit_test(section_65_is_an_error),
	    cmocka_unit_test(bytes_outside_a_section_are_ignored),
	    cmocka_unit_test(columns_are_sections),
	    cmocka_unit_test(columns_of_other_lengths_are_an_error),
	    cmocka_unit_test(first_failure_of_the_disk_is_returned),
	};

	return cmocka_run_group_tests_name("snapshot_writer", tests, NULL, NULL);
}
