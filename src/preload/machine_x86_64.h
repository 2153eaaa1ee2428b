/* x86-64: see machine.h, which includes it. */
#ifndef PRELOAD_MACHINE_X86_64_H
#define PRELOAD_MACHINE_X86_64_H

#include <stdint.h>

/* DWARF numbers. */
enum {
	EH_RAX = 0,
	EH_RBX = 3,
	EH_FP = 6, /* rbp */
	EH_SP = 7, /* rsp */
	EH_R12 = 12,
	EH_R15 = 15,
	EH_RETURN_ADDRESS = 16,
	EH_REGISTERS = 17
};

#define MACHINE_KEPT	     (1u << EH_RBX | 1u << EH_FP | 1u << EH_SP | 0xfu << EH_R12)
#define MACHINE_ADDRESS_BITS 47

/* The pc is an address in the function itself. */
#define MACHINE_CAPTURE(registers)                                                                 \
	__asm__ volatile("movq %%rbx, 24(%0)\n\t"                                                  \
			 "movq %%rbp, 48(%0)\n\t"                                                  \
			 "movq %%rsp, 56(%0)\n\t"                                                  \
			 "movq %%r12, 96(%0)\n\t"                                                  \
			 "movq %%r13, 104(%0)\n\t"                                                 \
			 "movq %%r14, 112(%0)\n\t"                                                 \
			 "movq %%r15, 120(%0)\n\t"                                                 \
			 "leaq 1f(%%rip), %%rax\n\t"                                               \
			 "movq %%rax, 128(%0)\n"                                                   \
			 "1:"                                                                      \
			 :                                                                         \
			 : "r"((registers)->value)                                                 \
			 : "rax", "memory")

/* The return address into a frame lies below its stack pointer at the call. */
#define UNWIND_SLOT(sp)	   ((sp)-8)
#define UNWIND_SP_OF(slot) ((slot) + 8)

/* Of a function with a frame pointer: FRAME is its __builtin_frame_address(0). */
static inline void machine_caller(
    const void *frame, uintptr_t *ret_pc, uintptr_t *ret_sp, uintptr_t *ret_fp)
{
	const uintptr_t *words = frame;

	*ret_fp = words[0];
	*ret_pc = words[1];
	*ret_sp = (uintptr_t)(words + 2);
}

/*
 *   pc:47 | kind:2 | cfa/8:10 | fp/8:5
 *
 * cfa = sp or fp + 8n; the return address at cfa - 8, the caller's fp at cfa - 8m; m = 1 stands for "the same fp".
 */
#define UNWIND_RULE_PC(rule)	     ((rule) >> 17)
#define UNWIND_RULE_KIND(rule)	     ((unsigned)((rule) >> 15) & 3)
#define UNWIND_RULE_CFA(rule)	     ((rule) >> 2 & 1023 * 8)
#define UNWIND_RULE_FP(rule)	     (((rule)&31) * 8)
#define UNWIND_RULE_SAME_FP	     8u /* UNWIND_RULE_FP when fp is not saved */
#define UNWIND_RULE_IS_SAME_FP(rule) (UNWIND_RULE_FP(rule) == UNWIND_RULE_SAME_FP)
#define UNWIND_RULE_SIDE_BITS	     15

static inline uint64_t unwind_rule_word(uintptr_t pc, unsigned kind)
{
	return (uint64_t)pc << 17 | (uint64_t)kind << 15;
}

/* The rest of a rule, 0 when it does not fit. Offsets from the CFA, FP_OFFSET 0: fp is the same. */
static inline uint64_t unwind_rule_pack(int64_t cfa, int64_t return_address, int64_t fp_offset)
{
	uint64_t fp = fp_offset != 0 ? (uint64_t)-fp_offset : UNWIND_RULE_SAME_FP;

	if (return_address != -8 || cfa <= 0 || cfa % 8 != 0 || cfa >= 8192 || fp % 8 != 0 ||
	    fp >= 256 || (fp_offset != 0 && fp <= UNWIND_RULE_SAME_FP))
		return 0;
	return (uint64_t)cfa / 8 << 5 | fp / 8;
}

#endif
