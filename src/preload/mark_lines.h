/*
 * Marks by lines that the program, a script say, writes to descriptor ALLOCSCOPE_MARK_FD:
 *
 *   begin NAME [warmup|counted]      end      snapshot [PATH]      # nothing
 *
 * The descriptor is a file in memory (system_lines.h). No call of the program is intercepted and no signal is sent: each
 * hook looks, as it is entered, whether the next byte has been written, and makes the marks that wait before it goes on.
 * Between two hooks the heap does not change, so that a mark stands where its line was written, whichever thread wrote it.
 * When there is no such descriptor hooks do not look: it is the gate's word that tells them to.
 */
#ifndef PRELOAD_MARK_LINES_H
#define PRELOAD_MARK_LINES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "preload/gate.h"
#include "preload/thread_state.h"

/* At start. */
void mark_lines_init(void);
/* Something waits. */
bool mark_lines_wait(void);
/* Make the marks that wait. The calling thread, whose block is STATE, is outside hooks and locks of ours. */
void mark_lines_take(struct thread_state *state);
/* The same, if any wait and they can be made here: at the calls of the header, and at fork. */
void mark_lines_look_slow(void);
static inline void mark_lines_look(void)
{
	if (unlikely(
		(atomic_load_explicit(&gate_word, memory_order_relaxed) & GATE_HAS_LINES) != 0))
		mark_lines_look_slow();
}
/* STATE is the calling thread's, and neither a handler's nor inside code that holds a lock. */
bool mark_lines_may_take(const struct thread_state *state);
/* What waits is all that will come, also a line without its end. */
void mark_lines_process_ends(void);

/* Fork: hold and release the lock. The child gets a file of its own, or with follow_fork=0 none. */
void mark_lines_lock(void);
void mark_lines_unlock(void);
void mark_lines_after_fork(bool follows);

#endif
