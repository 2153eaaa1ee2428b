/*
 * From the first intercepted call to the end of the process.
 *
 *   first hook (often before any constructor) -> lifecycle_start: options, tables; recording begins
 *   our constructor			       -> everything that needs a working C library: fork handlers, exit
 *						  handlers, control signal, messages
 *   fork				       -> gate closed, locks held, copied, released on both sides
 *   exit, _exit, quick_exit		       -> snapshot_at=exit and last
 */
#ifndef PRELOAD_LIFECYCLE_H
#define PRELOAD_LIFECYCLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern atomic_uint lifecycle_state;

enum lifecycle_states {
	LIFECYCLE_NONE,	    /* nothing happened yet */
	LIFECYCLE_STARTING, /* one thread sets up; the others and its own nested calls pass through */
	LIFECYCLE_RECORDING,
	LIFECYCLE_OFF, /* enabled=0, no memory, or a forked child with follow_fork=0 */
};

static inline bool lifecycle_is_recording(void)
{
	return atomic_load_explicit(&lifecycle_state, memory_order_acquire) == LIFECYCLE_RECORDING;
}

/* Begin to record, at the first intercepted call. False when there is nothing to record. */
bool lifecycle_start(void);
/* The process is about to end: write what is due, once, and not in a vfork child. */
void lifecycle_process_ends(void);
/* Its number, in a copy of it too. */
int lifecycle_process_id(void);
/* This is the process that we were started in or forked to, not a vfork or raw clone child. */
bool lifecycle_is_own_process(void);

struct lifecycle_identity {
	uint8_t run_id[16], parent_run_id[16];
	uint64_t start_unix_ns, start_monotonic_ns;
	uint32_t inherited_epoch;
	bool forked;
};
extern struct lifecycle_identity lifecycle_identity;

#endif
