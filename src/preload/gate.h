/*
 * The gate: everyone stands outside the hooks while the table is cut.
 *
 * A hook stores `busy` plainly, then looks at the gate; whoever closes the gate stores it, then makes every
 * thread pass a memory barrier with membarrier(2), then looks at the busy flags. Either the thread sees the
 * gate, or we see the thread: the hooks pay no fence. The wait is bounded (GATE_WAIT_NS): a thread that stays
 * inside, say because it waits for the loader's lock held by one that stands at our gate, makes the cut
 * approximate, never a deadlock.
 */
#ifndef PRELOAD_GATE_H
#define PRELOAD_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "preload/thread_state.h"

#define GATE_WAIT_NS  100000000u  /* for threads inside a hook */
#define GATE_STAND_NS 5000000000u /* longest stand at the closed gate */

/* What a hook must look at: one word, so that one load tells that there is nothing. */
enum {
	GATE_CLOSED = 1,
	GATE_NEEDS_FENCE = 2, /* no membarrier here: hooks fence themselves */
	GATE_HAS_LINES = 4,   /* marks may wait to be read: mark_lines.h */
};
extern atomic_uint gate_word;

void gate_init(void);
/* Close, and wait until no other thread is inside a hook. SELF (the caller's block) is not waited for.
 * Returns false when a thread stayed inside: the cut is approximate. Close once at a time. */
bool gate_close(const struct thread_state *self);
/* Open. False when somebody stood so long that it went on: the cut is approximate. */
bool gate_open(void);
struct gate_waits {
	uint64_t closings;
	uint64_t longest_wait_ns;  /* of one that closes, for hooks to end */
	uint64_t longest_stand_ns; /* of a hook at the closed gate */
};
/* Of the process so far. */
struct gate_waits gate_waits(void);
/* STATE's busy is set. If the gate is closed, wait outside, then enter again; and outside are made the marks that wait. */
void gate_look(struct thread_state *state);

/* Enter a hook with a block whose busy flag is clear. */
static inline void gate_enter(struct thread_state *state)
{
	atomic_store_explicit(&state->busy, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (unlikely(atomic_load_explicit(&gate_word, memory_order_relaxed) != 0))
		gate_look(state);
}

static inline void gate_leave(struct thread_state *state)
{
	atomic_store_explicit(&state->busy, 0, memory_order_release);
}

#endif
