/*
 * The validated unwinder: the number of the calling stack, exactly as an honest walk by call frame information
 * would give it, at the price of comparing a few words. Between the hooks (record.c) and stack_table.h:
 *
 *   unwind_chain.h    the thread's last stack, kept and compared          the usual case
 *   unwind_rules.h    one step at a time, by rules cached per address     new frames
 *   eh_frame.h        a rule is made from the object's frame tables       new addresses
 *
 * Holds no lock of ours; takes the loader's for addresses of objects that may be unloaded, and for new stacks.
 * Allocates nothing from the host; may be called in signal handlers with the block that the guard gave.
 */
#ifndef PRELOAD_UNWIND_VALIDATED_H
#define PRELOAD_UNWIND_VALIDATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/thread_state.h"

/* No number: memory is short, or the kernel is not one that we know. */
#define UNWIND_UNAVAILABLE UINT32_MAX

/*
 * The number of the stack that called a hook. HOOK_FRAME: the hook's MACHINE_HOOK_FRAME; NULL: start from here, and leave out our own frames.
 */
uint32_t unwind_validated_stack(struct thread_state *state, const void *hook_frame, bool *ret_cut);
/* The same when it is not the one in STATE's top. */
uint32_t unwind_validated_other(struct thread_state *state, const void *hook_frame, bool *ret_cut);
/* The same by an honest walk without memory of earlier ones: the return addresses. 0: UNWIND_UNAVAILABLE. */
size_t unwind_honest_frames(
    struct thread_state *state, const void *hook_frame, uintptr_t *ret_frames, size_t capacity);
/*
 * Walk outwards from CALLER, a frame whose callee has just been entered with these registers (all known, pc the return
 * address), until IS_IT says yes to a return address, the outermost frame, or MOST frames. Whether it did.
 */
struct cfi_registers;
bool unwind_finds_caller(struct thread_state *state, const struct cfi_registers *caller,
    bool (*is_it)(uintptr_t return_address), size_t most);

#endif
