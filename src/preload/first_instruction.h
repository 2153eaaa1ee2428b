/*
 * The first instruction of a function (x86-64), which a breakpoint displaces: how long it is, and the same instruction
 * for another place. Only forms that are known to mean the same elsewhere are accepted: what is not in the tables of
 * first_instruction.c is refused, never copied blindly.
 *
 *   most              copied
 *   operand at rip+x  copied, x set right; the new place must lie within 2 GB of the operand
 *   jmp target        a jump to the same target
 *   call target       pushes the address behind the original, then a jump: the callee returns into the function
 *
 * Pure functions over bytes.
 */
#ifndef PRELOAD_FIRST_INSTRUCTION_H
#define PRELOAD_FIRST_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIRST_INSTRUCTION_BYTES 15 /* the longest there is */
#define FIRST_INSTRUCTION_ROOM	48 /* for what first_instruction_place writes */

enum first_instruction_kind {
	FIRST_INSTRUCTION_PLAIN,
	FIRST_INSTRUCTION_JUMP,
	FIRST_INSTRUCTION_CALL,
};

struct first_instruction {
	enum first_instruction_kind kind;
	uint32_t length;
	uint32_t
	    relative_at; /* where the 4 bytes lie that count from the next instruction; 0: there are none */
	int64_t relative; /* they, or that of a jump or call */
};

/* False: refused, or it does not end within BYTES. */
bool first_instruction_read(
    const uint8_t *code, size_t bytes, struct first_instruction *ret_instruction);
/* Write what does the same as the instruction at FROM, whose bytes are CODE, and goes on behind it, for the address AT.
 * False: AT is too far away. */
bool first_instruction_place(const struct first_instruction *instruction, const uint8_t *code,
    uint64_t from, uint64_t at, uint8_t ret_room[FIRST_INSTRUCTION_ROOM]);

#endif
