#include "symbols/dwarf_lookup.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "symbols/dwarf_index.h"
#include "symbols/string_pool.h"

#define NESTING_MAX	    512	 /* blocks and inlined functions on the way down */
#define QUALIFIED_BYTES_MAX 4096 /* longer names stay unqualified */

struct dwarf_lookup {
	Dwarf *dwarf;
	struct string_pool *names; /* that had to be put together */
	struct dwarf_index index;
	struct dwarf_index shared; /* of the file that dwz made for several programs */
	bool has_shared;	   /* it was looked for */
};

/* A unit and the index it is in. */
struct unit_place {
	const struct dwarf_index *index;
	struct dwarf_unit *unit; /* NULL: not found */
};

/* The way from a function down to an address: the function, then each inlined one. */
struct inline_path {
	Dwarf_Die dies[DWARF_FRAMES_MAX];
	size_t count;
	Dwarf_Off last_offset; /* must ascend */
};

struct dwarf_lookup *dwarf_lookup_new(Elf *elf)
{
	struct dwarf_lookup *lookup = calloc(1, sizeof *lookup);

	if (lookup == NULL)
		return NULL;
	lookup->names = string_pool_new();
	lookup->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (lookup->names == NULL || lookup->dwarf == NULL ||
	    dwarf_index_build(&lookup->index, lookup->dwarf) != STATUS_OK) {
		dwarf_lookup_free(lookup);
		return NULL;
	}
	return lookup;
}

void dwarf_lookup_free(struct dwarf_lookup *lookup)
{
	if (lookup == NULL)
		return;
	dwarf_index_release(&lookup->index);
	dwarf_index_release(&lookup->shared);
	(void)dwarf_end(lookup->dwarf);
	string_pool_free(lookup->names);
	free(lookup);
}

/* Follow the children of PARENT that hold ADDRESS. True when one of them did. */
static bool descend(struct inline_path *path, Dwarf_Die *parent, uint64_t address, int nesting)
{
	Dwarf_Die die;
	int found;

	if (nesting > NESTING_MAX)
		return false;
	for (found = dwarf_child(parent, &die); found == 0; found = dwarf_siblingof(&die, &die)) {
		const int tag = dwarf_tag(&die);
		const Dwarf_Off offset = dwarf_dieoffset(&die);
		bool has_ranges;

		if (offset <= path->last_offset)
			return false;
		path->last_offset = offset;
		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block)
			continue;
		has_ranges = dwarf_hasattr(&die, DW_AT_low_pc) != 0 ||
			     dwarf_hasattr(&die, DW_AT_ranges) != 0;
		/* A block without ranges says nothing about what is in it. */
		if (!has_ranges && tag == DW_TAG_lexical_block &&
		    descend(path, &die, address, nesting + 1))
			return true;
		if (!has_ranges || dwarf_haspc(&die, address) != 1)
			continue;
		if (tag == DW_TAG_inlined_subroutine) {
			if (path->count == DWARF_FRAMES_MAX)
				return true;
			path->dies[path->count++] = die;
		}
		(void)descend(path, &die, address, nesting + 1);
		return true;
	}
	return false;
}

/* Attribute NAME as text, also from the declaration or abstract function that DIE refers to. */
static const char *text_attribute(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* The DIE where the function of DIE was declared: its surroundings are the function's scope. */
static Dwarf_Die declaration_of(Dwarf_Die die)
{
	static const unsigned int references[] = {DW_AT_abstract_origin, DW_AT_specification};

	for (int step = 0; step < 16; step++) { /* damaged files may go in circles */
		Dwarf_Attribute attribute;
		Dwarf_Die target;
		bool moved = false;

		for (size_t i = 0; !moved && i < 2; i++)
			moved = dwarf_formref_die(
				    dwarf_attr(&die, references[i], &attribute), &target) != NULL;
		if (!moved)
			break;
		die = target;
	}
	return die;
}

/* Put PIECE before TEXT + *START. False when it has no room. */
static bool prepend(char *text, size_t *start, const char *piece)
{
	const size_t length = strlen(piece);

	if (*start < length)
		return false;
	*start -= length;
	for (size_t i = 0; i < length; i++)
		text[*start + i] = piece[i];
	return true;
}

/* The unit of DIE: UNIT itself, another one (link-time optimisation puts code and declaration into
 * different units), or one of the shared file. */
static struct unit_place place_of(
    struct dwarf_lookup *lookup, struct dwarf_unit *unit, Dwarf_Die *die)
{
	struct unit_place place = {.index = &lookup->index, .unit = unit};
	Dwarf *shared;
	Dwarf_Die unit_die;

	if (dwarf_diecu(die, &unit_die, NULL, NULL) == NULL)
		return (struct unit_place){0};
	if (unit_die.addr != unit->code.addr)
		place.unit = dwarf_index_unit_of(place.index, &unit_die);
	if (place.unit != NULL)
		return place;
	if (!lookup->has_shared) {
		lookup->has_shared = true;
		shared = dwarf_getalt(lookup->dwarf);
		if (shared != NULL && dwarf_index_build(&lookup->shared, shared) != STATUS_OK)
			dwarf_index_release(&lookup->shared);
	}
	place.index = &lookup->shared;
	place.unit = dwarf_index_unit_of(place.index, &unit_die);
	return place;
}

/* Compilers give no linkage name to C++ functions of one unit (static ones, lambdas, all of an anonymous
 * namespace); NAME is then put together from the namespaces and classes around the declaration. */
static const char *qualified_name(
    struct dwarf_lookup *lookup, struct dwarf_unit *unit, Dwarf_Die *die, const char *name)
{
	char text[QUALIFIED_BYTES_MAX] = "";
	size_t start = sizeof text - 1;
	Dwarf_Die declaration = declaration_of(*die);
	const struct unit_place place = place_of(lookup, unit, &declaration);
	Dwarf_Die *scope;
	const char *result;

	if (place.unit == NULL || !prepend(text, &start, name))
		return name;
	scope = dwarf_index_find_scope(place.index, place.unit, dwarf_dieoffset(&declaration));
	while (scope != NULL) {
		const char *scope_name = text_attribute(scope, DW_AT_name);

		if (scope_name == NULL && dwarf_tag(scope) == DW_TAG_namespace)
			scope_name = "(anonymous namespace)";
		else if (scope_name == NULL && strcmp(name, "operator()") == 0)
			scope_name = "{lambda}";
		if (scope_name != NULL &&
		    (!prepend(text, &start, "::") || !prepend(text, &start, scope_name)))
			return name;
		/* A scope's own offset is not below it: the next one lies strictly around it. */
		scope = dwarf_index_find_scope(place.index, place.unit, dwarf_dieoffset(scope));
	}
	result = string_pool_intern(lookup->names, text + start);
	return result != NULL ? result : name;
}

static void set_names(
    struct dwarf_lookup *lookup, struct dwarf_unit *unit, struct dwarf_frame *frame, Dwarf_Die *die)
{
	frame->plain_name = frame->name = text_attribute(die, DW_AT_name);
	frame->linkage_name = text_attribute(die, DW_AT_linkage_name);
	if (frame->linkage_name == NULL)
		frame->linkage_name = text_attribute(die, DW_AT_MIPS_linkage_name);
	if (unit->has_scopes && frame->linkage_name == NULL && frame->name != NULL)
		frame->name = qualified_name(lookup, unit, die, frame->name);
}

static uint32_t number_attribute(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 || value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

/* Where INLINED was called: a place in the function around it. */
static void set_call_site(struct dwarf_frame *frame, Dwarf_Die *unit_code, Dwarf_Die *inlined)
{
	Dwarf_Files *files;
	size_t count;
	const uint32_t file = number_attribute(inlined, DW_AT_call_file);

	frame->line = number_attribute(inlined, DW_AT_call_line);
	frame->column = number_attribute(inlined, DW_AT_call_column);
	/* libdw counts files as the unit's version does, and refuses numbers out of bounds. */
	if (dwarf_hasattr(inlined, DW_AT_call_file) != 0 &&
	    dwarf_getsrcfiles(unit_code, &files, &count) == 0)
		frame->file = dwarf_filesrc(files, file, NULL, NULL);
}

static void set_line(struct dwarf_frame *frame, struct dwarf_unit *unit, uint64_t address)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);
	int number = 0, column = 0;

	if (line == NULL)
		return;
	frame->file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		frame->line = (uint32_t)number;
	if (dwarf_linecol(line, &column) == 0 && column > 0)
		frame->column = (uint32_t)column;
}

size_t dwarf_lookup_find(
    struct dwarf_lookup *lookup, uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
	struct dwarf_unit *unit = dwarf_index_find_unit(&lookup->index, address);
	struct inline_path path = {0};
	Dwarf_Die *function;
	size_t count = 0;

	if (unit == NULL)
		return 0;
	frames[0] = (struct dwarf_frame){0};
	set_line(&frames[0], unit, address);
	function = dwarf_index_find_function(&lookup->index, unit, address);
	if (function == NULL)
		return 1;
	path.dies[0] = *function;
	path.count = 1;
	path.last_offset = dwarf_dieoffset(function);
	(void)descend(&path, function, address, 0);
	for (size_t i = path.count; i > 0; i--) {
		struct dwarf_frame *frame = &frames[count];

		if (i < path.count) {
			*frame = (struct dwarf_frame){0};
			set_call_site(frame, &unit->code, &path.dies[i]);
		}
		set_names(lookup, unit, frame, &path.dies[i - 1]);
		/* gcc 8 forgets whose body it is when it inlines a part of a function: the function around
		 * it, at the line of the call, is all that can be said. */
		if (i == 1 || frame->name != NULL || frame->linkage_name != NULL)
			count++;
	}
	return count;
}
