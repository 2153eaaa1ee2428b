#include "preload/record.h"

#include <errno.h>

#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/iteration.h"
#include "preload/journal.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/record_sampled.h"
#include "preload/record_usual.h"
#include "preload/stack_table.h"
#include "preload/unwind.h"
#include "preload/unwind_check.h"
#include "preload/unwind_validated.h"
#include "snapshot/format.h"

#define OWN_FRAMES                                                                                 \
	8 /* at most, between the unwinder and the program; thread_state.c has room for more */

static atomic_uint last_cut;

void record_set_cut(uint32_t epoch)
{
	atomic_store_explicit(&last_cut, epoch, memory_order_relaxed);
}

/* Code was unloaded under these frames, or other code was loaded there: what is cached cannot be trusted. */
COLD static size_t capture_again(struct thread_state *state, size_t capacity)
{
	modules_refresh();
	unwind_forget();
	return unwind_capture(
	    state->frames, capacity, atomic_load_explicit(&modules_reused, memory_order_relaxed));
}

static uint32_t stack_by_libunwind(struct thread_state *state, bool *ret_cut)
{
	size_t capacity = options.max_frames + OWN_FRAMES + 1;
	bool distrust = atomic_load_explicit(&modules_reused, memory_order_relaxed);
	size_t count = unwind_capture(state->frames, capacity, distrust);
	size_t own = 0;

	if (unlikely(modules_any_unloaded(state->frames, count)))
		count = capture_again(state, capacity);
	while (own < count && modules_is_self(state->frames[own]))
		own++;
	*ret_cut = count - own > options.max_frames;
	if (unlikely(*ret_cut))
		count = own + options.max_frames;
	return stack_table_intern(state->frames + own, count - own, state->row, *ret_cut);
}

uint32_t record_stack(struct thread_state *state, const void *hook_frame)
{
	uint32_t stack = UNWIND_UNAVAILABLE;
	bool cut = false;

	if (likely(options.unwinder == UNWINDER_VALIDATED))
		stack = unwind_validated_stack(state, hook_frame, &cut);
	else if (options.unwinder == UNWINDER_CHECK)
		stack = unwind_checked_stack(state, hook_frame, &cut);
	if (unlikely(stack == UNWIND_UNAVAILABLE))
		stack = stack_by_libunwind(state, &cut);
	if (unlikely(cut))
		state->frames_cut++;
	if (unlikely(stack == 0))
		state->lost_stacks++;
	return stack;
}

bool record_count_alloc(struct thread_state *state, uint32_t stack, size_t size)
{
	struct stack_counters *counters = counters_of(state, stack);

	if (unlikely(counters == NULL))
		return false;
	counters_keep(state, stack, counters);
	counters->allocs++;
	counters->bytes += size;
	state->totals.allocs++;
	state->totals.bytes += size;
	counters_grow(state, size);
	return true;
}

/* In the counters of its stack. Those of another thread hold its birth, so this thread may find no memory for some. */
static void count_free_of_stack(
    struct thread_state *state, const struct live_block *block, bool temporary)
{
	struct stack_counters *counters = counters_of(state, block->stack);

	if (unlikely(counters == NULL)) {
		state->unbooked++;
		return;
	}
	counters_keep(state, block->stack, counters);
	counters->frees++;
	counters->freed_bytes += block->size;
	counters->temporary += temporary;
	counters->temporary_bytes += temporary ? block->size : 0;
}

/* BLOCK counts once: it has no weight. */
static void count_free(struct thread_state *state, const struct live_block *block)
{
	iteration_tag tag = atomic_load_explicit(state->tag, memory_order_relaxed);
	uint32_t now = tag_generation(tag);
	uint32_t born = block->epoch == tag_epoch(tag) ? now : epoch_first_generation(block->epoch);
	bool temporary = born != 0 && born == now;

	count_free_of_stack(state, block, temporary);
	state->totals.frees++;
	state->totals.freed_bytes += block->size;
	if (temporary) {
		state->totals.temporary++;
		state->totals.temporary_bytes += block->size;
	} else if (born != 0 && !journal_holds_death(block)) {
		counters_late_death(
		    state, block->stack, born, now != 0 ? now : iteration_generation() + 1, 1);
	}
	counters_shrink(state, block->size);
}

void record_count_free(struct thread_state *state, const struct live_block *block)
{
	if (unlikely(block->weight != 0))
		record_sampled_count_free(state, block);
	else
		count_free(state, block);
}

/* The table still holds a block at this address, or in the other 16 bytes of its granule, where none can be any
 * more: a free that we did not see. */
COLD static void replace(struct thread_state *state, uintptr_t address)
{
	struct live_block old;

	state->replaced++;
	if (live_table_take_granule(state, address, &old)) {
		journal_add(&old, true);
		record_count_free(state, &old);
	}
}

void record_replace(struct thread_state *state, uintptr_t address)
{
	atomic_uint_least64_t *word = live_table_word(address);

	if (unlikely(word != NULL && atomic_load_explicit(word, memory_order_relaxed) != 0))
		replace(state, address);
}

static __attribute__((noinline)) void record_alloc_any(
    struct thread_state *state, void *block, size_t size, const void *hook_frame)
{
	uintptr_t address = (uintptr_t)block;

	if (unlikely((state->paused | options.sample) != 0)) {
		if (state->paused != 0)
			state->paused_allocs++;
		else
			record_sampled_alloc(state, block, size, hook_frame);
		return;
	}
	int saved_errno = errno;
	uint32_t stack = record_stack(state, hook_frame);

	errno = saved_errno;
	uint32_t epoch = tag_epoch(atomic_load_explicit(state->tag, memory_order_relaxed));
	bool fits = true;

	if (likely(size < LIVE_COMPACT_LIMIT)) {
		while (unlikely(live_table_put_compact(address, size, stack, epoch, &fits) != 0))
			replace(state, address);
	} else {
		struct live_block fresh = {.address = address,
		    .identity = address,
		    .size = size,
		    .stack = stack,
		    .epoch = epoch};
		record_replace(state, address);
		fits = live_table_put(state, &fresh);
	}
	if (unlikely(!fits || !record_count_alloc(state, stack, size))) {
		struct live_block lost;

		(void)live_table_take(state, address, &lost);
		state->lost_blocks++;
	}
	state->last_block = block;
}

/* A small block from another stack than the last one: the second most usual case. */
static bool record_alloc_other(
    struct thread_state *state, void *block, size_t size, const void *hook_frame)
{
	atomic_uint_least64_t *word = record_usual_word(state, block, size);

	if (unlikely(word == NULL))
		return false;
	int saved_errno = errno;
	bool cut = false;
	uint32_t stack = unwind_validated_other(state, hook_frame, &cut);

	errno = saved_errno;
	if (unlikely(stack == 0 || stack == UNWIND_UNAVAILABLE || cut))
		return false;
	struct stack_counters *counters = state->counters[stack >> STACK_CHUNK_BITS];

	if (unlikely(counters == NULL))
		return false;
	counters += stack & (STACK_CHUNK - 1);
	if (state->top.stack == stack)
		state->top.counters = counters;
	record_usual_store(state, word, block, size, stack, counters);
	return true;
}

void record_alloc(struct thread_state *state, void *block, size_t size, const void *hook_frame)
{
	if (likely(record_alloc_other(state, block, size, hook_frame)))
		return;
	record_alloc_any(state, block, size, hook_frame);
}

static bool take(struct thread_state *state, void *old, struct live_block *ret_taken, bool freed)
{
	if (unlikely(!live_table_take(state, (uintptr_t)old, ret_taken))) {
		state->unknown_frees += options.sample == 0; /* else it was not chosen */
		return false;
	}
	journal_add(ret_taken, freed);
	return true;
}

bool record_free(struct thread_state *state, void *block)
{
	struct live_block taken;

	if (!take(state, block, &taken, true)) {
		state->sampler.frees++; /* with sample=BYTES, else nobody looks at it */
		return false;
	}
	if (unlikely(taken.weight != 0)) {
		state->sampler.frees++;
		record_sampled_count_free(state, &taken);
		return true;
	}
	count_free(state, &taken);
	return true;
}

bool record_take(struct thread_state *state, void *old, struct live_block *ret_taken)
{
	return take(state, old, ret_taken, false);
}

void record_taken_freed(struct thread_state *state, const struct live_block *taken)
{
	struct live_block freed = *taken;

	freed.end_serial =
	    atomic_load_explicit(&journal_serial, memory_order_relaxed); /* its death counts now */
	record_count_free(state, &freed);
}

void record_put_back(struct thread_state *state, const struct live_block *taken)
{
	struct live_block same = *taken;

	/* the journal holds it already */
	if (journal_is_on() && same.epoch <= iteration_last_end_epoch())
		same.end_serial = atomic_load_explicit(&journal_serial, memory_order_relaxed);
	if (!live_table_put(state, &same)) {
		state->lost_blocks++;
		record_taken_freed(state, taken);
	}
}

/* Before record_resized, whose blocks need not stay on the host's stack meanwhile. */
uint32_t record_resize_stack(struct thread_state *state, const void *hook_frame)
{
	int saved_errno = errno;
	uint32_t stack = record_stack(state, hook_frame);

	errno = saved_errno;
	return stack;
}

static void count_resize(struct thread_state *state, const struct live_block *taken, size_t size)
{
	struct stack_counters *counters = counters_of(state, taken->stack);
	uint64_t more = size >= taken->size ? size - taken->size : 0;
	uint64_t less = size < taken->size ? taken->size - size : 0;

	if (likely(counters != NULL)) {
		counters_keep(state, taken->stack, counters);
		counters->reallocs++;
		counters->bytes += more;
		counters->freed_bytes += less;
	} else {
		state->unbooked++;
	}
	state->totals.reallocs++;
	state->totals.bytes += more;
	state->totals.freed_bytes += less;
	if (less == 0)
		counters_grow(state, more);
	else
		counters_shrink(state, less);
}

void record_resized(struct thread_state *state, const struct live_block *taken, void *fresh,
    size_t size, size_t room, uint32_t resize_stack)
{
	struct live_block block = *taken;

	block.address = (uintptr_t)fresh;
	block.size = size;
	block.resize_stack = resize_stack;
	block.flags |= SNAPSHOT_BLOCK_RESIZED;
	if (block.address != taken->address &&
	    block.epoch > atomic_load_explicit(&last_cut, memory_order_relaxed))
		block.identity = block.address; /* no file knows it under the old address */
	if (block.identity != block.address)
		block.flags |= SNAPSHOT_BLOCK_MOVED;
	else
		block.flags &= ~(uint32_t)SNAPSHOT_BLOCK_MOVED;
	if (journal_is_on() && block.epoch <= iteration_last_end_epoch())
		block.end_serial = atomic_load_explicit(&journal_serial, memory_order_relaxed);
	record_replace(state, block.address);
	if (unlikely(options.sample != 0))
		record_sampled_resized(state, taken, room, &block);
	if (!live_table_put(state, &block)) {
		state->lost_blocks++;
		record_taken_freed(state, options.sample != 0 ? &block : taken);
		return;
	}
	if (likely(options.sample == 0))
		count_resize(state, taken, size);
}
