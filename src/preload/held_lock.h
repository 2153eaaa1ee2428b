/*
 * The locks of rank 0 to 3 (ARCHITECTURE.md). The thread that takes one, or waits for it, says so in its block, so that a
 * handler of ours that interrupts it knows that it must not wait for any: what it has to do is done when the thread
 * leaves its next hook.
 */
#ifndef PRELOAD_HELD_LOCK_H
#define PRELOAD_HELD_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/spin_lock.h"
#include "preload/thread_state.h"

static inline void held_lock_enter(void)
{
	if (thread_current != NULL)
		thread_current->locks_held++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void held_lock_leave(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	/* the block may have come meanwhile */
	if (thread_current != NULL && thread_current->locks_held > 0)
		thread_current->locks_held--;
}

static inline void held_lock_take(struct spin_lock *lock)
{
	held_lock_enter();
	spin_lock_take(lock);
}

static inline bool held_lock_try(struct spin_lock *lock)
{
	held_lock_enter();
	if (spin_lock_try(lock))
		return true;
	held_lock_leave();
	return false;
}

static inline void held_lock_release(struct spin_lock *lock)
{
	spin_lock_release(lock);
	held_lock_leave();
}

#endif
