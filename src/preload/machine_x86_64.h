/* x86-64: see machine.h, which includes it. */
#ifndef PRELOAD_MACHINE_X86_64_H
#define PRELOAD_MACHINE_X86_64_H

#include <stdbool.h>
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
	EH_PC = EH_RETURN_ADDRESS,
	EH_REGISTERS = 17
};

#define EH_RETURN_ADDRESS_UNTOLD EH_UNDEFINED
#define MACHINE_KEPT		 (CFI_BIT(EH_RBX) | CFI_BIT(EH_FP) | CFI_BIT(EH_SP) | (uint64_t)0xf << EH_R12)
#define MACHINE_ADDRESS_BITS	 47
#define MACHINE_CODE_ALIGNMENT	 1
#define MACHINE_KEEPS_CHAINS	 true
#define MACHINE_READS_GRAPHS	 true
#define MACHINE_CONTEXT_OFFSET	 0

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

static inline uintptr_t machine_code_address(uintptr_t word)
{
	return word;
}

/* With a frame pointer, saved fp and return address lie there, and the caller's frame begins above. */
#define MACHINE_HOOK_FRAME __builtin_frame_address(0)

/* FRAME is the hook's MACHINE_HOOK_FRAME. */
static inline void machine_caller(
    const void *frame, uintptr_t *ret_pc, uintptr_t *ret_sp, uintptr_t *ret_fp)
{
	const uintptr_t *words = frame;

	*ret_fp = words[0];
	*ret_pc = words[1];
	*ret_sp = (uintptr_t)(words + 2);
}

#define MACHINE_SP_ABOVE(frame)			    ((frame) + 16)
#define MACHINE_SP_IS_KNOWN(sp)			    true
#define MACHINE_SP_BOUND(sp)			    (sp)
#define MACHINE_IS_RECORD(fp_offset, return_offset) false

/*
 *   pc:47 | kind:2 | m:2 | n:10 | m:3
 *
 * cfa = sp or fp + 8n; the return address at cfa - 8, the caller's fp at cfa - 8m; m = 1 stands for "the same fp". n
 * stands where it is multiplied by 8 already: each step of a walk waits for it.
 */
#define UNWIND_RULE_PC(rule)	     ((rule) >> 17)
#define UNWIND_RULE_KIND(rule)	     ((unsigned)((rule) >> 15) & 3)
#define UNWIND_RULE_CFA(rule)	     ((rule)&1023 * 8)
#define UNWIND_RULE_RETURN(rule)     8u
#define UNWIND_RULE_FP(rule)	     (((rule)&7) * 8 + ((rule) >> 7 & 3 * 64))
#define UNWIND_RULE_SAME_FP	     8u /* UNWIND_RULE_FP when fp is not saved */
#define UNWIND_RULE_IS_SAME_FP(rule) (((rule) & (3 << 13 | 7)) == 1)
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
	return (fp / 64) << 13 | (uint64_t)cfa | (fp / 8 & 7);
}

#endif
