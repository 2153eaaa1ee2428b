/*
 * Where a call's result goes: the few instructions behind the call are followed, as long as they only move words
 * between registers and memory.
 *
 *   call malloc
 *   mov  %rax, %rdx              the result is in rdx, too
 *   mov  -8(%rbp), %rax          rax: what was in the frame's slot
 *   mov  %rdx, 16(%rax)          stored at 16 behind that
 */
#ifndef SYMBOLS_RESULT_FLOW_H
#define SYMBOLS_RESULT_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULT_STEPS_MAX 8

enum result_kind {
	RESULT_IN_REGISTER, /* in `base` */
	RESULT_AT_REGISTER, /* stored at base + displacement */
	RESULT_AT_SLOT, /* stored behind the pointer that is loaded from base + slot: displacement from there */
	RESULT_AT_ADDRESS, /* stored at the ELF address `address` */
	RESULT_RETURNED,   /* passed on to the caller's caller, and kept nowhere here */
	RESULT_AT_GLOBAL,  /* stored behind the pointer that is loaded from `address` */
};

struct result_step {
	enum result_kind kind;
	uint32_t base; /* DWARF register number */
	int64_t displacement, slot;
	uint64_t address;
	uint64_t pc; /* behind the instruction */
};

/* What the COUNT bytes of CODE behind the call, at ADDRESS, do with its result. MACHINE: EM_X86_64 or EM_AARCH64, others give
 * nothing. Returns how many steps; the first one is the register of the result itself. */
size_t result_flow(unsigned machine, const unsigned char *code, size_t count, uint64_t address,
    struct result_step ret_steps[RESULT_STEPS_MAX]);

#endif
