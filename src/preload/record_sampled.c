#include "preload/record_sampled.h"

#include <errno.h>
#include <string.h>

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/iteration.h"
#include "preload/journal.h"
#include "preload/options.h"
#include "preload/record.h"

/* Sums of variances of one stack, doubles by their bits. Shared by all threads: samples are rare. */
struct variance_sums {
	atomic_uint_least64_t allocs, bytes, temporary, temporary_bytes;
};

static _Atomic(struct variance_sums *) chunks[STACK_CHUNKS_MAX];
static atomic_uint_least64_t sampled, live;

static double to_double(uint64_t bits)
{
	double number;

	memcpy(&number, &bits, sizeof number);
	return number;
}

static void add_double(atomic_uint_least64_t *sum, double change)
{
	uint64_t before = atomic_load_explicit(sum, memory_order_relaxed);
	uint64_t after;

	do {
		double number = to_double(before) + change;

		if (number < 0) /* rounding of sums that end near 0 */
			number = 0;
		memcpy(&after, &number, sizeof after);
	} while (!atomic_compare_exchange_weak_explicit(
	    sum, &before, after, memory_order_relaxed, memory_order_relaxed));
}

static struct variance_sums *variance_of(uint32_t stack)
{
	struct variance_sums *chunk = ARENA_CHUNK(
	    &chunks[stack >> STACK_CHUNK_BITS], struct variance_sums, STACK_CHUNK, ARENA_COUNTERS);

	return chunk != NULL ? &chunk[stack & (STACK_CHUNK - 1)] : NULL;
}

static double block_variance(uint32_t weight)
{
	return (double)weight * (weight - 1.0);
}

static double bytes_variance(uint32_t weight, uint64_t size)
{
	return block_variance(weight) * (double)size * (double)size;
}

bool record_sampled_count_alloc(struct thread_state *state, const struct live_block *block)
{
	struct stack_counters *counters = counters_of(state, block->stack);
	struct variance_sums *variance = variance_of(block->stack);
	uint64_t bytes = block->weight * block->size;

	if (unlikely(counters == NULL || variance == NULL))
		return false;
	counters_keep(state, block->stack, counters);
	counters->allocs += block->weight;
	counters->bytes += bytes;
	state->totals.allocs += block->weight;
	state->totals.bytes += bytes;
	add_double(&variance->allocs, block_variance(block->weight));
	add_double(&variance->bytes, bytes_variance(block->weight, block->size));
	atomic_fetch_add_explicit(&sampled, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	counters_grow(state, bytes);
	return true;
}

static void count_temporary(struct thread_state *state, struct stack_counters *counters,
    const struct live_block *block, uint64_t bytes)
{
	struct variance_sums *variance = variance_of(block->stack);

	counters->temporary += block->weight;
	counters->temporary_bytes += bytes;
	state->totals.temporary += block->weight;
	state->totals.temporary_bytes += bytes;
	if (variance == NULL)
		return;
	add_double(&variance->temporary, block_variance(block->weight));
	add_double(&variance->temporary_bytes, bytes_variance(block->weight, block->size));
}

void record_sampled_count_free(struct thread_state *state, const struct live_block *block)
{
	struct stack_counters *counters = counters_of(state, block->stack);
	iteration_tag tag = atomic_load_explicit(state->tag, memory_order_relaxed);
	uint32_t now = tag_generation(tag);
	uint32_t born = block->epoch == tag_epoch(tag) ? now : epoch_first_generation(block->epoch);
	uint64_t bytes = block->weight * block->size;

	atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
	if (unlikely(counters == NULL)) {
		state->unbooked++;
		counters_shrink(state, bytes);
		return;
	}
	counters_keep(state, block->stack, counters);
	counters->frees += block->weight;
	counters->freed_bytes += bytes;
	state->totals.frees += block->weight;
	state->totals.freed_bytes += bytes;
	if (born != 0 && born == now)
		count_temporary(state, counters, block, bytes);
	else if (born != 0 && !journal_holds_death(block))
		counters_late_death(state, block->stack, born,
		    now != 0 ? now : iteration_generation() + 1, block->weight);
	counters_shrink(state, bytes);
}

/* The sampler chose BLOCK. */
static void record_chosen(
    struct thread_state *state, void *block, size_t size, uint32_t weight, const void *hook_frame)
{
	int saved_errno = errno;
	struct live_block fresh = {.address = (uintptr_t)block,
	    .identity = (uintptr_t)block,
	    .size = size,
	    .weight = weight,
	    .stack = record_stack(state, hook_frame)};

	errno = saved_errno;
	fresh.epoch = tag_epoch(atomic_load_explicit(state->tag, memory_order_relaxed));
	record_replace(state, fresh.address);
	if (live_table_put(state, &fresh)) {
		struct live_block lost;

		if (likely(record_sampled_count_alloc(state, &fresh)))
			return;
		(void)live_table_take(state, fresh.address, &lost);
	}
	state->lost_blocks += weight;
}

void record_sampled_alloc(
    struct thread_state *state, void *block, size_t size, const void *hook_frame)
{
	struct sampler *sampler = &state->sampler;

	state->last_block = block;
	sampler->allocs++;
	if (sampler_passes(sampler, size))
		return;
	record_chosen(state, block, size, sampler_hit(sampler, size, options.sample), hook_frame);
}

void record_sampled_grown(
    struct thread_state *state, void *block, size_t size, size_t room, const void *hook_frame)
{
	struct sampler *sampler = &state->sampler;

	if (size <= room || state->paused != 0)
		return;
	sampler_not_new(sampler, size);
	if (!sampler_passes(sampler, size))
		record_chosen(
		    state, block, size, sampler_hit(sampler, size, options.sample), hook_frame);
}

void record_sampled_resized(struct thread_state *state, const struct live_block *taken, size_t room,
    struct live_block *resized)
{
	struct stack_counters *counters = counters_of(state, taken->stack);
	struct variance_sums *variance = variance_of(taken->stack);
	uint32_t before = taken->weight;

	resized->weight = resized->size > room ? 1 : before;
	if (counters == NULL) {
		state->unbooked++;
		return;
	}
	uint64_t gone = before - resized->weight; /* these stand on the others now */
	int64_t change = (int64_t)(resized->weight * resized->size - before * taken->size);

	counters_keep(state, taken->stack, counters);
	counters->reallocs += before;
	state->totals.reallocs += before;
	counters->allocs -= gone;
	state->totals.allocs -= gone;
	if (resized->size < taken->size) {
		counters->freed_bytes += (uint64_t)-change;
		state->totals.freed_bytes += (uint64_t)-change;
	} else {
		counters->bytes += (uint64_t)change;
		state->totals.bytes += (uint64_t)change;
	}
	if (variance != NULL && resized->size >= taken->size) {
		add_double(
		    &variance->allocs, block_variance(resized->weight) - block_variance(before));
		add_double(&variance->bytes, bytes_variance(resized->weight, resized->size) -
						 bytes_variance(before, taken->size));
	}
	if (change >= 0)
		counters_grow(state, (uint64_t)change);
	else
		counters_shrink(state, (uint64_t)-change);
}

struct snapshot_stack_variance record_sampled_variance(uint32_t stack)
{
	struct variance_sums *chunk =
	    atomic_load_explicit(&chunks[stack >> STACK_CHUNK_BITS], memory_order_acquire);
	struct variance_sums *sums = chunk != NULL ? &chunk[stack & (STACK_CHUNK - 1)] : NULL;

	if (sums == NULL)
		return (struct snapshot_stack_variance){0};
	return (struct snapshot_stack_variance){
	    .allocs = to_double(atomic_load_explicit(&sums->allocs, memory_order_relaxed)),
	    .bytes = to_double(atomic_load_explicit(&sums->bytes, memory_order_relaxed)),
	    .temporary = to_double(atomic_load_explicit(&sums->temporary, memory_order_relaxed)),
	    .temporary_bytes =
		to_double(atomic_load_explicit(&sums->temporary_bytes, memory_order_relaxed)),
	};
}

struct snapshot_sampling record_sampled_totals(void)
{
	struct snapshot_sampling sum = {
	    .sampled_allocs = atomic_load_explicit(&sampled, memory_order_relaxed)};

	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		sum.allocs += state->sampler.allocs;
		sum.bytes += sampler_bytes(&state->sampler);
		sum.frees += state->sampler.frees;
	}
	return sum;
}

uint64_t record_sampled_live(void)
{
	return atomic_load_explicit(&live, memory_order_relaxed);
}
