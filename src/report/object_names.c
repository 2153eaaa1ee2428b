#include "report/object_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "base/status.h"

int object_names_open(
    const struct snapshot *snapshot, struct symbolizer *symbolizer, struct object_names **ret_names)
{
	struct object_names *names = calloc(1, sizeof *names);

	if (names == NULL)
		return STATUS_NO_MEMORY;
	names->snapshot = snapshot;
	names->symbolizer = symbolizer;
	names->handles = malloc((snapshot->module_count + 1) * sizeof *names->handles);
	if (names->handles == NULL) {
		free(names);
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0; i < snapshot->module_count; i++) {
		const struct snapshot_module *module = &snapshot->modules[i];

		names->handles[i] =
		    i == 0
			? -1
			: symbolizer_add_module(symbolizer, snapshot_string(snapshot, module->path),
			      snapshot_string(snapshot, module->build_id), module->bias);
	}
	*ret_names = names;
	return STATUS_OK;
}

void object_names_close(struct object_names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->text_count; i++)
		free(names->texts[i]);
	free((void *)names->texts);
	free(names->answers);
	free(names->handles);
	free(names);
}

/* ---- from the file ---- */

/* The last row of KIND and MODULE that begins at or before ADDRESS and has it, NULL none. */
static const struct snapshot_symbol *find(
    const struct object_names *names, uint32_t kind, uint32_t module, uint64_t address)
{
	const struct snapshot_symbol *rows = names->snapshot->symbols;
	const struct snapshot_symbol asked = {.kind = kind, .module = module, .address = address};
	size_t low = 0, high = names->snapshot->symbol_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot_symbol_compare(&rows[middle], &asked) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	const struct snapshot_symbol *found = &rows[low - 1];
	uint64_t inside = found->bytes > 0 ? found->bytes : 1;

	return found->kind == kind && found->module == module && address - found->address < inside
		   ? found
		   : NULL;
}

static const char *find_name(
    const struct object_names *names, uint32_t kind, uint32_t module, uint64_t address)
{
	const struct snapshot_symbol *found = find(names, kind, module, address);

	return found != NULL ? snapshot_string(names->snapshot, found->name) : NULL;
}

/* ---- recording ---- */

void object_names_record(struct object_names *names)
{
	names->records = true;
}

/* Returns NAME, for the caller to return. */
static const char *answer(struct object_names *names, struct snapshot_symbol row, const char *name)
{
	if (!names->records || name == NULL)
		return name;
	struct object_name *answers =
	    room_for(names->answers, &names->capacity, names->count + 1, sizeof *answers);

	names->failed |= answers == NULL;
	if (answers == NULL)
		return name;
	names->answers = answers;
	names->answers[names->count++] = (struct object_name){row, name};
	return name;
}

static int compare_answers(const void *left, const void *right)
{
	const struct object_name *one = left, *other = right;

	return snapshot_symbol_compare(&one->row, &other->row);
}

bool object_names_recorded(
    struct object_names *names, const struct object_name **ret_answers, size_t *ret_count)
{
	size_t kept = 0;

	if (names->count > 0)
		qsort(names->answers, names->count, sizeof *names->answers, compare_answers);
	for (size_t i = 0; i < names->count; i++)
		if (i == 0 || compare_answers(&names->answers[kept - 1], &names->answers[i]) != 0)
			names->answers[kept++] = names->answers[i];
	names->count = kept;
	*ret_answers = names->answers;
	*ret_count = names->count;
	return !names->failed;
}

/* ---- questions ---- */

bool object_names_variable(struct object_names *names, uint32_t module, bool is_thread_local,
    uint64_t address, struct symbol_variable *ret_variable)
{
	const uint32_t kind =
	    is_thread_local ? SNAPSHOT_SYMBOL_THREAD_VARIABLE : SNAPSHOT_SYMBOL_VARIABLE;
	const struct snapshot_symbol *found = find(names, kind, module, address);
	const int handle = names->handles[module];

	if (found != NULL) {
		*ret_variable =
		    (struct symbol_variable){.name = snapshot_string(names->snapshot, found->name),
			.offset = address - found->address,
			.size = found->bytes};
	} else if (!(is_thread_local ? symbolizer_thread_variable(
					   names->symbolizer, handle, address, ret_variable)
				     : symbolizer_variable(
					   names->symbolizer, handle, address, ret_variable))) {
		return false;
	}
	(void)answer(names,
	    (struct snapshot_symbol){.address = address - ret_variable->offset,
		.bytes = ret_variable->size,
		.kind = kind,
		.module = module},
	    ret_variable->name);
	return true;
}

/* Text of the names' own; NULL when memory is short. */
static const char *keep(struct object_names *names, char *text)
{
	char **texts = room_for((void *)names->texts, &names->text_capacity, names->text_count + 1,
	    sizeof names->texts[0]);

	names->failed |= text == NULL || texts == NULL;
	if (texts == NULL) {
		free(text);
		return NULL;
	}
	names->texts = texts;
	if (text != NULL)
		texts[names->text_count++] = text;
	return text;
}

static char *frame_text(const struct object_names *names, const struct snapshot_stack_frame *frame)
{
	const int handle = names->handles[frame->module];
	const uint64_t pc = frame->pc + ((frame->flags & 1) != 0);
	const uint64_t address = symbolizer_elf_address(names->symbolizer, handle, pc);
	struct symbol_frames found;
	char unknown[512];
	char *text = NULL;
	int length;

	symbolizer_lookup(names->symbolizer, handle, address, &found);
	const struct symbol_frame *outer = &found.frames[found.count - 1];
	const char *slash = strrchr(outer->file, '/');

	if (outer->function[0] == '\0')
		length = asprintf(&text, "%s",
		    symbolizer_format_unknown(
			names->symbolizer, handle, address, unknown, sizeof unknown));
	else if (outer->line == 0)
		length = asprintf(&text, "%s", outer->function);
	else
		length = asprintf(&text, "%s (%s:%" PRIu32 ")", outer->function,
		    slash != NULL ? slash + 1 : outer->file, outer->line);
	return length >= 0 ? text : NULL;
}

const char *object_names_frame(struct object_names *names, const struct snapshot_stack_frame *frame)
{
	const struct snapshot_symbol row = {.address = frame->pc + ((frame->flags & 1) != 0),
	    .kind = SNAPSHOT_SYMBOL_FRAME,
	    .module = frame->module};
	const char *name = find_name(names, row.kind, row.module, row.address);

	if (name == NULL)
		name = keep(names, frame_text(names, frame));
	name = answer(names, row, name);
	return name != NULL ? name : "";
}

const char *object_names_class(struct object_names *names, uint32_t module, uint64_t address)
{
	const struct snapshot_symbol row = {
	    .address = address, .kind = SNAPSHOT_SYMBOL_CLASS, .module = module};
	const char *name = find_name(names, row.kind, module, address);

	if (name == NULL)
		name = symbolizer_class(names->symbolizer, names->handles[module], address);
	return answer(names, row, name);
}

const char *object_names_type(struct object_names *names, uint32_t module, uint64_t return_address)
{
	const struct snapshot_symbol row = {
	    .address = return_address, .kind = SNAPSHOT_SYMBOL_TYPE, .module = module};
	const char *name = find_name(names, row.kind, module, return_address);

	if (name == NULL)
		name = symbolizer_type_of_call(
		    names->symbolizer, names->handles[module], return_address);
	return answer(names, row, name);
}
