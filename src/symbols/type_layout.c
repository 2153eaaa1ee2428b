#include "symbols/type_layout.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STRIP_MAX      64
#define NESTING_MAX    32
#define MEMBERS_MAX    65536
#define DIMENSIONS_MAX 8

bool type_of(Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), ret_type) !=
	       NULL;
}

bool type_strip(Dwarf_Die type, Dwarf_Die *ret_type)
{
	for (int i = 0; i < STRIP_MAX; i++) {
		switch (dwarf_tag(&type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!type_of(&type, &type))
				return false;
			break;
		default:
			*ret_type = type;
			return true;
		}
	}
	return false;
}

static bool is_pointer(Dwarf_Die *type)
{
	const int tag = dwarf_tag(type);

	return tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type ||
	       tag == DW_TAG_rvalue_reference_type;
}

bool type_pointee(Dwarf_Die type, Dwarf_Die *ret_pointee)
{
	return type_strip(type, &type) && is_pointer(&type) && type_of(&type, ret_pointee);
}

__attribute__((format(printf, 2, 3))) static void append(
    struct type_place *place, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(
	    place->path + place->length, sizeof place->path - place->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		place->length += (size_t)length;
	if (place->length >= sizeof place->path)
		place->length = sizeof place->path - 1;
}

static uint64_t size_of(Dwarf_Die type)
{
	Dwarf_Word bytes;

	return dwarf_aggregate_size(&type, &bytes) == 0 ? bytes : 0;
}

static uint64_t number(Dwarf_Die *die, unsigned int name, uint64_t otherwise)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ? value : otherwise;
}

static bool find(Dwarf_Die type, uint64_t offset, int nesting, struct type_place *place);

/* MEMBER holds OFFSET, counted from the start of what it is a member of. */
static bool find_in_member(
    Dwarf_Die *member, uint64_t offset, int nesting, struct type_place *place)
{
	const char *name = dwarf_tag(member) == DW_TAG_member ? dwarf_diename(member) : NULL;
	Dwarf_Die type;

	if (!type_of(member, &type))
		return false;
	if (name != NULL)
		append(place, ".%s", name);
	return find(type, offset, nesting + 1, place);
}

/* A member without size at the end, as in `char text[]`, reaches as far as the block does. */
static bool holds(Dwarf_Die *member, uint64_t start, uint64_t offset)
{
	Dwarf_Die type;

	if (offset < start || !type_of(member, &type))
		return false;
	uint64_t bytes = size_of(type);

	return offset - start < bytes ||
	       (bytes == 0 && type_strip(type, &type) && dwarf_tag(&type) == DW_TAG_array_type);
}

/* Of a union's members the first that has a pointer there is taken, else the first that has anything. */
static bool find_in_members(
    Dwarf_Die *parent, uint64_t offset, int nesting, struct type_place *place)
{
	const struct type_place before = *place;
	struct type_place first = {0};
	bool has_first = false;
	Dwarf_Die member;
	int left = MEMBERS_MAX;

	for (int found = dwarf_child(parent, &member); found == 0 && left-- > 0;
	     found = dwarf_siblingof(&member, &member)) {
		const int tag = dwarf_tag(&member);
		const uint64_t start = number(&member, DW_AT_data_member_location, 0);

		/* where a virtual base lies, only the object's virtual table knows */
		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_hasattr(&member, DW_AT_external) != 0 ||
		    (tag == DW_TAG_inheritance && number(&member, DW_AT_virtuality, 0) != 0) ||
		    !holds(&member, start, offset))
			continue;
		*place = before;
		if (!find_in_member(&member, offset - start, nesting, place))
			continue;
		if (place->is_pointer)
			return true;
		if (!has_first)
			first = *place;
		has_first = true;
	}
	*place = has_first ? first : before;
	return has_first;
}

/* Elements of each dimension but the first, which may be open. */
static int read_dimensions(Dwarf_Die *array, uint64_t counts[DIMENSIONS_MAX])
{
	int dimensions = 0;
	Dwarf_Die range;

	for (int found = dwarf_child(array, &range); found == 0 && dimensions < DIMENSIONS_MAX;
	     found = dwarf_siblingof(&range, &range)) {
		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		uint64_t last = number(&range, DW_AT_upper_bound, UINT64_MAX);

		counts[dimensions++] = number(&range, DW_AT_count, last + 1);
	}
	return dimensions;
}

static bool find_in_array(Dwarf_Die *array, uint64_t offset, int nesting, struct type_place *place)
{
	uint64_t counts[DIMENSIONS_MAX];
	const int dimensions = read_dimensions(array, counts);
	Dwarf_Die element;
	uint64_t bytes = type_of(array, &element) ? size_of(element) : 0;

	if (bytes == 0)
		return false;
	uint64_t index = offset / bytes, stride = 1;

	for (int i = 1; i < dimensions; i++)
		if (counts[i] == 0 || __builtin_mul_overflow(stride, counts[i], &stride))
			return false;
	for (int i = 0; i < (dimensions > 0 ? dimensions : 1); i++) {
		append(place, "[%" PRIu64 "]", index / stride);
		index %= stride;
		if (i + 1 < dimensions)
			stride /= counts[i + 1];
	}
	return find(element, offset % bytes, nesting + 1, place);
}

static bool find(Dwarf_Die type, uint64_t offset, int nesting, struct type_place *place)
{
	if (nesting > NESTING_MAX || !type_strip(type, &type))
		return false;
	switch (dwarf_tag(&type)) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return find_in_members(&type, offset, nesting, place);
	case DW_TAG_array_type:
		return find_in_array(&type, offset, nesting, place);
	default:
		place->value = type;
		place->is_pointer = is_pointer(&type);
		place->has_pointee = place->is_pointer && type_of(&type, &place->pointee);
		return offset == 0;
	}
}

bool type_layout_find(Dwarf_Die type, uint64_t offset, struct type_place *ret_place)
{
	const uint64_t bytes = size_of(type);

	*ret_place = (struct type_place){0};
	if (find(type, offset, 0, ret_place))
		return true;
	*ret_place = (struct type_place){0};
	if (bytes == 0 || offset < bytes)
		return false;
	append(ret_place, "[%" PRIu64 "]", offset / bytes);
	return find(type, offset % bytes, 0, ret_place);
}

bool type_layout_part(Dwarf_Die type, uint64_t offset, Dwarf_Die *ret_type)
{
	struct type_place place = {0};

	if (!find(type, offset, 0, &place))
		return false;
	*ret_type = place.value;
	return true;
}
