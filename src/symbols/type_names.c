#include "symbols/type_names.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "symbols/call_result.h"
#include "symbols/string_pool.h"
#include "symbols/type_index.h"
#include "symbols/type_layout.h"

#define NAME_BYTES_MAX 4096
#define POINTERS_MAX   8
#define POINTER_BYTES  8

struct type_names {
	Dwarf *dwarf;
	struct dwarf_index functions;
	struct call_result_source source;
	struct type_index *index; /* NULL until it is needed */
	bool has_index;
	struct string_pool *pool;
};

struct type_names *type_names_new(Elf *debug, Elf *code)
{
	struct type_names *names = calloc(1, sizeof *names);

	if (names == NULL)
		return NULL;
	names->pool = string_pool_new();
	names->dwarf = dwarf_begin_elf(debug, DWARF_C_READ, NULL);
	names->source.code = code;
	names->source.index = &names->functions;
	if (names->pool == NULL || names->dwarf == NULL ||
	    dwarf_index_build(&names->functions, names->dwarf) != STATUS_OK) {
		type_names_free(names);
		return NULL;
	}
	if (code != NULL)
		names->source.frames = dwarf_getcfi_elf(code);
	return names;
}

void type_names_free(struct type_names *names)
{
	if (names == NULL)
		return;
	type_index_free(names->index);
	if (names->source.frames != NULL)
		(void)dwarf_cfi_end(names->source.frames);
	dwarf_index_release(&names->functions);
	(void)dwarf_end(names->dwarf);
	string_pool_free(names->pool);
	free(names);
}

static struct type_index *index_of(struct type_names *names)
{
	if (!names->has_index) {
		names->has_index = true;
		names->index = type_index_new(names->dwarf);
	}
	return names->index;
}

/* What TYPE, no pointer, is called; a structure without a tag is called what its typedef calls it. */
static const char *plain_name(const struct type_index *index, Dwarf_Die type)
{
	const char *alias = NULL;
	Dwarf_Die stripped;

	if (!type_strip(type, &stripped))
		return NULL;
	if (dwarf_diename(&stripped) != NULL)
		return type_index_name(index, &stripped);
	for (int i = 0; i < POINTERS_MAX && type.addr != stripped.addr; i++) {
		if (dwarf_tag(&type) == DW_TAG_typedef)
			alias = type_index_name(index, &type);
		if (!type_of(&type, &type))
			return NULL;
	}
	return alias;
}

/* The name of TYPE, with " *" and a '*' more for each pointer in it; NULL when it has none. */
static const char *name_of(struct type_names *names, Dwarf_Die type)
{
	char text[NAME_BYTES_MAX];
	const char *base = NULL;
	int pointers = 0;
	Dwarf_Die stripped;

	if (index_of(names) == NULL)
		return NULL;
	while (base == NULL && type_strip(type, &stripped) &&
	       dwarf_tag(&stripped) == DW_TAG_pointer_type) {
		if (++pointers > POINTERS_MAX)
			return NULL;
		if (!type_of(&stripped, &type))
			base = TYPE_NAME_VOID;
	}
	if (base == NULL)
		base = plain_name(names->index, type);
	if (base == NULL)
		return NULL;
	(void)snprintf(
	    text, sizeof text, "%s%s%.*s", base, pointers > 0 ? " " : "", pointers, "********");
	return string_pool_intern(names->pool, text);
}

/* TYPE is "node *", a block of pointers: OFFSET is in one of them. */
static bool find_in_pointers(
    struct type_names *names, const char *type, uint64_t offset, struct type_field *ret_field)
{
	const size_t length = strlen(type);
	char pointee[NAME_BYTES_MAX];

	if (length < 3 || length >= sizeof pointee || type[length - 1] != '*' ||
	    offset % POINTER_BYTES != 0)
		return false;
	memcpy(pointee, type, length - 1);
	size_t end = length - 1;

	while (end > 0 && pointee[end - 1] == ' ')
		end--;
	pointee[end] = '\0';
	(void)snprintf(ret_field->path, sizeof ret_field->path, "[%llu]",
	    (unsigned long long)(offset / POINTER_BYTES));
	ret_field->pointee = string_pool_intern(names->pool, pointee);
	return true;
}

bool type_names_field(
    struct type_names *names, const char *type, uint64_t offset, struct type_field *ret_field)
{
	struct type_place place;
	Dwarf_Die die;

	*ret_field = (struct type_field){0};
	if (find_in_pointers(names, type, offset, ret_field))
		return true;
	if (index_of(names) == NULL || !type_index_find(names->index, type, &die) ||
	    !type_layout_find(die, offset, &place))
		return false;
	memcpy(ret_field->path, place.path, sizeof ret_field->path);
	if (place.has_pointee)
		ret_field->pointee = name_of(names, place.pointee);
	return true;
}

const char *type_names_of_call(struct type_names *names, uint64_t return_address)
{
	Dwarf_Die type;
	bool is_void;

	if (call_result_type(&names->source, return_address, &type, &is_void))
		return name_of(names, type);
	return is_void ? TYPE_NAME_VOID : NULL;
}
