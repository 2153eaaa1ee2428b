/*
 * What the unwinder must know of the processor. All else in unwind_*.c, eh_frame.c and cfi_expression.c is the same
 * everywhere; another processor is another pair of files beside machine_x86_64.h and .c and
 * machine_aarch64.h and .c. Each gives:
 *
 *   EH_FP, EH_SP, EH_RETURN_ADDRESS, EH_REGISTERS   numbers of registers in call frame information
 *   EH_PC                 where we keep the pc; EH_RETURN_ADDRESS itself where that is no real register
 *   EH_RETURN_ADDRESS_UNTOLD   enum eh_rule_kind of the return address where the tables say nothing
 *   MACHINE_KEPT          CFI_BIT of the registers that a call leaves alone, EH_FP and EH_SP among them
 *   MACHINE_ADDRESS_BITS  of user addresses
 *   MACHINE_CODE_ALIGNMENT   of instructions
 *   MACHINE_CAPTURE(r)    struct cfi_registers of the function that it is expanded in
 *   MACHINE_KEEPS_CHAINS  unwind_chain.h serves here
 *   MACHINE_READS_GRAPHS  stop_threads.c knows all registers in which a pointer may be
 *   MACHINE_HOOK_FRAME    in an exported function: from where machine_caller knows its caller's registers. It
 *                         holds until the block ends
 *   machine_caller        these registers
 *   machine_code_address  a return address without its signature
 *   MACHINE_SP_ABOVE(f)   sp of a caller of which only the frame record at F is known;
 *   MACHINE_SP_IS_KNOWN, MACHINE_SP_BOUND   whether it is exact, and what it is at least
 *   MACHINE_IS_RECORD     FP, so saved, points to where it and the return address are
 *   UNWIND_SLOT(sp)       where the return address into a frame lies, by the sp of that frame; and back
 *   UNWIND_RULE_...       how a rule is packed into a word: unwind_rules.h
 *   and the functions declared below
 */
#ifndef PRELOAD_MACHINE_H
#define PRELOAD_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#	include "preload/machine_x86_64.h"
#elif defined(__aarch64__)
#	include "preload/machine_aarch64.h"
#else
#	error "the unwinder knows x86-64 and aarch64 only"
#endif

#define CFI_BIT(column) ((uint64_t)1 << (column))

#define MACHINE_CODE_BYTES 8  /* before a return address, where its call is */
#define MACHINE_STUB_BYTES 24 /* around an address: as many before it as from it on */

/* Where a signal frame keeps register COLUMN: OFFSET in its ucontext_t, MACHINE_CONTEXT_OFFSET above SP at the trampoline. */
struct machine_saved {
	uint8_t column;
	uint16_t offset;
};

/* CODE, the bytes before an address, ends with a call: the address may be a return address. */
bool machine_ends_with_call(const uint8_t code[MACHINE_CODE_BYTES]);
/*
 * The address in the middle of CODE lies in a jump to a function of another object (a row of the PLT) that has no call
 * frame information: the frame is still the caller's, and the return address in its register.
 */
bool machine_is_stub(const uint8_t code[2 * MACHINE_STUB_BYTES]);
/* The code of the trampoline that returns from a signal handler. */
const uint8_t *machine_signal_return(size_t *ret_bytes);
const struct machine_saved *machine_signal_frame(size_t *ret_count);

#endif
