/*
 * DWARF expressions, as far as call frame information uses them: arithmetic on registers and memory. Memory is
 * read through a function of the caller's, which refuses what is not certainly mapped. Bounded: 12 values deep,
 * 256 operations long.
 */
#ifndef PRELOAD_CFI_EXPRESSION_H
#define PRELOAD_CFI_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/eh_frame.h"

/* Registers of one frame; those whose bit in `known` is clear are lost. EH_PC holds the pc. */
struct cfi_registers {
	uintptr_t value[EH_REGISTERS];
	uint64_t known; /* CFI_BIT */
};

typedef bool cfi_read(void *context, uintptr_t address, size_t bytes, uint64_t *ret_value);

struct cfi_environment {
	const struct cfi_registers *registers;
	cfi_read *read;
	void *context;
	bool *needs_lost_register; /* set when the expression asks for one; may be NULL */
};

/* The value of the BLOCK (a length in LEB128, then its bytes). INITIAL (may be NULL) is pushed first. */
bool cfi_expression_value(const struct cfi_environment *environment, const uint8_t *block,
    const uint64_t *initial, uint64_t *ret_value);

#endif
