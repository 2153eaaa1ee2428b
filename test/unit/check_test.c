/* The gate: limits, findings with rows, and never a pass where nothing could be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/check.h"
#include "support/heap_fixture.h"

static struct check_limits limit(enum check_rule rule, uint64_t number)
{
	struct check_limits limits = {0};

	limits.set[rule] = true;
	limits.limit[rule] = number;
	return limits;
}

struct checked_file {
	struct heap_fixture fixture;
	struct grouping *grouping;
};

static void file_open(struct checked_file *file, struct snapshot_builder *builder)
{
	heap_fixture_open(&file->fixture, builder);
	struct group_input input = heap_fixture_input(&file->fixture);

	assert_int_equal(
	    grouping_open(&input, 1, GROUP_BY_SITE, false, &file->grouping), STATUS_OK);
}

static void file_close(struct checked_file *file)
{
	grouping_close(file->grouping);
	heap_fixture_close(&file->fixture);
}

static struct check_result *file_check(const struct checked_file *file, struct check_limits limits)
{
	struct check_result *result;

	assert_int_equal(check_file(file->grouping, &limits, &result), STATUS_OK);
	return result;
}

/* The rule finds ACTUAL, which passes as its own limit and fails below. */
static void assert_file_limit(
    const struct checked_file *file, enum check_rule rule, uint64_t actual)
{
	struct check_result *result = file_check(file, limit(rule, actual));

	assert_int_equal(result->outcome, CHECK_CLEAN);
	assert_int_equal(result->finding_count, 0);
	check_result_close(result);
	result = file_check(file, limit(rule, actual - 1));
	assert_int_equal(result->outcome, CHECK_FINDINGS);
	assert_int_equal(result->finding_count, 1);
	assert_int_equal(result->findings[0].rule, rule);
	assert_int_equal(result->findings[0].actual, actual);
	assert_int_equal(result->findings[0].limit, actual - 1);
	check_result_close(result);
}

/* Warm-up 1-2, counted 3-22. leak: 2 blocks of 10 bytes in 3, 5 in 4; burst: 1 block of 300 in
 * 9. */
static struct snapshot_builder *builder_of_survivors(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t leak = snapshot_builder_stack(builder, "leak@l.c:1;main");
	uint32_t burst = snapshot_builder_stack(builder, "burst@b.c:1;main");

	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 20);
	snapshot_builder_blocks(builder, leak, 1000, 10, 0);
	snapshot_builder_blocks(builder, leak, 1000, 10, 2);
	snapshot_builder_blocks(builder, leak, 2, 10, 3);
	snapshot_builder_blocks(builder, leak, 5, 10, 4);
	snapshot_builder_blocks(builder, burst, 1, 300, 9);
	snapshot_builder_block(builder,
	    &(struct snapshot_builder_block){
		.bytes = 5000, .stack = burst, .born = 9, .flags = SNAPSHOT_BLOCK_IGNORED});
	return builder;
}

static void retained_blocks_and_bytes_are_limited(void **state)
{
	struct checked_file file;

	(void)state;
	file_open(&file, builder_of_survivors());
	assert_file_limit(&file, CHECK_MAX_RETAINED_BLOCKS, 8);
	assert_file_limit(&file, CHECK_MAX_RETAINED_BYTES, 370);

	struct check_result *result = file_check(&file, limit(CHECK_MAX_RETAINED_BLOCKS, 0));

	assert_int_equal(result->findings[0].row_count, 2);
	assert_string_equal(file.grouping->keys[result->rows[0].key].text, "leak (l.c:1)");
	assert_int_equal(result->rows[0].retained_blocks, 7);
	assert_int_equal(result->rows[1].retained_blocks, 1);
	check_result_close(result);
	/* In bytes the other row comes first. */
	result = file_check(&file, limit(CHECK_MAX_RETAINED_BYTES, 0));
	assert_string_equal(file.grouping->keys[result->rows[0].key].text, "burst (b.c:1)");
	check_result_close(result);
	file_close(&file);
}

static void the_worst_iteration_is_limited(void **state)
{
	struct checked_file file;

	(void)state;
	file_open(&file, builder_of_survivors());
	assert_file_limit(&file, CHECK_MAX_PER_ITERATION_BLOCKS, 5);
	assert_file_limit(&file, CHECK_MAX_PER_ITERATION_BYTES, 300);
	struct check_result *result = file_check(&file, limit(CHECK_MAX_PER_ITERATION_BLOCKS, 0));

	assert_int_equal(result->findings[0].row_count, 1);
	assert_int_equal(result->rows[0].retained_blocks, 5);
	assert_int_equal(
	    file.fixture.snapshot->iterations[result->findings[0].iteration].first_generation, 4);
	check_result_close(result);
	file_close(&file);
}

static void allocations_are_limited_by_their_maximum(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");
	struct checked_file file;

	(void)state;
	for (uint32_t i = 1; i <= 6; i++) {
		struct snapshot_iteration row = {.benchmark = benchmark,
		    .phase = i == 1 ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED,
		    .first_generation = 10 * i,
		    .last_generation = 10 * i + (i == 3 ? 9 : 0),
		    .first = i,
		    .count = i == 3 ? 10 : 1,
		    .allocs = i == 1   ? 9999
			      : i == 3 ? 500
				       : 100,
		    .bytes = i == 1   ? 9999
			     : i == 3 ? 900
				      : 600,
		    .maximum_allocs = i == 3 ? 70 : 0,
		    .maximum_bytes = i == 3 ? 650 : 0,
		    .flags = i == 6};

		if (i == 6)
			row.allocs = row.bytes = 9999;
		snapshot_builder_iteration(builder, &row);
	}
	file_open(&file, builder);
	assert_file_limit(&file, CHECK_MAX_ALLOCS_PER_ITERATION, 100);
	assert_file_limit(&file, CHECK_MAX_BYTES_PER_ITERATION, 650);
	file_close(&file);
}

/* A leak of one block per iteration, or a buffer that grows by 8 bytes per iteration. */
static struct snapshot_builder *builder_of_growth(bool buffer, uint32_t counted)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");
	uint32_t stack = snapshot_builder_stack(builder, "grow@g.c:1;main");
	uint32_t quiet = snapshot_builder_stack(builder, "quiet@q.c:1;main");
	uint64_t blocks[64];
	uint64_t bytes[64];

	snapshot_builder_iterations(builder, benchmark, 2, counted);
	snapshot_builder_samples(builder, benchmark, 1, 2 + counted, 1);
	for (uint32_t i = 0; i < 2 + counted; i++) {
		blocks[i] = buffer ? 1 : i + 1;
		bytes[i] = 8 * (i + 1);
		if (!buffer)
			snapshot_builder_blocks(builder, stack, 1, 8, i + 1);
	}
	snapshot_builder_series(builder, stack, blocks, bytes, 0, 2 + counted);
	if (buffer)
		snapshot_builder_block(
		    builder, &(struct snapshot_builder_block){.bytes = 8 * (2 + counted),
				 .stack = stack,
				 .born = 1,
				 .resize_stack = stack,
				 .birth_bytes = 8});
	snapshot_builder_temporary(builder, quiet, 1000, 8);
	return builder;
}

static void growth_of_blocks_and_of_buffers_is_found(void **state)
{
	(void)state;
	for (int buffer = 0; buffer < 2; buffer++) {
		struct checked_file file;

		file_open(&file, builder_of_growth(buffer != 0, 30));
		struct check_result *result = file_check(&file, limit(CHECK_NO_GROWTH, 0));

		assert_int_equal(result->outcome, CHECK_FINDINGS);
		assert_int_equal(result->findings[0].rule, CHECK_NO_GROWTH);
		assert_int_equal(result->findings[0].actual, 1);
		assert_int_equal(result->findings[0].row_count, 1);
		assert_string_equal(file.grouping->keys[result->rows[0].key].text, "grow (g.c:1)");
		assert_int_equal(result->rows[0].growth.linear_in_blocks, buffer == 0);
		check_result_close(result);
		/* 30 counted iterations of 8 bytes, born or grown. */
		assert_file_limit(&file, CHECK_MAX_RETAINED_BYTES, 240);
		file_close(&file);
	}
}

/* A buffer that doubles from warm-up on, alive or torn down before the file was written. */
static void growth_of_a_vector_counts_while_it_lives(void **state)
{
	(void)state;
	for (int alive = 0; alive < 2; alive++) {
		struct snapshot_builder *builder = snapshot_builder_new();
		uint32_t stack = snapshot_builder_stack(builder, "vector;main");
		struct checked_file file;
		uint64_t blocks[42];
		uint64_t bytes[42];

		snapshot_builder_iterations(
		    builder, snapshot_builder_benchmark(builder, "parse"), 2, 40);
		snapshot_builder_samples(builder, 0, 1, 42, 1);
		for (uint32_t i = 0; i < 42; i++) {
			blocks[i] = 1;
			bytes[i] = i == 0 ? 8 : bytes[i - 1];
			while (bytes[i] < 8 * (i + 1))
				bytes[i] *= 2;
		}
		snapshot_builder_series(builder, stack, blocks, bytes, 0, 42);
		if (alive != 0)
			snapshot_builder_block(
			    builder, &(struct snapshot_builder_block){.bytes = bytes[41],
					 .stack = stack,
					 .born = 1,
					 .resize_stack = stack,
					 .birth_bytes = 8});
		else
			snapshot_builder_freed(builder, stack, 1, bytes[41]);
		file_open(&file, builder);
		if (alive != 0) {
			assert_file_limit(&file, CHECK_MAX_RETAINED_BYTES, bytes[41] - bytes[1]);
		} else {
			struct check_result *result =
			    file_check(&file, limit(CHECK_MAX_RETAINED_BYTES, 0));

			assert_int_equal(result->outcome, CHECK_CLEAN);
			check_result_close(result);
		}
		file_close(&file);
	}
}

static void what_does_not_grow_is_clean(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "quiet;main");
	struct checked_file file;

	(void)state;
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 20);
	snapshot_builder_samples(builder, 0, 1, 22, 1);
	snapshot_builder_temporary(builder, stack, 100000, 40);
	file_open(&file, builder);
	struct check_limits limits = limit(CHECK_NO_GROWTH, 0);

	limits.set[CHECK_MAX_RETAINED_BYTES] = limits.set[CHECK_MAX_PER_ITERATION_BLOCKS] = true;
	struct check_result *result = file_check(&file, limits);

	assert_int_equal(result->outcome, CHECK_CLEAN);
	assert_null(result->unseen);
	assert_int_equal(result->unjudged_rows, 0);
	check_result_close(result);
	file_close(&file);
}

static void a_file_without_iterations_never_passes(void **state)
{
	(void)state;
	for (enum check_rule rule = 0; rule < CHECK_RULE_COUNT; rule++) {
		struct snapshot_builder *builder = snapshot_builder_new();
		struct checked_file file;

		snapshot_builder_blocks(
		    builder, snapshot_builder_stack(builder, "f;main"), 5, 10, 0);
		file_open(&file, builder);
		struct check_result *result = file_check(&file, limit(rule, 1000000));

		assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
		assert_string_equal(result->unseen,
		    rule == CHECK_MAX_LEAKED_BYTES || rule == CHECK_MAX_LEAKED_BLOCKS
			? "the file has no reference graph (graph=0, or snapshot_at=last or peak)"
			: "no iterations recorded");
		assert_non_null(check_rule_name(rule));
		check_result_close(result);
		file_close(&file);
	}
}

static void warmup_alone_or_13_iterations_never_pass(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct checked_file file;

	(void)state;
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 5, 0);
	file_open(&file, builder);
	struct check_result *result = file_check(&file, limit(CHECK_MAX_RETAINED_BYTES, 0));

	assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
	check_result_close(result);
	file_close(&file);

	file_open(&file, builder_of_growth(false, 13));
	result = file_check(&file, limit(CHECK_NO_GROWTH, 0));
	assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
	check_result_close(result);
	/* A finding of another rule stands all the same. */
	struct check_limits limits = limit(CHECK_NO_GROWTH, 0);

	limits.set[CHECK_MAX_RETAINED_BLOCKS] = true;
	result = file_check(&file, limits);
	assert_int_equal(result->outcome, CHECK_FINDINGS);
	assert_non_null(result->unseen);
	check_result_close(result);
	file_close(&file);
}

/* --- two files --- */

struct checked_pair {
	struct heap_fixture fixtures[2];
	struct diff *diff;
};

static void pair_open(
    struct checked_pair *pair, struct snapshot_builder *before, struct snapshot_builder *after)
{
	heap_fixture_open(&pair->fixtures[0], before);
	heap_fixture_open(&pair->fixtures[1], after);
	struct group_input inputs[2] = {
	    heap_fixture_input(&pair->fixtures[0]), heap_fixture_input(&pair->fixtures[1])};

	assert_int_equal(
	    diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, true, &pair->diff), STATUS_OK);
}

static void pair_close(struct checked_pair *pair)
{
	diff_close(pair->diff);
	heap_fixture_close(&pair->fixtures[0]);
	heap_fixture_close(&pair->fixtures[1]);
}

static struct check_result *pair_check(const struct checked_pair *pair, struct check_limits limits)
{
	struct check_result *result;

	assert_int_equal(check_diff(pair->diff, &limits, &result), STATUS_OK);
	return result;
}

static struct snapshot_builder *builder_before(uint32_t counted, uint32_t cut_epoch)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	if (counted != 0)
		snapshot_builder_iterations(
		    builder, snapshot_builder_benchmark(builder, "parse"), 2, counted);
	snapshot_builder_run(builder)->cut_epoch = cut_epoch;
	return builder;
}

/* Born between the cuts in counted iterations, grown between the cuts: both count; what was
 * there doesn't. */
static void born_and_grown_between_the_cuts_count(void **state)
{
	struct snapshot_builder *before = builder_before(5, 10);
	struct snapshot_builder *after = builder_before(20, 40);
	struct checked_pair pair;

	(void)state;
	for (int side = 0; side < 2; side++) {
		struct snapshot_builder *builder = side == 0 ? before : after;
		uint32_t stack = snapshot_builder_stack(builder, "f@f.c:1;main");

		snapshot_builder_block(builder, &(struct snapshot_builder_block){.address = 0x1000,
						    .bytes = side == 0 ? 100 : 180,
						    .stack = stack,
						    .born = 3,
						    .epoch = 3});
		snapshot_builder_block(builder,
		    &(struct snapshot_builder_block){
			.address = 0x2000, .bytes = 500, .stack = stack, .born = 4, .epoch = 4});
	}
	uint32_t stack = snapshot_builder_stack(after, "f@f.c:1;main");

	/* Three retained in generation 12, one born outside iterations. */
	for (uint64_t i = 0; i < 4; i++)
		snapshot_builder_block(
		    after, &(struct snapshot_builder_block){.address = 0x3000 + 0x100 * i,
			       .bytes = 10,
			       .stack = stack,
			       .born = i < 3 ? 12 : 0,
			       .epoch = 20});
	snapshot_builder_settle(after);
	struct snapshot_iteration *iterations =
	    snapshot_builder_rows(after, SNAPSHOT_ITERATIONS, NULL);

	iterations[3].allocs = 500;
	iterations[15].allocs = 70;
	pair_open(&pair, before, after);
	struct check_result *result = pair_check(&pair, limit(CHECK_MAX_RETAINED_BYTES, 109));

	assert_int_equal(result->outcome, CHECK_FINDINGS);
	assert_int_equal(result->findings[0].actual, 110);
	assert_int_equal(result->rows[0].grown_bytes, 80);
	assert_false(result->counted_everything);
	check_result_close(result);
	result = pair_check(&pair, limit(CHECK_MAX_RETAINED_BLOCKS, 3));
	assert_int_equal(result->outcome, CHECK_CLEAN);
	check_result_close(result);
	/* Iterations before BEFORE aren't looked at. */
	result = pair_check(&pair, limit(CHECK_MAX_PER_ITERATION_BYTES, 0));
	assert_int_equal(result->findings[0].actual, 30);
	check_result_close(result);
	result = pair_check(&pair, limit(CHECK_MAX_ALLOCS_PER_ITERATION, 0));
	assert_int_equal(result->findings[0].actual, 70);
	assert_int_equal(result->findings[0].iteration, 15);
	check_result_close(result);
	pair_close(&pair);
}

static void without_iterations_all_that_was_born_counts(void **state)
{
	struct snapshot_builder *before = builder_before(0, 10);
	struct snapshot_builder *after = builder_before(0, 20);
	struct checked_pair pair;

	(void)state;
	snapshot_builder_block(
	    after, &(struct snapshot_builder_block){
		       .bytes = 64, .stack = snapshot_builder_stack(after, "f;main"), .epoch = 15});
	pair_open(&pair, before, after);
	struct check_result *result = pair_check(&pair, limit(CHECK_MAX_RETAINED_BYTES, 0));

	assert_int_equal(result->outcome, CHECK_FINDINGS);
	assert_int_equal(result->findings[0].actual, 64);
	assert_true(result->counted_everything);
	check_result_close(result);
	result = pair_check(&pair, limit(CHECK_MAX_PER_ITERATION_BYTES, 100));
	assert_int_equal(result->outcome, CHECK_NO_ITERATIONS);
	check_result_close(result);
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(retained_blocks_and_bytes_are_limited),
	    cmocka_unit_test(the_worst_iteration_is_limited),
	    cmocka_unit_test(allocations_are_limited_by_their_maximum),
	    cmocka_unit_test(growth_of_blocks_and_of_buffers_is_found),
	    cmocka_unit_test(growth_of_a_vector_counts_while_it_lives),
	    cmocka_unit_test(what_does_not_grow_is_clean),
	    cmocka_unit_test(a_file_without_iterations_never_passes),
	    cmocka_unit_test(warmup_alone_or_13_iterations_never_pass),
	    cmocka_unit_test(born_and_grown_between_the_cuts_count),
	    cmocka_unit_test(without_iterations_all_that_was_born_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
