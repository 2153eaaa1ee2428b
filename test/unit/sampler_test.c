/* The sampler draws what it should, and estimates from its samples are right on average and as inexact as they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "analysis/estimate.h"
#include "preload/sampler.h"

#define MEAN 4096

static void assert_near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.17g is not %.17g +-%g", value, expected, tolerance);
}

static void probability_is_that_of_the_library(void **state)
{
	static const uint64_t sizes[] = {
	    1, 2, 48, 255, 256, 257, 4095, 4096, 100000, 163840, 1 << 30};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		double expected = -expm1(-(double)sizes[i] / MEAN);

		assert_near(sampler_probability(sizes[i], MEAN), expected, expected * 1e-12);
	}
	/* the smallest block at the largest mean: the weight fits its 32 bits */
	assert_near(1 / sampler_probability(1, SAMPLER_MEAN_MAX), 0x1p30 + 0.5, 1);
}

static void distances_are_geometric(void **state)
{
	enum { DRAWS = 200000 };
	uint64_t random = 1;
	uint64_t beyond = 0;
	double sum = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		uint64_t distance = sampler_distance(&random, MEAN);

		assert_int_not_equal(distance, 0);
		sum += (double)distance;
		beyond += distance > 2 * MEAN;
	}
	/* mean 1 / (1 - exp(-1 / MEAN)), as large a deviation; four of the mean of so many */
	assert_near(sum / DRAWS, MEAN + 0.5, 4 * MEAN / sqrt(DRAWS));
	assert_near((double)beyond / DRAWS, exp(-2), 4 * sqrt(exp(-2) / DRAWS));
}

static void weights_are_right_on_average(void **state)
{
	static const uint64_t sizes[] = {1, 100, 3000, 4096, 20000, 200000};
	enum { DRAWS = 100000 };
	uint64_t random = 2;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		double exact = 1 / sampler_probability(sizes[i], MEAN);
		double sum = 0;

		for (int draw = 0; draw < DRAWS; draw++) {
			uint32_t weight = sampler_weight(&random, sizes[i], MEAN);

			assert_in_range(weight, (uint64_t)exact, (uint64_t)exact + 1);
			sum += weight;
		}
		assert_near(sum / DRAWS, exact, 4 * 0.5 / sqrt(DRAWS));
	}
}

static void equal_seeds_give_equal_samples(void **state)
{
	struct sampler a, b;
	unsigned hits = 0;

	(void)state;
	sampler_seed(&a, 7, MEAN);
	sampler_seed(&b, 7, MEAN);
	for (uint64_t size = 0; size < 5000; size++) {
		bool passes = sampler_passes(&a, size);

		assert_int_equal(passes, sampler_passes(&b, size));
		if (!passes) {
			hits++;
			assert_int_equal(sampler_hit(&a, size, MEAN), sampler_hit(&b, size, MEAN));
		}
	}
	assert_in_range(hits, 100, 5000);
}

static void bytes_are_exact_whatever_is_sampled(void **state)
{
	struct sampler sampler;
	uint64_t bytes = 0;

	(void)state;
	sampler_seed(&sampler, 11, MEAN);
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t size = i % 7 == 0 ? 0 : i * 37 % 9001;

		sampler.allocs++;
		bytes += size;
		if (!sampler_passes(&sampler, size))
			(void)sampler_hit(&sampler, size, MEAN);
		if (i % 5 == 0) { /* a block that realloc offers again */
			sampler_not_new(&sampler, 500);
			if (!sampler_passes(&sampler, 500))
				(void)sampler_hit(&sampler, 500, MEAN);
		}
		assert_int_equal(sampler_bytes(&sampler), bytes);
	}
}

/* One run of a program that makes COUNT blocks of SIZE bytes. */
struct workload {
	uint64_t count, size;
};

struct estimate {
	uint64_t blocks, bytes;
	struct spread spread;
};

static struct estimate run_once(
    struct sampler *sampler, const struct workload *loads, size_t load_count)
{
	struct estimate estimate = {0};

	for (size_t load = 0; load < load_count; load++) {
		for (uint64_t i = 0; i < loads[load].count; i++) {
			if (sampler_passes(sampler, loads[load].size))
				continue;
			uint32_t weight = sampler_hit(sampler, loads[load].size, MEAN);

			estimate.blocks += weight;
			estimate.bytes += weight * loads[load].size;
			spread_add_block(&estimate.spread, weight, loads[load].size);
		}
	}
	return estimate;
}

/*
 * 1000 runs with seeds of their own. The mean over all must be the truth within four standard errors, as measured and
 * as stated by the runs themselves; and the 95 % interval must hold the truth in 93 % to 97 % of the runs.
 */
static void judge_workload(const struct workload *loads, size_t load_count)
{
	enum { RUNS = 1000 };
	double blocks = 0, bytes = 0, sum_blocks = 0, sum_bytes = 0;
	double squares = 0, byte_squares = 0, stated = 0, stated_bytes = 0;
	unsigned covered = 0, bytes_covered = 0;

	for (size_t load = 0; load < load_count; load++) {
		blocks += (double)loads[load].count;
		bytes += (double)(loads[load].count * loads[load].size);
	}
	for (uint64_t seed = 0; seed < RUNS; seed++) {
		struct sampler sampler;

		sampler_seed(&sampler, seed * 1000003, MEAN);
		struct estimate run = run_once(&sampler, loads, load_count);
		double off = (double)run.blocks - blocks;
		double bytes_off = (double)run.bytes - bytes;

		sum_blocks += off;
		sum_bytes += bytes_off;
		squares += off * off;
		byte_squares += bytes_off * bytes_off;
		stated += run.spread.blocks;
		stated_bytes += run.spread.bytes;
		covered += fabs(off) <= estimate_error(run.spread.blocks);
		bytes_covered += fabs(bytes_off) <= estimate_error(run.spread.bytes);
	}
	assert_near(sum_blocks / RUNS, 0, 4 * sqrt(squares / RUNS / RUNS));
	assert_near(sum_bytes / RUNS, 0, 4 * sqrt(byte_squares / RUNS / RUNS));
	/* a variance from 1000 runs is itself known to 4.5 %; four times that */
	assert_near(stated / squares, 1, 0.18);
	assert_in_range(covered, 930, 970);
	if (bytes > 0) {
		assert_near(stated_bytes / byte_squares, 1, 0.18);
		assert_in_range(bytes_covered, 930, 970);
	}
}

static void estimates_of_small_blocks_are_unbiased_and_covered(void **state)
{
	static const struct workload small = {30000, 48};

	(void)state;
	judge_workload(&small, 1);
}

static void estimates_of_empty_blocks_are_unbiased_and_covered(void **state)
{
	static const struct workload empty = {500000, 0};

	(void)state;
	judge_workload(&empty, 1);
}

static void estimates_of_large_blocks_are_unbiased_and_covered(void **state)
{
	static const struct workload large = {1500, 5000};

	(void)state;
	judge_workload(&large, 1);
}

static void estimates_of_a_mix_are_unbiased_and_covered(void **state)
{
	static const struct workload mix[] = {
	    {20000, 16}, {5000, 200}, {300, 3000}, {100, 8192}, {3, 1000000}};

	(void)state;
	judge_workload(mix, sizeof mix / sizeof mix[0]);
}

static void huge_blocks_are_always_seen(void **state)
{
	static const struct workload huge = {20, 50 * MEAN};
	struct sampler sampler;

	(void)state;
	sampler_seed(&sampler, 3, MEAN);
	struct estimate run = run_once(&sampler, &huge, 1);

	assert_int_equal(run.blocks, 20);
	assert_near(run.spread.blocks, 0, 0);
}

/*
 * realloc (record_sampled.h): blocks of 64 bytes grow to 2000. Those recorded stand for themselves alone from then on,
 * the others are offered again: on average there are as many as there are.
 */
static void growing_keeps_the_number_of_blocks(void **state)
{
	enum { RUNS = 1000, BLOCKS = 5000 };
	double sum = 0, squares = 0, stated = 0;

	(void)state;
	for (uint64_t seed = 0; seed < RUNS; seed++) {
		struct sampler sampler;
		struct spread spread = {0, 0};
		double number = 0;

		sampler_seed(&sampler, seed * 7919 + 5, MEAN);
		for (int i = 0; i < BLOCKS; i++) {
			uint32_t weight = 0;

			if (!sampler_passes(&sampler, 64)) {
				(void)sampler_hit(&sampler, 64, MEAN);
				weight = 1;
			} else if (!sampler_passes(&sampler, 2000)) {
				weight = sampler_hit(&sampler, 2000, MEAN);
			}
			number += weight;
			spread_add_block(&spread, weight, 2000);
		}
		sum += number - BLOCKS;
		squares += (number - BLOCKS) * (number - BLOCKS);
		stated += spread.blocks;
	}
	assert_near(sum / RUNS, 0, 4 * sqrt(squares / RUNS / RUNS));
	assert_near(stated / squares, 1, 0.18);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(probability_is_that_of_the_library),
	    cmocka_unit_test(distances_are_geometric),
	    cmocka_unit_test(weights_are_right_on_average),
	    cmocka_unit_test(equal_seeds_give_equal_samples),
	    cmocka_unit_test(bytes_are_exact_whatever_is_sampled),
	    cmocka_unit_test(estimates_of_small_blocks_are_unbiased_and_covered),
	    cmocka_unit_test(estimates_of_empty_blocks_are_unbiased_and_covered),
	    cmocka_unit_test(estimates_of_large_blocks_are_unbiased_and_covered),
	    cmocka_unit_test(estimates_of_a_mix_are_unbiased_and_covered),
	    cmocka_unit_test(huge_blocks_are_always_seen),
	    cmocka_unit_test(growing_keeps_the_number_of_blocks),
	};

	return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
