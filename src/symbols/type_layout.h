/*
 * What lies at an offset in a type: members, bases and array elements down to a single value.
 *
 *   struct node { struct links { struct edge *first, *last; } out[2]; }      offset 24: ".out[1].last"
 */
#ifndef SYMBOLS_TYPE_LAYOUT_H
#define SYMBOLS_TYPE_LAYOUT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/type_field.h"

struct type_place {
	char path
	    [TYPE_PATH_BYTES]; /* ".member[index].member"; "" when the type itself is the value */
	size_t length;
	bool is_pointer;
	Dwarf_Die pointee; /* of a pointer; tag 0 of void */
	bool has_pointee;
	Dwarf_Die value; /* the type of what lies there */
};

/* Without typedefs, const and volatile. False when it leads nowhere (void, damage). */
bool type_strip(Dwarf_Die type, Dwarf_Die *ret_type);
/* The type of DIE's DW_AT_type, as it stands there. */
bool type_of(Dwarf_Die *die, Dwarf_Die *ret_type);
/* What TYPE, a pointer under typedefs and the like, points to. False when it is no pointer to a type. */
bool type_pointee(Dwarf_Die type, Dwarf_Die *ret_pointee);
/* The type of the single value at OFFSET in TYPE. False when none starts there. */
bool type_layout_part(Dwarf_Die type, uint64_t offset, Dwarf_Die *ret_type);
/* What lies at OFFSET in TYPE. A block may hold several of TYPE one behind the other: then the path begins with
 * an index. False when nothing starts there. */
bool type_layout_find(Dwarf_Die type, uint64_t offset, struct type_place *ret_place);

#endif
