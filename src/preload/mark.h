/*
 * Iterations of programs whose source cannot be changed: marks that they do not make themselves.
 *
 *   iterate_on=FUNCTION        each entry into FUNCTION                            (iterate_on.h)
 *   iterate_on_signal=SIGNAL   each delivery                                       (control.c installs the handler)
 *   iterate_every=N            each N-th allocation, at the end of its hook
 *   iterate_every=Nms          the first hook that ends N ms after the mark before
 *
 * Each ends the iteration that the one before began, and begins the next. A mark takes locks and may write a snapshot: a
 * handler that interrupted a hook, or code of ours that holds a lock, leaves it to the end of the thread's next hook.
 * The clock is looked at in hooks alone: between two of them the heap does not change, so a mark that comes late by the
 * clock is not late by any block, and no timer interrupts the program's calls.
 */
#ifndef PRELOAD_MARK_H
#define PRELOAD_MARK_H

#include "preload/thread_state.h"

/* The name of the benchmark that KIND marks. At start. */
void mark_name(enum mark_kind kind, const char *prefix, const char *name);
/* iterate_every gets its name and its first deadline. At start. */
void mark_init(void);
/* STATE belonged to a thread that has ended. */
void mark_thread_begins(struct thread_state *state);
/* In a handler, or anywhere outside hooks and locks of ours: now, or when it is safe. */
void mark_now_or_later(enum mark_kind kind);
/* STATE, the calling thread's, has left a hook, and no lock is held: make what is due. PENDING: enum thread_pending. */
void mark_take_pending(struct thread_state *state, unsigned pending);

#endif
