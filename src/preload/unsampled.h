/*
 * sample=BYTES, the way of nearly all calls: what the sampler does not choose, and the free of what it did not
 * choose, go straight to the allocator, without guard, gate and tables. In doubt the answer is no, and the hook goes
 * its usual way, where record_sampled.c asks the sampler again.
 *
 * Calls are counted here before their outcome is known: a small request that the allocator refuses counts, too.
 */
#ifndef PRELOAD_UNSAMPLED_H
#define PRELOAD_UNSAMPLED_H

#include "base/compiler.h"
#include "preload/live_table.h"
#include "preload/next_symbols.h"
#include "preload/options.h"
#include "preload/thread_state.h"

/* The calling thread's sampler; NULL inside a hook, while paused, before the thread has a block. */
static inline struct sampler *unsampled_sampler(void)
{
	struct thread_state *state = thread_current;

	if (unlikely(state == NULL || state->paused != 0 ||
		     atomic_load_explicit(&state->busy, memory_order_relaxed) != 0))
		return NULL;
	return &state->sampler;
}

/* A block of SIZE bytes is to be allocated that will not be recorded. */
static inline bool unsampled_alloc(size_t size)
{
	struct sampler *sampler = unsampled_sampler();

	if (unlikely(sampler == NULL || sampler->left <= (int64_t)size || (int64_t)size < 0))
		return false;
	sampler->left -= (int64_t)size + 1;
	sampler->allocs++;
	return true;
}

/* BLOCK is to be freed, and is not recorded. */
static inline bool unsampled_free(const void *block)
{
	struct sampler *sampler = unsampled_sampler();

	if (unlikely(sampler == NULL || bootstrap_owns(block)))
		return false;
	const atomic_uint_least64_t *word = live_table_word((uintptr_t)block);

	if (unlikely(word != NULL && atomic_load_explicit(word, memory_order_relaxed) != 0))
		return false;
	sampler->frees++;
	return true;
}

#endif
