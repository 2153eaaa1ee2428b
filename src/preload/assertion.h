/*
 * Assertions of <allocscope/assertions.h>: a scope takes a mark, and its end compares what survived and what was
 * allocated since with the limits. What broke is told on stderr, and a snapshot is saved. Called by the program, outside
 * all hooks; errno is left as it was.
 */
#ifndef PRELOAD_ASSERTION_H
#define PRELOAD_ASSERTION_H

#include <stdint.h>

#include "preload/api_types.h"
#include "preload/thread_state.h"

/* Details of so many failures of a process are told, and saved; a line for each one is told always. */
#define ASSERTION_DETAILED_MAX 8

/* SCOPE's next round begins: the first counted one takes the mark, those behind it the ends of their predecessors. */
void assertion_round(const struct thread_state *state, struct allocscope_scope *scope);
/* 0: it holds. Else what the handler is told; the user knows all by then. STATE is NULL when nothing is recorded. */
uint64_t assertion_judge(const struct thread_state *state, const struct allocscope_scope *scope);

#endif
