/* Who holds a row, and what the gate says of it: leaked, abandoned, cached and doubtful rows of one program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/check.h"
#include "support/graph_fixture.h"

#define WARMUP	2
#define COUNTED 28
#define LAST	(WARMUP + COUNTED)
#define DATA	0x700000u
#define STACK	0x710000u
#define PRESENT 20 /* iterations that BEFORE has seen */

static const char *const lost_new = "lost_new@lost.c:1;main@main.c:1";
static const char *const held_new = "held_new@held.c:1;main@main.c:1";
static const char *const list_new = "list_new@list.c:1;main@main.c:1";
static const char *const cache_new = "cache_new@cache.c:1;main@main.c:1";
static const char *const local_new = "local_new@local.c:1;main@main.c:1";

/* Live blocks of STACK at the samples: COUNT each time, or one more at each. */
static void add_series(
    struct snapshot_builder *builder, uint32_t stack, uint64_t first, uint64_t step, uint32_t count)
{
	uint64_t blocks[LAST];

	for (uint32_t i = 0; i < count; i++)
		blocks[i] = first + step * i;
	snapshot_builder_series(builder, stack, blocks, NULL, 16, count);
}

/* The program after ENDED iterations: each loses one block of 16 bytes, which holds another of 16, and hangs one of
 * 16 into a list that a table in data holds; a cache of 64 bytes is held from data, one of 24 from a stack alone. */
static struct snapshot_builder *program_after(uint32_t ended, bool with_graph)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "b");
	uint32_t lost = snapshot_builder_stack(builder, lost_new);
	uint32_t held = snapshot_builder_stack(builder, held_new);
	uint32_t list = snapshot_builder_stack(builder, list_new);
	uint32_t cache = snapshot_builder_stack(builder, cache_new);
	uint32_t local = snapshot_builder_stack(builder, local_new);

	snapshot_builder_iterations(builder, benchmark, WARMUP, ended - WARMUP);
	snapshot_builder_samples(builder, benchmark, WARMUP, ended, 1);
	add_series(builder, lost, 1, 1, ended - WARMUP + 1);
	add_series(builder, held, 1, 1, ended - WARMUP + 1);
	add_series(builder, list, 1, 1, ended - WARMUP + 1);
	add_series(builder, cache, 1, 0, ended - WARMUP + 1);
	add_series(builder, local, 1, 0, ended - WARMUP + 1);
	if (with_graph) {
		(void)graph_fixture_range(builder, SNAPSHOT_ROOT_DATA, DATA);
		(void)graph_fixture_range(builder, SNAPSHOT_ROOT_STACK, STACK);
	}

	uint64_t table = snapshot_builder_blocks(builder, cache, 1, 64, 1);
	uint64_t on_stack = snapshot_builder_blocks(builder, local, 1, 24, 1);

	if (with_graph) {
		snapshot_builder_root_edge(builder, 0, DATA, table, 0);
		snapshot_builder_root_edge(builder, 1, STACK + 8, on_stack, 0);
	}
	uint64_t head = 0;

	for (uint32_t born = WARMUP; born <= ended; born++) {
		uint64_t a = snapshot_builder_blocks(builder, lost, 1, 16, born);
		uint64_t b = snapshot_builder_blocks(builder, held, 1, 16, born);
		uint64_t element = snapshot_builder_blocks(builder, list, 1, 16, born);

		if (!with_graph)
			continue;
		snapshot_builder_edge(builder, a, 0, b, 0);
		if (head != 0)
			snapshot_builder_edge(builder, head, 0, element, 0);
		else
			snapshot_builder_edge(builder, table, 3, element, 0);
		head = element;
	}
	return builder;
}

static struct group_input input_of(struct graph_fixture *fixture)
{
	struct group_input input = heap_fixture_input(&fixture->heap);

	input.reach = fixture->reach;
	return input;
}

static const struct group_row *row_of(
    const struct grouping *grouping, const struct group_table *table, const char *text)
{
	uint32_t key = heap_fixture_key(grouping, text);

	for (size_t row = 0; row < table->row_count; row++)
		if (table->rows[row].key == key)
			return &table->rows[row];
	fail_msg("no row %s", text);
	return NULL;
}

static void rows_of_one_file_have_verdicts(void **state)
{
	struct graph_fixture fixture;
	struct grouping *grouping;
	struct group_table *table;

	(void)state;
	graph_fixture_open(&fixture, program_after(LAST, true));

	struct group_input input = input_of(&fixture);

	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), 0);
	assert_int_equal(group_table_open(grouping, GROUP_SORT_BYTES, true, &table), 0);

	const struct group_row *lost = row_of(grouping, table, "lost_new (lost.c:1)");
	const struct group_row *held = row_of(grouping, table, "held_new (held.c:1)");
	const struct group_row *list = row_of(grouping, table, "list_new (list.c:1)");
	const struct group_row *cache = row_of(grouping, table, "cache_new (cache.c:1)");
	const struct group_row *local = row_of(grouping, table, "local_new (local.c:1)");

	assert_int_equal(lost->hold.verdict, VERDICT_LEAKED);
	assert_int_equal(lost->hold.leaked_blocks, COUNTED + 1);
	assert_int_equal(lost->hold.leaked_bytes, 16 * (COUNTED + 1));
	assert_int_equal(fixture.reach->state[hold_example(&lost->hold)], REACH_LOST);
	assert_int_equal(held->hold.verdict, VERDICT_LEAKED);
	assert_int_equal(fixture.reach->state[hold_example(&held->hold)], REACH_LOST_INDIRECTLY);
	assert_int_equal(lost->hold.indirect_blocks, 0);
	assert_int_equal(held->hold.leaked_blocks, COUNTED + 1);
	assert_int_equal(held->hold.indirect_blocks, COUNTED + 1);
	assert_int_equal(held->hold.indirect_bytes, 16 * (COUNTED + 1));
	assert_int_equal(table->total.hold.indirect_blocks, COUNTED + 1);
	assert_int_equal(list->growth.shape, GROWTH_LINEAR);
	assert_int_equal(list->hold.verdict, VERDICT_ABANDONED);
	assert_int_equal(list->hold.leaked_blocks, 0);
	assert_int_equal(list->hold.doubtful_blocks, 0);
	/* The nearest of those that counted iterations left: one of warm-up is nearer. */
	assert_int_equal(fixture.reach->distance[hold_example(&list->hold)], 3);
	assert_int_equal(cache->hold.verdict, VERDICT_CACHED);
	assert_int_equal(local->hold.verdict, VERDICT_CACHED);
	assert_int_equal(local->hold.doubtful_blocks, 1);
	assert_int_equal(local->hold.doubtful_bytes, 24);
	assert_int_equal(table->total.hold.leaked_blocks, 2 * (COUNTED + 1));
	assert_int_equal(table->total.hold.blocks, 3 * (COUNTED + 1) + 2);
	group_table_close(table);
	grouping_close(grouping);
	graph_fixture_close(&fixture);
}

static void rows_without_a_graph_have_none(void **state)
{
	struct heap_fixture fixture;
	struct grouping *grouping;
	struct group_table *table;

	(void)state;
	heap_fixture_open(&fixture, program_after(LAST, false));

	struct group_input input = heap_fixture_input(&fixture);

	assert_string_equal(hold_unseen(fixture.snapshot),
	    "the file has no reference graph (graph=0, or snapshot_at=last or peak)");
	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), 0);
	assert_int_equal(group_table_open(grouping, GROUP_SORT_BYTES, true, &table), 0);
	for (size_t row = 0; row < table->row_count; row++) {
		assert_int_equal(table->rows[row].hold.verdict, VERDICT_NONE);
		assert_int_equal(hold_example(&table->rows[row].hold), HEAP_NONE);
	}
	assert_null(verdict_name(VERDICT_NONE));
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

static void diff_counts_leaks_of_what_was_born(void **state)
{
	struct graph_fixture before;
	struct graph_fixture after;
	struct diff *diff;

	(void)state;
	graph_fixture_open(&before, program_after(PRESENT, true));
	graph_fixture_open(&after, program_after(LAST, true));

	struct group_input inputs[2] = {input_of(&before), input_of(&after)};

	assert_int_equal(diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, true, &diff), 0);
	assert_int_equal(diff->identity, DIFF_IDENTITY_EXACT);
	for (size_t i = 0; i < diff->row_count; i++) {
		const struct diff_row *row = &diff->rows[i];
		const char *text = diff->grouping->keys[row->key].text;
		bool lost = strncmp(text, "lost_new", 8) == 0 || strncmp(text, "held_new", 8) == 0;

		assert_int_equal(row->hold.leaked_blocks, lost ? LAST - PRESENT : 0);
		if (row->born_blocks == 0)
			assert_int_equal(row->hold.verdict, VERDICT_NONE);
		else
			assert_int_equal(
			    row->hold.verdict, lost ? VERDICT_LEAKED : VERDICT_ABANDONED);
	}
	assert_int_equal(diff->total.hold.leaked_bytes, 2 * 16 * (LAST - PRESENT));
	diff_close(diff);
	graph_fixture_close(&before);
	graph_fixture_close(&after);
}

static void diff_of_other_runs_counts_net_leaks(void **state)
{
	struct graph_fixture before;
	struct graph_fixture after;
	struct snapshot_builder *builder = program_after(LAST, true);
	struct diff *diff;

	(void)state;
	snapshot_builder_run(builder)->run_id[0] ^= 1;
	graph_fixture_open(&before, program_after(PRESENT, true));
	graph_fixture_open(&after, builder);

	struct group_input inputs[2] = {input_of(&before), input_of(&after)};

	assert_int_equal(diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, true, &diff), 0);
	assert_int_equal(diff->identity, DIFF_IDENTITY_OFF_RUNS);
	assert_int_equal(diff->total.hold.leaked_blocks, 2 * (LAST - PRESENT));
	for (size_t i = 0; i < diff->row_count; i++) {
		const struct hold *hold = &diff->rows[i].hold;

		if (hold->indirect_blocks != 0)
			assert_int_equal(hold->indirect_blocks, hold->leaked_blocks);
	}
	diff_close(diff);
	graph_fixture_close(&before);
	graph_fixture_close(&after);
}

static struct check_result *check(
    const struct group_input *input, enum check_rule rule, uint64_t limit)
{
	struct check_limits limits = {0};
	struct check_result *result;
	struct grouping *grouping;

	limits.set[rule] = true;
	limits.limit[rule] = limit;
	assert_int_equal(grouping_open(input, 1, GROUP_BY_SITE, false, &grouping), 0);
	assert_int_equal(check_file(grouping, &limits, &result), 0);
	grouping_close(grouping);
	return result;
}

static void gate_counts_what_is_leaked(void **state)
{
	struct graph_fixture fixture;
	uint64_t blocks = 2 * (COUNTED + 1);

	(void)state;
	graph_fixture_open(&fixture, program_after(LAST, true));

	struct group_input input = input_of(&fixture);
	struct check_result *result = check(&input, CHECK_MAX_LEAKED_BLOCKS, blocks);

	assert_int_equal(result->outcome, CHECK_CLEAN);
	check_result_close(result);
	result = check(&input, CHECK_MAX_LEAKED_BLOCKS, blocks - 1);
	assert_int_equal(result->outcome, CHECK_FINDINGS);
	assert_int_equal(result->findings[0].actual, blocks);
	assert_int_equal(result->findings[0].row_count, 2);
	check_result_close(result);
	result = check(&input, CHECK_MAX_LEAKED_BYTES, 0);
	assert_int_equal(result->findings[0].actual, 16 * blocks);
	assert_string_equal(check_rule_name(result->findings[0].rule), "max-leaked");
	assert_int_equal(result->rows[0].hold.verdict, VERDICT_LEAKED);
	check_result_close(result);
	/* Nobody asked: no pass. */
	input.reach = NULL;
	result = check(&input, CHECK_MAX_LEAKED_BYTES, 1 << 20);
	assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
	assert_non_null(strstr(result->unseen, "who holds"));
	check_result_close(result);
	graph_fixture_close(&fixture);
}

static void gate_without_a_graph_does_not_pass(void **state)
{
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, program_after(LAST, false));

	struct group_input input = heap_fixture_input(&fixture);
	struct check_result *result = check(&input, CHECK_MAX_LEAKED_BYTES, 1 << 20);

	assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
	assert_non_null(strstr(result->unseen, "no reference graph"));
	check_result_close(result);
	heap_fixture_close(&fixture);
}

static void verdicts_follow_reach_and_shape(void **state)
{
	static const enum verdict expected[] = {
	    [GROWTH_UNKNOWN] = VERDICT_UNKNOWN,
	    [GROWTH_TRANSIENT] = VERDICT_CACHED,
	    [GROWTH_ONE_OFF] = VERDICT_CACHED,
	    [GROWTH_DEFERRED] = VERDICT_CACHED,
	    [GROWTH_BOUNDED] = VERDICT_CACHED,
	    [GROWTH_AMORTISED] = VERDICT_CACHED,
	    [GROWTH_IRREGULAR] = VERDICT_UNKNOWN,
	    [GROWTH_LINEAR] = VERDICT_ABANDONED,
	};

	(void)state;
	for (enum growth_shape shape = GROWTH_UNKNOWN; shape <= GROWTH_LINEAR; shape++) {
		assert_int_equal(verdict_of(0, 0, shape), VERDICT_NONE);
		assert_int_equal(verdict_of(2, 1, shape), VERDICT_LEAKED);
		assert_int_equal(verdict_of(2, 0, shape), expected[shape]);
	}
	assert_string_equal(verdict_name(VERDICT_ABANDONED), "abandoned");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_of_one_file_have_verdicts),
	    cmocka_unit_test(rows_without_a_graph_have_none),
	    cmocka_unit_test(diff_counts_leaks_of_what_was_born),
	    cmocka_unit_test(diff_of_other_runs_counts_net_leaks),
	    cmocka_unit_test(gate_counts_what_is_leaked),
	    cmocka_unit_test(gate_without_a_graph_does_not_pass),
	    cmocka_unit_test(verdicts_follow_reach_and_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
