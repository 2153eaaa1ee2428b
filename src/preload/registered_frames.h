/*
 * Call frame information that the program registers for code that it made itself (__register_frame: just-in-time
 * compilers). Before it: interpose_process.c, which tells when; after it: unwind_rules.c, which asks here for addresses
 * that lie in no object.
 *
 * Each section is copied when it is registered, so that a walk never reads memory that the program may free. A copy
 * is used again only while nobody is looking anything up. What does not fit is not kept: such frames are found by
 * the frame pointer, as without information. Lock-free; a lookup is async-signal-safe.
 */
#ifndef PRELOAD_REGISTERED_FRAMES_H
#define PRELOAD_REGISTERED_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/eh_frame.h"

/* The section at BEGIN, as __register_frame of libgcc takes it: entries up to a length of zero. */
void registered_frames_add(const void *begin);
/* BEGIN may be unknown. */
void registered_frames_remove(const void *begin);
/* The row that holds at ADDRESS goes to VISIT. False: nobody registered any. */
bool registered_frames_visit(
    struct eh_machine *machine, uintptr_t address, eh_visitor *visit, void *context);

#endif
