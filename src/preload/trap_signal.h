/*
 * SIGTRAP, by which breakpoints (breakpoint.h) come to us, shared with the program: what is not ours goes to the action
 * that it asked for, with the flags and the mask that it asked for, and it sees that action only. The signal is never
 * blocked, or the kernel would end the process at the next breakpoint: interpose_signals.c.
 */
#ifndef PRELOAD_TRAP_SIGNAL_H
#define PRELOAD_TRAP_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

/* From here on it is ours. At start; the calling thread must be the only one that ran code of the program. */
bool trap_signal_take(void);
bool trap_signal_is_taken(void);
/* What sigaction(SIGTRAP, ...) of the program does then. */
void trap_signal_exchange(const struct sigaction *action, struct sigaction *ret_old);

#endif
