/*
 * The usual case of record.h, inlined into the hooks: a small block, the stack of the last allocation or one that
 * top.h knows, nothing out of the ordinary. Everything else goes to record.c, which does the same for all cases; where
 * these functions say false they have done nothing.
 */
#ifndef PRELOAD_RECORD_USUAL_H
#define PRELOAD_RECORD_USUAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/counters.h"
#include "preload/journal.h"
#include "preload/live_table.h"
#include "preload/machine.h"
#include "preload/thread_state.h"
#include "preload/unwind_top.h"

/* The word of a small BLOCK in the live table, if nothing stands in the way; NULL: not the usual case. */
static inline atomic_uint_least64_t *record_usual_word(
    const struct thread_state *state, const void *block, size_t size)
{
	atomic_uint_least64_t *word = live_table_word((uintptr_t)block);

	return likely(word != NULL && state->is_unusual == 0 && size < LIVE_COMPACT_LIMIT &&
		      !journal_is_on() && atomic_load_explicit(word, memory_order_relaxed) == 0)
		   ? word
		   : NULL;
}

/* Write it down: all that can fail is behind us. */
static inline void record_usual_store(struct thread_state *state, atomic_uint_least64_t *word,
    void *block, size_t size, uint32_t stack, struct stack_counters *counters)
{
	atomic_store_explicit(word,
	    live_word((uintptr_t)block, size, stack,
		tag_epoch(atomic_load_explicit(state->tag, memory_order_relaxed))),
	    memory_order_relaxed);
	counters_keep_peak(counters);
	counters->allocs++;
	counters->bytes += size;
	state->totals.allocs++;
	state->totals.bytes += size;
	state->last_block = block;
	counters_grow(state, size);
}

/* BLOCK was just allocated. HOOK_FRAME as in record.h. */
static inline bool record_alloc_usual(
    struct thread_state *state, void *block, size_t size, const void *hook_frame)
{
	const struct unwind_top *top = &state->top;
	atomic_uint_least64_t *word = record_usual_word(state, block, size);
	uintptr_t pc, sp, fp;

	machine_caller(hook_frame, &pc, &sp, &fp);
	if (unlikely(word == NULL) || !unwind_top_holds(top, UNWIND_SLOT(sp), fp) ||
	    unlikely(top->counters == NULL))
		return false;
	record_usual_store(state, word, block, size, top->stack, top->counters);
	return true;
}

/* BLOCK is about to be freed. */
static inline bool record_free_usual(struct thread_state *state, void *block)
{
	atomic_uint_least64_t *slot = live_table_word((uintptr_t)block);
	iteration_tag tag = atomic_load_explicit(state->tag, memory_order_relaxed);

	if (unlikely(slot == NULL))
		return false;
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);

	/* of this iteration, which is the one that is open */
	if (unlikely(state->is_unusual != 0 || !live_word_is_compact(word, (uintptr_t)block) ||
		     live_word_epoch(word) != tag_epoch(tag) || journal_is_on()))
		return false;
	uint32_t stack = live_word_stack(word);
	uint64_t size = live_word_size(word);
	struct stack_counters *counters = state->counters[stack >> STACK_CHUNK_BITS];

	if (unlikely(counters == NULL))
		return false;
	counters += stack & (STACK_CHUNK - 1);
	atomic_store_explicit(slot, 0, memory_order_relaxed);
	counters_keep_peak(counters);
	counters->frees++;
	counters->freed_bytes += size;
	state->totals.frees++;
	state->totals.freed_bytes += size;
	if (tag_generation(tag) != 0) {
		counters->temporary++;
		counters->temporary_bytes += size;
		state->totals.temporary++;
		state->totals.temporary_bytes += size;
	}
	counters_shrink(state, size);
	return true;
}

#endif
