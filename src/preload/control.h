/*
 * Requests from outside: ALLOCSCOPE_SIGNAL=SIG takes a snapshot by the pattern; iterate_on_signal=SIG begins an iteration
 * (mark.h); `allocscope snapshot -p` writes a
 * request file and sends the control signal. No helper thread, no descriptor, no socket: the handler begins the
 * snapshot itself (a copy of the process goes on with it), or, when it interrupted a hook, leaves it to the end of that
 * hook. While one is being written a signal waits its turn, a request is told to come back.
 */
#ifndef PRELOAD_CONTROL_H
#define PRELOAD_CONTROL_H

#include <signal.h>

#define CONTROL_SIGNAL (SIGRTMAX - 3)
#define CONTROL_VALUE  0x616c6c6f

void control_init(void);
/* At the end, first: take what still waits its turn. */
void control_take_last(void);
/* ... and last: warn when the program took a signal over. */
void control_process_ends(void);
/* The thread has left a hook, with something left to do for it. */
void control_take_pending(void);

#endif
