/*
 * The last stack of a thread, kept so that the next one costs a comparison. After it: stack_table.h.
 *
 * A walk is a deterministic function: the step from a frame's state (pc, sp, and fp where it matters) depends
 * on that state and on the words of the stack that it reads, and on nothing else. The chain is a memo of such
 * steps, not a belief about what ran in between: for each frame it keeps the state, and the words with the values
 * they had. When the present state equals a kept one and all words from there to the root still have their
 * values, an honest walk would read exactly these words and arrive at exactly these frames. A word that is
 * equal by coincidence is harmless for the same reason.
 *
 *   frames  [0] outermost ... [count - 1] innermost     sp falls with the index
 *   links   the same index: {slot, pc}. The word at the slot is the return address into the frame, and the
 *           slot gives its sp: state and word in one. Frame i's step reads link i - 1.
 *   extras  other words that steps read, in the same order: frame i owns
 *           [frames[i - 1].extra_end, frames[i].extra_end)
 *
 * All words to the root must be compared: stopping at the first equal frames would miss a second call from the
 * same caller. A saved fp is compared only when a frame further out depends on it; when one does, it must be: a
 * function with a variable frame leaves old return addresses in dead space, equal and meaningless.
 *
 * Everything that is read lies in the thread's own stack, which stays mapped (unwind_memory.h), so words may be
 * loaded before the ones inside are proven. Other stacks are walked honestly each time. A handler that leaves by
 * longjmp in the middle of a change finds a shorter chain, never a wrong one: `top` is emptied first and filled
 * last, and `count` is lowered before and raised after the frames change.
 */
#ifndef PRELOAD_UNWIND_CHAIN_H
#define PRELOAD_UNWIND_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/unwind_rules.h"
#include "preload/unwind_top.h"

struct stack_step;
struct thread_state;

struct chain_frame {
	uint64_t hash;	    /* of this frame and all outer ones: stack_table.h */
	uintptr_t fp;	    /* true where it is consumed */
	uint32_t node;	    /* in the tree of stacks; 0: not known */
	uint32_t stack;	    /* number of the stack that ends here; 0: not known */
	uint32_t extra_end; /* behind the extras of this frame's step */
	bool consumes_fp;   /* fp here decides about this frame or an outer one */
};

/* A new frame, before it is known what lies outside. */
struct chain_fresh {
	uintptr_t slot, pc, fp;
	uint64_t
	    rule; /* of the step from here; of kind UNWIND_RULE_SIDE: its pc is the number of a step */
};

/* A walk under way; here, not on the host's stack, because it stops where a rule must be looked up. */
struct chain_walk {
	struct unwind_state state;
	uint32_t below; /* frames of the chain that may still be met; in the end those that stay */
	uint32_t fresh; /* frames in `fresh`, innermost first */
	uint32_t irregular; /* steps that are not packed */
	bool is_cut;	    /* there was no end: no frame stays, and more lie outside */
	uint64_t kinds;	    /* all rules of the fresh frames, or'ed: what is 0 here is 0 in all */
};

/*
 * A few inner frames on top of a known outer part: most allocations differ from the last one only there. Keyed by
 * the innermost slot; true when its words are equal, the outer part is the same and its words are equal too.
 */
#define MEMO_WORDS 12
#define MEMO_SETS  256
#define MEMO_WAYS  4
struct chain_memo {
	uintptr_t fp;
	uint64_t join_hash;
	uintptr_t join_fp;
	uint32_t stack, join; /* frame of the chain that the words lead to */
	uint8_t word_count;
	bool needs_fp, join_consumes;
	/* the links from the join to the innermost, then extras, then filled up to four, eight or twelve */
	struct unwind_word words[MEMO_WORDS];
};

struct unwind_chain {
	uint32_t count;	     /* frames */
	uint32_t limit;	     /* room for frames */
	uint32_t max_frames; /* of a stack; more are not asked for */
	uint32_t generation; /* of the modules, when the first frame was kept */
	bool is_floating;    /* frames outside [0] exist and are not known */
	bool is_shown; /* complete, and all its frames count: memos may join it, top may show it */
	struct chain_frame *frames;
	struct unwind_word *links, *extras; /* with padding: links[-1] is links[0] again */
	struct chain_fresh *fresh;
	struct unwind_step *steps;
	struct chain_walk walk;
	struct stack_step *path; /* for a new stack */
	struct unwind_top *top;	 /* in the thread's block: where the hooks look first */
	uintptr_t memo_slots[MEMO_SETS][MEMO_WAYS]; /* keys; 0: empty */
	struct chain_memo (*memos)[MEMO_WAYS];
	const struct chain_memo *last_memo; /* that was right */
	uint8_t next_way[MEMO_SETS];
};

/* Get room; false when memory is short. TOP is kept up to date. */
bool unwind_chain_init(struct unwind_chain *chain, uint32_t max_frames, struct unwind_top *top);
/* Forget all. */
void unwind_chain_clear(struct unwind_chain *chain);
/* The number of the stack whose innermost frame is STATE, in THREAD. False: it can't be kept, walk honestly. */
bool unwind_chain_walk(struct unwind_chain *chain, struct unwind_walker *walker,
    const struct unwind_state *state, struct thread_state *thread, uint32_t *ret_stack,
    bool *ret_cut);
/* The same, when a memo knows it; 0 when none does. Such a stack is never cut. */
uint32_t unwind_chain_recall(struct unwind_chain *chain, uintptr_t slot, uintptr_t fp);

#endif
