/* Weights of sampled files through the analysis: what a block stands for is counted, and how inexact that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "analysis/check.h"
#include "analysis/diff.h"
#include "report/text_estimate.h"
#include "support/heap_fixture.h"

#define MEAN 4096

static void assert_number(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
		fail_msg("%.17g is not %.17g", value, expected);
}

/* A sampled file with cut epoch CUT; "f" is its stack 1. */
static struct snapshot_builder *sampled_builder(uint32_t cut)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_sampled(builder, MEAN);
	(void)snapshot_builder_stack(builder, "f@f.c:1;main");
	snapshot_builder_run(builder)->cut_epoch = cut;
	return builder;
}

static void add_block(struct snapshot_builder *builder, uint64_t address, uint64_t bytes,
    uint32_t epoch, uint32_t weight)
{
	(void)snapshot_builder_block(builder,
	    &(struct snapshot_builder_block){
		.address = address, .bytes = bytes, .stack = 1, .epoch = epoch, .weight = weight});
}

static void rows_count_by_weight_and_add_up_variances(void **state)
{
	struct snapshot_builder *builder = sampled_builder(10);
	struct heap_fixture fixture;
	struct grouping *grouping;
	struct group_table *table;
	struct heap_totals totals;

	(void)state;
	add_block(builder, 0x1000, 48, 1, 84);
	add_block(builder, 0x2000, 100, 1, 41);
	snapshot_builder_sampled_freed(builder, 1, 2, 10, 300, false);
	heap_fixture_open(&fixture, builder);
	struct group_input input = heap_fixture_input(&fixture);

	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), 0);
	assert_int_equal(group_table_open(grouping, GROUP_SORT_BYTES, false, &table), 0);
	assert_int_equal(table->total.inuse_objects, 84 + 41);
	assert_int_equal(table->total.inuse_space, 84 * 48 + 41 * 100);
	assert_int_equal(table->total.alloc_objects, 84 + 41 + 600);
	double live = 84.0 * 83 + 41.0 * 40;

	assert_number(table->total.inuse_spread.blocks, live);
	assert_number(table->total.inuse_spread.bytes, 84.0 * 83 * 48 * 48 + 41.0 * 40 * 100 * 100);
	assert_number(table->total.alloc_spread.blocks, live + 2 * 300.0 * 299);
	heap_count(fixture.heap, NULL, &totals);
	assert_int_equal(totals.blocks, 125);
	assert_number(totals.spread.blocks, live);
	assert_number(estimate_live(fixture.snapshot).blocks, live);
	assert_int_equal(estimate_mean(fixture.snapshot), MEAN);
	group_table_close(table);
	grouping_close(grouping);
	heap_fixture_close(&fixture);
}

/* 0x1000 is kept, 0x2000 is kept and grew out of its room: 30 of the 31 that it stood for are elsewhere now. */
static void a_diff_of_weighted_blocks_balances(void **state)
{
	struct snapshot_builder *builders[2] = {sampled_builder(10), sampled_builder(30)};
	struct heap_fixture fixtures[2];
	struct diff *diff;

	(void)state;
	add_block(builders[0], 0x1000, 48, 5, 84);
	add_block(builders[0], 0x2000, 128, 5, 31);
	add_block(builders[0], 0x3000, 16, 5, 240);
	add_block(builders[1], 0x1000, 48, 5, 84);
	add_block(builders[1], 0x2000, 1000, 5, 1);
	add_block(builders[1], 0x4000, 1000, 20, 5);
	for (size_t side = 0; side < 2; side++)
		heap_fixture_open(&fixtures[side], builders[side]);
	struct group_input inputs[2] = {
	    heap_fixture_input(&fixtures[0]), heap_fixture_input(&fixtures[1])};

	assert_int_equal(diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, false, &diff), 0);
	const struct diff_row *total = &diff->total;

	assert_int_equal(diff->identity, DIFF_IDENTITY_EXACT);
	assert_int_equal(total->before_blocks, 84 + 31 + 240);
	assert_int_equal(total->kept_blocks, 84 + 1);
	assert_int_equal(total->died_blocks, 30 + 240);
	assert_int_equal(total->born_blocks, 5);
	assert_int_equal(total->after_blocks, 84 + 1 + 5);
	assert_int_equal(total->grown_bytes, 1000 - 128);
	assert_int_equal(total->after_bytes, 84 * 48 + 1000 + 5000);
	assert_int_equal(total->before_bytes + total->born_bytes - total->died_bytes +
			     (uint64_t)total->grown_bytes,
	    total->after_bytes);
	assert_number(total->born_spread.bytes, 5.0 * 4 * 1000 * 1000);
	assert_number(total->died_spread.blocks, 240.0 * 239);
	diff_close(diff);
	heap_fixture_close(&fixtures[0]);
	heap_fixture_close(&fixtures[1]);
}

/* 20 blocks of 48 bytes, each standing for 84, are retained: 80,640 bytes +- 35,305. */
static struct check_result *judge(
    enum check_rule rule, uint64_t limit, bool accept, bool retains, struct heap_fixture *fixture)
{
	struct snapshot_builder *builder = sampled_builder(0);
	struct check_limits limits = {.accept_estimates = accept};
	struct check_result *result = NULL;
	struct grouping *grouping;

	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "b"), 2, 40);
	for (uint32_t i = 0; retains && i < 20; i++)
		(void)snapshot_builder_block(
		    builder, &(struct snapshot_builder_block){
				 .bytes = 48, .stack = 1, .born = 3 + 2 * i, .weight = 84});
	heap_fixture_open(fixture, builder);
	struct group_input input = heap_fixture_input(fixture);

	limits.set[rule] = true;
	limits.limit[rule] = limit;
	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping), 0);
	assert_int_equal(check_file(grouping, &limits, &result), 0);
	grouping_close(grouping);
	heap_fixture_close(fixture);
	return result;
}

static void limits_fail_pass_or_stay_open(void **state)
{
	static const struct {
		enum check_rule rule;
		uint64_t limit;
		bool accept, retains;
		enum check_outcome outcome;
	} cases[] = {
	    {CHECK_MAX_RETAINED_BYTES, 0, false, true, CHECK_FINDINGS},
	    {CHECK_MAX_RETAINED_BYTES, 40000, false, true, CHECK_FINDINGS},
	    {CHECK_MAX_RETAINED_BYTES, 50000, false, true, CHECK_NO_ITERATIONS},
	    {CHECK_MAX_RETAINED_BYTES, 110000, false, true, CHECK_NO_ITERATIONS},
	    {CHECK_MAX_RETAINED_BYTES, 120000, false, true, CHECK_CLEAN},
	    {CHECK_MAX_RETAINED_BYTES, 50000, true, true, CHECK_CLEAN},
	    {CHECK_MAX_RETAINED_BYTES, 40000, true, true, CHECK_FINDINGS},
	    {CHECK_MAX_RETAINED_BLOCKS, 900, false, true, CHECK_FINDINGS},
	    {CHECK_MAX_RETAINED_BLOCKS, 1700, false, true, CHECK_NO_ITERATIONS},
	    /* nothing was seen: up to three means may be there */
	    {CHECK_MAX_RETAINED_BYTES, 0, false, false, CHECK_NO_ITERATIONS},
	    {CHECK_MAX_RETAINED_BYTES, 12000, false, false, CHECK_NO_ITERATIONS},
	    {CHECK_MAX_RETAINED_BYTES, 12300, false, false, CHECK_CLEAN},
	    {CHECK_NO_GROWTH, 0, false, false, CHECK_NO_ITERATIONS},
	    {CHECK_NO_GROWTH, 0, true, false, CHECK_CLEAN},
	    /* one block of 84, the luckiest of 40 draws */
	    {CHECK_MAX_PER_ITERATION_BYTES, 0, false, true, CHECK_FINDINGS},
	    {CHECK_MAX_PER_ITERATION_BYTES, 13000, false, true, CHECK_NO_ITERATIONS},
	    {CHECK_MAX_PER_ITERATION_BYTES, 30000, false, true, CHECK_CLEAN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct heap_fixture fixture;
		struct check_result *result = judge(
		    cases[i].rule, cases[i].limit, cases[i].accept, cases[i].retains, &fixture);
		/* an open rule of a result without findings is told by `unseen` alone */
		if (result->outcome != cases[i].outcome)
			fail_msg("case %zu: outcome %d, expected %d (%s)", i, result->outcome,
			    cases[i].outcome, result->unseen != NULL ? result->unseen : "");
		check_result_close(result);
	}
}

static void text_marks_estimates_and_leaves_counts_alone(void **state)
{
	(void)state;
	assert_string_equal(text_estimate(0, 1800, 0).text, "1,800");
	assert_string_equal(text_estimate(MEAN, 1800, 3600).text, "~1,800 +-118");
	assert_string_equal(text_estimate(MEAN, 0, 0).text, "0");
	assert_string_equal(
	    text_estimate_bytes(MEAN, 10240, 1024.0 * 1024).text, "~10.0 KiB +-2.0 KiB");
	assert_string_equal(text_estimate_signed_bytes(MEAN, -10, 25).text, "~-10 B +-10 B");
	assert_string_equal(text_estimate_rate(MEAN, 10.5, 1).text, "~10.50 +-1.96");
	assert_string_equal(
	    text_estimate_plural(MEAN, 2, 0, "block", "blocks").text, "~2 +-0 blocks");
	assert_string_equal(text_estimate_plural(0, 1, 0, "block", "blocks").text, "1 block");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_count_by_weight_and_add_up_variances),
	    cmocka_unit_test(a_diff_of_weighted_blocks_balances),
	    cmocka_unit_test(limits_fail_pass_or_stay_open),
	    cmocka_unit_test(text_marks_estimates_and_leaves_counts_alone),
	};

	return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
