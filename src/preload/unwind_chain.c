#include "preload/unwind_chain.h"

#include <stdatomic.h>
#include <string.h>

#include "preload/arena.h"
#include "preload/modules.h"
#include "preload/stack_table.h"
#include "preload/thread_state.h"

/* A handler that runs between two stores and never returns must find them in this order. */
#define IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

bool unwind_chain_init(struct unwind_chain *chain, uint32_t max_frames)
{
	/* twice as deep as needed: a recursion that goes up and down is not walked anew all the time */
	uint32_t limit = 2 * max_frames + 64;
	size_t frames_bytes = limit * sizeof *chain->frames;
	size_t words_bytes = limit * UNWIND_WORDS_MAX * sizeof *chain->words;
	size_t fresh_bytes = limit * sizeof *chain->fresh;
	size_t memos_bytes = MEMO_SETS * sizeof *chain->memos;
	char *room =
	    arena_map(frames_bytes + words_bytes + fresh_bytes + memos_bytes, ARENA_THREADS);

	if (room == NULL)
		return false;
	chain->frames = (struct chain_frame *)(void *)room;
	chain->words = (struct unwind_word *)(void *)(room + frames_bytes);
	chain->fresh = (struct chain_fresh *)(void *)(room + frames_bytes + words_bytes);
	chain->memos = (void *)(room + frames_bytes + words_bytes + fresh_bytes);
	chain->max_frames = max_frames;
	chain->limit = limit;
	chain->era = 1;
	return true;
}

void unwind_chain_clear(struct unwind_chain *chain)
{
	chain->count = 0;
	chain->is_floating = false;
	chain->era++;
}

/* ---- comparing ---- */

static inline uintptr_t now_at(const struct unwind_word *word)
{
	return *(const uintptr_t *)word->address; // NOLINT(performance-no-int-to-ptr): the stack
}

/* Behind the last word of [low, high) that changed; LOW when none did. */
static inline uint32_t last_changed(const struct unwind_word *words, uint32_t low, uint32_t high)
{
	while (high - low >= 4) {
		const struct unwind_word *four = words + high - 4;
		uintptr_t changed =
		    (now_at(&four[3]) ^ four[3].value) | (now_at(&four[2]) ^ four[2].value) |
		    (now_at(&four[1]) ^ four[1].value) | (now_at(&four[0]) ^ four[0].value);

		if (unlikely(changed != 0))
			break;
		high -= 4;
	}
	while (high > low && now_at(&words[high - 1]) == words[high - 1].value)
		high--;
	return high;
}

static inline bool is_at(const struct chain_frame *frame, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
	return frame->sp == sp && frame->pc == pc && (!frame->consumes_fp || frame->fp == fp);
}

/* The first word that matters to a stack of TOTAL frames: beyond the frames that are kept, only one more counts. */
static inline uint32_t first_word(const struct unwind_chain *chain, uint32_t total)
{
	return likely(total <= chain->max_frames)
		   ? 0
		   : chain->frames[total - chain->max_frames - 1].word_end;
}

static inline uint32_t memo_set(uintptr_t pc, uintptr_t sp)
{
	uint64_t mixed = (pc ^ sp << 20) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(mixed >> 58) % MEMO_SETS;
}

static bool memo_holds(
    const struct unwind_chain *chain, const struct chain_memo *memo, uintptr_t fp)
{
	if (memo->era != chain->era || memo->join >= chain->count || chain->is_floating ||
	    (memo->needs_fp && memo->fp != fp))
		return false;
	const struct chain_frame *join = &chain->frames[memo->join];

	return join->hash == memo->join_hash && join->sp == memo->join_sp &&
	       join->consumes_fp == memo->join_consumes &&
	       (!join->consumes_fp || join->fp == memo->join_fp) &&
	       last_changed(memo->words, 0, memo->word_count) == 0 &&
	       last_changed(chain->words, 0, join->word_end) == 0;
}

uint32_t unwind_chain_find(
    const struct unwind_chain *chain, uintptr_t pc, uintptr_t sp, uintptr_t fp, bool *ret_cut)
{
	if (unlikely(chain->count == 0))
		return 0;
	const struct chain_frame *top = &chain->frames[chain->count - 1];

	if (is_at(top, pc, sp, fp)) {
		uint32_t low = first_word(chain, chain->count);

		if (likely(
			last_changed(chain->words, low, top->word_end) == low && top->stack != 0)) {
			*ret_cut = chain->count > chain->max_frames;
			return top->stack;
		}
	}
	const struct chain_memo *memo = chain->memos[memo_set(pc, sp)];

	for (unsigned way = 0; way < MEMO_WAYS; way++, memo++)
		if (memo->pc == pc && memo->sp == sp && memo_holds(chain, memo, fp)) {
			*ret_cut = false;
			return memo->stack;
		}
	return 0;
}

/* ---- walking ---- */

/* The frame that owns word WORD, at or outside FRAME. */
static uint32_t owner_of(const struct unwind_chain *chain, uint32_t frame, uint32_t word)
{
	while (frame > 0 && chain->frames[frame - 1].word_end > word)
		frame--;
	return frame;
}

struct walk {
	uint32_t kept;	/* frames of the chain that stay, [0, kept) */
	uint32_t fresh; /* frames in chain->fresh, innermost first */
	bool is_cut;	/* there was no end: `kept` is 0 and more frames lie outside */
};

/* FRESH frames led to STATE: does the chain lead on from here? *BELOW, the frames still to be met, is lowered. */
static inline bool joins(const struct unwind_chain *chain, const struct unwind_state *state,
    uint32_t fresh, uint32_t *below)
{
	const struct chain_frame *frames = chain->frames;

	while (*below > 0 && frames[*below - 1].sp < state->sp)
		--*below;
	if (*below == 0 || !is_at(&frames[*below - 1], state->pc, state->sp, state->fp) ||
	    (chain->is_floating && *below + fresh <= chain->max_frames))
		return false;
	if (unlikely(fresh > chain->max_frames))
		return true; /* nothing further out counts */
	uint32_t low = first_word(chain, *below + fresh);
	uint32_t changed = last_changed(chain->words, low, frames[*below - 1].word_end);

	if (likely(changed == low))
		return true;
	/* the steps up to there are true, but what that one leads to must be found honestly */
	*below = owner_of(chain, *below - 1, changed - 1);
	return false;
}

/*
 * From STATE, the innermost frame, outwards until the chain is met or the stack ends. False: it can't be kept. The
 * state stays in registers as long as steps are the usual ones: copying it through memory costs as much as a step.
 */
static bool walk_fresh(struct unwind_chain *chain, struct unwind_walker *walker,
    struct unwind_state state, struct walk *ret_walk)
{
	uint32_t below = chain->count;
	uint32_t count = 0;

	for (;; count++) {
		if (joins(chain, &state, count, &below)) {
			*ret_walk = (struct walk){.kept = below, .fresh = count};
			return true;
		}
		if (count == chain->limit) {
			*ret_walk = (struct walk){.fresh = count, .is_cut = true};
			return true;
		}
		struct chain_fresh *fresh = &chain->fresh[count];

		fresh->pc = state.pc;
		fresh->sp = state.sp;
		fresh->fp = state.fp;
		if (likely(unwind_step_packed(&walker->memory, &state, &fresh->step)))
			continue;
		struct unwind_state copy = state;
		enum unwind_outcome outcome = unwind_step(walker, &copy, &fresh->step);

		if (!fresh->step.is_constant || outcome == UNWIND_NEEDS_REGISTERS)
			return false;
		if (outcome == UNWIND_END) {
			*ret_walk = (struct walk){.fresh = count + 1};
			return true;
		}
		state = copy;
	}
}

/* Make room for FRESH more frames on top of KEPT ones; the outermost go. Returns how many stay. */
static uint32_t slide(struct unwind_chain *chain, uint32_t kept, uint32_t fresh)
{
	uint32_t wanted = chain->max_frames + 1 + (chain->limit - chain->max_frames) / 2;
	uint32_t drop;

	if (kept + fresh <= chain->limit)
		return kept;
	drop = kept + fresh - wanted;
	if (drop > kept)
		drop = kept;
	uint32_t words = chain->frames[drop - 1].word_end;
	uint32_t words_end = chain->frames[kept - 1].word_end;

	memmove(chain->frames, chain->frames + drop, (kept - drop) * sizeof *chain->frames);
	memmove(chain->words, chain->words + words, (words_end - words) * sizeof *chain->words);
	for (uint32_t i = 0; i < kept - drop; i++)
		chain->frames[i].word_end -= words;
	chain->is_floating = true;
	return kept - drop;
}

static uint64_t frame_hash(uint64_t outer, uintptr_t pc)
{
	return stack_hash_add(outer, stack_hash_key(pc));
}

/* FRESH goes on top, as frame AT. */
static void push(
    struct unwind_chain *chain, uint32_t at, const struct chain_fresh *fresh, uint32_t thread_row)
{
	struct chain_frame *frame = &chain->frames[at];
	const struct chain_frame *outer = at > 0 ? frame - 1 : NULL;
	bool outer_consumes = outer != NULL && outer->consumes_fp;
	uint32_t end = outer != NULL ? outer->word_end : 0;

	for (int i = 0; i < fresh->step.word_count; i++)
		if (i != fresh->step.fp_word || outer_consumes)
			chain->words[end++] = fresh->step.words[i];
	*frame = (struct chain_frame){.pc = fresh->pc,
	    .sp = fresh->sp,
	    .fp = fresh->fp,
	    .hash = frame_hash(
		outer != NULL ? outer->hash : stack_hash_root(thread_row, false), fresh->pc),
	    .word_end = end,
	    .consumes_fp = fresh->step.uses_fp || (fresh->step.fp_word < 0 && outer_consumes)};
}

/* ---- naming ---- */

/* The frames that count, innermost first, where the stack table wants them. */
static uint32_t list_frames(const struct unwind_chain *chain, uintptr_t *ret_frames)
{
	uint32_t count = chain->count < chain->max_frames ? chain->count : chain->max_frames;

	for (uint32_t i = 0; i < count; i++)
		ret_frames[i] = chain->frames[chain->count - 1 - i].pc;
	return count;
}

/* A new stack of frames that are all kept: only the nodes that are not known yet are looked up. */
COLD static uint32_t add_stack(struct unwind_chain *chain, uint32_t thread_row)
{
	uint32_t at = chain->count;

	modules_refresh_if_changed();
	while (at > 0 && chain->frames[at - 1].node == 0)
		at--;
	uint32_t node = at > 0 ? chain->frames[at - 1].node : stack_table_root(thread_row);

	for (; at < chain->count; at++)
		node = chain->frames[at].node = stack_table_child(node, chain->frames[at].pc);
	return stack_table_enter(node, false, chain->frames[chain->count - 1].hash);
}

static uint32_t name_top(struct unwind_chain *chain, struct thread_state *thread)
{
	struct chain_frame *top = &chain->frames[chain->count - 1];

	if (top->stack != 0)
		return top->stack;
	if (likely(chain->count <= chain->max_frames)) {
		top->stack = stack_table_find(top->hash);
		if (unlikely(top->stack == 0))
			top->stack = add_stack(chain, thread->row);
	} else {
		/* a stack that is cut has another root: its hash is not the one that the frames carry */
		uint32_t count = list_frames(chain, thread->frames);

		top->stack = stack_table_intern(thread->frames, count, thread->row, true);
	}
	return top->stack;
}

/* Keep how the FRESH frames on top of KEPT ones were found. */
static void remember(struct unwind_chain *chain, uint32_t kept)
{
	const struct chain_frame *top = &chain->frames[chain->count - 1];
	const struct chain_frame *join = &chain->frames[kept - 1];
	uint32_t words = top->word_end - join->word_end;

	if (words > MEMO_WORDS || top->stack == 0)
		return;
	uint32_t set = memo_set(top->pc, top->sp);
	struct chain_memo *memo = &chain->memos[set][chain->next_way[set]++ % MEMO_WAYS];

	memo->pc = 0;
	IN_ORDER();
	*memo = (struct chain_memo){.sp = top->sp,
	    .fp = top->fp,
	    .stack = top->stack,
	    .join = kept - 1,
	    .join_hash = join->hash,
	    .join_sp = join->sp,
	    .join_fp = join->fp,
	    .era = chain->era,
	    .word_count = (uint8_t)words,
	    .needs_fp = top->consumes_fp,
	    .join_consumes = join->consumes_fp};
	memcpy(memo->words, chain->words + join->word_end, words * sizeof *memo->words);
	IN_ORDER();
	memo->pc = top->pc;
}

bool unwind_chain_walk(struct unwind_chain *chain, struct unwind_walker *walker,
    const struct unwind_state *state, struct thread_state *thread, uint32_t *ret_stack,
    bool *ret_cut)
{
	struct walk walk;

	if (!walk_fresh(chain, walker, *state, &walk))
		return false;
	uint32_t kept = walk.kept;

	/* from here on the chain changes */
	if (chain->count != kept || walk.fresh != 0)
		chain->count = kept + walk.fresh <= chain->limit ? kept : 0;
	IN_ORDER();
	if (kept == 0)
		chain->is_floating = walk.is_cut;
	kept = slide(chain, kept, walk.fresh);
	uint32_t at = kept;

	for (uint32_t i = walk.fresh; i-- > 0; at++)
		push(chain, at, &chain->fresh[i], thread->row);
	IN_ORDER();
	chain->count = at;
	*ret_cut = at > chain->max_frames;
	*ret_stack = name_top(chain, thread);
	if (kept > 0 && walk.fresh > 0 && !chain->is_floating && !*ret_cut)
		remember(chain, kept);
	return true;
}
