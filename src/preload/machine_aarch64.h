/* aarch64: see machine.h, which includes it. */
#ifndef PRELOAD_MACHINE_AARCH64_H
#define PRELOAD_MACHINE_AARCH64_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__clang__)
#	error "clang knows no exact frame address of its caller on aarch64: build with gcc"
#endif

/* DWARF numbers. */
enum {
	EH_X19 = 19,
	EH_FP = 29,
	EH_RETURN_ADDRESS = 30, /* a register of its own until a function saves it */
	EH_SP = 31,
	EH_PC = 32,
	EH_REGISTERS = 33
};

/* Where the tables are silent the return address is still in its register. */
#define EH_RETURN_ADDRESS_UNTOLD EH_SAME
/* x19 to x28 */
#define MACHINE_KEPT	       (CFI_BIT(EH_FP) | CFI_BIT(EH_SP) | (uint64_t)0x3ff << EH_X19)
#define MACHINE_ADDRESS_BITS   48
#define MACHINE_CODE_ALIGNMENT 4
#define MACHINE_READS_GRAPHS   false /* vector registers and interrupted calls */
#define MACHINE_CONTEXT_OFFSET 128   /* siginfo_t */
/*
 * The return address lies anywhere in a frame, not below the caller's sp: chains of links that tell the sp by their
 * place can't be kept. What follows are names for code that never runs here.
 */
#define MACHINE_KEEPS_CHAINS	     false
#define UNWIND_SLOT(sp)		     (sp)
#define UNWIND_SP_OF(slot)	     (slot)
#define UNWIND_RULE_IS_SAME_FP(rule) (UNWIND_RULE_FP(rule) == UNWIND_RULE_RETURN(rule))

/* The pc is an address in the function itself. */
#define MACHINE_CAPTURE(registers)                                                                 \
	__asm__ volatile("stp x19, x20, [%0, 152]\n\t"                                             \
			 "stp x21, x22, [%0, 168]\n\t"                                             \
			 "stp x23, x24, [%0, 184]\n\t"                                             \
			 "stp x25, x26, [%0, 200]\n\t"                                             \
			 "stp x27, x28, [%0, 216]\n\t"                                             \
			 "str x29, [%0, 232]\n\t"                                                  \
			 "mov x9, sp\n\t"                                                          \
			 "adr x10, .\n\t"                                                          \
			 "stp x9, x10, [%0, 248]"                                                  \
			 :                                                                         \
			 : "r"((registers)->value)                                                 \
			 : "x9", "x10", "memory")

/*
 * A return address as it is used: without the signature that code with pointer authentication puts into its upper
 * bits. The instruction (xpaclri) does nothing where the processor has none.
 */
static inline uintptr_t machine_code_address(uintptr_t word)
{
	register uintptr_t address __asm__("x30") = word;

	__asm__("hint 7" : "+r"(address));
	return address;
}

/* The frame record {fp, return address} lies somewhere in the hook's frame, so the caller's sp is not known from it. */
#define MACHINE_HOOK_FRAME                                                                         \
	((const uintptr_t[]){*(const uintptr_t *)__builtin_frame_address(0),                       \
	    (uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa()})

/* FRAME is the hook's MACHINE_HOOK_FRAME. */
static inline void machine_caller(
    const void *frame, uintptr_t *ret_pc, uintptr_t *ret_sp, uintptr_t *ret_fp)
{
	const uintptr_t *words = frame;

	*ret_fp = words[0];
	*ret_pc = machine_code_address(words[1]);
	*ret_sp = words[2];
}

/*
 * The sp of a caller that was found by its frame pointer alone: it lies above the record, nobody knows how far. Such
 * an sp is odd, and a lower bound.
 */
#define MACHINE_SP_ABOVE(frame) (((frame) + 16) | 1)
#define MACHINE_SP_IS_KNOWN(sp) (((sp)&1) == 0)
#define MACHINE_SP_BOUND(sp)	((sp) & ~(uintptr_t)1)
/* fp and return address saved as a pair, which fp points to. */
#define MACHINE_IS_RECORD(fp_offset, return_offset) ((return_offset) == (fp_offset) + 8)

/*
 *   pc/4:46 | kind:2 | cfa/16:7 | return address/8:8 | record:1
 *
 * cfa = sp or fp + 16n; the return address at cfa - 8m; record: the caller's fp lies below it, else it is the same.
 */
#define UNWIND_RULE_PC(rule)	 (((rule) >> 18) << 2)
#define UNWIND_RULE_KIND(rule)	 ((unsigned)((rule) >> 16) & 3)
#define UNWIND_RULE_CFA(rule)	 (((rule) >> 9 & 127) * 16)
#define UNWIND_RULE_RETURN(rule) (((rule) >> 1 & 255) * 8)
#define UNWIND_RULE_FP(rule)	 (UNWIND_RULE_RETURN(rule) + ((rule)&1) * 8)
#define UNWIND_RULE_SIDE_BITS	 16

static inline uint64_t unwind_rule_word(uintptr_t pc, unsigned kind)
{
	return (uint64_t)pc >> 2 << 18 | (uint64_t)kind << 16;
}

/* The rest of a rule, 0 when it does not fit. Offsets from the CFA, FP_OFFSET 0: fp is the same. */
static inline uint64_t unwind_rule_pack(int64_t cfa, int64_t return_address, int64_t fp_offset)
{
	if (cfa <= 0 || cfa >= 2048 || cfa % 16 != 0 || return_address >= 0 ||
	    return_address <= -2048 || return_address % 8 != 0 ||
	    (fp_offset != 0 && fp_offset != return_address - 8))
		return 0;
	return (uint64_t)cfa / 16 << 9 | (uint64_t)-return_address / 8 << 1 | (fp_offset != 0);
}

#endif
