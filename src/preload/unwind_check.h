/*
 * unwinder=check, a diagnostic for ourselves: the validated unwinder against an honest walk at every allocation,
 * and the honest walk against libunwind at one in UNWIND_CHECK_EVERY. Differences are printed, the first ones in
 * full, and counted in a line at the end.
 */
#ifndef PRELOAD_UNWIND_CHECK_H
#define PRELOAD_UNWIND_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/thread_state.h"

#define UNWIND_CHECK_EVERY 64

/* As unwind_validated_stack. */
uint32_t unwind_checked_stack(struct thread_state *state, const void *hook_frame, bool *ret_cut);
/* The line at the end; nothing when nothing was compared. */
void unwind_check_report(void);

#endif
