/*
 * The rules of growth on synthetic workloads: a small simulator allocates, frees and resizes by iteration, samples
 * as the preload does (at most 64 points, stride doubling), and hands growth_judge_evidence what a file would.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/growth.h"

#define SAMPLES_MAX 64
#define BLOCKS_MAX  400000

struct block {
	uint32_t born; /* generation */
	uint64_t bytes;
	bool alive;
};

struct workload {
	uint64_t random;
	uint32_t warmup, counted;
	uint32_t generation; /* of the open iteration, from 1 */
	struct block *blocks;
	size_t block_count, oldest; /* blocks before `oldest` are dead */
	uint64_t live_blocks, live_bytes, later_frees;
	uint64_t deaths[SNAPSHOT_AGE_BUCKETS];
	struct growth_point samples[SAMPLES_MAX]; /* iterations: generation */
	size_t sample_count;
	uint32_t stride;
	uint64_t a, b, c; /* of the pattern */
};

typedef void (*pattern)(struct workload *workload);

static uint64_t next_random(struct workload *workload)
{
	workload->random ^= workload->random << 13;
	workload->random ^= workload->random >> 7;
	workload->random ^= workload->random << 17;
	return workload->random;
}

static size_t give_birth(struct workload *workload, uint64_t bytes)
{
	assert_true(workload->block_count < BLOCKS_MAX);
	workload->blocks[workload->block_count] = (struct block){workload->generation, bytes, true};
	workload->live_blocks++;
	workload->live_bytes += bytes;
	return workload->block_count++;
}

static void kill_block(struct workload *workload, size_t number)
{
	struct block *block = &workload->blocks[number];
	uint32_t age = workload->generation - block->born;
	size_t bucket = 0;

	assert_true(block->alive);
	block->alive = false;
	workload->live_blocks--;
	workload->live_bytes -= block->bytes;
	if (age == 0)
		return;
	workload->later_frees++;
	while (bucket + 1 < SNAPSHOT_AGE_BUCKETS && age > 1u << bucket)
		bucket++;
	workload->deaths[bucket]++;
}

static void resize_block(struct workload *workload, size_t number, uint64_t bytes)
{
	workload->live_bytes += bytes - workload->blocks[number].bytes;
	workload->blocks[number].bytes = bytes;
}

/* Kill the oldest block that lives. */
static void kill_oldest(struct workload *workload)
{
	while (!workload->blocks[workload->oldest].alive)
		workload->oldest++;
	kill_block(workload, workload->oldest);
}

static void take_sample(struct workload *workload)
{
	if (workload->generation % workload->stride != 0)
		return;
	if (workload->sample_count == SAMPLES_MAX) {
		size_t kept = 0;

		workload->stride *= 2;
		for (size_t i = 0; i < workload->sample_count; i++) {
			if (workload->samples[i].iterations % workload->stride == 0)
				workload->samples[kept++] = workload->samples[i];
		}
		workload->sample_count = kept;
		if (workload->generation % workload->stride != 0)
			return;
	}
	workload->samples[workload->sample_count++] = (struct growth_point){
	    workload->generation, workload->live_blocks, workload->live_bytes};
}

static void run(struct workload *workload, pattern step, uint32_t warmup, uint32_t counted)
{
	workload->warmup = warmup;
	workload->counted = counted;
	workload->stride = 1;
	for (workload->generation = 1; workload->generation <= warmup + counted;
	     workload->generation++) {
		step(workload);
		take_sample(workload);
	}
	workload->generation--;
}

/* Judge as a file would be: counted iterations only, and the sample right before them. */
static struct growth judge_with(const struct workload *workload, bool survivors_known)
{
	struct growth_evidence evidence = {
	    .counted = workload->counted,
	    .survivors_known = survivors_known,
	    .later_frees = workload->later_frees,
	};
	struct growth_point points[SAMPLES_MAX];

	for (size_t i = 0; i < workload->sample_count; i++) {
		if (workload->samples[i].iterations < workload->warmup)
			continue;
		points[evidence.point_count] = workload->samples[i];
		points[evidence.point_count++].iterations -= workload->warmup;
	}
	evidence.points = points;
	memcpy(evidence.deaths_by_age, workload->deaths, sizeof(workload->deaths));
	for (size_t i = 0; i < workload->block_count; i++) {
		const struct block *block = &workload->blocks[i];
		uint64_t place =
		    block->born > workload->warmup ? block->born - workload->warmup : 0;

		evidence.alive_at_cut += block->alive;
		if (!block->alive || place == 0 || place > workload->counted)
			continue;
		evidence.survivors[(place - 1) * GROWTH_STRETCHES / workload->counted]++;
		if (place > evidence.last_birth)
			evidence.last_birth = place;
	}
	return growth_judge_evidence(&evidence);
}

static void *new_blocks(void)
{
	void *blocks = malloc(BLOCKS_MAX * sizeof(struct block));

	assert_non_null(blocks);
	return blocks;
}

/* Run PATTERN with parameters A, B and judge it. */
static struct growth judged(pattern step, uint32_t warmup, uint32_t counted, uint64_t a, uint64_t b)
{
	struct workload workload = {
	    .random = 88172645463325252u, .a = a, .b = b, .blocks = new_blocks()};

	run(&workload, step, warmup, counted);
	struct growth growth = judge_with(&workload, true);

	free(workload.blocks);
	return growth;
}

static enum growth_shape shape(pattern step, uint32_t counted, uint64_t a, uint64_t b)
{
	return judged(step, 2, counted, a, b).shape;
}

#define assert_near(actual, expected, tolerance)                                                   \
	assert_true(fabs((actual) - (expected)) <= (tolerance))
#define assert_shape(actual, expected)                                                             \
	assert_string_equal(growth_shape_name(actual), growth_shape_name(expected))

/* Lengths that meet the sampler in different states. */
static const uint32_t lengths[] = {
    14, 15, 16, 20, 29, 30, 31, 50, 62, 63, 64, 65, 100, 127, 128, 129, 500, 1000, 2000, 4097};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* --- patterns --- */

static void does_nothing(struct workload *workload)
{
	kill_block(workload, give_birth(workload, 64));
}

static void leaks_a_per_iteration(struct workload *workload)
{
	for (uint64_t i = 0; i < workload->a; i++)
		give_birth(workload, 40);
}

static void leaks_every_ath(struct workload *workload)
{
	if (workload->generation % workload->a == 0)
		give_birth(workload, 40);
}

static void leaks_and_churns(struct workload *workload)
{
	leaks_a_per_iteration(workload);
	for (int i = 0; i < 100; i++)
		does_nothing(workload);
}

/* One to 2 a blocks each. */
static void leaks_unevenly(struct workload *workload)
{
	uint64_t count = 1 + next_random(workload) % (2 * workload->a);

	for (uint64_t i = 0; i < count; i++)
		give_birth(workload, 16 + next_random(workload) % 100);
}

/* A vector that is pushed B elements per iteration and grows by A hundredths. */
static void pushes_into_vector(struct workload *workload)
{
	uint64_t elements = (uint64_t)workload->generation * workload->b;

	if (workload->generation == 1) {
		workload->c = 1;
		give_birth(workload, 8);
	}
	while (workload->c < elements) {
		uint64_t grown = workload->c * workload->a / 100;

		workload->c = grown > workload->c ? grown : workload->c + 1;
	}
	resize_block(workload, 0, 8 * workload->c);
}

/* The same with a new block, as std::vector does. */
static void pushes_into_copied_vector(struct workload *workload)
{
	uint64_t elements = (uint64_t)workload->generation * workload->b;

	if (workload->generation == 1) {
		workload->c = 1;
		give_birth(workload, 8);
	}
	while (workload->c < elements) {
		uint64_t grown = workload->c * workload->a / 100;

		workload->c = grown > workload->c ? grown : workload->c + 1;
		kill_block(workload, workload->block_count - 1);
		give_birth(workload, 8 * workload->c);
	}
}

static void reallocs_by_constant(struct workload *workload)
{
	if (workload->generation == 1)
		give_birth(workload, 0);
	resize_block(workload, 0, workload->generation * workload->a);
}

/* A new buffer, A bytes longer, in place of the old. */
static void replaces_by_longer(struct workload *workload)
{
	if (workload->block_count != 0)
		kill_block(workload, workload->block_count - 1);
	give_birth(workload, 1000 + workload->generation * workload->a);
}

/* In steps of 4 KB, when A bytes per iteration have filled them. */
static void reallocs_by_pages(struct workload *workload)
{
	if (workload->generation == 1)
		give_birth(workload, 0);
	resize_block(workload, 0, (workload->generation * workload->a + 4095) / 4096 * 4096);
}

/* One block per iteration until iteration A. */
static void stops_after_a(struct workload *workload)
{
	if (workload->generation <= workload->warmup + workload->a)
		give_birth(workload, 40);
}

static void begins_after_a(struct workload *workload)
{
	if (workload->generation > workload->warmup + workload->a)
		give_birth(workload, 40);
}

static void initialises_lazily(struct workload *workload)
{
	if (workload->generation <= workload->a)
		give_birth(workload, 4096);
	does_nothing(workload);
}

/* Each block is freed A iterations later. */
static void frees_after_a(struct workload *workload)
{
	give_birth(workload, 24);
	while (workload->generation - workload->blocks[workload->oldest].born >= workload->a) {
		kill_block(workload, workload->oldest);
		workload->oldest++;
	}
}

/* A cache that drops all when it holds A. */
static void caches_and_drops_all(struct workload *workload)
{
	give_birth(workload, 100);
	if (workload->live_blocks > workload->a) {
		while (workload->live_blocks > 1)
			kill_oldest(workload);
	}
}

/* A cache of A that drops its oldest B when full. */
static void caches_and_drops_some(struct workload *workload)
{
	give_birth(workload, 100);
	if (workload->live_blocks > workload->a) {
		for (uint64_t i = 0; i < workload->b; i++)
			kill_oldest(workload);
	}
}

/* A cache of A that drops any of its blocks when full. */
static void caches_and_drops_any(struct workload *workload)
{
	give_birth(workload, 100);
	if (workload->live_blocks <= workload->a)
		return;
	size_t victim;

	do {
		victim = next_random(workload) % workload->block_count;
	} while (!workload->blocks[victim].alive);
	kill_block(workload, victim);
}

/* Between 0 and A blocks are alive at each end, all fresh. */
static void holds_a_random_number(struct workload *workload)
{
	uint64_t count = next_random(workload) % (workload->a + 1);

	while (workload->live_blocks != 0)
		kill_oldest(workload);
	for (uint64_t i = 0; i < count; i++)
		give_birth(workload, 16 + next_random(workload) % 64);
}

/* Random births and deaths about a level of A, which it has from the start. */
static void wanders_about_a_level(struct workload *workload)
{
	uint64_t moves = next_random(workload) % 9;

	while (workload->generation == 1 && workload->live_blocks < workload->a)
		give_birth(workload, 48);

	for (uint64_t i = 0; i < moves; i++) {
		bool more = next_random(workload) % (2 * workload->a) >= workload->live_blocks;

		if (more || workload->live_blocks == 0)
			give_birth(workload, 16 + next_random(workload) % 64);
		else
			kill_oldest(workload);
	}
}

/* One leaked block every A iterations, and 1,000 in iteration B. */
static void leaks_and_bursts(struct workload *workload)
{
	uint64_t count = workload->generation == workload->b ? 1000 : 0;

	leaks_every_ath(workload);
	for (uint64_t i = 0; i < count; i++)
		give_birth(workload, 40);
}

/* --- tests --- */

static void nothing_outlives_is_transient(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++)
		assert_shape(shape(does_nothing, lengths[i], 0, 0), GROWTH_TRANSIENT);
}

static void constant_leaks_are_linear_with_their_k(void **state)
{
	static const uint64_t rates[] = {1, 2, 7, 60};

	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
			struct growth growth =
			    judged(leaks_a_per_iteration, 2, lengths[i], rates[k], 0);

			assert_shape(growth.shape, GROWTH_LINEAR);
			assert_true(growth.linear_in_blocks && growth.linear_in_bytes);
			assert_near(growth.blocks_per_iteration, (double)rates[k], 1e-9);
			assert_near(growth.bytes_per_iteration, 40.0 * (double)rates[k], 1e-9);
		}
	}
}

static void leaks_without_warmup_are_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++)
		assert_shape(
		    judged(leaks_a_per_iteration, 0, lengths[i], 1, 0).shape, GROWTH_LINEAR);
}

static void one_block_per_hundred_iterations_is_linear(void **state)
{
	(void)state;
	struct growth growth = judged(leaks_every_ath, 2, 2000, 100, 0);

	assert_shape(growth.shape, GROWTH_LINEAR);
	assert_near(growth.blocks_per_iteration, 0.01, 0.0005);
	assert_shape(shape(leaks_every_ath, 1000, 100, 0), GROWTH_LINEAR);
	assert_shape(shape(leaks_every_ath, 100000, 100, 0), GROWTH_LINEAR);
	assert_shape(shape(leaks_every_ath, 1000, 50, 0), GROWTH_LINEAR);
	assert_shape(shape(leaks_every_ath, 2000, 3, 0), GROWTH_LINEAR);
}

static void churn_does_not_hide_a_leak(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS && lengths[i] <= 2000; i++)
		assert_shape(shape(leaks_and_churns, lengths[i], 1, 0), GROWTH_LINEAR);
}

static void uneven_leaks_are_linear(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct workload workload = {
		    .random = seed * 0x9e3779b97f4a7c15u, .a = 8, .blocks = new_blocks()};

		run(&workload, leaks_unevenly, 2, 100 + (uint32_t)seed * 7);
		assert_shape(judge_with(&workload, true).shape, GROWTH_LINEAR);
		free(workload.blocks);
	}
}

/* A pool that the same site fills once neither hides the leak nor counts for its k. */
static void a_burst_hides_no_leak(void **state)
{
	(void)state;
	for (uint64_t burst = 3; burst <= 2000; burst += 111) {
		struct growth growth = judged(leaks_and_bursts, 2, 2000, 10, burst);

		assert_shape(growth.shape, GROWTH_LINEAR);
		assert_near(growth.blocks_per_iteration, 0.1, 0.01);
		assert_near(growth.bytes_per_iteration, 4, 0.4);
	}
}

static void leaks_that_teardown_frees_are_linear(void **state)
{
	struct workload workload = {.random = 1, .a = 3, .blocks = new_blocks()};

	(void)state;
	run(&workload, leaks_a_per_iteration, 2, 300);
	while (workload.live_blocks != 0)
		kill_oldest(&workload);
	assert_shape(judge_with(&workload, false).shape, GROWTH_LINEAR);
	free(workload.blocks);
}

static void fewer_than_14_iterations_are_unknown(void **state)
{
	(void)state;
	assert_shape(shape(leaks_a_per_iteration, 13, 1, 0), GROWTH_UNKNOWN);
	assert_shape(shape(leaks_a_per_iteration, 14, 1, 0), GROWTH_LINEAR);
	assert_shape(shape(does_nothing, 13, 1, 0), GROWTH_UNKNOWN);
	assert_shape(shape(reallocs_by_constant, 13, 64, 0), GROWTH_UNKNOWN);
	assert_shape(shape(reallocs_by_constant, 14, 64, 0), GROWTH_LINEAR);
}

static void growing_vectors_are_amortised(void **state)
{
	static const uint64_t factors[] = {150, 161, 200};
	static const uint64_t pushes[] = {1, 3, 10};

	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		for (size_t f = 0; f < 3; f++) {
			for (size_t p = 0; p < 3; p++) {
				enum growth_shape moved =
				    shape(pushes_into_vector, lengths[i], factors[f], pushes[p]);
				enum growth_shape copied = shape(
				    pushes_into_copied_vector, lengths[i], factors[f], pushes[p]);

				if (moved != GROWTH_AMORTISED || copied != GROWTH_AMORTISED)
					printf("factor %d, %d pushes, %d iterations\n",
					    (int)factors[f], (int)pushes[p], (int)lengths[i]);
				assert_shape(moved, GROWTH_AMORTISED);
				assert_shape(copied, GROWTH_AMORTISED);
			}
		}
	}
}

static void growing_vectors_are_never_linear(void **state)
{
	(void)state;
	for (uint64_t factor = 150; factor <= 400; factor += 10) {
		for (uint32_t counted = 14; counted < 400; counted += 3) {
			for (uint32_t warmup = 0; warmup < 20; warmup += 4) {
				enum growth_shape moved = judged(
				    pushes_into_vector, warmup, counted, factor, 1 + counted % 5)
							      .shape;

				assert_int_not_equal(moved, GROWTH_LINEAR);
			}
		}
	}
}

static void buffers_that_only_grow_are_linear_in_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		struct growth growth = judged(reallocs_by_constant, 2, lengths[i], 48, 0);

		assert_shape(growth.shape, GROWTH_LINEAR);
		assert_false(growth.linear_in_blocks);
		assert_true(growth.linear_in_bytes);
		assert_near(growth.blocks_per_iteration, 0, 0);
		assert_near(growth.bytes_per_iteration, 48, 1e-9);
		growth = judged(replaces_by_longer, 2, lengths[i], 48, 0);
		assert_shape(growth.shape, GROWTH_LINEAR);
		assert_false(growth.linear_in_blocks);
		assert_near(growth.bytes_per_iteration, 48, 1e-9);
	}
	assert_shape(shape(reallocs_by_pages, 2000, 100, 0), GROWTH_LINEAR);
	assert_shape(shape(reallocs_by_pages, 1000, 300, 0), GROWTH_LINEAR);
}

static void plateaus_are_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		if (lengths[i] > 70)
			assert_shape(shape(stops_after_a, lengths[i], 50, 0), GROWTH_BOUNDED);
	}
}

static void growth_that_stops_or_begins_half_way_is_not_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		assert_shape(shape(stops_after_a, lengths[i], lengths[i] / 2, 0),
		    lengths[i] / 2 > GROWTH_FIRST_ROUNDS ? GROWTH_BOUNDED : GROWTH_ONE_OFF);
		assert_shape(
		    shape(begins_after_a, lengths[i], lengths[i] / 2, 0), GROWTH_IRREGULAR);
		for (uint32_t seventh = 1; seventh < 7; seventh++) {
			uint32_t at = lengths[i] * seventh / 7;

			assert_int_not_equal(
			    shape(stops_after_a, lengths[i], at - 1, 0), GROWTH_LINEAR);
			assert_int_not_equal(
			    shape(begins_after_a, lengths[i], at + 1, 0), GROWTH_LINEAR);
		}
	}
}

static void lazy_initialisation_is_one_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		for (uint64_t rounds = 1; rounds <= 8; rounds++)
			assert_shape(
			    shape(initialises_lazily, lengths[i], rounds, 0), GROWTH_ONE_OFF);
	}
}

static void setup_that_teardown_frees_is_one_off(void **state)
{
	struct workload workload = {.random = 1, .a = 5, .blocks = new_blocks()};

	(void)state;
	run(&workload, initialises_lazily, 2, 300);
	while (workload.live_blocks != 0)
		kill_oldest(&workload);
	assert_shape(judge_with(&workload, true).shape, GROWTH_ONE_OFF);
	free(workload.blocks);
}

static void short_delays_are_deferred(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		for (uint64_t delay = 1; delay <= 8; delay++)
			assert_shape(shape(frees_after_a, lengths[i], delay, 0), GROWTH_DEFERRED);
	}
}

static void long_delays_and_rings_are_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		assert_shape(shape(frees_after_a, lengths[i], 9, 0), GROWTH_BOUNDED);
		if (lengths[i] >= 29)
			assert_shape(shape(frees_after_a, lengths[i], 16, 0), GROWTH_BOUNDED);
		if (lengths[i] >= 500)
			assert_shape(shape(frees_after_a, lengths[i], 100, 0), GROWTH_BOUNDED);
	}
}

/* The samples meet a sawtooth of this period nearly in step: what they show then may look
 * irregular. */
static bool is_resonant(const struct workload *workload, uint64_t period)
{
	uint64_t rest = workload->stride % period;

	return workload->stride > 1 &&
	       (rest <= 1 || rest + 1 >= period || period - workload->stride <= 1);
}

static void sawtooth_caches_are_bounded(void **state)
{
	struct block *blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i < LENGTHS; i++) {
		for (uint64_t period = 9; period < 140 && 2 * period <= lengths[i] * 5 / 7;
		     period++) {
			static const pattern caches[] = {
			    caches_and_drops_all, caches_and_drops_some};

			for (size_t k = 0; k < 2; k++) {
				struct workload workload = {
				    .a = period, .b = period / 2, .blocks = blocks};

				run(&workload, caches[k], 2, lengths[i]);
				enum growth_shape found = judge_with(&workload, true).shape;

				if (is_resonant(&workload, k == 0 ? period : period / 2))
					assert_int_not_equal(found, GROWTH_LINEAR);
				else
					assert_shape(found, GROWTH_BOUNDED);
			}
		}
	}
	free(blocks);
}

/* A stride of 64 meets a period of 63 one block higher each time: only the survivors tell. */
static void sampling_in_step_with_a_sawtooth_is_not_linear(void **state)
{
	(void)state;
	for (uint64_t period = 3; period < 300; period++) {
		for (uint32_t counted = 500; counted <= 4100; counted += 400)
			assert_int_not_equal(
			    shape(caches_and_drops_all, counted, period, 0), GROWTH_LINEAR);
	}
}

static void random_eviction_is_bounded(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct workload workload = {
		    .random = seed * 0x9e3779b97f4a7c15u, .a = 20, .blocks = new_blocks()};

		run(&workload, caches_and_drops_any, 2, 100 + (uint32_t)seed * 10);
		assert_shape(judge_with(&workload, true).shape, GROWTH_BOUNDED);
		free(workload.blocks);
	}
}

/* With the heap at hand, and with samples alone. */
static void noise_is_never_linear(void **state)
{
	struct block *blocks = new_blocks();

	(void)state;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		static const pattern noises[] = {holds_a_random_number, wanders_about_a_level};

		for (size_t i = 0; i < 2; i++) {
			struct workload workload = {.random = seed * 0x9e3779b97f4a7c15u,
			    .a = 1 + seed % 100,
			    .blocks = blocks};

			run(&workload, noises[i], 2, 14 + (uint32_t)(seed * 37 % 700));
			assert_int_not_equal(judge_with(&workload, true).shape, GROWTH_LINEAR);
			assert_int_not_equal(judge_with(&workload, false).shape, GROWTH_LINEAR);
		}
	}
	free(blocks);
}

/* COUNT points at equal distances; VALUES are blocks of 8 bytes, or bytes of one block. */
static struct growth judge_points(
    const uint64_t *values, size_t count, uint64_t distance, bool in_bytes)
{
	struct growth_point points[64];
	struct growth_evidence evidence = {.counted = (count - 1) * distance,
	    .points = points,
	    .point_count = count,
	    .alive_at_cut = 1};

	for (size_t i = 0; i < count; i++)
		points[i] = (struct growth_point){
		    i * distance, in_bytes ? 1 : values[i], in_bytes ? values[i] : 8 * values[i]};
	return growth_judge_evidence(&evidence);
}

static void a_stretch_that_nearly_stands_still_is_not_linear(void **state)
{
	const uint64_t steady[] = {0, 30, 60, 90, 100, 130, 160, 190};
	const uint64_t still[] = {0, 30, 60, 90, 99, 129, 159, 189};

	(void)state;
	assert_shape(judge_points(steady, 8, 10, false).shape, GROWTH_LINEAR);
	assert_int_not_equal(judge_points(still, 8, 10, false).shape, GROWTH_LINEAR);
	assert_shape(judge_points(steady, 8, 10, true).shape, GROWTH_LINEAR);
	assert_int_not_equal(judge_points(still, 8, 10, true).shape, GROWTH_LINEAR);
}

static void deep_falls_between_the_ends_are_not_linear(void **state)
{
	uint64_t values[15];

	(void)state;
	for (uint64_t fall = 0; fall <= 40; fall += 10) {
		for (uint64_t i = 0; i < 15; i++)
			values[i] = 100 + 5 * i - (i == 7 ? fall : 0);
		for (int in_bytes = 0; in_bytes < 2; in_bytes++) {
			enum growth_shape found = judge_points(values, 15, 10, in_bytes != 0).shape;

			/* From the point before, 5 less; a stretch grows by 10. */
			if (fall <= 15)
				assert_shape(found, GROWTH_LINEAR);
			else
				assert_int_not_equal(found, GROWTH_LINEAR);
		}
	}
}

/* A leak beside a cache of the same site: survivors of each stretch prove the leak, but not any fall. */
static void survivors_excuse_falls_up_to_half_of_the_growth(void **state)
{
	(void)state;
	for (uint64_t fall = 0; fall <= 80; fall += 10) {
		struct growth_point points[15];
		struct growth_evidence evidence = {.counted = 140,
		    .points = points,
		    .point_count = 15,
		    .alive_at_cut = 70,
		    .survivors_known = true};

		for (uint64_t i = 0; i < 15; i++)
			points[i] =
			    (struct growth_point){10 * i, 100 + 5 * i - (i == 7 ? fall : 0), 0};
		for (size_t i = 0; i < GROWTH_STRETCHES; i++)
			evidence.survivors[i] = 10;
		/* From the point before, 5 less; all stretches together grow by 70. */
		if (fall <= 40)
			assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_LINEAR);
		else
			assert_int_not_equal(growth_judge_evidence(&evidence).shape, GROWTH_LINEAR);
	}
}

static void only_ever_rarer_and_bigger_steps_are_amortised(void **state)
{
	/* 33 points, counted 320: the first quarter ends at point 8. */
	uint64_t values[33];

	(void)state;
	/* Doubling, as a control; then with a fall. */
	for (uint64_t i = 0, capacity = 8; i < 33; i++) {
		while (capacity < 8 * (i + 1))
			capacity *= 2;
		values[i] = capacity;
	}
	assert_shape(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
	values[31] -= 16;
	assert_int_not_equal(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
	/* Big steps that shrink again. */
	for (uint64_t i = 0; i < 33; i++)
		values[i] = 1000 + 10 * (i >= 2) + 10 * (i >= 4) + 10 * (i >= 6) + 900 * (i >= 12) +
			    100 * (i >= 28);
	assert_int_not_equal(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
	/* Ever bigger, but as often as before, with one rest. */
	for (uint64_t i = 0; i < 33; i++)
		values[i] = i == 0 ? 1000 : values[i - 1] + (i >= 14 && i < 20 ? 0 : i);
	assert_int_not_equal(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
	/* Proportional steps of one size: a few big buffers, not a growing one. */
	for (uint64_t i = 0; i < 33; i++)
		values[i] = i < 12 ? 1000 : i < 24 ? 2000 : 3000;
	assert_int_not_equal(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
}

/* A vector with room reserved: its two steps double it, though none falls into the first
 * quarter. */
static void reserved_vectors_are_amortised(void **state)
{
	uint64_t values[33];

	(void)state;
	for (uint64_t i = 0; i < 33; i++)
		values[i] = i < 12 ? 4096 : i < 24 ? 8192 : 16384;
	assert_shape(judge_points(values, 33, 10, true).shape, GROWTH_AMORTISED);
	assert_int_not_equal(judge_points(values, 33, 10, false).shape, GROWTH_AMORTISED);
}

static void a_sample_too_far_from_the_end_of_a_stretch_does_not_serve(void **state)
{
	(void)state;
	for (uint64_t shift = 0; shift <= 90; shift += 10) {
		struct growth_point points[8];
		struct growth_evidence evidence = {
		    .counted = 700, .points = points, .point_count = 8, .alive_at_cut = 1};

		for (uint64_t i = 0; i < 8; i++) {
			points[i].iterations = 100 * i + (i == 3 ? shift : 0);
			points[i].blocks = points[i].iterations;
			points[i].bytes = 8 * points[i].blocks;
		}
		assert_shape(growth_judge_evidence(&evidence).shape,
		    shift <= 50 ? GROWTH_LINEAR : GROWTH_UNKNOWN);
	}
}

static void few_samples_are_unknown_unless_survivors_prove_growth(void **state)
{
	struct growth_evidence evidence = {
	    .counted = 100, .survivors_known = true, .alive_at_cut = 100};
	struct growth_point points[3] = {{20, 20, 800}, {50, 50, 2000}, {90, 90, 3600}};

	(void)state;
	evidence.points = points;
	evidence.point_count = 3;
	for (size_t i = 0; i < GROWTH_STRETCHES; i++)
		evidence.survivors[i] = 14;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_LINEAR);
	evidence.later_frees = 13;
	evidence.deaths_by_age[2] = 13;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_UNKNOWN);
	evidence.later_frees = 0;
	evidence.survivors[3] = 0;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_UNKNOWN);
	evidence.survivors[3] = 14;
	evidence.survivors_known = false;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_UNKNOWN);
}

static void no_evidence_at_all_is_transient(void **state)
{
	struct growth_evidence evidence = {.counted = 20, .survivors_known = true};

	(void)state;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_TRANSIENT);
	evidence.counted = 0;
	assert_shape(growth_judge_evidence(&evidence).shape, GROWTH_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_outlives_is_transient),
	    cmocka_unit_test(constant_leaks_are_linear_with_their_k),
	    cmocka_unit_test(leaks_without_warmup_are_linear),
	    cmocka_unit_test(one_block_per_hundred_iterations_is_linear),
	    cmocka_unit_test(churn_does_not_hide_a_leak),
	    cmocka_unit_test(uneven_leaks_are_linear),
	    cmocka_unit_test(leaks_that_teardown_frees_are_linear),
	    cmocka_unit_test(fewer_than_14_iterations_are_unknown),
	    cmocka_unit_test(growing_vectors_are_amortised),
	    cmocka_unit_test(growing_vectors_are_never_linear),
	    cmocka_unit_test(buffers_that_only_grow_are_linear_in_bytes),
	    cmocka_unit_test(plateaus_are_bounded),
	    cmocka_unit_test(growth_that_stops_or_begins_half_way_is_not_linear),
	    cmocka_unit_test(lazy_initialisation_is_one_off),
	    cmocka_unit_test(setup_that_teardown_frees_is_one_off),
	    cmocka_unit_test(short_delays_are_deferred),
	    cmocka_unit_test(long_delays_and_rings_are_bounded),
	    cmocka_unit_test(sawtooth_caches_are_bounded),
	    cmocka_unit_test(sampling_in_step_with_a_sawtooth_is_not_linear),
	    cmocka_unit_test(random_eviction_is_bounded),
	    cmocka_unit_test(noise_is_never_linear),
	    cmocka_unit_test(a_burst_hides_no_leak),
	    cmocka_unit_test(a_stretch_that_nearly_stands_still_is_not_linear),
	    cmocka_unit_test(deep_falls_between_the_ends_are_not_linear),
	    cmocka_unit_test(survivors_excuse_falls_up_to_half_of_the_growth),
	    cmocka_unit_test(only_ever_rarer_and_bigger_steps_are_amortised),
	    cmocka_unit_test(reserved_vectors_are_amortised),
	    cmocka_unit_test(a_sample_too_far_from_the_end_of_a_stretch_does_not_serve),
	    cmocka_unit_test(few_samples_are_unknown_unless_survivors_prove_growth),
	    cmocka_unit_test(no_evidence_at_all_is_transient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
