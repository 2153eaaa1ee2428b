/*
 * A step of a walk with all registers, for the frames that unwind_rules.c cannot pack: CFAs on other registers,
 * expressions, signal frames. Slow (the call frame information is interpreted anew), rare, and exact.
 */
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/unwind_rules.h"

struct general_step {
	struct unwind_walker *walker;
	struct unwind_step *step;
	struct cfi_registers *registers; /* before; after, when outcome is UNWIND_NEXT */
	bool exact;
	enum unwind_outcome outcome;
	bool needs_lost;
};

static bool read_memory(void *context, uintptr_t address, size_t bytes, uint64_t *ret_value)
{
	struct general_step *general = context;
	uintptr_t word;

	if (!unwind_load(general->walker, general->step, address, &word))
		return false;
	*ret_value = bytes < 8 ? word & (((uint64_t)1 << 8 * bytes) - 1) : word;
	return true;
}

static bool evaluate(
    struct general_step *general, int64_t block, const uint64_t *initial, uintptr_t *ret_value)
{
	struct cfi_environment environment = {.registers = general->registers,
	    .read = read_memory,
	    .context = general,
	    .needs_lost_register = &general->needs_lost};
	uint64_t value;

	if (!cfi_expression_value(&environment,
		(const uint8_t *)(uintptr_t)block, // NOLINT(performance-no-int-to-ptr)
		initial, &value))
		return false;
	*ret_value = value;
	return true;
}

static bool take_register(struct general_step *general, uint64_t column, uintptr_t *ret_value)
{
	if (column >= EH_REGISTERS || (general->registers->known & CFI_BIT(column)) == 0) {
		general->needs_lost = true;
		return false;
	}
	*ret_value = general->registers->value[column];
	return true;
}

/* ROW counts from an sp that is not known: see find_side_cfa in unwind_rules.c. */
static bool finds_record(const struct general_step *general, const struct eh_row *row)
{
	return row->cfa_register == EH_SP && (general->registers->known & CFI_BIT(EH_SP)) == 0 &&
	       row->kind[EH_FP] == EH_SAVED_AT_OFFSET &&
	       row->kind[EH_RETURN_ADDRESS] == EH_SAVED_AT_OFFSET &&
	       MACHINE_IS_RECORD(row->value[EH_FP], row->value[EH_RETURN_ADDRESS]);
}

static bool find_cfa(struct general_step *general, const struct eh_row *row, uintptr_t *ret_cfa)
{
	if (row->cfa_is_expression)
		return evaluate(general, row->cfa_value, NULL, ret_cfa);
	if (finds_record(general, row) && take_register(general, EH_FP, ret_cfa)) {
		*ret_cfa -= (uintptr_t)row->value[EH_FP];
		return true;
	}
	if (row->cfa_register == EH_PC || !take_register(general, row->cfa_register, ret_cfa))
		return false;
	*ret_cfa += (uintptr_t)row->cfa_value;
	return true;
}

/* The caller's value of register COLUMN. */
static bool recover(struct general_step *general, const struct eh_row *row, unsigned column,
    uintptr_t cfa, uintptr_t *ret_value)
{
	const uint64_t initial = cfa;
	uintptr_t address;

	switch (row->kind[column]) {
	case EH_SAME:
		if (column == EH_SP) {
			*ret_value = cfa;
			return true;
		}
		return take_register(general, column, ret_value);
	case EH_SAVED_AT_OFFSET:
		return unwind_load(
		    general->walker, general->step, cfa + (uintptr_t)row->value[column], ret_value);
	case EH_IS_OFFSET:
		*ret_value = cfa + (uintptr_t)row->value[column];
		return true;
	case EH_IN_REGISTER:
		return take_register(general, (uint64_t)row->value[column], ret_value);
	case EH_SAVED_EXPRESSION:
		return evaluate(general, row->value[column], &initial, &address) &&
		       unwind_load(general->walker, general->step, address, ret_value);
	case EH_IS_EXPRESSION:
		return evaluate(general, row->value[column], &initial, ret_value);
	default:
		return false;
	}
}

/* What lies on the stack where a handler returns to: the interrupted registers. */
static void cross_signal_frame(struct general_step *general)
{
	size_t count;
	const struct machine_saved *saved = machine_signal_frame(&count);
	uintptr_t frame = general->registers->value[EH_SP] + MACHINE_CONTEXT_OFFSET;
	struct cfi_registers *next = &general->walker->next;

	next->known = 0;
	general->outcome = UNWIND_END;
	general->step->is_constant = false;
	for (size_t i = 0; i < count; i++) {
		if (!unwind_memory_load(&general->walker->memory, frame + saved[i].offset,
			&next->value[saved[i].column]))
			return;
		next->known |= CFI_BIT(saved[i].column);
	}
	if (next->value[EH_PC] == 0)
		return;
	*general->registers = *next;
	general->exact = true;
	general->outcome = UNWIND_NEXT;
}

static void follow(void *context, const struct eh_row *row)
{
	struct general_step *general = context;
	struct cfi_registers *next = &general->walker->next;
	uintptr_t cfa;

	next->known = 0;
	general->outcome = UNWIND_END;
	if (row->is_signal_frame) {
		cross_signal_frame(general);
		return;
	}
	if (row->kind[EH_RETURN_ADDRESS] == EH_UNDEFINED)
		return;
	if (!find_cfa(general, row, &cfa) ||
	    !recover(general, row, EH_RETURN_ADDRESS, cfa, &next->value[EH_PC])) {
		if (general->needs_lost)
			general->outcome = UNWIND_NEEDS_REGISTERS;
		return;
	}
	next->value[EH_PC] = machine_code_address(next->value[EH_PC]);
	if (next->value[EH_PC] == 0 || cfa <= general->registers->value[EH_SP])
		return;
	for (unsigned column = 0; column < EH_REGISTERS; column++)
		if ((MACHINE_KEPT & CFI_BIT(column)) != 0 &&
		    recover(general, row, column, cfa, &next->value[column]))
			next->known |= CFI_BIT(column);
	if ((next->known & CFI_BIT(EH_SP)) == 0)
		return;
	next->known |= CFI_BIT(EH_PC);
	*general->registers = *next;
	general->exact = false;
	general->outcome = UNWIND_NEXT;
}

/* A signal came between a call and the function that it leads to: all registers are the caller's. */
static void leave_stub(struct general_step *general)
{
	struct cfi_registers *registers = general->registers;
	uintptr_t pc;

	if (!take_register(general, EH_RETURN_ADDRESS, &pc)) {
		general->outcome = UNWIND_NEEDS_REGISTERS;
		return;
	}
	registers->value[EH_PC] = machine_code_address(pc);
	registers->known &= MACHINE_KEPT | CFI_BIT(EH_PC);
	general->exact = false;
	general->outcome = UNWIND_NEXT;
}

/* No information: by the frame pointer, the other registers are lost. */
static void guess(struct general_step *general)
{
	struct cfi_registers *registers = general->registers;
	struct unwind_state state = {.pc = registers->value[EH_PC],
	    .sp = registers->value[EH_SP],
	    .fp = registers->value[EH_FP]};

	general->outcome = UNWIND_END;
	if (unwind_is_signal_return(state.pc)) {
		cross_signal_frame(general);
		return;
	}
	if (general->exact && unwind_is_stub(state.pc)) {
		leave_stub(general);
		return;
	}
	if ((registers->known & CFI_BIT(EH_FP)) == 0 ||
	    !unwind_guess_caller(general->walker, &state, general->step))
		return;
	registers->value[EH_PC] = state.pc;
	registers->value[EH_SP] = state.sp;
	registers->value[EH_FP] = state.fp;
	registers->known = CFI_BIT(EH_FP) | CFI_BIT(EH_PC);
	if (MACHINE_SP_IS_KNOWN(state.sp))
		registers->known |= CFI_BIT(EH_SP);
	general->exact = false;
	general->outcome = UNWIND_NEXT;
}

COLD enum unwind_outcome unwind_step_general(struct unwind_walker *walker,
    struct cfi_registers *registers, bool *exact, struct unwind_step *ret_step)
{
	struct general_step general = {.walker = walker,
	    .step = ret_step,
	    .registers = registers,
	    .exact = *exact,
	    .outcome = UNWIND_END};
	bool is_later;

	ret_step->word_count = 0;
	ret_step->fp_word = -1;
	ret_step->uses_fp = true;
	/* which of the words holds the caller's fp is not told, so all are compared */
	ret_step->is_constant = true;
	if (unwind_find_row(walker, registers->value[EH_PC], *exact, follow, &general, &is_later) !=
	    EH_FOUND)
		guess(&general);
	*exact = general.exact;
	return general.outcome;
}
