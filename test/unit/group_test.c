/* Rows by site, stack, type, module, thread and birth, and their totals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/group.h"
#include "analysis/id_table.h"
#include "analysis/text_pool.h"
#include "support/heap_fixture.h"

static struct grouping *group(struct heap_fixture *fixture, enum group_by by, bool normalised)
{
	struct group_input input = heap_fixture_input(fixture);
	struct grouping *grouping;

	assert_int_equal(grouping_open(&input, 1, by, normalised, &grouping), STATUS_OK);
	return grouping;
}

static struct group_table *table_of(const struct grouping *grouping, enum group_sort sort)
{
	struct group_table *table;

	assert_int_equal(group_table_open(grouping, sort, true, &table), STATUS_OK);
	return table;
}

static const struct group_row *row_of(
    const struct grouping *grouping, const struct group_table *table, const char *text)
{
	uint32_t key = heap_fixture_key(grouping, text);

	for (size_t row = 0; row < table->row_count; row++) {
		if (table->rows[row].key == key)
			return &table->rows[row];
	}
	return NULL;
}

static void words_name_groupings(void **state)
{
	enum group_by by;

	(void)state;
	for (int i = GROUP_BY_SITE; i <= GROUP_BY_BORN; i++) {
		assert_true(group_by_parse(group_by_name((enum group_by)i), &by));
		assert_int_equal(by, i);
	}
	assert_false(group_by_parse("sites", &by));
	assert_false(group_by_parse("", &by));
}

/* Two call chains to one site, one of them through a wrapper, and another line of the same
 * function. */
static struct snapshot_builder *builder_of_nodes(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t a = snapshot_builder_stack(builder, "node@n.c:4;run;main");
	uint32_t b = snapshot_builder_stack(builder, "xmalloc@x.c:1;node@n.c:4;walk;main");
	uint32_t c = snapshot_builder_stack(builder, "node@n.c:9;run;main");

	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 20);
	snapshot_builder_blocks(builder, a, 3, 10, 5);
	snapshot_builder_blocks(builder, b, 4, 100, 0);
	snapshot_builder_blocks(builder, c, 1, 7, 1);
	snapshot_builder_freed(builder, a, 5, 10);
	snapshot_builder_temporary(builder, b, 6, 100);
	snapshot_builder_peak(builder, a, 55);
	snapshot_builder_peak(builder, b, 44);
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 1000, .stack = c, .flags = SNAPSHOT_BLOCK_IGNORED});
	return builder;
}

static void a_site_gathers_its_stacks(void **state)
{
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, builder_of_nodes());
	struct grouping *grouping = group(&fixture, GROUP_BY_SITE, false);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);
	const struct group_row *site = row_of(grouping, table, "node (n.c:4)");
	const struct group_row *other = row_of(grouping, table, "node (n.c:9)");

	assert_int_equal(table->row_count, 2);
	assert_ptr_equal(site, &table->rows[0]);
	assert_int_equal(site->inuse_objects, 7);
	assert_int_equal(site->inuse_space, 430);
	assert_int_equal(site->alloc_objects, 18);
	assert_int_equal(site->alloc_space, 30 + 400 + 50 + 600);
	assert_int_equal(site->free_objects, 11);
	assert_int_equal(site->temporary_objects, 6);
	assert_int_equal(site->temporary_space, 600);
	assert_int_equal(site->peak_space, 99);
	assert_int_equal(site->retained_objects, 3);
	assert_int_equal(site->retained_space, 30);
	assert_int_equal(other->inuse_objects, 1);
	assert_int_equal(other->ignored_space, 1000);
	assert_int_equal(other->retained_objects, 0);
	assert_int_equal(table->total.inuse_space, 437);
	assert_int_equal(table->total.alloc_objects, site->alloc_objects + other->alloc_objects);
	const struct group_key *key = &grouping->keys[site->key];

	assert_string_equal(key->function, "node");
	assert_string_equal(key->file, "n.c");
	assert_int_equal(key->line, 4);
	/* The stack with most live bytes stands for the row. */
	assert_int_equal(key->stack, fixture.heap->stack_of_row[2]);
	assert_int_equal(
	    grouping->first_stack[site->key + 1] - grouping->first_stack[site->key], 2);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

/* Across builds lines don't count. */
static void normalised_sites_have_no_lines(void **state)
{
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, builder_of_nodes());
	struct grouping *grouping = group(&fixture, GROUP_BY_SITE, true);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(table->row_count, 1);
	assert_int_equal(row_of(grouping, table, "node")->inuse_objects, 8);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void rows_are_sorted_as_asked(void **state)
{
	static const struct {
		enum group_sort sort;
		const char *first;
	} cases[] = {{GROUP_SORT_BYTES, "big (bench)"}, {GROUP_SORT_BLOCKS, "many (bench)"},
	    {GROUP_SORT_RETAINED, "kept (bench)"}, {GROUP_SORT_ALLOCS, "busy (bench)"},
	    {GROUP_SORT_TEMPORARY, "busy (bench)"}, {GROUP_SORT_PEAK, "peak (bench)"}};
	struct snapshot_builder *builder = snapshot_builder_new();
	struct heap_fixture fixture;

	(void)state;
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 0, 5);
	snapshot_builder_blocks(builder, snapshot_builder_stack(builder, "big;main"), 1, 100000, 0);
	snapshot_builder_blocks(builder, snapshot_builder_stack(builder, "many;main"), 50, 1, 0);
	snapshot_builder_blocks(builder, snapshot_builder_stack(builder, "kept;main"), 1, 10, 3);
	snapshot_builder_temporary(builder, snapshot_builder_stack(builder, "busy;main"), 900, 1);
	uint32_t peak = snapshot_builder_stack(builder, "peak;main");

	snapshot_builder_freed(builder, peak, 1, 5000000);
	snapshot_builder_peak(builder, peak, 5000000);
	heap_fixture_open(&fixture, builder);
	struct grouping *grouping = group(&fixture, GROUP_BY_SITE, false);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct group_table *table = table_of(grouping, cases[i].sort);

		assert_string_equal(grouping->keys[table->rows[0].key].text, cases[i].first);
		group_table_close(table);
	}
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void equal_stacks_of_two_threads_are_one_stack(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t thread = snapshot_builder_thread(builder, 1001, "worker");
	struct heap_fixture fixture;

	(void)state;
	snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, "malloc;f@f.c:1;main"), 1, 10, 0);
	snapshot_builder_blocks(
	    builder, snapshot_builder_stack_on(builder, thread, "malloc;f@f.c:1;main"), 2, 10, 0);
	snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, "malloc;f@f.c:1;g;main"), 4, 10, 0);
	heap_fixture_open(&fixture, builder);
	struct grouping *grouping = group(&fixture, GROUP_BY_STACK, false);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(table->row_count, 2);
	assert_int_equal(row_of(grouping, table, "f;main")->inuse_objects, 3);
	assert_int_equal(row_of(grouping, table, "f;g;main")->inuse_objects, 4);
	group_table_close(table);
	grouping_close(grouping);

	grouping = group(&fixture, GROUP_BY_THREAD, false);
	table = table_of(grouping, GROUP_SORT_BYTES);
	assert_int_equal(row_of(grouping, table, "main (tid 1000)")->inuse_objects, 5);
	assert_int_equal(row_of(grouping, table, "worker (tid 1001)")->inuse_objects, 2);
	assert_int_equal(grouping->keys[heap_fixture_key(grouping, "worker (tid 1001)")].tid, 1001);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void types_come_from_labels(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	struct heap_fixture fixture;

	(void)state;
	for (int i = 0; i < 6; i++)
		snapshot_builder_block(builder, &(struct snapshot_builder_block){.bytes = 10,
						    .stack = stack,
						    .label = i == 0  ? NULL
							     : i < 3 ? "edge"
								     : "node"});
	heap_fixture_open(&fixture, builder);
	struct grouping *grouping = group(&fixture, GROUP_BY_TYPE, false);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(row_of(grouping, table, "node")->inuse_objects, 3);
	assert_int_equal(row_of(grouping, table, "edge")->inuse_objects, 2);
	assert_int_equal(row_of(grouping, table, "[no type]")->inuse_objects, 1);
	assert_string_equal(grouping->keys[heap_fixture_key(grouping, "node")].type, "node");
	assert_null(grouping->keys[heap_fixture_key(grouping, "[no type]")].type);
	assert_int_equal(row_of(grouping, table, "node")->alloc_objects, 0);
	assert_int_equal(table->total.alloc_objects, 6);
	assert_int_equal(table->rows[0].growth.shape, GROWTH_UNKNOWN);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void modules_are_those_of_the_sites(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct heap_fixture fixture;

	(void)state;
	snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, "malloc;libz.so!inflate;main"), 2, 10, 0);
	snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, "libz.so!deflate;main"), 3, 10, 0);
	snapshot_builder_blocks(builder, snapshot_builder_stack(builder, "f;main"), 1, 10, 0);
	snapshot_builder_blocks(builder, 0, 7, 10, 0);
	heap_fixture_open(&fixture, builder);
	struct grouping *grouping = group(&fixture, GROUP_BY_MODULE, false);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(row_of(grouping, table, "libz.so")->inuse_objects, 5);
	assert_int_equal(row_of(grouping, table, "bench")->inuse_objects, 1);
	assert_int_equal(row_of(grouping, table, "[unknown]")->inuse_objects, 7);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void births_are_named_by_iteration(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");
	struct snapshot_iteration merged = {.benchmark = benchmark,
	    .phase = SNAPSHOT_PHASE_COUNTED,
	    .first_generation = 6,
	    .last_generation = 9,
	    .first = 6,
	    .count = 4};
	struct heap_fixture fixture;

	(void)state;
	snapshot_builder_iterations(builder, benchmark, 2, 3);
	snapshot_builder_iteration(builder, &merged);
	snapshot_builder_blocks(builder, stack, 1, 10, 0);
	snapshot_builder_blocks(builder, stack, 2, 10, 1);
	snapshot_builder_blocks(builder, stack, 3, 10, 4);
	snapshot_builder_blocks(builder, stack, 4, 10, 6);
	snapshot_builder_blocks(builder, stack, 5, 10, 9);
	snapshot_builder_blocks(builder, stack, 6, 10, 77);
	heap_fixture_open(&fixture, builder);
	struct grouping *grouping = group(&fixture, GROUP_BY_BORN, false);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(row_of(grouping, table, "outside iterations")->inuse_objects, 1);
	assert_int_equal(row_of(grouping, table, "parse #1 (warm-up)")->inuse_objects, 2);
	assert_int_equal(row_of(grouping, table, "parse #4")->inuse_objects, 3);
	assert_int_equal(row_of(grouping, table, "parse #6-9")->inuse_objects, 9);
	assert_int_equal(row_of(grouping, table, "generation 77")->inuse_objects, 6);
	assert_int_equal(
	    grouping->keys[heap_fixture_key(grouping, "parse #6-9")].last_generation, 9);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void hidden_stacks_count_nowhere(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t rows[2] = {snapshot_builder_stack(builder, "f;a;main"),
	    snapshot_builder_stack(builder, "f;b;main")};
	struct heap_fixture fixture;
	uint8_t hidden[4] = {0};
	struct heap_filter filter = {.stack_hidden = hidden};
	struct grouping *grouping;

	(void)state;
	snapshot_builder_blocks(builder, rows[0], 2, 10, 0);
	snapshot_builder_blocks(builder, rows[1], 3, 10, 0);
	heap_fixture_open(&fixture, builder);
	hidden[fixture.heap->stack_of_row[rows[0]]] = 1;
	struct group_input input = heap_fixture_input(&fixture);

	input.filter = &filter;
	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), STATUS_OK);
	struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

	assert_int_equal(table->total.inuse_objects, 3);
	assert_int_equal(table->total.alloc_objects, 3);
	uint32_t key = heap_fixture_key(grouping, "f (bench)");

	assert_int_equal(grouping->first_stack[key + 1] - grouping->first_stack[key], 1);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

/* What is left out does not choose the stack that is shown for a row. */
static void the_stack_shown_is_that_of_the_blocks_that_count(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t rows[2] = {snapshot_builder_stack(builder, "f;a;main"),
	    snapshot_builder_stack(builder, "f;b;main")};
	struct heap_filter filter = {.born_limited = true, .born_first = 5, .born_last = 5};
	struct heap_fixture fixture;
	struct grouping *grouping;

	(void)state;
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 20);
	snapshot_builder_blocks(builder, rows[0], 9, 10, 0);
	snapshot_builder_blocks(builder, rows[1], 1, 10, 5);
	heap_fixture_open(&fixture, builder);
	for (int is_limited = 0; is_limited <= 1; is_limited++) {
		struct group_input input = heap_fixture_input(&fixture);

		input.filter = is_limited != 0 ? &filter : NULL;
		assert_int_equal(
		    grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), STATUS_OK);
		const struct group_key *key =
		    &grouping->keys[heap_fixture_key(grouping, "f (bench)")];

		assert_int_equal(key->stack, fixture.heap->stack_of_row[rows[is_limited]]);
		grouping_close(grouping);
	}
	heap_fixture_close(&fixture);
}

static void an_empty_file_has_no_rows(void **state)
{
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, snapshot_builder_new());
	for (int by = GROUP_BY_SITE; by <= GROUP_BY_BORN; by++) {
		struct grouping *grouping = group(&fixture, (enum group_by)by, false);
		struct group_table *table = table_of(grouping, GROUP_SORT_BYTES);

		assert_int_equal(table->row_count, 0);
		group_table_close(table);
		grouping_close(grouping);
	}
	heap_fixture_close(&fixture);
}

static void texts_and_tuples_are_numbered_once(void **state)
{
	struct text_pool *pool = text_pool_open();
	struct id_table table = {0};
	char text[32];
	char *giant = malloc(200001);

	(void)state;
	assert_non_null(giant);
	memset(giant, 'x', 200000);
	giant[200000] = '\0';
	assert_int_equal(text_pool_intern(pool, ""), 0);
	assert_int_equal(text_pool_intern(pool, NULL), 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 1; i <= 5000; i++) {
			struct text_line line = text_line_begin(text, sizeof(text));

			text_line_add(&line, "text ");
			text_line_add_decimal(&line, i);
			assert_int_equal(text_pool_intern(pool, text), i);
			assert_string_equal(text_pool_text(pool, i), text);
			assert_int_equal(
			    id_table_intern(&table, &(struct id_tuple){i % 7, i, 1u << 31}), i - 1);
		}
	}
	uint32_t number = text_pool_intern(pool, giant);

	assert_string_equal(text_pool_text(pool, number), giant);
	assert_int_equal(text_pool_intern(pool, giant), number);
	free(giant);
	text_pool_close(pool);
	id_table_release(&table);
}

static void lines_are_cut_to_fit(void **state)
{
	char text[8];
	struct text_line line = text_line_begin(text, sizeof(text));

	(void)state;
	text_line_add_hexadecimal(&line, 0xabc);
	assert_string_equal(text, "0xabc");
	text_line_add_decimal(&line, 18446744073709551615u);
	assert_string_equal(text, "0xabc18");
	assert_int_equal(line.length, 25);
	line = text_line_begin(NULL, 0);
	text_line_add(&line, "nothing");
	assert_int_equal(line.length, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_name_groupings),
	    cmocka_unit_test(a_site_gathers_its_stacks),
	    cmocka_unit_test(normalised_sites_have_no_lines),
	    cmocka_unit_test(rows_are_sorted_as_asked),
	    cmocka_unit_test(equal_stacks_of_two_threads_are_one_stack),
	    cmocka_unit_test(types_come_from_labels),
	    cmocka_unit_test(modules_are_those_of_the_sites),
	    cmocka_unit_test(births_are_named_by_iteration),
	    cmocka_unit_test(hidden_stacks_count_nowhere),
	    cmocka_unit_test(the_stack_shown_is_that_of_the_blocks_that_count),
	    cmocka_unit_test(an_empty_file_has_no_rows),
	    cmocka_unit_test(texts_and_tuples_are_numbered_once),
	    cmocka_unit_test(lines_are_cut_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
