/*
 * A handler at the entry of a function whose source cannot be changed: the first byte of its first instruction becomes
 * int3, the instruction itself moves to a page of ours (first_instruction.h). The handler runs in SIGTRAP
 * (trap_signal.h), then the function goes on as if nothing had been. One byte is written once, so threads that run
 * through it meanwhile see either the old or the new code. x86-64 only.
 *
 * The handler sees the caller's registers, pc the return address.
 */
#ifndef PRELOAD_BREAKPOINT_H
#define PRELOAD_BREAKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/cfi_expression.h"

#define BREAKPOINTS_MAX 16

struct breakpoint_entry {
	uintptr_t address;
	struct cfi_registers caller; /* as it stands when the function has returned */
};
typedef void breakpoint_handler(const struct breakpoint_entry *entry);

/*
 * At ADDRESS, where BYTES of code are known to be. 0, or -ENOTSUP: not on this machine, -EILSEQ: the first instruction
 * cannot be moved, -ENOMEM: no page near enough or none at all, -EACCES or another: the code cannot be changed.
 * One at a time.
 */
int breakpoint_set(uintptr_t address, size_t bytes, breakpoint_handler *handler);
/* The code at ADDRESS was unloaded. */
void breakpoint_forget(uintptr_t address);

/* In SIGTRAP, with its ucontext_t: whether it was a breakpoint of ours; then all is done. */
bool breakpoint_hit(void *context);

#endif
