#include "preload/unwind_chain.h"

#include <stdatomic.h>
#include <string.h>

#include "preload/arena.h"
#include "preload/modules.h"
#include "preload/stack_table.h"
#include "preload/thread_state.h"

/* A handler that runs between two stores and never returns must find them in this order. */
#define IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

bool unwind_chain_init(struct unwind_chain *chain, uint32_t max_frames, struct unwind_top *top)
{
	/* twice as deep as needed: a recursion that goes up and down is not walked anew all the time */
	uint32_t limit = 2 * max_frames + 64;
	size_t frames_bytes = limit * sizeof *chain->frames;
	size_t links_bytes = (UNWIND_PADDING + (size_t)limit) * sizeof *chain->links;
	size_t extras_bytes =
	    (UNWIND_PADDING + (size_t)limit * UNWIND_WORDS_MAX) * sizeof *chain->extras;
	size_t fresh_bytes = limit * sizeof *chain->fresh;
	size_t steps_bytes = limit * sizeof *chain->steps;
	size_t path_bytes = limit * sizeof *chain->path;
	size_t memos_bytes = MEMO_SETS * sizeof *chain->memos;
	char *room = arena_map(frames_bytes + links_bytes + extras_bytes + fresh_bytes +
				   steps_bytes + path_bytes + memos_bytes,
	    ARENA_THREADS);

	if (room == NULL)
		return false;
	chain->memos = (void *)room;
	room += memos_bytes;
	chain->links = (struct unwind_word *)(void *)room + UNWIND_PADDING;
	room += links_bytes;
	chain->frames = (struct chain_frame *)(void *)room;
	room += frames_bytes;
	chain->fresh = (struct chain_fresh *)(void *)room;
	room += fresh_bytes;
	chain->extras = (struct unwind_word *)(void *)room + UNWIND_PADDING;
	room += extras_bytes;
	chain->steps = (struct unwind_step *)(void *)room;
	room += steps_bytes;
	chain->path = (struct stack_step *)(void *)room;
	for (int i = 1; i <= UNWIND_PADDING; i++)
		chain->extras[-i].address = (uintptr_t)&chain->extras[-i].value;
	chain->max_frames = max_frames;
	chain->limit = limit;
	chain->top = top;
	return true;
}

void unwind_chain_clear(struct unwind_chain *chain)
{
	chain->top->slot = 0;
	chain->is_shown = false;
	IN_ORDER();
	chain->count = 0;
	chain->is_floating = false;
	memset(chain->memo_slots, 0, sizeof chain->memo_slots);
}

/* ---- comparing ---- */

static inline bool holds(const struct unwind_word *word)
{
	return unwind_word_now(word) == word->value;
}

/* Behind the last word of [low, high) that changed; LOW when none did. */
static inline uint32_t last_changed(const struct unwind_word *words, uint32_t low, uint32_t high)
{
	while (high - low >= 4 && unwind_words_hold(words + high - 4, words + high))
		high -= 4;
	while (high > low && holds(&words[high - 1]))
		high--;
	return high;
}

/* The outermost frame that matters to a stack of TOTAL frames: beyond those that are kept, only one more counts. */
static inline uint32_t first_frame(const struct unwind_chain *chain, uint32_t total)
{
	return likely(total <= chain->max_frames) ? 0 : total - chain->max_frames - 1;
}

/* Some step from frame TOP outwards to FIRST reads a word that changed: *RET_FRAME is the innermost such frame. */
static inline bool has_changed(
    const struct unwind_chain *chain, uint32_t first, uint32_t top, uint32_t *ret_frame)
{
	const struct chain_frame *frames = chain->frames;
	uint32_t links = last_changed(chain->links, first, top);
	uint32_t low = unlikely(first != 0) ? frames[first].extra_end : 0;
	uint32_t extras = likely(frames[top].extra_end == low)
			      ? low
			      : last_changed(chain->extras, low, frames[top].extra_end);
	uint32_t owner = top;

	if (likely(links == first && extras == low))
		return false;
	if (extras != low) {
		while (owner > 0 && frames[owner - 1].extra_end >= extras)
			owner--;
		if (links < owner || links == first)
			links = owner;
	}
	*ret_frame = links; /* frame i reads link i - 1 */
	return true;
}

/* ---- memos ---- */

static inline uint32_t memo_set(uintptr_t slot, uintptr_t pc)
{
	uint64_t mixed = pc * 0x9e3779b97f4a7c15u ^ slot * 0xd6e8feb86659fd93u;

	return (uint32_t)(mixed >> 32) % MEMO_SETS;
}

static bool memo_holds(
    const struct unwind_chain *chain, const struct chain_memo *memo, uintptr_t fp)
{
	const struct unwind_word *words = memo->words;
	const struct chain_frame *join = &chain->frames[memo->join];
	const struct unwind_word *links = chain->links + memo->join;

	if (memo->join >= chain->count || (memo->needs_fp && memo->fp != fp) ||
	    /* the join's own link is among the words */
	    ((join->hash ^ memo->join_hash) | (links->address ^ words[0].address) |
		(links->value ^ words[0].value)) != 0 ||
	    join->consumes_fp != memo->join_consumes ||
	    (join->consumes_fp && join->fp != memo->join_fp))
		return false;
	return unwind_words_hold(words, words + memo->word_count) &&
	       unwind_words_hold(chain->links, links) &&
	       (join->extra_end == 0 ||
		   unwind_words_hold(chain->extras, chain->extras + join->extra_end));
}

/* From now on the hooks find the stack of MEMO themselves. */
static void show_memo(struct unwind_chain *chain, const struct chain_memo *memo, uintptr_t slot)
{
	struct unwind_top *top = chain->top;

	top->slot = 0;
	IN_ORDER();
	top->fp = memo->fp;
	top->fp_mask = memo->needs_fp ? UINTPTR_MAX : 0;
	top->inner = memo->words;
	top->inner_end = memo->words + memo->word_count;
	top->links = chain->links;
	top->links_end = chain->links + memo->join;
	top->extras = chain->extras;
	top->extras_end = chain->extras + chain->frames[memo->join].extra_end;
	top->has_more = top->links != top->links_end || top->extras != top->extras_end;
	top->stack = memo->stack;
	top->counters = NULL;
	IN_ORDER();
	top->slot = slot;
}

uint32_t unwind_chain_recall(struct unwind_chain *chain, uintptr_t slot, uintptr_t fp)
{
	struct unwind_word link = {.address = slot};
	uint32_t set = memo_set(slot, unwind_word_now(&link));

	for (unsigned way = 0; way < MEMO_WAYS; way++)
		if (chain->memo_slots[set][way] == slot && chain->is_shown &&
		    memo_holds(chain, &chain->memos[set][way], fp)) {
			const struct chain_memo *memo = &chain->memos[set][way];

			/* twice in a row: it may go on; sites that take turns do without */
			if (chain->last_memo == memo)
				show_memo(chain, memo, slot);
			chain->last_memo = memo;
			return memo->stack;
		}
	return 0;
}

/* The outermost frame from which on the words up to TOP fit into a memo. */
static uint32_t memo_join(const struct unwind_chain *chain, uint32_t top)
{
	const struct chain_frame *frames = chain->frames;
	uint32_t join = top;

	while (
	    join > 0 &&
	    top - (join - 1) + 1 + frames[top].extra_end - frames[join - 1].extra_end <= MEMO_WORDS)
		join--;
	return join;
}

/* Where a memo of STACK at SLOT goes: its old place, or that of the oldest. */
static unsigned memo_way(struct unwind_chain *chain, uint32_t set, uintptr_t slot, uint32_t stack)
{
	for (unsigned way = 0; way < MEMO_WAYS; way++)
		if (chain->memo_slots[set][way] == slot && chain->memos[set][way].stack == stack)
			return way;
	return chain->next_way[set]++ % MEMO_WAYS;
}

/*
 * Keep how the innermost frames were found: as many as fit, not just the new ones, so that the memo holds in many
 * chains. KEPT frames are older; when the new ones do not fit, there is nothing to keep.
 */
static void remember(struct unwind_chain *chain, uint32_t kept)
{
	uint32_t top_at = chain->count - 1;
	const struct chain_frame *top = &chain->frames[top_at];
	uint32_t join_at = memo_join(chain, top_at);
	const struct chain_frame *join = &chain->frames[join_at];
	uint32_t count = 0;

	if (join_at >= kept || top->stack == 0)
		return;
	uintptr_t slot = chain->links[top_at].address;
	uint32_t set = memo_set(slot, chain->links[top_at].value);
	unsigned way = memo_way(chain, set, slot, top->stack);
	struct chain_memo *memo = &chain->memos[set][way];

	chain->memo_slots[set][way] = 0;
	IN_ORDER();
	memo->fp = top->fp;
	memo->join_hash = join->hash;
	memo->join_fp = join->fp;
	memo->stack = top->stack;
	memo->join = join_at;
	memo->needs_fp = top->consumes_fp;
	memo->join_consumes = join->consumes_fp;
	for (uint32_t i = join_at; i <= top_at; i++)
		memo->words[count++] = chain->links[i];
	for (uint32_t i = join->extra_end; i < top->extra_end; i++)
		memo->words[count++] = chain->extras[i];
	while (count % 4 != 0)
		memo->words[count++] = memo->words[0];
	memo->word_count = (uint8_t)count;
	IN_ORDER();
	chain->memo_slots[set][way] = slot;
}

/* ---- walking ---- */

enum walk_outcome {
	WALK_DONE,
	WALK_NEEDS_RULE, /* of the state: look it up, then go on */
	WALK_REFUSED,	 /* this stack can't be kept */
	WALK_GOES_ON,
};

/*
 * FRESH frames from the innermost, the walk has come to the slot and the pc of the link below *BELOW: does the chain
 * lead on to the root from there? If not, *BELOW is lowered to the links that may still be met.
 */
static bool joins(const struct unwind_chain *chain, uintptr_t fp, uint32_t fresh,
    const struct unwind_word **below)
{
	uint32_t kept = (uint32_t)(*below - chain->links);
	uint32_t top = kept - 1;

	if (kept == 0 || (chain->frames[top].consumes_fp && chain->frames[top].fp != fp) ||
	    (chain->is_floating && kept + fresh <= chain->max_frames))
		return false;
	if (unlikely(fresh > chain->max_frames))
		return true; /* nothing further out counts */
	if (likely(!has_changed(chain, first_frame(chain, kept + fresh), top, &kept)))
		return true;
	/* the steps up to a change are true, but what that one leads to must be found honestly */
	*below = chain->links + kept;
	return false;
}

/*
 * A step that is not packed, from the walk's state, that of FRESH. Refused too when it can't be kept: it depends on
 * more than the words that it read, or the return address does not lie where a link must point.
 */
COLD static enum walk_outcome step_irregular(
    struct unwind_chain *chain, struct unwind_walker *walker, struct chain_fresh *fresh)
{
	struct chain_walk *walk = &chain->walk;
	struct unwind_step *step = &chain->steps[walk->irregular];
	enum unwind_outcome outcome = unwind_step(walker, &walk->state, step);
	bool is_linked = outcome != UNWIND_NEXT;

	for (int i = 0; i < step->word_count && !is_linked; i++)
		is_linked = step->words[i].address == UNWIND_SLOT(walk->state.sp) &&
			    step->words[i].value == walk->state.pc;
	if (outcome == UNWIND_NEEDS_REGISTERS || !step->is_constant || walk->state.is_exact ||
	    !is_linked)
		return WALK_REFUSED;
	fresh->rule = unwind_rule_word(walk->irregular++, UNWIND_RULE_SIDE);
	return outcome == UNWIND_END ? WALK_DONE : WALK_GOES_ON;
}

/* -1 when ADDRESS is less, else 0, so written that no compiler makes a branch of it. Stack addresses are positive. */
static inline int64_t minus_if_less(uintptr_t address, uintptr_t than)
{
	return (int64_t)(address - than) >> 63;
}

/* BELOW, lowered until the link below it is not inside SLOT: one or two as a rule, without a guess. */
static inline const struct unwind_word *not_inside(
    const struct unwind_word *first, const struct unwind_word *below, uintptr_t slot)
{
	/* both from one place, so that the second does not wait for the first */
	below += minus_if_less(below[-1].address, slot) + minus_if_less(below[-2].address, slot);
	if (unlikely(below <= first))
		return first; /* there is padding */
	while (unlikely(below[-1].address < slot && below > first))
		below--;
	return below;
}

/*
 * From the walk's state outwards until the chain is met or the stack ends, or a rule is missing that is not the one of
 * LEARNED. The state stays in registers as long as steps are the usual ones.
 */
__attribute__((noinline)) static enum walk_outcome walk_fresh(
    struct unwind_chain *chain, struct unwind_walker *walker, uintptr_t learned)
{
	struct chain_walk *walk = &chain->walk;
	atomic_uint_least64_t *table =
	    atomic_load_explicit(&unwind_rule_table, memory_order_relaxed);
	const uintptr_t high = walker->memory.own_high;
	const struct unwind_word *const first = chain->links;
	const struct unwind_word *below = first + walk->below;
	struct chain_fresh *fresh = chain->fresh + walk->fresh;
	struct chain_fresh *const fresh_end = chain->fresh + chain->limit;
	uintptr_t pc = walk->state.pc, sp = walk->state.sp, fp = walk->state.fp;
	enum walk_outcome outcome = WALK_DONE;

	for (uint64_t kinds = walk->kinds;; walk->kinds = kinds, fresh++) {
		uintptr_t slot = UNWIND_SLOT(sp);

		below = not_inside(first, below, slot);
		/* one branch: the slots alone are often equal */
		if (unlikely(((below[-1].address ^ slot) | (below[-1].value ^ pc)) == 0) &&
		    joins(chain, fp, (uint32_t)(fresh - chain->fresh), &below))
			break;
		if (unlikely(fresh == fresh_end)) {
			walk->is_cut = true;
			below = first;
			break;
		}
		fresh->slot = slot;
		fresh->pc = pc;
		fresh->fp = fp;
		if (likely(unwind_step_packed(table, high, &pc, &sp, &fp, &fresh->rule))) {
			kinds |= fresh->rule;
			continue;
		}
		walk->state = (struct unwind_state){.pc = pc, .sp = sp, .fp = fp};
		outcome = pc != learned && !unwind_rules_know(pc)
			      ? WALK_NEEDS_RULE
			      : step_irregular(chain, walker, fresh);
		if (outcome == WALK_NEEDS_RULE || outcome == WALK_REFUSED)
			break;
		kinds |= fresh->rule;
		if (outcome == WALK_DONE) {
			walk->kinds = kinds;
			fresh++;
			below = first;
			break;
		}
		outcome = WALK_DONE;
		pc = walk->state.pc;
		sp = walk->state.sp;
		fp = walk->state.fp;
	}
	walk->below = (uint32_t)(below - first);
	walk->fresh = (uint32_t)(fresh - chain->fresh);
	return outcome;
}

/* Make room for FRESH more frames on top of KEPT ones; the outermost go. Returns how many stay. */
static uint32_t slide(struct unwind_chain *chain, uint32_t kept, uint32_t fresh)
{
	uint32_t wanted = chain->max_frames + 1 + (chain->limit - chain->max_frames) / 2;
	uint32_t drop;

	if (likely(kept + fresh <= chain->limit))
		return kept;
	drop = kept + fresh - wanted;
	if (drop > kept)
		drop = kept;
	uint32_t extras = chain->frames[drop - 1].extra_end;
	uint32_t extras_end = chain->frames[kept - 1].extra_end;

	memmove(chain->frames, chain->frames + drop, (kept - drop) * sizeof *chain->frames);
	memmove(chain->links, chain->links + drop, (kept - drop) * sizeof *chain->links);
	memmove(
	    chain->extras, chain->extras + extras, (extras_end - extras) * sizeof *chain->extras);
	for (uint32_t i = 0; i < kept - drop; i++)
		chain->frames[i].extra_end -= extras;
	chain->is_floating = true;
	return kept - drop;
}

/* What an irregular step read goes to the extras, but for the link to the outer frame at OUTER_SLOT. */
COLD static uint32_t push_extras(struct unwind_chain *chain, const struct unwind_step *step,
    uintptr_t outer_slot, bool outer_consumes, uint32_t end)
{
	for (int i = 0; i < step->word_count; i++)
		if (step->words[i].address != outer_slot && (i != step->fp_word || outer_consumes))
			chain->extras[end++] = step->words[i];
	return end;
}

/* The fresh frames of WALK go on top of the kept ones, the outermost first. */
static void push_any(
    struct unwind_chain *chain, uint32_t kept, uint32_t fresh_count, uint32_t thread_row)
{
	struct chain_frame *frame = &chain->frames[kept];
	struct unwind_word *link = &chain->links[kept];
	bool consumes = kept > 0 && frame[-1].consumes_fp;
	uint64_t hash = kept > 0 ? frame[-1].hash : stack_hash_root(thread_row, false);
	uint32_t end = kept > 0 ? frame[-1].extra_end : 0;
	uintptr_t outer_slot = kept > 0 ? link[-1].address : 0;
	uintptr_t outer_fp = kept > 0 ? frame[-1].fp : 0;

	for (const struct chain_fresh *fresh = &chain->fresh[fresh_count]; fresh-- > chain->fresh;
	     frame++, link++) {
		uint64_t rule = fresh->rule;

		if (likely(UNWIND_RULE_KIND(rule) < UNWIND_RULE_SIDE)) {
			bool is_same = UNWIND_RULE_IS_SAME_FP(rule);

			if (consumes && !is_same)
				chain->extras[end++] = (struct unwind_word){
				    .address = UNWIND_SP_OF(outer_slot) - UNWIND_RULE_FP(rule),
				    .value = outer_fp};
			consumes =
			    (consumes && is_same) || UNWIND_RULE_KIND(rule) == UNWIND_RULE_FP_BASE;
		} else {
			const struct unwind_step *step = &chain->steps[UNWIND_RULE_PC(rule)];

			end = push_extras(chain, step, outer_slot, consumes, end);
			consumes = step->uses_fp || (step->fp_word < 0 && consumes);
		}
		hash = stack_hash_add(hash, stack_hash_key(fresh->pc));
		link->address = outer_slot = fresh->slot;
		link->value = fresh->pc;
		frame->hash = hash;
		frame->fp = outer_fp = fresh->fp;
		frame->node = frame->stack = 0;
		frame->extra_end = end;
		frame->consumes_fp = consumes;
	}
}

/* The same when nothing out here or in the fresh frames depends on fp, which is the usual case. */
static void push_plain(struct unwind_chain *chain, uint32_t kept, uint32_t fresh_count)
{
	struct chain_frame *frame = &chain->frames[kept];
	struct unwind_word *link = &chain->links[kept];
	uint64_t hash = frame[-1].hash;
	uint32_t end = frame[-1].extra_end;

	for (const struct chain_fresh *fresh = &chain->fresh[fresh_count]; fresh-- > chain->fresh;
	     frame++, link++) {
		hash = stack_hash_add(hash, fresh->pc);
		link->address = fresh->slot;
		link->value = fresh->pc;
		frame->hash = hash;
		frame->node = frame->stack = 0;
		frame->extra_end = end;
		frame->consumes_fp = false;
	}
}

static void push(
    struct unwind_chain *chain, uint32_t kept, const struct chain_walk *walk, uint32_t thread_row)
{
	if (likely(kept > 0 && !chain->frames[kept - 1].consumes_fp &&
		   UNWIND_RULE_KIND(walk->kinds) == UNWIND_RULE_SP_BASE &&
		   !atomic_load_explicit(&modules_reused, memory_order_relaxed))) {
		push_plain(chain, kept, walk->fresh);
		return;
	}
	push_any(chain, kept, walk->fresh, thread_row);
	for (int i = 1; i <= UNWIND_PADDING; i++)
		chain->links[-i] = chain->links[0];
}

/* ---- naming ---- */

/* The frames that count, innermost first, where the stack table wants them. */
static uint32_t list_frames(const struct unwind_chain *chain, uintptr_t *ret_frames)
{
	uint32_t count = chain->count < chain->max_frames ? chain->count : chain->max_frames;

	for (uint32_t i = 0; i < count; i++)
		ret_frames[i] = chain->links[chain->count - 1 - i].value;
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

	uint32_t fresh = chain->count - at;

	for (uint32_t i = 0; i < fresh; i++)
		chain->path[i].pc = chain->links[at + i].value;
	stack_table_path(node, chain->path, fresh);
	for (uint32_t i = 0; i < fresh; i++)
		node = chain->frames[at + i].node = chain->path[i].node;
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

/* From now on the hooks find the stack themselves. */
static void show_top(struct unwind_chain *chain)
{
	const struct chain_frame *frame = &chain->frames[chain->count - 1];
	struct unwind_top *top = chain->top;

	if (unlikely(chain->count > chain->max_frames || chain->is_floating || frame->stack == 0))
		return;
	top->fp = frame->fp;
	top->fp_mask = frame->consumes_fp ? UINTPTR_MAX : 0;
	top->inner = chain->links;
	top->inner_end = chain->links + chain->count;
	top->links = top->links_end = NULL;
	top->extras = chain->extras;
	top->extras_end = chain->extras + frame->extra_end;
	top->has_more = top->extras != top->extras_end;
	top->generation = chain->generation;
	top->stack = frame->stack;
	top->counters = NULL;
	IN_ORDER();
	top->slot = chain->links[chain->count - 1].address;
	chain->is_shown = true;
}

/* The walk's frames replace those of the chain; its `below` frames stay. */
static void renew(struct unwind_chain *chain, uint32_t thread_row)
{
	const struct chain_walk *walk = &chain->walk;
	uint32_t kept = walk->below;

	chain->top->slot = 0;
	chain->is_shown = false;
	IN_ORDER();
	if (chain->count != kept || walk->fresh != 0)
		chain->count = kept + walk->fresh <= chain->limit ? kept : 0;
	IN_ORDER();
	if (kept == 0)
		chain->is_floating = walk->is_cut;
	kept = slide(chain, kept, walk->fresh);
	push(chain, kept, walk, thread_row);
	IN_ORDER();
	chain->count = kept + walk->fresh;
}

/* False: refused. Not inlined: looking a rule up needs much of the host's stack, and what follows the walk none then. */
__attribute__((noinline)) static bool walk_all(
    struct unwind_chain *chain, struct unwind_walker *walker, const struct unwind_state *state)
{
	enum walk_outcome outcome;

	chain->walk = (struct chain_walk){.state = *state, .below = chain->count};
	outcome = walk_fresh(chain, walker, 0);
	while (unlikely(outcome == WALK_NEEDS_RULE)) {
		uintptr_t pc = chain->walk.state.pc;

		unwind_rules_learn(walker, pc);
		outcome = walk_fresh(chain, walker, pc);
	}
	return outcome != WALK_REFUSED;
}

/* The stack that was walked, named and remembered. */
__attribute__((noinline)) static uint32_t keep_walk(
    struct unwind_chain *chain, struct thread_state *thread, bool *ret_cut)
{
	renew(chain, thread->row);
	*ret_cut = chain->count > chain->max_frames;
	uint32_t stack = name_top(chain, thread);

	if (chain->walk.fresh > 0 && chain->walk.fresh < chain->count && !chain->is_floating &&
	    !*ret_cut)
		remember(chain, chain->count - chain->walk.fresh);
	show_top(chain);
	return stack;
}

bool unwind_chain_walk(struct unwind_chain *chain, struct unwind_walker *walker,
    const struct unwind_state *state, struct thread_state *thread, uint32_t *ret_stack,
    bool *ret_cut)
{
	if (!walk_all(chain, walker, state))
		return false;
	*ret_stack = keep_walk(chain, thread, ret_cut);
	return true;
}
