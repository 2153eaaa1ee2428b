#include "report/block_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define FRAMES_ASKED 8 /* wrappers around the allocator, at most */

struct block_types {
	const struct group_input *input;
	struct object_names *objects;
	struct symbolizer *symbolizer;
	/* by logical stack: what the code behind the allocation keeps it as, and the module that said so */
	struct kept_as {
		const char *type; /* NULL not known */
		int handle;
		bool is_asked;
	} * kept;
	/* by row of VIRTUAL_TABLES: the class whose table it is */
	struct class_of {
		const char *name; /* NULL: it is none's, or nobody knows */
		bool is_asked;
	} * classes;
	int main_handle;
	struct block_names names; /* of this */
};

static const char *type_of_block(void *context, uint32_t block)
{
	return block_types_of(context, block);
}

int block_types_open(
    const struct group_input *input, struct object_names *objects, struct block_types **ret_types)
{
	const struct snapshot *snapshot = input->heap->snapshot;
	struct block_types *types = calloc(1, sizeof *types);

	if (types == NULL)
		return STATUS_NO_MEMORY;
	*types = (struct block_types){.input = input,
	    .objects = objects,
	    .symbolizer = objects->symbolizer,
	    .kept = calloc(input->heap->stack_count + 1, sizeof *types->kept),
	    .classes = calloc(snapshot->virtual_table_count + 1, sizeof *types->classes),
	    .main_handle = -1};
	if (types->kept == NULL || types->classes == NULL) {
		block_types_close(types);
		return STATUS_NO_MEMORY;
	}
	types->names = (struct block_names){.type_of_block = type_of_block, .context = types};
	for (size_t i = 1; i < snapshot->module_count; i++)
		if ((snapshot->modules[i].flags & SNAPSHOT_MODULE_MAIN) != 0)
			types->main_handle = objects->handles[i];
	*ret_types = types;
	return STATUS_OK;
}

void block_types_close(struct block_types *types)
{
	if (types == NULL)
		return;
	free(types->classes);
	free(types->kept);
	free(types);
}

/* Innermost first: a frame that keeps the result as void *, and a wrapper, leave the answer to their caller. */
static void ask_frames(const struct block_types *types, uint32_t stack, struct kept_as *kept)
{
	const struct group_input *input = types->input;
	const struct snapshot *snapshot = input->heap->snapshot;
	struct site_frame frames[FRAMES_ASKED];
	size_t count =
	    site_frames(input->heap, input->names, input->rules, stack, frames, FRAMES_ASKED);

	for (size_t i = 0; i < count && i < FRAMES_ASKED; i++) {
		if (i > 0 && frames[i].node == frames[i - 1].node)
			continue; /* inlined there: the same call */
		const char *type = object_names_type(
		    types->objects, frames[i].module, snapshot->nodes[frames[i].node].pc);

		if (type == NULL && !frames[i].wrapper)
			return;
		if (type == NULL || strcmp(type, "void") == 0)
			continue;
		kept->type = type;
		kept->handle = types->objects->handles[frames[i].module];
		return;
	}
}

static const struct kept_as *kept_as(struct block_types *types, uint32_t block)
{
	uint32_t stack = heap_stack_of_block(types->input->heap, block);
	struct kept_as *kept = &types->kept[stack];

	if (!kept->is_asked) {
		kept->is_asked = true;
		ask_frames(types, stack, kept);
	}
	return kept;
}

static const char *label_of(const struct block_types *types, uint32_t block)
{
	const struct heap *heap = types->input->heap;
	const struct snapshot_block_extra *extra = heap_extra_of_block(heap, block);

	return extra != NULL && extra->label != 0 ? snapshot_string(heap->snapshot, extra->label)
						  : NULL;
}

/* The class of BLOCK, NULL not known; *RET_HANDLE is the module that has its virtual table. */
static const char *class_of(const struct block_types *types, uint32_t block, int *ret_handle)
{
	const struct snapshot *snapshot = types->input->heap->snapshot;
	uint32_t row = snapshot_virtual_table_of(snapshot, block);
	const struct snapshot_virtual_table *table = &snapshot->virtual_tables[row];

	if (row == 0 || table->module == 0)
		return NULL;
	*ret_handle = types->objects->handles[table->module];
	if (!types->classes[row].is_asked)
		types->classes[row] = (struct class_of){
		    object_names_class(types->objects, table->module, table->address), true};
	return types->classes[row].name;
}

const char *block_types_of(struct block_types *types, uint32_t block)
{
	const char *type = label_of(types, block);
	int handle;

	if (type == NULL)
		type = class_of(types, block, &handle);
	return type != NULL ? type : kept_as(types, block)->type;
}

const struct block_names *block_types_names(const struct block_types *types)
{
	return &types->names;
}

/* A class is described where its virtual table is; else where it is made. */
static bool find_in_class(
    struct block_types *types, uint32_t block, uint64_t offset, struct type_field *ret_field)
{
	int handle = -1;
	const char *name = class_of(types, block, &handle);

	return name != NULL &&
	       (symbolizer_field(types->symbolizer, handle, name, offset, ret_field) ||
		   symbolizer_field(
		       types->symbolizer, kept_as(types, block)->handle, name, offset, ret_field));
}

/* The label may be the name of a type: of the module that allocates, or of the program. */
static bool find_field(
    struct block_types *types, uint32_t block, uint64_t offset, struct type_field *ret_field)
{
	const char *label = label_of(types, block);
	const struct kept_as *kept = kept_as(types, block);

	if (label == NULL && find_in_class(types, block, offset, ret_field))
		return true;
	if (label != NULL && kept->type != NULL &&
	    symbolizer_field(types->symbolizer, kept->handle, label, offset, ret_field))
		return true;
	if (label != NULL &&
	    symbolizer_field(types->symbolizer, types->main_handle, label, offset, ret_field))
		return true;
	return kept->type != NULL &&
	       symbolizer_field(types->symbolizer, kept->handle, kept->type, offset, ret_field);
}

void block_types_field(
    struct block_types *types, uint32_t block, uint64_t offset, char *text, size_t bytes)
{
	struct type_field field;

	if (find_field(types, block, offset, &field) && field.path[0] != '\0')
		(void)snprintf(text, bytes, "%s", field.path);
	else
		(void)snprintf(text, bytes, "+%" PRIu64, offset);
}
