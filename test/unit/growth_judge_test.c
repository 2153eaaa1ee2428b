/* Evidence of growth is gathered from a file: ranges, samples, series, survivors, deaths. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/growth.h"
#include "support/heap_fixture.h"

#define SAMPLES_MAX 256

#define assert_near(actual, expected, tolerance)                                                   \
	assert_true(fabs((actual) - (expected)) <= (tolerance))
#define assert_shape(growth, expected)                                                             \
	assert_string_equal(growth_shape_name((growth).shape), growth_shape_name(expected))

/* The shape of the logical stacks of STACK_ROWS together; closes BUILDER. */
static struct growth judge(
    struct snapshot_builder *builder, const uint32_t *stack_rows, size_t count)
{
	struct heap_fixture fixture;
	struct growth_judge *growth_judge;
	uint32_t stacks[8];

	heap_fixture_open(&fixture, builder);
	for (size_t i = 0; i < count; i++)
		stacks[i] = fixture.heap->stack_of_row[stack_rows[i]];
	assert_int_equal(growth_judge_open(fixture.heap, &growth_judge), STATUS_OK);
	struct growth growth = growth_of_stacks(growth_judge, stacks, count);

	/* A judge may be asked again. */
	assert_int_equal(growth_of_stacks(growth_judge, stacks, count).shape, growth.shape);
	growth_judge_close(growth_judge);
	heap_fixture_close(&fixture);
	return growth;
}

/* Live blocks of a leak of K per generation from FIRST on, at the ends of COUNT generations. */
static void leak_series(uint64_t *values, size_t count, size_t first, uint64_t k)
{
	for (size_t i = 0; i < count; i++)
		values[i] = i + 1 >= first ? k * (i + 2 - first) : 0;
}

static struct snapshot_builder *builder_of_iterations(uint32_t counted)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");

	snapshot_builder_iterations(builder, benchmark, 2, counted);
	snapshot_builder_samples(builder, benchmark, 1, 2 + counted, 1);
	return builder;
}

static void a_leak_in_the_file_is_linear(void **state)
{
	struct snapshot_builder *builder = builder_of_iterations(40);
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	leak_series(values, 42, 1, 3);
	snapshot_builder_series(builder, stack, values, NULL, 16, 42);
	for (uint32_t born = 1; born <= 42; born++)
		snapshot_builder_blocks(builder, stack, 3, 16, born);
	struct growth growth = judge(builder, &stack, 1);

	assert_shape(growth, GROWTH_LINEAR);
	assert_near(growth.blocks_per_iteration, 3, 1e-9);
	assert_near(growth.bytes_per_iteration, 48, 1e-9);
	assert_int_equal(growth.grown_bytes, 40 * 48);
	assert_int_equal(growth.benchmark, 0);
}

/* Each of two stacks alone stands still every other stretch; the site grows throughout. */
static void stacks_of_a_site_are_judged_together(void **state)
{
	struct snapshot_builder *builder = builder_of_iterations(40);
	uint32_t stacks[2] = {snapshot_builder_stack(builder, "leak;a;main"),
	    snapshot_builder_stack(builder, "leak;b;main")};
	uint64_t values[2][SAMPLES_MAX];
	uint64_t sums[2] = {0, 0};

	(void)state;
	for (uint32_t generation = 1; generation <= 42; generation++) {
		size_t which = generation / 8 % 2;

		sums[which]++;
		snapshot_builder_blocks(builder, stacks[which], 1, 16, generation);
		values[0][generation - 1] = sums[0];
		values[1][generation - 1] = sums[1];
	}
	for (size_t i = 0; i < 2; i++)
		snapshot_builder_series(builder, stacks[i], values[i], NULL, 16, 42);
	struct growth growth = judge(builder, stacks, 2);

	assert_shape(growth, GROWTH_LINEAR);
	assert_near(growth.blocks_per_iteration, 1, 1e-9);
}

/* A sawtooth that the samples meet one block higher each time; the survivors are all of its last
 * period. */
static void survivors_in_the_file_deny_a_sawtooth(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "cache");
	uint32_t stack = snapshot_builder_stack(builder, "cache;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	snapshot_builder_iterations(builder, benchmark, 2, 2014);
	snapshot_builder_samples(builder, benchmark, 32, 2016, 32);
	for (size_t i = 0; i < 63; i++)
		values[i] = i + 1;
	snapshot_builder_series(builder, stack, values, NULL, 16, 63);
	for (uint32_t born = 1954; born <= 2016; born++)
		snapshot_builder_blocks(builder, stack, 1, 16, born);
	snapshot_builder_freed(builder, stack, 1953, 16);
	snapshot_builder_deaths(builder, stack, 40, 1953);
	assert_int_not_equal(judge(builder, &stack, 1).shape, GROWTH_LINEAR);
}

/* Torn down before the file was written: SURVIVAL knows when the blocks were born. */
static void teardown_does_not_erase_a_leak_nor_make_one(void **state)
{
	for (int leak = 0; leak < 2; leak++) {
		struct snapshot_builder *builder = snapshot_builder_new();
		uint32_t benchmark = snapshot_builder_benchmark(builder, "cache");
		uint32_t stack = snapshot_builder_stack(builder, "cache;main");
		uint64_t values[SAMPLES_MAX];

		(void)state;
		snapshot_builder_iterations(builder, benchmark, 2, 2014);
		snapshot_builder_samples(builder, benchmark, 32, 2016, 32);
		for (size_t i = 0; i < 63; i++)
			values[i] = i + 1;
		snapshot_builder_series(builder, stack, values, NULL, 16, 63);
		snapshot_builder_freed(builder, stack, 2016, 16);
		for (uint32_t bucket = 0; bucket < 16; bucket++) {
			/* A leak of one per 32 generations dies at the end; a sawtooth of 63
			 * dies in or after its bucket. */
			if (leak != 0)
				snapshot_builder_survival(
				    builder, stack, bucket * 128, 1920, 128, 4);
			else
				snapshot_builder_survival(
				    builder, stack, bucket * 128, bucket * 128, 128, 128);
		}
		struct growth growth = judge(builder, &stack, 1);

		if (leak != 0)
			assert_shape(growth, GROWTH_LINEAR);
		else
			assert_int_not_equal(growth.shape, GROWTH_LINEAR);
	}
}

/* The first benchmark leaks, the second doesn't: its name is told, and its own rate. */
static void benchmarks_are_judged_apart(void **state)
{
	for (uint32_t leaking = 0; leaking < 2; leaking++) {
		struct snapshot_builder *builder = snapshot_builder_new();
		uint32_t benchmarks[2] = {snapshot_builder_benchmark(builder, "first"),
		    snapshot_builder_benchmark(builder, "second")};
		uint32_t stack = snapshot_builder_stack(builder, "leak;main");
		uint64_t values[SAMPLES_MAX];
		uint64_t live = 0;

		(void)state;
		for (uint32_t i = 0; i < 2; i++) {
			snapshot_builder_iterations(builder, benchmarks[i], 2, 20);
			snapshot_builder_samples(
			    builder, benchmarks[i], 22 * i + 1, 22 * i + 22, 1);
			for (uint32_t k = 1; k <= 22; k++) {
				if (i == leaking) {
					live += 2;
					snapshot_builder_blocks(builder, stack, 2, 8, 22 * i + k);
				}
				values[22 * i + k - 1] = live;
			}
		}
		snapshot_builder_series(builder, stack, values, NULL, 8, 44);
		struct growth growth = judge(builder, &stack, 1);

		assert_shape(growth, GROWTH_LINEAR);
		assert_int_equal(growth.benchmark, benchmarks[leaking]);
		assert_near(growth.blocks_per_iteration, 2, 1e-9);
	}
}

/* What a benchmark's setup allocates between two ranges isn't growth of its first iteration. */
static void setup_between_benchmarks_does_not_hide_a_leak(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmarks[2] = {snapshot_builder_benchmark(builder, "first"),
	    snapshot_builder_benchmark(builder, "second")};
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	snapshot_builder_iterations(builder, benchmarks[0], 0, 20);
	snapshot_builder_iterations(builder, benchmarks[1], 2, 28);
	snapshot_builder_samples(builder, benchmarks[0], 2, 20, 2);
	snapshot_builder_samples(builder, benchmarks[1], 22, 50, 2);
	for (uint32_t i = 0; i < 10; i++)
		values[i] = 0;
	for (uint32_t i = 10; i < 25; i++)
		values[i] = 5000 + 2 * (i - 9);
	snapshot_builder_series(builder, stack, values, NULL, 8, 25);
	snapshot_builder_blocks(builder, stack, 5000, 8, 0);
	for (uint32_t born = 21; born <= 50; born++)
		snapshot_builder_blocks(builder, stack, 1, 8, born);
	struct growth growth = judge(builder, &stack, 1);

	assert_shape(growth, GROWTH_LINEAR);
	assert_near(growth.blocks_per_iteration, 1, 1e-9);
}

static void benchmarks_that_interleave_are_judged_as_one(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmarks[2] = {snapshot_builder_benchmark(builder, "even"),
	    snapshot_builder_benchmark(builder, "odd")};
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	for (uint32_t i = 0; i < 30; i++)
		snapshot_builder_iterations(builder, benchmarks[i % 2], 0, 1);
	snapshot_builder_samples(builder, benchmarks[0], 1, 30, 1);
	leak_series(values, 30, 1, 1);
	snapshot_builder_series(builder, stack, values, NULL, 8, 30);
	for (uint32_t born = 1; born <= 30; born++)
		snapshot_builder_blocks(builder, stack, 1, 8, born);
	struct growth growth = judge(builder, &stack, 1);

	assert_shape(growth, GROWTH_LINEAR);
	assert_int_equal(growth.benchmark, HEAP_NONE);
	assert_near(growth.blocks_per_iteration, 1, 1e-9);
}

/* Merged rows of 8 iterations each, and samples inside them. */
static void merged_iterations_keep_their_places(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "long");
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	for (uint32_t first = 1; first <= 160; first += 8) {
		struct snapshot_iteration row = {.benchmark = benchmark,
		    .phase = SNAPSHOT_PHASE_COUNTED,
		    .first_generation = first,
		    .last_generation = first + 7,
		    .first = first,
		    .count = 8};

		snapshot_builder_iteration(builder, &row);
	}
	snapshot_builder_samples(builder, benchmark, 4, 160, 4);
	for (uint32_t i = 0; i < 40; i++)
		values[i] = 4 * (i + 1);
	snapshot_builder_series(builder, stack, values, NULL, 8, 40);
	for (uint32_t born = 1; born <= 160; born++)
		snapshot_builder_blocks(builder, stack, 1, 8, born);
	struct growth growth = judge(builder, &stack, 1);

	assert_shape(growth, GROWTH_LINEAR);
	assert_near(growth.blocks_per_iteration, 1, 1e-9);
}

/* 20 short benchmarks share 64 samples; nothing that outlived its iteration was ever freed. */
static void short_benchmarks_are_judged_by_their_survivors(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");
	char name[] = "a";
	uint64_t values[SAMPLES_MAX];

	(void)state;
	for (uint32_t i = 0; i < 20; i++, name[0]++)
		snapshot_builder_iterations(
		    builder, snapshot_builder_benchmark(builder, name), 0, 100);
	snapshot_builder_samples(builder, 0, 32, 2000, 32);
	for (uint32_t born = 501; born <= 600; born++)
		snapshot_builder_blocks(builder, stack, 2, 8, born);
	for (uint32_t i = 0; i < 62; i++)
		values[i] = 32 * (i + 1) <= 500	  ? 0
			    : 32 * (i + 1) >= 600 ? 200
						  : 2 * (32 * (i + 1) - 500);
	snapshot_builder_series(builder, stack, values, NULL, 8, 62);
	struct growth growth = judge(builder, &stack, 1);

	assert_shape(growth, GROWTH_LINEAR);
	assert_int_equal(growth.benchmark, 5);
	assert_near(growth.blocks_per_iteration, 2, 1e-9);
}

static void a_lost_series_is_not_taken_for_nothing(void **state)
{
	struct snapshot_builder *builder = builder_of_iterations(40);
	uint32_t stack = snapshot_builder_stack(builder, "leak;main");

	(void)state;
	for (uint32_t born = 1; born <= 42; born += 5)
		snapshot_builder_blocks(builder, stack, 1, 16, born);
	snapshot_builder_freed(builder, stack, 10, 16);
	snapshot_builder_run(builder)->losses.series = 1;
	assert_shape(judge(builder, &stack, 1), GROWTH_UNKNOWN);
}

static void without_iterations_nothing_is_known(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");

	(void)state;
	snapshot_builder_blocks(builder, stack, 5, 16, 0);
	assert_shape(judge(builder, &stack, 1), GROWTH_UNKNOWN);
}

static void temporaries_are_transient_and_setup_is_one_off(void **state)
{
	for (int setup = 0; setup < 2; setup++) {
		struct snapshot_builder *builder = builder_of_iterations(40);
		uint32_t stack = snapshot_builder_stack(builder, "f;main");
		uint64_t values[SAMPLES_MAX];

		(void)state;
		snapshot_builder_temporary(builder, stack, 4000, 16);
		for (size_t i = 0; i < 42; i++)
			values[i] = 5;
		if (setup != 0) {
			snapshot_builder_blocks(builder, stack, 5, 16, 0);
			snapshot_builder_series(builder, stack, values, NULL, 16, 42);
		}
		assert_shape(
		    judge(builder, &stack, 1), setup != 0 ? GROWTH_ONE_OFF : GROWTH_TRANSIENT);
	}
}

/* An ignored block is no survivor, though the series counts it. */
static void ignored_blocks_are_no_survivors(void **state)
{
	struct snapshot_builder *builder = builder_of_iterations(40);
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	uint64_t values[SAMPLES_MAX];

	(void)state;
	for (size_t i = 0; i < 42; i++)
		values[i] = 1;
	snapshot_builder_series(builder, stack, values, NULL, 16, 42);
	snapshot_builder_block(builder, &(struct snapshot_builder_block){.bytes = 16,
					    .stack = stack,
					    .born = 0,
					    .epoch = 1,
					    .flags = SNAPSHOT_BLOCK_IGNORED});
	assert_shape(judge(builder, &stack, 1), GROWTH_ONE_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_leak_in_the_file_is_linear),
	    cmocka_unit_test(stacks_of_a_site_are_judged_together),
	    cmocka_unit_test(survivors_in_the_file_deny_a_sawtooth),
	    cmocka_unit_test(teardown_does_not_erase_a_leak_nor_make_one),
	    cmocka_unit_test(benchmarks_are_judged_apart),
	    cmocka_unit_test(setup_between_benchmarks_does_not_hide_a_leak),
	    cmocka_unit_test(benchmarks_that_interleave_are_judged_as_one),
	    cmocka_unit_test(merged_iterations_keep_their_places),
	    cmocka_unit_test(short_benchmarks_are_judged_by_their_survivors),
	    cmocka_unit_test(a_lost_series_is_not_taken_for_nothing),
	    cmocka_unit_test(without_iterations_nothing_is_known),
	    cmocka_unit_test(temporaries_are_transient_and_setup_is_one_off),
	    cmocka_unit_test(ignored_blocks_are_no_survivors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
