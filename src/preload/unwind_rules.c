#include "preload/unwind_rules.h"

#include <stdatomic.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/arena.h"
#include "preload/modules.h"
#include "preload/registered_frames.h"

#ifdef ALLOCSCOPE_STRESS
#	define SIDE_MAX 8u
#else
#	define SIDE_MAX 4096u
#endif
#define RULES		(1u << UNWIND_RULE_BITS)
#define ACCEPTED_BITS	12
#define RULE_SIDE(rule) ((uint32_t)(rule) & ((1u << UNWIND_RULE_SIDE_BITS) - 1))

enum side_kind {
	SIDE_FAR_SP,  /* cfa = sp + cfa_offset */
	SIDE_FAR_FP,  /* cfa = fp + cfa_offset */
	SIDE_ALIGNED, /* cfa = *(fp + cfa_offset): the stack was realigned */
	SIDE_GUESS,   /* no information, and not the return from a signal handler */
	SIDE_GENERAL, /* anything else */
};
/* Where the caller's fp is. */
enum { FP_SAME, FP_AT_CFA, FP_AT_FP };

struct side_rule {
	uint8_t kind, fp_place;
	int32_t cfa_offset, fp_offset, return_offset;
};

_Atomic(atomic_uint_least64_t *) unwind_rule_table;
static struct side_rule side_rules[SIDE_MAX] = {{.kind = SIDE_GENERAL}}; /* 0: no room */
static atomic_uint side_count = 1;
static atomic_uint_least64_t accepted[1u << ACCEPTED_BITS]; /* return addresses behind calls */
static atomic_bool any_outside; /* an address outside all objects has a rule */
static atomic_uint rules_era;	/* counts unwind_rules_forget */

bool unwind_rules_init(void)
{
	atomic_uint_least64_t *none = NULL;

	if (atomic_load_explicit(&unwind_rule_table, memory_order_acquire) != NULL)
		return true;
	if (!unwind_memory_init())
		return false;
	eh_frame_init();
	atomic_uint_least64_t *fresh = arena_map(RULES * sizeof *fresh, ARENA_RULES);

	if (fresh == NULL)
		return false;
	if (!atomic_compare_exchange_strong_explicit(
		&unwind_rule_table, &none, fresh, memory_order_acq_rel, memory_order_acquire))
		arena_unmap(fresh, RULES * sizeof *fresh, ARENA_RULES);
	return true;
}

void unwind_rules_forget(uintptr_t start, uintptr_t end)
{
	atomic_uint_least64_t *table =
	    atomic_load_explicit(&unwind_rule_table, memory_order_acquire);

	/* first: whoever is just finding a rule sees it and does not keep that one */
	atomic_fetch_add_explicit(&rules_era, 1, memory_order_seq_cst);
	if (table == NULL)
		return;
	for (uint32_t i = 0; i < RULES; i++) {
		uint64_t rule = atomic_load_explicit(&table[i], memory_order_relaxed);

		if (UNWIND_RULE_PC(rule) - start <= end - start)
			atomic_store_explicit(&table[i], 0, memory_order_relaxed);
	}
	for (uint32_t i = 0; i < 1u << ACCEPTED_BITS; i++)
		atomic_store_explicit(&accepted[i], 0, memory_order_relaxed);
}

bool unwind_rules_replace(uintptr_t start, uintptr_t end)
{
	if (!atomic_load_explicit(&any_outside, memory_order_relaxed))
		return false;
	unwind_rules_forget(start, end);
	return true;
}

/* ---- from a row to a rule ---- */

static bool is_same(const struct side_rule *a, const struct side_rule *b)
{
	return a->kind == b->kind && a->fp_place == b->fp_place && a->cfa_offset == b->cfa_offset &&
	       a->fp_offset == b->fp_offset && a->return_offset == b->return_offset;
}

/* The rule that points to SIDE, which is entered when it is new; 0 when there is no room. */
static uint64_t side_rule(const struct side_rule *side)
{
	uint32_t count = atomic_load_explicit(&side_count, memory_order_acquire);

	for (uint32_t i = 1; i < count && i < SIDE_MAX; i++)
		if (is_same(&side_rules[i], side))
			return unwind_rule_word(0, UNWIND_RULE_SIDE) | i;
	uint32_t number = atomic_fetch_add_explicit(&side_count, 1, memory_order_relaxed);

	if (number >= SIDE_MAX) {
		atomic_store_explicit(&side_count, SIDE_MAX, memory_order_relaxed);
		return 0;
	}
	side_rules[number] = *side;
	return unwind_rule_word(0, UNWIND_RULE_SIDE) | number;
}

/* The offset of the block `breg(fp) OFFSET`, or `breg(fp) OFFSET, deref`. */
static bool is_fp_expression(int64_t block, bool is_loaded, int32_t *ret_offset)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)block; // NOLINT(performance-no-int-to-ptr)
	unsigned bytes = is_loaded ? 3 : 2;

	/* one byte of offset is all that compilers need here */
	if (at[0] != bytes || at[1] != 0x70 + EH_FP || (at[2] & 0x80) != 0 ||
	    (is_loaded && at[3] != 0x06))
		return false;
	*ret_offset = (int8_t)(uint8_t)(at[2] << 1) >> 1;
	return true;
}

static bool read_aligned(const struct eh_row *row, struct side_rule *side)
{
	side->kind = SIDE_ALIGNED;
	if (!is_fp_expression(row->cfa_value, true, &side->cfa_offset))
		return false;
	if (row->kind[EH_FP] == EH_SAVED_EXPRESSION) {
		side->fp_place = FP_AT_FP;
		return is_fp_expression(row->value[EH_FP], false, &side->fp_offset);
	}
	return row->kind[EH_FP] == EH_SAME;
}

static bool read_plain(const struct eh_row *row, struct side_rule *side)
{
	int64_t cfa = row->cfa_value;
	int64_t fp = row->value[EH_FP];

	if (row->cfa_register != EH_SP && row->cfa_register != EH_FP)
		return false;
	side->kind = row->cfa_register == EH_SP ? SIDE_FAR_SP : SIDE_FAR_FP;
	side->cfa_offset = (int32_t)cfa;
	if (row->kind[EH_FP] == EH_SAVED_AT_OFFSET) {
		side->fp_place = FP_AT_CFA;
		side->fp_offset = (int32_t)fp;
	} else if (row->kind[EH_FP] != EH_SAME) {
		return false;
	}
	return cfa == (int32_t)cfa && fp == (int32_t)fp;
}

/* SIDE in the packed form, or 0 when it does not fit. */
static uint64_t packed_rule(const struct side_rule *side)
{
	uint64_t packed = unwind_rule_pack(side->cfa_offset, side->return_offset,
	    side->fp_place == FP_AT_CFA ? side->fp_offset : 0);

	if (side->kind > SIDE_FAR_FP || packed == 0)
		return 0;
	return packed | unwind_rule_word(0,
			    side->kind == SIDE_FAR_FP ? UNWIND_RULE_FP_BASE : UNWIND_RULE_SP_BASE);
}

static void classify(void *context, const struct eh_row *row)
{
	uint64_t *rule = context;
	int64_t return_offset = row->value[EH_RETURN_ADDRESS];
	struct side_rule side = {.kind = SIDE_GENERAL, .return_offset = (int32_t)return_offset};

	if (row->kind[EH_RETURN_ADDRESS] == EH_UNDEFINED) {
		*rule = unwind_rule_word(0, UNWIND_RULE_END);
		return;
	}
	if (row->is_signal_frame || row->kind[EH_RETURN_ADDRESS] != EH_SAVED_AT_OFFSET ||
	    return_offset != side.return_offset ||
	    !(row->cfa_is_expression ? read_aligned(row, &side) : read_plain(row, &side)))
		side = (struct side_rule){.kind = SIDE_GENERAL};
	*rule = packed_rule(&side);
	if (*rule == 0)
		*rule = side_rule(&side);
}

struct start_visit {
	eh_visitor *visit;
	void *context;
};

/* What the frame tables say of a function's first instruction is true of its caller's frame, not of this one. */
static void visit_start(void *context, const struct eh_row *row)
{
	static const struct eh_row no_caller = {.kind[EH_RETURN_ADDRESS] = EH_UNDEFINED};
	struct start_visit *start = context;

	start->visit(start->context, row->is_signal_frame ? row : &no_caller);
}

COLD static enum eh_result find_start_row(struct unwind_walker *walker, uintptr_t pc,
    eh_visitor *visit, void *context, bool *ret_in_later_object)
{
	struct start_visit start = {.visit = visit, .context = context};

	return eh_frame_visit(&walker->machine, pc, visit_start, &start, ret_in_later_object);
}

/*
 * A return address belongs to the call before it. Where nothing lies before it, it was put there by hand, and is
 * the start of a function: so coroutines begin (makecontext), and they have no caller.
 */
enum eh_result unwind_find_row(struct unwind_walker *walker, uintptr_t pc, bool is_exact,
    eh_visitor *visit, void *context, bool *ret_in_later_object)
{
	enum eh_result result =
	    eh_frame_visit(&walker->machine, pc - !is_exact, visit, context, ret_in_later_object);

	if (unlikely(result == EH_NO_OBJECT) &&
	    registered_frames_visit(&walker->machine, pc - !is_exact, visit, context)) {
		atomic_store_explicit(&any_outside, true, memory_order_relaxed);
		return EH_FOUND;
	}
	return unlikely(result == EH_NO_FRAME && !is_exact)
		   ? find_start_row(walker, pc, visit, context, ret_in_later_object)
		   : result;
}

/* Look up the rule for the frame at PC; RULE 0 stands for SIDE_GENERAL that could not be entered. */
COLD static uint64_t find_rule(struct unwind_walker *walker, uintptr_t pc, bool is_exact)
{
	struct side_rule guess = {.kind = SIDE_GUESS};
	atomic_uint_least64_t *table =
	    atomic_load_explicit(&unwind_rule_table, memory_order_acquire);
	uint32_t era = atomic_load_explicit(&rules_era, memory_order_seq_cst);
	uint64_t rule = 0;
	bool is_later;
	enum eh_result result = unwind_find_row(walker, pc, is_exact, classify, &rule, &is_later);

	if (is_later)
		modules_refresh_if_changed(); /* its newcomer may stand where another one stood */
	if (result != EH_FOUND) {
		/* looked up once: reading code that may vanish takes the kernel */
		if (unwind_is_signal_return(pc))
			guess.kind = SIDE_GENERAL;
		rule = side_rule(&guess);
	}
	if (result == EH_NO_OBJECT)
		atomic_store_explicit(&any_outside, true, memory_order_relaxed);
	if (is_exact || rule == 0 || UNWIND_RULE_PC(unwind_rule_word(pc, 0)) != pc)
		return rule;
	rule |= unwind_rule_word(pc, 0);
	atomic_uint_least64_t *slot = &table[unwind_place(pc, UNWIND_RULE_BITS)];

	atomic_store_explicit(slot, rule, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (unlikely(atomic_load_explicit(&rules_era, memory_order_seq_cst) != era))
		atomic_store_explicit(slot, 0, memory_order_relaxed);
	return rule;
}

void unwind_rules_learn(struct unwind_walker *walker, uintptr_t pc)
{
	(void)find_rule(walker, pc, false);
}

/* ---- steps ---- */

bool unwind_load(
    struct unwind_walker *walker, struct unwind_step *step, uintptr_t address, uintptr_t *ret)
{
	if (unlikely(!unwind_memory_is_own_word(&walker->memory, address))) {
		step->is_constant = false; /* another time it may not be there, or be there */
		return unwind_memory_load(&walker->memory, address, ret);
	}
	(void)unwind_memory_load(&walker->memory, address, ret);
	if (unlikely(step->word_count == UNWIND_WORDS_MAX))
		step->is_constant = false;
	else
		step->words[step->word_count++] =
		    (struct unwind_word){.address = address, .value = *ret};
	return true;
}

/* The caller's frame begins at CFA, the return address lies at SLOT. */
static enum unwind_outcome arrive(struct unwind_walker *walker, struct unwind_state *state,
    struct unwind_step *step, uintptr_t cfa, uintptr_t slot, uintptr_t fp)
{
	uintptr_t pc = 0;

	/* stacks grow down: a frame that does not lead upwards is no frame */
	if (unlikely(cfa <= state->sp || !unwind_load(walker, step, slot, &pc)))
		return UNWIND_END;
	pc = machine_code_address(pc);
	if (unlikely(pc == 0))
		return UNWIND_END;
	*state = (struct unwind_state){.pc = pc, .sp = cfa, .fp = fp};
	return UNWIND_NEXT;
}

static bool load_fp(
    struct unwind_walker *walker, struct unwind_step *step, uintptr_t address, uintptr_t *ret_fp)
{
	step->fp_word = (int8_t)step->word_count;
	return unwind_load(walker, step, address, ret_fp);
}

/* PC follows a call instruction: the copy is refused, not faulted, where there is no memory. */
static bool is_return_address(uintptr_t pc)
{
	atomic_uint_least64_t *slot = &accepted[unwind_place(pc, ACCEPTED_BITS)];
	uint8_t code[MACHINE_CODE_BYTES] = {0};

	if (pc != 0 && atomic_load_explicit(slot, memory_order_relaxed) == pc)
		return true;
	if (pc < 4096 || eh_frame_is_data(pc) ||
	    !unwind_memory_copy(pc - sizeof code, code, sizeof code) ||
	    !machine_ends_with_call(code))
		return false;
	atomic_store_explicit(slot, pc, memory_order_relaxed);
	return true;
}

bool unwind_guess_caller(
    struct unwind_walker *walker, struct unwind_state *state, struct unwind_step *step)
{
	uintptr_t frame = state->fp, fp = 0, pc = 0;

	step->uses_fp = true;
	if (frame < MACHINE_SP_BOUND(state->sp) || frame % 8 != 0 ||
	    !unwind_memory_is_one_stack(&walker->memory, state->sp, frame) ||
	    !load_fp(walker, step, frame, &fp) || !unwind_load(walker, step, frame + 8, &pc))
		return false;
	pc = machine_code_address(pc);
	if (!is_return_address(pc))
		return false;
	*state = (struct unwind_state){.pc = pc, .sp = MACHINE_SP_ABOVE(frame), .fp = fp};
	return true;
}

bool unwind_is_signal_return(uintptr_t pc)
{
	uint8_t there[16] = {0};
	size_t bytes;
	const uint8_t *code = machine_signal_return(&bytes);

	return bytes <= sizeof there && unwind_memory_copy(pc, there, bytes) &&
	       memcmp(there, code, bytes) == 0;
}

bool unwind_is_stub(uintptr_t pc)
{
	uint8_t code[2 * MACHINE_STUB_BYTES] = {0};

	return unwind_memory_copy(pc - MACHINE_STUB_BYTES, code, sizeof code) &&
	       machine_is_stub(code);
}

/* With sp, fp and pc only. */
static enum unwind_outcome step_few_registers(
    struct unwind_walker *walker, struct unwind_state *state, struct unwind_step *step)
{
	struct cfi_registers *registers = &walker->registers;
	bool exact = state->is_exact;

	registers->known = CFI_BIT(EH_FP) | CFI_BIT(EH_PC);
	if (MACHINE_SP_IS_KNOWN(state->sp))
		registers->known |= CFI_BIT(EH_SP);
	registers->value[EH_SP] = state->sp;
	registers->value[EH_FP] = state->fp;
	registers->value[EH_PC] = state->pc;
	enum unwind_outcome outcome = unwind_step_general(walker, registers, &exact, step);

	if (outcome != UNWIND_NEXT)
		return outcome;
	if ((registers->known >> EH_FP & 1) == 0)
		return UNWIND_NEEDS_REGISTERS;
	*state = (struct unwind_state){.pc = registers->value[EH_PC],
	    .sp = registers->value[EH_SP],
	    .fp = registers->value[EH_FP],
	    .is_exact = exact};
	return UNWIND_NEXT;
}

/* SIDE counts from the sp. Where that is not known, a function that saved a record is taken to have its fp there. */
static bool find_side_cfa(const struct side_rule *side, const struct unwind_state *state,
    struct unwind_step *step, uintptr_t *ret_cfa)
{
	*ret_cfa = state->sp + (uintptr_t)side->cfa_offset;
	if (MACHINE_SP_IS_KNOWN(state->sp))
		return true;
	*ret_cfa = state->fp - (uintptr_t)side->fp_offset;
	step->uses_fp = true;
	return side->fp_place == FP_AT_CFA &&
	       MACHINE_IS_RECORD(side->fp_offset, side->return_offset);
}

COLD static enum unwind_outcome step_side(struct unwind_walker *walker, struct unwind_state *state,
    struct unwind_step *step, uint32_t number)
{
	const struct side_rule *side = &side_rules[number];
	uintptr_t cfa = 0, fp = state->fp;

	switch (side->kind) {
	case SIDE_FAR_SP:
		if (!find_side_cfa(side, state, step, &cfa))
			return UNWIND_END;
		break;
	case SIDE_FAR_FP:
		step->uses_fp = true;
		cfa = state->fp + (uintptr_t)side->cfa_offset;
		break;
	case SIDE_ALIGNED:
		step->uses_fp = true;
		if (!unwind_load(walker, step, state->fp + (uintptr_t)side->cfa_offset, &cfa))
			return UNWIND_END;
		break;
	case SIDE_GUESS:
		if (state->is_exact)
			return step_few_registers(walker, state, step);
		return unwind_guess_caller(walker, state, step) ? UNWIND_NEXT : UNWIND_END;
	default:
		return step_few_registers(walker, state, step);
	}
	if (side->fp_place != FP_SAME &&
	    !load_fp(walker, step,
		(side->fp_place == FP_AT_CFA ? cfa : state->fp) + (uintptr_t)side->fp_offset, &fp))
		return UNWIND_END;
	return arrive(walker, state, step, cfa, cfa + (uintptr_t)side->return_offset, fp);
}

enum unwind_outcome unwind_step(
    struct unwind_walker *walker, struct unwind_state *state, struct unwind_step *ret_step)
{
	atomic_uint_least64_t *table =
	    atomic_load_explicit(&unwind_rule_table, memory_order_relaxed);
	uint64_t rule = atomic_load_explicit(
	    &table[unwind_place(state->pc, UNWIND_RULE_BITS)], memory_order_acquire);

	ret_step->word_count = 0;
	ret_step->fp_word = -1;
	ret_step->uses_fp = false;
	ret_step->is_constant = true;
	if (unlikely(UNWIND_RULE_PC(rule) != state->pc || state->is_exact))
		rule = find_rule(walker, state->pc, state->is_exact);
	unsigned kind = UNWIND_RULE_KIND(rule);

	if (unlikely(kind >= UNWIND_RULE_SIDE || rule == 0))
		return kind == UNWIND_RULE_END
			   ? UNWIND_END
			   : step_side(walker, state, ret_step, RULE_SIDE(rule));
	uintptr_t cfa =
	    (kind == UNWIND_RULE_FP_BASE ? state->fp : state->sp) + UNWIND_RULE_CFA(rule);
	uintptr_t fp = state->fp;

	ret_step->uses_fp = kind == UNWIND_RULE_FP_BASE;
	if (unlikely(!MACHINE_SP_IS_KNOWN(state->sp) && kind == UNWIND_RULE_SP_BASE)) {
		cfa = state->fp + UNWIND_RULE_FP(rule); /* as in find_side_cfa */
		ret_step->uses_fp = true;
		if (UNWIND_RULE_FP(rule) == UNWIND_RULE_RETURN(rule))
			return UNWIND_END;
	}
	if (UNWIND_RULE_FP(rule) != UNWIND_RULE_RETURN(rule) &&
	    unlikely(!load_fp(walker, ret_step, cfa - UNWIND_RULE_FP(rule), &fp)))
		return UNWIND_END;
	return arrive(walker, state, ret_step, cfa, cfa - UNWIND_RULE_RETURN(rule), fp);
}
