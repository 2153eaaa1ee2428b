/*
 * Requests from outside: ALLOCSCOPE_SIGNAL=SIG takes a snapshot by the pattern; `allocscope snapshot -p` writes a
 * request file and sends the control signal. No helper thread, no descriptor, no socket: the handler takes the
 * snapshot itself, or, when it interrupted a hook, leaves it to the end of that hook.
 */
#ifndef PRELOAD_CONTROL_H
#define PRELOAD_CONTROL_H

#include <signal.h>

#define CONTROL_SIGNAL (SIGRTMAX - 3)
#define CONTROL_VALUE  0x616c6c6f

void control_init(void);
/* At the end: warn when the program took ALLOCSCOPE_SIGNAL over. */
void control_process_ends(void);
/* A request came while the thread was inside a hook; it is outside now. */
void control_take_pending(void);

#endif
