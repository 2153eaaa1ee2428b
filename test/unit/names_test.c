/* Embedded names are taken as they are, and embedding them makes a file that says the same without binaries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/names.h"
#include "report/names_embed.h"
#include "support/snapshot_builder.h"

static const struct symbolizer_options no_cache = {.cache_directory = ""};

static void embedded_names_become_frames_innermost_first(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "get|lookup@map.c:9;main@m.c:3");
	struct symbolizer *symbolizer = symbolizer_new(&no_cache);
	struct names *names = NULL;
	size_t count = 0;

	(void)state;
	snapshot_builder_blocks(builder, stack, 1, 8, 0);
	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(names_open(symbolizer, snapshot, NULL, &names), 0);
	const struct frame_name *frames = names->frames.frames_of_node(
	    names->frames.context, snapshot->stacks[stack].leaf, &count);

	assert_int_equal(count, 2);
	assert_string_equal(frames[0].function, "get");
	assert_true(frames[0].inlined);
	assert_string_equal(frames[1].function, "lookup");
	assert_string_equal(frames[1].file, "map.c");
	assert_int_equal(frames[1].line, 9);
	assert_false(frames[1].inlined);
	assert_int_equal(names->problem_count, 0);
	names_close(names);
	symbolizer_free(symbolizer);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

static void a_module_that_is_gone_is_told_once_with_its_reason(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct symbolizer *symbolizer = symbolizer_new(&no_cache);
	struct names *names = NULL;
	size_t count = 1;

	(void)state;
	uint32_t stack = snapshot_builder_stack(builder, "f;main");

	snapshot_builder_blocks(builder, stack, 1, 8, 0);
	snapshot_builder_without_names(builder);
	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(names_open(symbolizer, snapshot, NULL, &names), 0);
	assert_null(names->frames.frames_of_node(
	    names->frames.context, snapshot->stacks[stack].leaf, &count));
	assert_int_equal(count, 0);
	assert_int_equal(names->problem_count, 1);
	assert_int_equal(names->problems[0].addresses, 2);
	assert_true(names->problems[0].reason[0] != '\0');
	names_close(names);
	symbolizer_free(symbolizer);
	snapshot_close(snapshot);
	snapshot_builder_free(builder);
}

static void embedding_and_reading_again_gives_the_same_frames(void **state)
{
	char path[] = "/tmp/allocscope-names.XXXXXX";
	int fd = mkstemp(path);
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack =
	    snapshot_builder_stack(builder, "get|lookup@map.c:9;again@map.c:9;main@m.c:3");
	struct symbolizer *symbolizer = symbolizer_new(&no_cache);
	struct names *names = NULL;
	struct names *read_again = NULL;
	struct snapshot *copy = NULL;
	struct status_error error;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snapshot_builder_blocks(builder, stack, 3, 8, 0);
	struct snapshot *snapshot = snapshot_builder_open(builder);

	assert_int_equal(names_open(symbolizer, snapshot, NULL, &names), 0);
	assert_int_equal(names_embed(snapshot, names, NULL, path, &error), 0);
	assert_int_equal(snapshot_open(path, &copy, &error), 0);
	assert_int_equal(names_open(symbolizer, copy, NULL, &read_again), 0);
	assert_int_equal(copy->name_count, snapshot->name_count);
	assert_int_equal(copy->block_count, 3);
	for (uint32_t node = 0; node < snapshot->node_count; node++) {
		size_t count = 0, count_again = 0;
		const struct frame_name *frames = names->frames.frames_of_node(names, node, &count);
		const struct frame_name *again =
		    read_again->frames.frames_of_node(read_again, node, &count_again);

		assert_int_equal(count, count_again);
		for (size_t i = 0; i < count; i++) {
			assert_string_equal(frames[i].function, again[i].function);
			assert_int_equal(frames[i].line, again[i].line);
			assert_int_equal(frames[i].inlined, again[i].inlined);
		}
	}
	names_close(read_again);
	names_close(names);
	snapshot_close(copy);
	snapshot_close(snapshot);
	symbolizer_free(symbolizer);
	snapshot_builder_free(builder);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(embedded_names_become_frames_innermost_first),
	    cmocka_unit_test(a_module_that_is_gone_is_told_once_with_its_reason),
	    cmocka_unit_test(embedding_and_reading_again_gives_the_same_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
