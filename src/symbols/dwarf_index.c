#include "symbols/dwarf_index.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>

#include "base/status.h"

#define NESTING_MAX 128 /* of namespaces, classes, blocks */

static void find_code(struct dwarf_index *index, Elf *elf)
{
	Elf_Scn *section = NULL;

	index->code_low = UINT64_MAX;
	index->code_high = 0;
	while (elf != NULL && (section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) == NULL ||
		    (header.sh_flags & SHF_EXECINSTR) == 0 || header.sh_size == 0)
			continue;
		if (header.sh_addr < index->code_low)
			index->code_low = header.sh_addr;
		if (header.sh_addr + header.sh_size > index->code_high)
			index->code_high = header.sh_addr + header.sh_size;
	}
	if (index->code_high <= index->code_low) {
		index->code_low = 1;
		index->code_high = UINT64_MAX;
	}
}

/* Add the address ranges of DIE. Returns how many, or STATUS_NO_MEMORY. */
static int add_ranges(
    const struct dwarf_index *index, struct range_table *table, Dwarf_Die *die, uint32_t value)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	int added = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		if (low < index->code_low || low >= index->code_high)
			continue;
		if (range_table_add(table, low, high, value) != STATUS_OK)
			return STATUS_NO_MEMORY;
		added = 1;
	}
	return added;
}

/* Append DIE to the array *DIES. Returns 0 or STATUS_NO_MEMORY. */
static int append_die(Dwarf_Die **dies, size_t *count, size_t *capacity, const Dwarf_Die *die)
{
	if (*count == *capacity) {
		size_t doubled = *capacity == 0 ? 64 : *capacity * 2;
		Dwarf_Die *grown = reallocarray(*dies, doubled, sizeof *grown);

		if (grown == NULL)
			return STATUS_NO_MEMORY;
		*dies = grown;
		*capacity = doubled;
	}
	(*dies)[(*count)++] = *die;
	return STATUS_OK;
}

static int add_function(const struct dwarf_index *index, struct dwarf_unit *unit, Dwarf_Die *die)
{
	int added = add_ranges(index, &unit->function_ranges, die, (uint32_t)unit->function_count);

	if (added <= 0)
		return added;
	return append_die(&unit->functions, &unit->function_count, &unit->function_capacity, die);
}

/* DIE is the scope of all DIEs behind it up to LAST_OFFSET. */
static int add_scope(
    struct dwarf_unit *unit, const Dwarf_Die *die, Dwarf_Off offset, Dwarf_Off last_offset)
{
	int result;

	if (!unit->has_scopes)
		return STATUS_OK;
	result = range_table_add(
	    &unit->scope_offsets, offset + 1, last_offset + 1, (uint32_t)unit->scope_count);
	if (result != STATUS_OK)
		return result;
	return append_die(&unit->scopes, &unit->scope_count, &unit->scope_capacity, die);
}

/* Can DIE have functions with code below it? Classes and blocks can (local classes, nested functions). */
static bool may_hold_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type: /* Rust: functions of an enum's impl */
	case DW_TAG_variant_part:
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
		return true;
	default:
		return false;
	}
}

static bool is_scope(int tag)
{
	return may_hold_functions(tag) && tag != DW_TAG_lexical_block && tag != DW_TAG_variant_part;
}

static bool language_has_scopes(int language)
{
	switch (language) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return false;
	default:
		return true;
	}
}

/* Add all functions below PARENT. *LAST_OFFSET ascends over the whole walk. */
static int walk_functions(const struct dwarf_index *index, struct dwarf_unit *unit,
    Dwarf_Die *parent, Dwarf_Off *last_offset, int nesting)
{
	Dwarf_Die die;
	int result = STATUS_OK;
	int found;

	if (nesting > NESTING_MAX)
		return STATUS_OK;
	for (found = dwarf_child(parent, &die); found == 0; found = dwarf_siblingof(&die, &die)) {
		const int tag = dwarf_tag(&die);
		const Dwarf_Off offset = dwarf_dieoffset(&die);

		if (offset <= *last_offset)
			return STATUS_OK;
		*last_offset = offset;
		if (tag == DW_TAG_subprogram)
			result = add_function(index, unit, &die);
		if (result == STATUS_OK && may_hold_functions(tag))
			result = walk_functions(index, unit, &die, last_offset, nesting + 1);
		if (result == STATUS_OK && is_scope(tag))
			result = add_scope(unit, &die, offset, *last_offset);
		if (result != STATUS_OK)
			return result;
	}
	return STATUS_OK;
}

static int index_functions(const struct dwarf_index *index, struct dwarf_unit *unit)
{
	Dwarf_Off last_offset = dwarf_dieoffset(&unit->code);
	int result;

	unit->has_scopes = language_has_scopes(dwarf_srclang(&unit->code));
	result = walk_functions(index, unit, &unit->code, &last_offset, 0);
	range_table_seal(&unit->function_ranges);
	range_table_seal(&unit->scope_offsets);
	unit->is_indexed = true;
	return result;
}

static struct dwarf_unit *append_unit(struct dwarf_index *index)
{
	if (index->unit_count == index->unit_capacity) {
		size_t capacity = index->unit_capacity == 0 ? 64 : index->unit_capacity * 2;
		struct dwarf_unit *units = reallocarray(index->units, capacity, sizeof *units);

		if (units == NULL)
			return NULL;
		index->units = units;
		index->unit_capacity = capacity;
	}
	index->units[index->unit_count] = (struct dwarf_unit){0};
	return &index->units[index->unit_count++];
}

/* A unit without ranges holds the ranges of its functions; a partial unit has no code, only what other
 * units share. */
static int add_unit(struct dwarf_index *index, Dwarf_Die *lines, Dwarf_Die *code)
{
	const uint32_t number = (uint32_t)index->unit_count;
	struct dwarf_unit *unit = append_unit(index);
	int added;

	if (unit == NULL)
		return STATUS_NO_MEMORY;
	unit->lines = *lines;
	unit->code = *code;
	if (dwarf_tag(code) == DW_TAG_partial_unit)
		return STATUS_OK;
	added = add_ranges(index, &index->unit_ranges, lines, number);
	if (added == 0)
		added = index_functions(index, unit);
	if (added < 0)
		return added;
	for (size_t i = 0; added == 0 && i < unit->function_ranges.count; i++) {
		const struct range_row *row = &unit->function_ranges.rows[i];

		if (range_table_add(&index->unit_ranges, row->low, row->high, number) != STATUS_OK)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

int dwarf_index_build(struct dwarf_index *ret_index, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die lines, split;
	int result = STATUS_OK;

	*ret_index = (struct dwarf_index){0};
	find_code(ret_index, dwarf_getelf(dwarf));
	while (result == STATUS_OK &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &lines, &split) == 0) {
		const int tag = dwarf_tag(&lines);

		/* A skeleton whose .dwo file is not found has no functions to offer. In DWARF 4 it looks
		 * like any other unit. */
		if (dwarf_tag(&split) == DW_TAG_compile_unit)
			result = add_unit(ret_index, &lines, &split);
		else if (tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit ||
			 tag == DW_TAG_partial_unit)
			result = add_unit(ret_index, &lines, &lines);
	}
	range_table_seal(&ret_index->unit_ranges);
	return result;
}

void dwarf_index_release(struct dwarf_index *index)
{
	for (size_t i = 0; i < index->unit_count; i++) {
		free(index->units[i].functions);
		free(index->units[i].scopes);
		range_table_release(&index->units[i].function_ranges);
		range_table_release(&index->units[i].scope_offsets);
	}
	free(index->units);
	range_table_release(&index->unit_ranges);
	*index = (struct dwarf_index){0};
}

struct dwarf_unit *dwarf_index_find_unit(const struct dwarf_index *index, uint64_t address)
{
	uint32_t unit;

	return range_table_find(&index->unit_ranges, address, &unit) ? &index->units[unit] : NULL;
}

static bool is_ready(const struct dwarf_index *index, struct dwarf_unit *unit)
{
	return unit->is_indexed || index_functions(index, unit) == STATUS_OK;
}

Dwarf_Die *dwarf_index_find_function(
    const struct dwarf_index *index, struct dwarf_unit *unit, uint64_t address)
{
	uint32_t function;

	if (!is_ready(index, unit) || !range_table_find(&unit->function_ranges, address, &function))
		return NULL;
	return &unit->functions[function];
}

struct dwarf_unit *dwarf_index_unit_of(const struct dwarf_index *index, const Dwarf_Die *unit_die)
{
	size_t low = 0, high = index->unit_count;

	/* Units stand in the order of the file. Those of .dwo files don't, but nothing outside of them
	 * refers to their DIEs. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)index->units[middle].code.addr < (uintptr_t)unit_die->addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->unit_count || index->units[low].code.addr != unit_die->addr)
		return NULL;
	return &index->units[low];
}

Dwarf_Die *dwarf_index_find_scope(
    const struct dwarf_index *index, struct dwarf_unit *unit, Dwarf_Off offset)
{
	uint32_t scope;

	if (!is_ready(index, unit) || !range_table_find(&unit->scope_offsets, offset, &scope))
		return NULL;
	return &unit->scopes[scope];
}
