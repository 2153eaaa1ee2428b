/*
 * The last stack of a thread as the hooks see it: what has to be compared, and its number. The usual allocation is
 * answered here; unwind_chain.c fills it in and says why it is sound.
 *
 *   inner   for each frame the word that holds the return address into it, from the hook's own outwards: of all
 *           frames, or of those that a memo knows
 *   links   the same for the frames further out
 *   extras  other words that the walk depended on: saved frame pointers, where a frame further out needs them
 *
 * Each list is compared four at a time, innermost first; UNWIND_PADDING words below each are always equal.
 */
#ifndef PRELOAD_UNWIND_TOP_H
#define PRELOAD_UNWIND_TOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/machine.h"
#include "preload/modules.h"

struct stack_counters;

struct unwind_word {
	uintptr_t address, value;
};

#define UNWIND_PADDING 3

struct unwind_top {
	uintptr_t
	    slot; /* address of the innermost link; 0: no stack is known. Written first and last */
	uintptr_t fp, fp_mask; /* fp decides where the mask is set */
	const struct unwind_word *inner, *inner_end;
	const struct unwind_word *links, *links_end;
	const struct unwind_word *extras, *extras_end;
	bool has_more;	     /* links or extras are not empty */
	uint32_t generation; /* of the modules */
	uint32_t stack;
	struct stack_counters *counters; /* of this stack in this thread; NULL: not known yet */
};

static inline uintptr_t unwind_word_now(const struct unwind_word *word)
{
	return *(const uintptr_t *)word->address; // NOLINT(performance-no-int-to-ptr): the stack
}

static inline bool unwind_words_hold(const struct unwind_word *first, const struct unwind_word *end)
{
	for (; end > first; end -= 4)
		if (unlikely(unwind_word_now(&end[-1]) != end[-1].value ||
			     unwind_word_now(&end[-2]) != end[-2].value ||
			     unwind_word_now(&end[-3]) != end[-3].value ||
			     unwind_word_now(&end[-4]) != end[-4].value))
			return false;
	return true;
}

/* The stack whose innermost link lies at SLOT, frame pointer FP, is the one in TOP. */
static inline bool unwind_top_holds(const struct unwind_top *top, uintptr_t slot, uintptr_t fp)
{
	return likely(top->slot == slot) && likely(((top->fp ^ fp) & top->fp_mask) == 0) &&
	       likely(top->generation ==
		      atomic_load_explicit(&modules_generation, memory_order_relaxed)) &&
	       unwind_words_hold(top->inner, top->inner_end) &&
	       (!top->has_more || (unwind_words_hold(top->links, top->links_end) &&
				      unwind_words_hold(top->extras, top->extras_end)));
}

#endif
