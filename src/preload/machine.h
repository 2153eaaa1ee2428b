/*
 * What the unwinder must know of the processor. All else in unwind_*.c, eh_frame.c and cfi_expression.c is the same
 * everywhere; another processor is another pair of files beside machine_x86_64.h and machine_x86_64.c. Each gives:
 *
 *   EH_FP, EH_SP, EH_RETURN_ADDRESS, EH_REGISTERS   numbers of registers in call frame information
 *   MACHINE_KEPT          bits of the registers that a call leaves alone, EH_FP and EH_SP among them
 *   MACHINE_ADDRESS_BITS  of user addresses
 *   MACHINE_CAPTURE(r)    struct cfi_registers of the function that it is expanded in
 *   machine_caller        the registers of a hook's caller, from the hook's frame
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
#else
#	error "the unwinder knows x86-64 only"
#endif

#define MACHINE_CODE_BYTES 8 /* before a return address, where its call is */

/* Where a signal frame keeps register COLUMN: SP at the trampoline + OFFSET. */
struct machine_saved {
	uint8_t column;
	uint16_t offset;
};

/* CODE, the bytes before an address, ends with a call: the address may be a return address. */
bool machine_ends_with_call(const uint8_t code[MACHINE_CODE_BYTES]);
/* The code of the trampoline that returns from a signal handler. */
const uint8_t *machine_signal_return(size_t *ret_bytes);
const struct machine_saved *machine_signal_frame(size_t *ret_count);

#endif
