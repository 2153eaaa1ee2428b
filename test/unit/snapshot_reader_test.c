/* The reader takes every good file and refuses every damaged one with a sentence; nothing makes it crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_reader.h"
#include "snapshot/snapshot_verify.h"
#include "support/snapshot_builder.h"
#include "support/snapshot_damage.h"

static unsigned char *good_image;
static size_t good_bytes;

static int make_good_image(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_of_everything();

	(void)state;
	good_image = snapshot_builder_image(builder, &good_bytes);
	snapshot_builder_free(builder);
	return 0;
}

static int free_good_image(void **state)
{
	(void)state;
	free(good_image);
	return 0;
}

static void ignore_finding(void *context, const char *rule, const char *sentence)
{
	(void)context;
	assert_int_not_equal(strlen(rule), 0);
	assert_int_not_equal(strlen(sentence), 0);
}

/* A copy of COUNT bytes in a block of exactly that size, so that a sanitizer sees the first byte beyond. */
static unsigned char *exact_copy(const void *bytes, size_t count)
{
	unsigned char *copy = malloc(count > 0 ? count : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, count);
	return copy;
}

static void damaged_file_is_refused(void **state)
{
	const struct snapshot_damage *damage = *state;
	struct damaged_image image = {exact_copy(good_image, good_bytes), good_bytes};
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	assert_true(damage->apply(&image, damage));

	int status = snapshot_open_memory(image.bytes, image.count, &snapshot, &error);

	if (status == 0)
		snapshot_close(snapshot);
	free(image.bytes);
	assert_int_equal(status, damage->status);
	assert_int_equal(error.code, damage->status);
	if (strstr(error.sentence, damage->says) == NULL)
		fail_msg("'%s' does not say '%s'", error.sentence, damage->says);
}

static void good_file_opens(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};
	size_t kind_count;

	(void)state;
	assert_int_equal(snapshot_open_memory(good_image, good_bytes, &snapshot, &error), 0);
	(void)section_kinds(&kind_count);
	assert_int_equal(snapshot->section_count, kind_count);
	assert_int_equal(snapshot->file_bytes, good_bytes);
	assert_int_equal(snapshot->disk_bytes, good_bytes);
	assert_string_equal(snapshot->path, "");
	assert_string_equal(snapshot_string(snapshot, snapshot->run->program), "bench");
	assert_int_equal(snapshot->thread_count, 2);
	assert_int_equal(snapshot->module_count, 3);
	assert_int_equal(snapshot->stack_count, 4);
	assert_int_equal(snapshot->block_count, 14);
	assert_int_equal(snapshot->extra_count, 5);
	assert_int_equal(snapshot->iteration_count, 28);
	assert_int_equal(snapshot->sample_count, 3);
	assert_int_equal(snapshot->series_count, 5);
	assert_int_equal(snapshot->root_count, 2);
	assert_int_equal(snapshot->run->totals.allocs, 1064);
	assert_int_equal(snapshot->run->totals.temporary, 1000);
	assert_int_equal(snapshot->run->totals.reallocs, 2);
	assert_string_equal(snapshot_string(snapshot, snapshot->benchmarks[1].name), "print");
	snapshot_close(snapshot);
}

static void cut_at_any_byte_is_refused(void **state)
{
	(void)state;
	for (size_t count = 0; count < good_bytes; count++) {
		unsigned char *copy = exact_copy(good_image, count);
		struct snapshot *snapshot = NULL;
		struct status_error error = {0};
		int status = snapshot_open_memory(copy, count, &snapshot, &error);
		char where[64];

		free(copy);
		assert_int_equal(status, count == 0 ? STATUS_NOT_A_SNAPSHOT : STATUS_CUT);
		(void)snprintf(where, sizeof where, "ends at byte %zu,", count);
		if (count > 0)
			assert_non_null(strstr(error.sentence, where));
		if (count >= sizeof(struct snapshot_file_header)) {
			(void)snprintf(where, sizeof where, "%zu of %zu bytes are missing",
			    good_bytes - count, good_bytes);
			assert_non_null(strstr(error.sentence, where));
		}
	}
}

/* Only the zeros between sections belong to nobody. */
static bool is_padding(size_t offset)
{
	const struct snapshot_file_header *header = (const void *)good_image;
	const struct snapshot_section *table = (const void *)(good_image + header->table_offset);

	if (offset < sizeof *header || offset >= header->table_offset)
		return false;
	for (uint32_t i = 0; i < header->section_count; i++)
		if (offset >= table[i].offset && offset < table[i].offset + table[i].bytes)
			return false;
	return true;
}

static void flipped_bit_is_noticed_everywhere(void **state)
{
	unsigned char *copy = exact_copy(good_image, good_bytes);

	(void)state;
	for (size_t at = 0; at < good_bytes; at++) {
		struct snapshot *snapshot = NULL;
		struct status_error error = {0};

		copy[at] ^= (unsigned char)(1u << at % 8);

		int status = snapshot_open_memory(copy, good_bytes, &snapshot, &error);

		copy[at] = good_image[at];
		if (status == 0)
			snapshot_close(snapshot);
		assert_int_equal(status == 0, is_padding(at));
	}
	free(copy);
}

static void seal(unsigned char *image)
{
	struct snapshot_file_header *header = (void *)image;
	struct snapshot_section *table = (void *)(image + header->table_offset);

	for (uint32_t i = 0; i < header->section_count; i++)
		table[i].checksum = checksum_of(image + table[i].offset, table[i].bytes);
	header->table_checksum = checksum_of(table, header->section_count * sizeof *table);
	header->header_checksum =
	    checksum_of(header, offsetof(struct snapshot_file_header, header_checksum));
}

/* Damage with correct checksums, as malice or a broken writer makes it: refused, or safe to walk. */
static void sealed_damage_never_crashes(void **state)
{
	static const uint32_t values[] = {0, 1, 2, 255, 65535, 0x7fffffff, 0x80000000, UINT32_MAX};
	unsigned char *copy = exact_copy(good_image, good_bytes);
	uint64_t random = 88172645463325252u;
	unsigned opened = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct snapshot *snapshot = NULL;
		struct status_error error = {0};
		size_t at = 64;

		memcpy(copy, good_image, good_bytes);
		for (unsigned change = 0; change < 1 + round % 3; change++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			at =
			    64 + random % (((const struct snapshot_file_header *)(const void *)copy)
						  ->table_offset -
					      68);
			at &= ~(size_t)3;
			memcpy(copy + at, &values[random >> 40 & 7], 4);
		}
		seal(copy);
		if (snapshot_open_memory(copy, good_bytes, &snapshot, &error) != 0) {
			assert_int_not_equal(strlen(error.sentence), 0);
			continue;
		}
		opened++;
		(void)snapshot_verify(snapshot, ignore_finding, NULL);
		snapshot_close(snapshot);
	}
	free(copy);
	assert_in_range(opened, 1000, 19999);
}

static void longer_rows_of_a_newer_writer_are_read(void **state)
{
	size_t kind_count;
	const struct section_kind *kinds = section_kinds(&kind_count);
	struct snapshot *plain = NULL;
	struct status_error error = {0};

	(void)state;
	assert_int_equal(snapshot_open_memory(good_image, good_bytes, &plain, &error), 0);
	for (size_t i = 0; i < kind_count; i++) {
		struct snapshot_builder *builder = snapshot_builder_of_everything();
		struct snapshot *wide = NULL;
		size_t bytes;

		snapshot_builder_widen(builder, kinds[i].id, 12);

		unsigned char *image = snapshot_builder_image(builder, &bytes);

		snapshot_builder_free(builder);
		if (kinds[i].fixed) {
			assert_int_equal(
			    snapshot_open_memory(image, bytes, &wide, &error), STATUS_DAMAGED);
			assert_non_null(strstr(error.sentence, kinds[i].name));
		} else {
			const char *plain_rows;
			const char *wide_rows;
			size_t rows = 1;

			assert_int_equal(snapshot_open_memory(image, bytes, &wide, &error), 0);
			memcpy(
			    &plain_rows, (char *)plain + kinds[i].rows_member, sizeof plain_rows);
			memcpy(&wide_rows, (char *)wide + kinds[i].rows_member, sizeof wide_rows);
			if (kinds[i].count_member != 0)
				memcpy(&rows, (char *)wide + kinds[i].count_member, sizeof rows);
			assert_in_range(rows, 1, 100);
			assert_memory_equal(plain_rows, wide_rows, rows * kinds[i].row_bytes);
			assert_int_equal(snapshot_verify(wide, ignore_finding, NULL), 0);
			snapshot_close(wide);
		}
		free(image);
	}
	snapshot_close(plain);
}

static void unknown_optional_section_is_skipped(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_of_everything();

	(void)state;
	snapshot_builder_section(builder, 90, 0, 6, "sixsixsixsix", 12);

	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(snapshot->block_count, 14);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

static void absent_optional_sections_have_no_rows(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	size_t kind_count;
	const struct section_kind *kinds = section_kinds(&kind_count);

	(void)state;
	for (size_t i = 0; i < kind_count; i++)
		if (!kinds[i].required)
			snapshot_builder_omit(builder, kinds[i].id);

	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(
	    snapshot->name_count + snapshot->pool_count + snapshot->iteration_count, 0);
	assert_false(snapshot_has_graph(snapshot));
	assert_int_equal(snapshot->edge_first_count + snapshot->edge_count +
			     snapshot->root_range_count + snapshot->root_edge_count,
	    0);
	assert_non_null(snapshot->names);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

static void more_than_64_samples_are_refused(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "many");
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};
	size_t bytes;

	(void)state;
	snapshot_builder_iterations(builder, benchmark, 0, 100);
	snapshot_builder_samples(builder, benchmark, 1, 65, 1);

	void *image = snapshot_builder_image(builder, &bytes);

	assert_int_equal(snapshot_open_memory(image, bytes, &snapshot, &error), STATUS_DAMAGED);
	assert_non_null(strstr(error.sentence, "65 samples"));
	free(image);
	snapshot_builder_free(builder);
}

static void misaligned_memory_is_read(void **state)
{
	unsigned char *room = malloc(good_bytes + 3);
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	memcpy(room + 3, good_image, good_bytes);
	assert_int_equal(snapshot_open_memory(room + 3, good_bytes, &snapshot, &error), 0);
	free(room);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	snapshot_close(snapshot);
}

static void file_is_mapped(void **state)
{
	char path[] = "/tmp/snapshot_reader_test.XXXXXX";
	int file = mkstemp(path);
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(write(file, good_image, good_bytes), good_bytes);
	assert_int_equal(close(file), 0);
	assert_int_equal(snapshot_open(path, &snapshot, &error), 0);
	assert_string_equal(snapshot->path, path);
	assert_int_equal(snapshot->block_count, 14);
	snapshot_close(snapshot);
	assert_int_equal(unlink(path), 0);
}

/* Written when the version was young and kept for ever: what was a snapshot stays one. */
static void files_of_version_1_are_still_read(void **state)
{
	static const char *const paths[] = {"test/fixtures/snapshots/v1/everything.snap",
	    "test/fixtures/snapshots/v1/everything.zst.snap"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct snapshot *snapshot = NULL;
		struct status_error error = {0};

		if (snapshot_open(paths[i], &snapshot, &error) != 0)
			fail_msg("%s: %s", paths[i], error.sentence);
		assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
		assert_int_equal(snapshot->file_bytes, 9200);
		assert_int_equal(snapshot->disk_bytes < snapshot->file_bytes, i == 1);
		assert_int_equal(snapshot->run->totals.allocs, 1064);
		assert_int_equal(snapshot->block_count, 14);
		assert_int_equal(snapshot->block_size[10], 4000);
		assert_string_equal(snapshot_string(snapshot, snapshot->pools[0].name), "arena");
		assert_string_equal(snapshot_string(snapshot, snapshot->names[0].function), "main");
		snapshot_close(snapshot);
	}
}

/* The first with a graph. */
static void graphs_of_version_1_are_still_read(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	if (snapshot_open("test/fixtures/snapshots/v1/graph.snap", &snapshot, &error) != 0)
		fail_msg("%s", error.sentence);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	assert_true(snapshot_has_graph(snapshot));
	assert_int_equal(snapshot->graph->method, SNAPSHOT_GRAPH_FORKED);
	assert_int_equal(snapshot->edge_first_count, 15);
	assert_int_equal(snapshot->edge_first[1], 2);
	assert_int_equal(snapshot->edge_count, 3);
	assert_int_equal(snapshot->edge_word[1], 2);
	assert_int_equal(snapshot->edge_target[1], 7);
	assert_int_equal(snapshot->edge_into[1], 24);
	assert_int_equal(snapshot->root_range_count, 6);
	assert_int_equal(snapshot->root_edge_count, 4);
	assert_int_equal(snapshot->root_edges[1].target, 1);
	assert_int_equal(snapshot->root_edges[1].into, 8);
	assert_int_equal(snapshot->stack_frame_count, 2);
	assert_int_equal(snapshot->stack_frames[1].pc, 0x401300);
	snapshot_close(snapshot);
}

/* The first with virtual tables. */
static void classes_of_version_1_are_still_read(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	if (snapshot_open("test/fixtures/snapshots/v1/classes.snap", &snapshot, &error) != 0)
		fail_msg("%s", error.sentence);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	assert_int_equal(snapshot->virtual_table_count, 3);
	assert_int_equal(snapshot->virtual_tables[2].address, 0x400f48);
	assert_int_equal(snapshot->virtual_tables[2].module, 1);
	assert_int_equal(snapshot->block_virtual_table_count, snapshot->block_count);
	assert_int_equal(snapshot_virtual_table_of(snapshot, 0), 1);
	assert_int_equal(snapshot_virtual_table_of(snapshot, 1), 0);
	assert_int_equal(snapshot_virtual_table_of(snapshot, 7), 2);
	snapshot_close(snapshot);
}

/* The first with what the recorder costs. */
static void own_costs_of_version_1_are_still_read(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	if (snapshot_open("test/fixtures/snapshots/v1/own_costs.snap", &snapshot, &error) != 0)
		fail_msg("%s", error.sentence);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	assert_int_equal(snapshot->own_memory_count, 2);
	assert_string_equal(snapshot_string(snapshot, snapshot->own_memory[1].table), "buffers");
	assert_int_equal(snapshot->own_memory[0].resident_bytes, 65536);
	assert_int_equal(snapshot->own_memory[0].mapped_bytes, 1 << 24);
	assert_int_equal(snapshot->gate_count, 1);
	assert_int_equal(snapshot->gate->closings, 3);
	assert_int_equal(snapshot->gate->longest_stand_ns, 1500000);
	snapshot_close(snapshot);
}

/* The first with samples. */
static void samples_of_version_1_are_still_read(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	if (snapshot_open("test/fixtures/snapshots/v1/sampled.snap", &snapshot, &error) != 0)
		fail_msg("%s", error.sentence);
	assert_int_equal(snapshot_verify(snapshot, ignore_finding, NULL), 0);
	assert_int_equal(snapshot->run->sample_bytes, 4096);
	assert_int_equal(snapshot->weight_count, 13);
	assert_int_equal(snapshot->block_weight[0], 1);
	assert_int_equal(snapshot->block_weight[12], 84);
	assert_int_equal(snapshot->run->totals.live_blocks, 1009);
	assert_int_equal(snapshot->sampling->sampled_allocs, 23);
	assert_int_equal(snapshot->stack_variance_count, 4);
	assert_true(snapshot->stack_variances[1].allocs > 12.0 * 84 * 83 - 1);
	snapshot_close(snapshot);
}

static void *feed_pipe(void *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	(void)!write(fd, good_image, good_bytes);
	(void)close(fd);
	return NULL;
}

static void pipe_is_read_to_its_end(void **state)
{
	char folder[] = "/tmp/snapshot_reader_test.XXXXXX";
	char path[64];
	pthread_t feeder;
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pthread_create(&feeder, NULL, feed_pipe, path), 0);
	assert_int_equal(snapshot_open(path, &snapshot, &error), 0);
	assert_int_equal(pthread_join(feeder, NULL), 0);
	assert_int_equal(snapshot->block_count, 14);
	assert_int_equal(snapshot->disk_bytes, good_bytes);
	snapshot_close(snapshot);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void missing_file_and_directory_are_errors_of_input(void **state)
{
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	assert_int_equal(snapshot_open("/no/such/file.snap", &snapshot, &error), STATUS_IO);
	assert_non_null(strstr(error.sentence, "No such file"));
	assert_int_equal(snapshot_open("/", &snapshot, &error), STATUS_IO);
	assert_non_null(strstr(error.sentence, "directory"));
	assert_null(snapshot);
	snapshot_close(NULL);
}

static void cut_file_names_all_lost_sections_that_fit(void **state)
{
	struct snapshot_damage damage = *snapshot_damage_named("cut-table-first");
	struct damaged_image image = {exact_copy(good_image, good_bytes), good_bytes};
	struct snapshot *snapshot = NULL;
	struct status_error error = {0};

	(void)state;
	damage.value = good_bytes - 2048;
	assert_true(damage.apply(&image, &damage));
	assert_int_equal(
	    snapshot_open_memory(image.bytes, image.count, &snapshot, &error), STATUS_CUT);
	assert_non_null(strstr(error.sentence, "lost sections: "));
	assert_non_null(strstr(error.sentence, ", "));
	assert_string_equal(error.sentence + strlen(error.sentence) - 4, " ...");
	free(image.bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_file_opens),
	    cmocka_unit_test(cut_at_any_byte_is_refused),
	    cmocka_unit_test(flipped_bit_is_noticed_everywhere),
	    cmocka_unit_test(sealed_damage_never_crashes),
	    cmocka_unit_test(longer_rows_of_a_newer_writer_are_read),
	    cmocka_unit_test(unknown_optional_section_is_skipped),
	    cmocka_unit_test(absent_optional_sections_have_no_rows),
	    cmocka_unit_test(more_than_64_samples_are_refused),
	    cmocka_unit_test(misaligned_memory_is_read),
	    cmocka_unit_test(file_is_mapped),
	    cmocka_unit_test(files_of_version_1_are_still_read),
	    cmocka_unit_test(graphs_of_version_1_are_still_read),
	    cmocka_unit_test(classes_of_version_1_are_still_read),
	    cmocka_unit_test(own_costs_of_version_1_are_still_read),
	    cmocka_unit_test(samples_of_version_1_are_still_read),
	    cmocka_unit_test(pipe_is_read_to_its_end),
	    cmocka_unit_test(missing_file_and_directory_are_errors_of_input),
	    cmocka_unit_test(cut_file_names_all_lost_sections_that_fit),
	};
	static struct CMUnitTest damage_tests[256];
	size_t damage_count;
	const struct snapshot_damage *damages = snapshot_damages(&damage_count);
	size_t count = 0;

	/* One test per damage, so that each has its line. */
	for (size_t i = 0; i < damage_count; i++)
		if (damages[i].status != STATUS_OK &&
		    count < sizeof damage_tests / sizeof damage_tests[0])
			damage_tests[count++] = (struct CMUnitTest){.name = damages[i].name,
			    .test_func = damaged_file_is_refused,
			    .initial_state = (void *)(uintptr_t)&damages[i]};

	int failed =
	    cmocka_run_group_tests_name("snapshot_reader", tests, make_good_image, free_good_image);

	failed += _cmocka_run_group_tests(
	    "snapshot_reader refuses", damage_tests, count, make_good_image, free_good_image);
	return failed;
}
