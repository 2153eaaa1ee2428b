#include "symbols/type_index.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "symbols/string_pool.h"

#define NESTING_MAX	    64
#define QUALIFIED_BYTES_MAX 4096

struct type_row {
	const char *name;
	Dwarf_Die die;
	size_t order; /* of the walk */
	bool is_complete;
};

/* Where a DIE is, and what it is called. */
struct named_place {
	uintptr_t place;
	const char *name;
};

struct type_index {
	struct string_pool *pool;
	struct type_row *rows; /* by name; equal names: complete ones first, then as walked */
	size_t count, capacity;
	struct named_place *places; /* of all rows, ascending */
};

static int add_row(struct type_index *index, const char *name, const Dwarf_Die *die, bool complete)
{
	if (index->count == index->capacity) {
		size_t capacity = index->capacity == 0 ? 1024 : index->capacity * 2;
		struct type_row *rows = reallocarray(index->rows, capacity, sizeof *rows);

		if (rows == NULL)
			return STATUS_NO_MEMORY;
		index->rows = rows;
		index->capacity = capacity;
	}
	index->rows[index->count] = (struct type_row){
	    .name = name, .die = *die, .order = index->count, .is_complete = complete};
	index->count++;
	return STATUS_OK;
}

static bool is_type(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_typedef:
	case DW_TAG_enumeration_type:
	case DW_TAG_base_type:
		return true;
	default:
		return false;
	}
}

static bool may_hold_types(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* SCOPE::NAME; NULL when out of memory. */
static const char *qualify(struct type_index *index, const char *scope, const char *name)
{
	char text[QUALIFIED_BYTES_MAX];
	int length = snprintf(text, sizeof text, "%s::%s", scope, name);

	if (scope[0] == '\0' || length < 0 || (size_t)length >= sizeof text)
		return string_pool_intern(index->pool, name);
	return string_pool_intern(index->pool, text);
}

/* Add what stands below PARENT. *LAST_OFFSET ascends over the whole unit. */
static int walk(struct type_index *index, Dwarf_Die *parent, const char *scope,
    Dwarf_Off *last_offset, int nesting)
{
	Dwarf_Die die;
	int result = STATUS_OK;

	if (nesting > NESTING_MAX)
		return STATUS_OK;
	for (int found = dwarf_child(parent, &die); found == 0 && result == STATUS_OK;
	     found = dwarf_siblingof(&die, &die)) {
		const int tag = dwarf_tag(&die);
		const char *name = dwarf_diename(&die);

		if (dwarf_dieoffset(&die) <= *last_offset)
			return STATUS_OK;
		*last_offset = dwarf_dieoffset(&die);
		if (name == NULL && tag == DW_TAG_namespace)
			name = "(anonymous namespace)";
		if (name == NULL || (!is_type(tag) && !may_hold_types(tag)))
			continue;
		const char *qualified = qualify(index, scope, name);

		if (qualified == NULL)
			return STATUS_NO_MEMORY;
		if (is_type(tag))
			result = add_row(
			    index, qualified, &die, dwarf_hasattr(&die, DW_AT_declaration) == 0);
		if (result == STATUS_OK && may_hold_types(tag))
			result = walk(index, &die, qualified, last_offset, nesting + 1);
	}
	return result;
}

static int compare_names(const void *left, const void *right)
{
	const struct type_row *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	if (a->is_complete != b->is_complete)
		return a->is_complete ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static int compare_places(const void *left, const void *right)
{
	const struct named_place *a = left, *b = right;

	return (a->place > b->place) - (a->place < b->place);
}

static int sort(struct type_index *index)
{
	if (index->count == 0)
		return STATUS_OK;
	index->places = reallocarray(NULL, index->count, sizeof *index->places);
	if (index->places == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < index->count; i++)
		index->places[i] = (struct named_place){
		    .place = (uintptr_t)index->rows[i].die.addr, .name = index->rows[i].name};
	qsort(index->places, index->count, sizeof *index->places, compare_places);
	qsort(index->rows, index->count, sizeof *index->rows, compare_names);
	return STATUS_OK;
}

struct type_index *type_index_new(Dwarf *dwarf)
{
	struct type_index *index = calloc(1, sizeof *index);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, split;
	int result = STATUS_OK;

	if (index == NULL)
		return NULL;
	index->pool = string_pool_new();
	if (index->pool == NULL)
		result = STATUS_NO_MEMORY;
	while (result == STATUS_OK &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, &split) == 0) {
		Dwarf_Die *below = dwarf_tag(&split) == DW_TAG_compile_unit ? &split : &unit;
		Dwarf_Off last_offset = dwarf_dieoffset(below);

		result = walk(index, below, "", &last_offset, 0);
	}
	if (result == STATUS_OK)
		result = sort(index);
	if (result != STATUS_OK) {
		type_index_free(index);
		return NULL;
	}
	return index;
}

void type_index_free(struct type_index *index)
{
	if (index == NULL)
		return;
	free(index->places);
	free(index->rows);
	string_pool_free(index->pool);
	free(index);
}

bool type_index_find(const struct type_index *index, const char *name, Dwarf_Die *ret_die)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(index->rows[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->count || strcmp(index->rows[low].name, name) != 0 ||
	    !index->rows[low].is_complete)
		return false;
	*ret_die = index->rows[low].die;
	return true;
}

const char *type_index_name(const struct type_index *index, Dwarf_Die *die)
{
	const struct named_place wanted = {.place = (uintptr_t)die->addr};
	const struct named_place *found = NULL;

	if (index->count > 0)
		found = bsearch(
		    &wanted, index->places, index->count, sizeof *index->places, compare_places);
	return found != NULL ? found->name : dwarf_diename(die);
}
