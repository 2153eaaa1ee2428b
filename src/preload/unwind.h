/*
 * The call stack of the calling thread. An unwinder is what one source file defines: unwind_libunwind.c.
 * Holds no lock of ours; may take the loader's list lock (libunwind on a code address it has not seen).
 */
#ifndef PRELOAD_UNWIND_H
#define PRELOAD_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char unwind_name[];

/* First use, outside any hook: whatever it sets up is set up now. */
void unwind_init(void);
/*
 * Return addresses, innermost first, frames of this library not skipped. Writes at most CAPACITY and returns
 * how many. May change errno. DISTRUST: do not use cached rules (code was replaced at the same addresses).
 */
size_t unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust);
/* A module was unloaded: drop what is cached where the unwinder allows it. */
void unwind_forget(void);

enum unwind_surroundings { UNWIND_PLAIN, UNWIND_IN_HANDLER, UNWIND_IN_HOOK };
/*
 * What lies outside the hook we stand in: a signal handler first (UNWIND_IN_HANDLER), another hook of ours
 * first (UNWIND_IN_HOOK: the allocator or the C library calls itself), or neither.
 */
enum unwind_surroundings unwind_surroundings(void);

#endif
