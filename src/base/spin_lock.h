/*
 * A lock for short, rare critical sections inside a foreign process. It yields after a while, so that a
 * holder that was descheduled gets its turn. Never taken on the hot path. Not recursive; a signal handler
 * must use spin_lock_try, since it may have interrupted the holder.
 */
#ifndef BASE_SPIN_LOCK_H
#define BASE_SPIN_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/system_call.h"

struct spin_lock {
	atomic_uint held;
};

static inline bool spin_lock_try(struct spin_lock *lock)
{
	return atomic_exchange_explicit(&lock->held, 1, memory_order_acquire) == 0;
}

static inline void spin_lock_take(struct spin_lock *lock)
{
	for (unsigned round = 0; !spin_lock_try(lock); round++)
		if (round >= 64)
			(void)system_call(SYS_sched_yield);
}

static inline void spin_lock_release(struct spin_lock *lock)
{
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
