/*
 * The recorder inside a test: all of src/preload but the hooks, so that a test calls what the hooks call, with blocks
 * that need not exist and stacks that it invents. State is static: one recorder for each process, so tests fork.
 */
#ifndef SUPPORT_RECORDER_RECORDER_HOST_H
#define SUPPORT_RECORDER_RECORDER_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "preload/thread_state.h"

/* Begin to record, with ALLOCSCOPE_OPTIONS. Ends the process when it cannot. */
void recorder_start(const char *recorder_options);

/* The stack that the calling thread's next allocations have: two frames made of NUMBER. */
void recorder_stand_in(uint32_t number);

/* What the hooks do, in their order. The real calls always succeed. */
void recorder_alloc(uintptr_t address, size_t size);
void recorder_free(uintptr_t address);
void recorder_resize(uintptr_t address, uintptr_t fresh, size_t size);
void recorder_fail_to_resize(uintptr_t address);

#endif
