/*
 * Entering and leaving a hook. The guard spans the real call, so that an allocator built on another one counts
 * once. What happens when we are already inside:
 *
 *   hook in a hook (the allocator, the C library or the unwinder calls itself)  -> NULL: passed through
 *   a signal handler interrupted a hook				         -> the nested block of the thread
 *   a handler left a hook by longjmp					         -> the flag is stale: start afresh
 */
#ifndef PRELOAD_GUARD_H
#define PRELOAD_GUARD_H

#include "base/compiler.h"
#include "preload/gate.h"
#include "preload/thread_state.h"

struct thread_state *guard_enter_slow(void);
struct thread_state *guard_enter_free_slow(void);
void guard_leave_slow(struct thread_state *state);

/* The block to record with, its busy flag set; NULL: call the real function and record nothing. */
static inline struct thread_state *guard_enter(void)
{
	struct thread_state *state = thread_current;

	if (unlikely(
		state == NULL || atomic_load_explicit(&state->busy, memory_order_relaxed) != 0))
		return guard_enter_slow();
	gate_enter(state);
	return state;
}

/* The same for a function that only frees: inside another hook too, the address must be erased. */
static inline struct thread_state *guard_enter_free(void)
{
	struct thread_state *state = thread_current;

	if (unlikely(
		state == NULL || atomic_load_explicit(&state->busy, memory_order_relaxed) != 0))
		return guard_enter_free_slow();
	gate_enter(state);
	return state;
}

static inline void guard_leave(struct thread_state *state)
{
	gate_leave(state);
	if (unlikely(atomic_load_explicit(&state->pending, memory_order_relaxed) != 0))
		guard_leave_slow(state);
}

#endif
