#include "symbols/call_result.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/result_flow.h"
#include "symbols/type_layout.h"

#define CODE_BYTES    48
#define VARIABLES_MAX 4096
#define NESTING_MAX   64

/* A place for which a variable is sought. */
struct wanted {
	enum { WANTED_REGISTER, WANTED_SLOT, WANTED_ADDRESS } kind;
	uint32_t base;	  /* register */
	int64_t slot;	  /* from the canonical frame address */
	uint64_t address; /* ELF */
	uint64_t pc;
	uint64_t into; /* the variable that was found lies so far below the address */
};

/* The bytes of CODE at ADDRESS. Returns how many. */
static size_t read_code(Elf *code, uint64_t address, unsigned char bytes[CODE_BYTES])
{
	size_t segments = 0;

	if (code == NULL || elf_getphdrnum(code, &segments) != 0)
		return 0;
	for (size_t i = 0; i < segments && i < INT32_MAX; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(code, (int)i, &segment) == NULL || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		uint64_t left = segment.p_filesz - (address - segment.p_vaddr);
		size_t count = left < CODE_BYTES ? (size_t)left : CODE_BYTES;
		Elf_Data *data = elf_getdata_rawchunk(code,
		    (int64_t)(segment.p_offset + (address - segment.p_vaddr)), count, ELF_T_BYTE);

		if (data == NULL || data->d_buf == NULL || data->d_size < count)
			return 0;
		memcpy(bytes, data->d_buf, count);
		return count;
	}
	return 0;
}

/* The frame at PC starts at *RET_REGISTER + *RET_OFFSET. */
static bool frame_address(
    Dwarf_CFI *frames, uint64_t pc, uint32_t *ret_register, int64_t *ret_offset)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Op *operations;
	size_t count = 0;
	bool is_known = false;

	if (frames == NULL || dwarf_cfi_addrframe(frames, pc, &frame) != 0)
		return false;
	if (dwarf_frame_cfa(frame, &operations, &count) == 0 && count >= 1) {
		const unsigned atom = operations[0].atom;

		is_known = count == 1;
		if (atom == DW_OP_bregx) {
			*ret_register = (uint32_t)operations[0].number;
			*ret_offset = (int64_t)operations[0].number2;
		} else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) {
			*ret_register = atom - DW_OP_breg0;
			*ret_offset = (int64_t)operations[0].number;
		} else {
			is_known = false;
		}
	}
	free(frame);
	return is_known;
}

/* Slots count from where DW_OP_fbreg does. *BASE and *SLOT: register and displacement, then the slot. */
static bool find_slot(const struct call_result_source *source, Dwarf_Die *function, uint64_t pc,
    uint32_t base, int64_t *slot)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count = 0;
	uint32_t frame_register;
	int64_t frame_offset;

	if (dwarf_attr_integrate(function, DW_AT_frame_base, &attribute) == NULL ||
	    dwarf_getlocation_addr(&attribute, pc, &operations, &count, 1) != 1 || count != 1)
		return false;
	if (operations[0].atom >= DW_OP_reg0 && operations[0].atom <= DW_OP_reg31)
		return (uint32_t)(operations[0].atom - DW_OP_reg0) == base;
	if (operations[0].atom != DW_OP_call_frame_cfa ||
	    !frame_address(source->frames, pc, &frame_register, &frame_offset) ||
	    frame_register != base)
		return false;
	*slot -= frame_offset;
	return true;
}

/* OPERATION gives the address of VARIABLE, itself or by its number in the unit's table: does the wanted one lie in it? */
static bool holds_address(Dwarf_Die *variable, Dwarf_Attribute *location, const Dwarf_Op *operation,
    struct wanted *wanted)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr start;
	Dwarf_Word bytes;
	Dwarf_Die type;

	if (operation->atom == DW_OP_addr)
		start = operation->number;
	else if ((operation->atom != DW_OP_addrx && operation->atom != DW_OP_GNU_addr_index) ||
		 dwarf_getlocation_attr(location, operation, &attribute) != 0 ||
		 dwarf_formaddr(&attribute, &start) != 0)
		return false;
	wanted->into = wanted->address - start;
	return wanted->address >= start && type_of(variable, &type) &&
	       dwarf_aggregate_size(&type, &bytes) == 0 && wanted->into < bytes;
}

static bool is_at(Dwarf_Die *variable, struct wanted *wanted)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count = 0;

	if (dwarf_attr_integrate(variable, DW_AT_location, &attribute) == NULL ||
	    dwarf_getlocation_addr(&attribute, wanted->pc, &operations, &count, 1) != 1 ||
	    count != 1)
		return false;
	const unsigned atom = operations[0].atom;

	switch (wanted->kind) {
	case WANTED_REGISTER:
		return (atom == DW_OP_regx && operations[0].number == wanted->base) ||
		       (atom >= DW_OP_reg0 && atom <= DW_OP_reg31 &&
			   atom - DW_OP_reg0 == wanted->base);
	case WANTED_SLOT:
		return atom == DW_OP_fbreg && (int64_t)operations[0].number == wanted->slot;
	case WANTED_ADDRESS:
		return holds_address(variable, &attribute, &operations[0], wanted);
	}
	return false;
}

/* A variable of SCOPE (a function, an inlined one, a block or a unit) or of a block in it that holds the pc. */
static bool find_variable(
    Dwarf_Die *scope, struct wanted *wanted, int nesting, Dwarf_Die *ret_variable)
{
	Dwarf_Off last_offset = dwarf_dieoffset(scope);
	Dwarf_Die die;

	if (nesting > NESTING_MAX)
		return false;
	for (int found = dwarf_child(scope, &die); found == 0;
	     found = dwarf_siblingof(&die, &die)) {
		const int tag = dwarf_tag(&die);

		if (dwarf_dieoffset(&die) <= last_offset)
			return false;
		last_offset = dwarf_dieoffset(&die);
		if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) &&
		    is_at(&die, wanted)) {
			*ret_variable = die;
			return true;
		}
		if ((tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) &&
		    dwarf_haspc(&die, wanted->pc) > 0 &&
		    find_variable(&die, wanted, nesting + 1, ret_variable))
			return true;
	}
	return false;
}

struct search {
	const struct call_result_source *source;
	Dwarf_Die function, unit;
};

/* The type of the variable that is WANTED, or of the part of it at a wanted address. */
static bool variable_type(struct search *search, struct wanted *wanted, Dwarf_Die *ret_type)
{
	Dwarf_Die variable;

	if (wanted->kind != WANTED_ADDRESS)
		return find_variable(&search->function, wanted, 0, &variable) &&
		       type_of(&variable, ret_type);
	if ((!find_variable(&search->unit, wanted, 0, &variable) &&
		!find_variable(&search->function, wanted, 0, &variable)) ||
	    !type_of(&variable, ret_type))
		return false;
	return type_layout_part(*ret_type, wanted->into, ret_type);
}

/* The type of what STEP's pointer variable points to, at its displacement. */
static bool field_type(
    const struct result_step *step, Dwarf_Die pointer, Dwarf_Die *ret_pointee, bool *ret_is_void)
{
	struct type_place place;
	Dwarf_Die holder;

	if (step->displacement < 0 || !type_pointee(pointer, &holder) ||
	    !type_layout_find(holder, (uint64_t)step->displacement, &place) || !place.is_pointer)
		return false;
	*ret_is_void = !place.has_pointee;
	*ret_pointee = place.pointee;
	return true;
}

static bool result_of_step(struct search *search, const struct result_step *step,
    Dwarf_Die *ret_pointee, bool *ret_is_void)
{
	struct wanted wanted = {.base = step->base, .address = step->address, .pc = step->pc};
	const bool is_field = step->kind == RESULT_AT_SLOT || step->kind == RESULT_AT_GLOBAL;
	Dwarf_Die type;

	wanted.slot = step->kind == RESULT_AT_SLOT ? step->slot : step->displacement;
	if (step->kind == RESULT_AT_ADDRESS || step->kind == RESULT_AT_GLOBAL)
		wanted.kind = WANTED_ADDRESS;
	else if (step->kind != RESULT_IN_REGISTER &&
		 find_slot(search->source, &search->function, step->pc, step->base, &wanted.slot))
		wanted.kind = WANTED_SLOT;
	else if (step->kind == RESULT_AT_SLOT)
		return false;
	else
		wanted.kind = WANTED_REGISTER;
	if (!variable_type(search, &wanted, &type))
		return false;
	/* stored behind a pointer that a variable keeps in a register */
	if (is_field || (step->kind == RESULT_AT_REGISTER && wanted.kind == WANTED_REGISTER))
		return field_type(step, type, ret_pointee, ret_is_void);
	if (!type_strip(type, &type) || dwarf_tag(&type) != DW_TAG_pointer_type)
		return false;
	*ret_is_void = !type_of(&type, ret_pointee);
	return true;
}

/* The function around PC that has code of its own: inlined ones lie in it. */
static bool find_function(
    const struct call_result_source *source, uint64_t pc, struct search *search)
{
	struct dwarf_unit *unit = dwarf_index_find_unit(source->index, pc);
	Dwarf_Die *function =
	    unit == NULL ? NULL : dwarf_index_find_function(source->index, unit, pc);

	if (function == NULL)
		return false;
	search->unit = unit->code;
	search->function = *function;
	return true;
}

bool call_result_type(const struct call_result_source *source, uint64_t return_address,
    Dwarf_Die *ret_type, bool *ret_is_void)
{
	struct result_step steps[RESULT_STEPS_MAX];
	unsigned char code[CODE_BYTES];
	struct search search = {.source = source};
	GElf_Ehdr header;
	bool is_void = false;

	*ret_is_void = false;
	if (source->code == NULL || gelf_getehdr(source->code, &header) == NULL ||
	    !find_function(source, return_address - 1, &search))
		return false;
	size_t bytes = read_code(source->code, return_address, code);
	size_t count = result_flow(header.e_machine, code, bytes, return_address, steps);

	for (size_t i = 0; i < count; i++) {
		if (steps[i].kind == RESULT_RETURNED) {
			*ret_is_void = true;
			continue;
		}
		if (!result_of_step(&search, &steps[i], ret_type, &is_void))
			continue;
		if (!is_void)
			return true;
		*ret_is_void = true;
	}
	return false;
}
