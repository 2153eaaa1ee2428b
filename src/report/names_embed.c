#include "report/names_embed.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "analysis/text_pool.h"
#include "report/block_types.h"
#include "report/root_names.h"
#include "snapshot/snapshot_rewrite.h"

/* STRINGS as they grow: the file's own first, then each new text once. */
struct embedding {
	struct text_pool *pool;
	uint32_t *offset_of_text; /* by number in the pool; 0 = not written yet */
	size_t offset_capacity;
	char *strings;
	size_t string_bytes, string_capacity;
	struct snapshot_name *rows;
	size_t row_count;
	struct snapshot_symbol *symbols;
	size_t symbol_count;
};

static int append_string(
    struct embedding *embedding, const char *text, size_t length, uint32_t *ret_offset)
{
	size_t needed = embedding->string_bytes + length + 1;
	char *strings = NULL;

	if (needed > SNAPSHOT_STRING_BYTES_MAX)
		return STATUS_NO_MEMORY;
	strings = room_for(embedding->strings, &embedding->string_capacity, needed, 1);
	if (strings == NULL)
		return STATUS_NO_MEMORY;
	embedding->strings = strings;
	memcpy(strings + embedding->string_bytes, text, length + 1);
	*ret_offset = (uint32_t)embedding->string_bytes;
	embedding->string_bytes = needed;
	return 0;
}

/* Offset of TEXT in the strings; NULL is 0, the empty string. */
static int offset_of(struct embedding *embedding, const char *text, uint32_t *ret_offset)
{
	uint32_t number = text_pool_intern(embedding->pool, text);
	size_t length = text != NULL ? strlen(text) : 0;
	uint32_t *offsets = NULL;

	*ret_offset = 0;
	if (number == UINT32_MAX)
		return STATUS_NO_MEMORY;
	if (length == 0)
		return 0;
	offsets = room_for(
	    embedding->offset_of_text, &embedding->offset_capacity, number + 1, sizeof *offsets);
	if (offsets == NULL)
		return STATUS_NO_MEMORY;
	embedding->offset_of_text = offsets;
	if (offsets[number] == 0 && append_string(embedding, text, length, &offsets[number]) != 0)
		return STATUS_NO_MEMORY;
	*ret_offset = embedding->offset_of_text[number];
	return 0;
}

static size_t count_rows(const struct names *names)
{
	size_t count = 0;

	for (size_t node = 0; node < names->node_count; node++) {
		size_t frames = 0;

		(void)names->frames.frames_of_node(names->frames.context, (uint32_t)node, &frames);
		count += frames;
	}
	return count;
}

static int add_node(struct embedding *embedding, const struct names *names, uint32_t node)
{
	size_t count = 0;
	const struct frame_name *frames =
	    names->frames.frames_of_node(names->frames.context, node, &count);

	for (size_t i = 0; i < count; i++) {
		struct snapshot_name *row = &embedding->rows[embedding->row_count++];

		*row = (struct snapshot_name){.node = node,
		    .inline_depth = (uint32_t)i,
		    .line = frames[i].line,
		    .column = frames[i].column};
		if (offset_of(embedding, frames[i].function, &row->function) != 0 ||
		    offset_of(embedding, frames[i].file, &row->file) != 0)
			return STATUS_NO_MEMORY;
	}
	return 0;
}

static int add_symbols(struct embedding *embedding, struct object_names *objects)
{
	const struct object_name *answers = NULL;
	size_t count = 0;
	int status = 0;

	if (objects == NULL)
		return 0;
	if (!object_names_recorded(objects, &answers, &count))
		return STATUS_NO_MEMORY;
	embedding->symbols = calloc(count + 1, sizeof *embedding->symbols);
	if (embedding->symbols == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; status == 0 && i < count; i++) {
		embedding->symbols[i] = answers[i].row;
		status = offset_of(embedding, answers[i].name, &embedding->symbols[i].name);
	}
	embedding->symbol_count = count;
	return status;
}

int names_survey(const struct group_input *input, struct object_names *objects)
{
	const struct snapshot *snapshot = input->heap->snapshot;
	struct root_names *roots = NULL;
	struct block_types *types = NULL;
	int status = 0;

	object_names_record(objects);
	if (snapshot_has_graph(snapshot))
		status = root_names_open(objects, &roots);
	if (status == 0)
		status = block_types_open(input, objects, &types);
	for (size_t block = 0; status == 0 && block < snapshot->block_count; block++)
		(void)block_types_of(types, (uint32_t)block);
	block_types_close(types);
	root_names_close(roots);
	return status;
}

int names_embed(const struct snapshot *snapshot, const struct names *names,
    struct object_names *objects, const char *out_path, struct status_error *ret_error)
{
	struct embedding embedding = {.pool = text_pool_open()};
	int status = 0;

	embedding.strings =
	    room_for(NULL, &embedding.string_capacity, snapshot->string_bytes + 1, 1);
	embedding.rows = calloc(count_rows(names) + 1, sizeof *embedding.rows);
	if (embedding.strings == NULL || embedding.pool == NULL || embedding.rows == NULL) {
		status = status_set(ret_error, STATUS_NO_MEMORY, 0, "out of memory");
	} else {
		memcpy(embedding.strings, snapshot->strings, snapshot->string_bytes);
		embedding.string_bytes = snapshot->string_bytes;
	}
	if (status == 0) {
		for (size_t node = 0; status == 0 && node < names->node_count; node++)
			status = add_node(&embedding, names, (uint32_t)node);
		if (status == 0)
			status = add_symbols(&embedding, objects);
		if (status != 0)
			(void)status_set(ret_error, status, 0, "out of memory, or too many names");
	}
	if (status == 0)
		status = snapshot_rewrite_with_names(snapshot,
		    &(struct snapshot_additions){.names = embedding.rows,
			.name_count = embedding.row_count,
			.symbols = embedding.symbols,
			.symbol_count = embedding.symbol_count,
			.strings = embedding.strings,
			.string_bytes = embedding.string_bytes},
		    out_path, ret_error);
	if (embedding.pool != NULL)
		text_pool_close(embedding.pool);
	free(embedding.offset_of_text);
	free(embedding.strings);
	free(embedding.rows);
	free(embedding.symbols);
	return status;
}
