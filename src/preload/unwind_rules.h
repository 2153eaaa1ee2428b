/*
 * One step of a walk: from a frame to its caller. What the call frame information says about a code address is
 * packed into one word and kept in a table that all threads share; an address costs its search once.
 *
 *   pc | kind | how far the CFA is from sp or fp | where the return address and the caller's fp are saved
 *
 * How the parts are packed is the processor's: machine.h. A word names its own address, so it is loaded and stored
 * without locks; the other 0.1 % of addresses point into a side table: far offsets, realigned
 * stacks, signal frames, code without information, and what needs more registers (unwind_general.c).
 *
 * A step is a function of the frame's state and of the words that it reads, nothing else. It says which words
 * these were: that is what unwind_chain.c keeps and compares.
 */
#ifndef PRELOAD_UNWIND_RULES_H
#define PRELOAD_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/cfi_expression.h"
#include "preload/eh_frame.h"
#include "preload/machine.h"
#include "preload/unwind_memory.h"
#include "preload/unwind_top.h"

/* A frame: where it goes on, and the registers there. */
struct unwind_state {
	uintptr_t pc, sp, fp;
	bool is_exact; /* pc is the next instruction (a signal came), not a return address */
};

#define UNWIND_WORDS_MAX 4
struct unwind_step {
	struct unwind_word words[UNWIND_WORDS_MAX]; /* read from the stack */
	uint8_t word_count;
	int8_t fp_word;	  /* which of them is the caller's fp; -1: none, it is the same */
	bool uses_fp;	  /* it depends on the frame's fp */
	bool is_constant; /* the state and these words decide all: it may be kept */
};

enum unwind_outcome {
	UNWIND_NEXT,	       /* the state is the caller's */
	UNWIND_END,	       /* there is no caller, or none that can be known */
	UNWIND_NEEDS_REGISTERS /* only with all registers: unwind_general.h */
};

/* What one walk works with; in the thread's block. */
struct unwind_walker {
	struct unwind_memory memory;
	struct eh_machine machine;
	struct cfi_registers registers, next; /* of a general step: not on the host's stack */
};

#ifdef ALLOCSCOPE_STRESS
#	define UNWIND_RULE_BITS 6
#else
#	define UNWIND_RULE_BITS 16
#endif
enum { UNWIND_RULE_SP_BASE, UNWIND_RULE_FP_BASE, UNWIND_RULE_SIDE, UNWIND_RULE_END };
extern _Atomic(atomic_uint_least64_t *) unwind_rule_table; /* set by unwind_rules_init */

bool unwind_rules_init(void);
/* Code in [start, end) is gone: its rules are. */
void unwind_rules_forget(uintptr_t start, uintptr_t end);
/* Code was loaded in [start, end). True when addresses there may have had rules, which are gone now. */
bool unwind_rules_replace(uintptr_t start, uintptr_t end);

/* Look up what holds behind the call before PC, so that a packed step can follow, if it can be packed. */
void unwind_rules_learn(struct unwind_walker *walker, uintptr_t pc);

/* From *STATE to its caller. */
enum unwind_outcome unwind_step(
    struct unwind_walker *walker, struct unwind_state *state, struct unwind_step *ret_step);
/* The same with all registers. EXACT as in struct unwind_state; *EXACT for the caller on return. */
enum unwind_outcome unwind_step_general(struct unwind_walker *walker,
    struct cfi_registers *registers, bool *exact, struct unwind_step *ret_step);

static inline uint32_t unwind_place(uintptr_t pc, unsigned bits)
{
	return (uint32_t)(pc * 0x9e3779b97f4a7c15u >> (64 - bits));
}

/* The table has the rule of PC. */
static inline bool unwind_rules_know(uintptr_t pc)
{
	const atomic_uint_least64_t *table =
	    atomic_load_explicit(&unwind_rule_table, memory_order_relaxed);

	return UNWIND_RULE_PC(atomic_load_explicit(
		   &table[unwind_place(pc, UNWIND_RULE_BITS)], memory_order_relaxed)) == pc;
}

/*
 * The usual step, from *PC, *SP and *FP to the caller's: a packed rule, and all below HIGH, the end of the thread's own
 * stack, in which SP lies. *RET_RULE tells which words were read: the return address at the caller's slot, and fp.
 * False: nothing is done, take unwind_step.
 */
static inline bool unwind_step_packed(atomic_uint_least64_t *table, uintptr_t high, uintptr_t *pc,
    uintptr_t *sp, uintptr_t *fp, uint64_t *ret_rule)
{
	uint64_t rule =
	    atomic_load_explicit(&table[unwind_place(*pc, UNWIND_RULE_BITS)], memory_order_acquire);
	uintptr_t cfa = *sp + UNWIND_RULE_CFA(rule);

	/* this one is a branch: code that mixes both is rare, and waiting for fp would be felt in each step */
	if (unlikely(UNWIND_RULE_KIND(rule) == UNWIND_RULE_FP_BASE))
		cfa = *fp + UNWIND_RULE_CFA(rule);
	uintptr_t saved = cfa - UNWIND_RULE_FP(rule);

	if (unlikely(UNWIND_RULE_PC(rule) != *pc) ||
	    unlikely(UNWIND_RULE_KIND(rule) >= UNWIND_RULE_SIDE) || unlikely(saved < *sp) ||
	    unlikely(cfa > high))
		return false;
	uintptr_t caller =
	    *(const uintptr_t *)UNWIND_SLOT(cfa);     // NOLINT(performance-no-int-to-ptr)
	uintptr_t loaded = *(const uintptr_t *)saved; // NOLINT(performance-no-int-to-ptr)
	uintptr_t same = -(uintptr_t)UNWIND_RULE_IS_SAME_FP(rule);

	if (unlikely(caller == 0))
		return false;
	*ret_rule = rule;
	*fp = loaded ^ ((loaded ^ *fp) & same);
	*pc = caller;
	*sp = cfa;
	return true;
}

/* ---- for unwind_general.c ---- */

/* The row of the frame at PC goes to VISIT. */
enum eh_result unwind_find_row(struct unwind_walker *walker, uintptr_t pc, bool is_exact,
    eh_visitor *visit, void *context, bool *ret_in_later_object);
/* PC without information: the caller by the frame pointer, if that is plausible. */
bool unwind_guess_caller(
    struct unwind_walker *walker, struct unwind_state *state, struct unwind_step *step);
/* The code at PC leads to a function of another object; no information says so. */
bool unwind_is_stub(uintptr_t pc);
/* The code at PC returns from a signal handler, though no information says so. */
bool unwind_is_signal_return(uintptr_t pc);
bool unwind_load(
    struct unwind_walker *walker, struct unwind_step *step, uintptr_t address, uintptr_t *ret);

#endif
