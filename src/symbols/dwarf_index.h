/*
 * Which compilation unit, and which function in it, holds an address. Built from DW_AT_ranges of the
 * units, not from .debug_aranges: clang writes none by default, and a table that covers half of the
 * units can't be told from a whole one. Units that give no ranges are walked function by function.
 *
 *   dwarf_index.units   address -> unit        at once, one DIE per unit
 *   unit.functions      address -> function    when the first address of the unit is asked for
 *   unit.scopes         DIE -> namespace, class    together with the functions
 *
 * Debug information is hostile input: DIE offsets must ascend along the walk (a DW_AT_sibling that
 * points backwards would make it endless), nesting is bounded, ranges outside the code are dropped
 * (linkers leave removed functions at address 0).
 */
#ifndef SYMBOLS_DWARF_INDEX_H
#define SYMBOLS_DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/range_table.h"

struct dwarf_unit {
	Dwarf_Die lines; /* the DIE with the line table */
	Dwarf_Die
	    code; /* the DIE above the functions; another one than `lines` with -gsplit-dwarf */
	Dwarf_Die *functions;
	size_t function_count, function_capacity;
	struct range_table function_ranges; /* value = index of functions */
	/* Namespaces, classes and functions by the DIE offsets below them; none for C, which has no scopes. */
	Dwarf_Die *scopes;
	size_t scope_count, scope_capacity;
	struct range_table scope_offsets; /* value = index of scopes */
	bool has_scopes, is_indexed;
};

struct dwarf_index {
	struct dwarf_unit *units;
	size_t unit_count, unit_capacity;
	struct range_table unit_ranges; /* value = index of units */
	uint64_t code_low, code_high;	/* of the file's executable sections */
};

/* Returns 0 or STATUS_NO_MEMORY; damage ends the list of units early. DWARF must outlive the index. */
int dwarf_index_build(struct dwarf_index *ret_index, Dwarf *dwarf);
void dwarf_index_release(struct dwarf_index *index);
/* The unit that holds ADDRESS, or NULL. */
struct dwarf_unit *dwarf_index_find_unit(const struct dwarf_index *index, uint64_t address);
/* The innermost function of UNIT that holds ADDRESS, or NULL. */
Dwarf_Die *dwarf_index_find_function(
    const struct dwarf_index *index, struct dwarf_unit *unit, uint64_t address);
/* The unit whose functions stand below UNIT_DIE, or NULL. */
struct dwarf_unit *dwarf_index_unit_of(const struct dwarf_index *index, const Dwarf_Die *unit_die);
/* The innermost scope of UNIT around the DIE at OFFSET, or NULL. */
Dwarf_Die *dwarf_index_find_scope(
    const struct dwarf_index *index, struct dwarf_unit *unit, Dwarf_Off offset);

#endif
