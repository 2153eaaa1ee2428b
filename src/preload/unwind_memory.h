/*
 * Which memory may be read while a stack is walked. Nothing is read that is not certainly mapped:
 *
 *   the thread's own stack  between the lowest page known to be there and its end. Neither goes away while the
 *                           thread runs, so one look lasts for its life.
 *   anything else           (coroutines, alternate signal stacks) page by page, by asking the kernel, anew for
 *                           each walk: whoever owns such a stack may unmap it between two allocations.
 *
 * The kernel is asked with a system call that reads eight bytes and then fails for another reason; no file is
 * opened, nothing is parsed, no signal handler is installed. Async-signal-safe; errno is left alone.
 */
#ifndef PRELOAD_UNWIND_MEMORY_H
#define PRELOAD_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct unwind_memory {
	uintptr_t own_low, own_high; /* the thread's stack; own_high 0: not known */
	uintptr_t own_floor; /* below own_low: an address under which the stack cannot reach */
	uint32_t tries;	     /* to find it */
	uintptr_t window_low, window_high; /* pages that were asked for in this walk */
};

/* False when the kernel does not answer as expected here: then no walk may be made. */
bool unwind_memory_init(void);
/* Forget the stack: the block serves another thread. */
void unwind_memory_reset(struct unwind_memory *memory);
/* SP lies in the thread's own stack: find it or widen what is known of it, if need be. */
bool unwind_memory_own_slow(struct unwind_memory *memory, uintptr_t sp);
bool unwind_memory_ask(struct unwind_memory *memory, uintptr_t address, size_t bytes);
/* LOW and HIGH lie in one stack: nothing between them is missing. */
bool unwind_memory_is_one_stack(struct unwind_memory *memory, uintptr_t low, uintptr_t high);
/* Copy from memory that may vanish at any moment (code of a just-in-time compiler). */
bool unwind_memory_copy(uintptr_t address, void *buffer, size_t bytes);

static inline bool unwind_memory_is_own(const struct unwind_memory *memory, uintptr_t address)
{
	return address - memory->own_low < memory->own_high - memory->own_low;
}

static inline bool unwind_memory_is_own_word(const struct unwind_memory *memory, uintptr_t address)
{
	return unwind_memory_is_own(memory, address) &&
	       memory->own_high - address >= sizeof(uintptr_t);
}

static inline bool unwind_memory_own(struct unwind_memory *memory, uintptr_t sp)
{
	return likely(unwind_memory_is_own(memory, sp)) || unwind_memory_own_slow(memory, sp);
}

/* A new walk: what the kernel said before counts no longer. */
static inline void unwind_memory_begin(struct unwind_memory *memory)
{
	memory->window_low = memory->window_high = 0;
}

static inline bool unwind_memory_load(
    struct unwind_memory *memory, uintptr_t address, uintptr_t *ret_word)
{
	if (unlikely(!unwind_memory_is_own_word(memory, address)) &&
	    !unwind_memory_ask(memory, address, sizeof *ret_word))
		return false;
	/* any alignment: expressions may say so */
	__builtin_memcpy(ret_word, (const void *)address, sizeof *ret_word); // NOLINT
	return true;
}

#endif
