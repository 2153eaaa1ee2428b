#include "analysis/group_keys.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"

#define TEXT_BYTES 1024

/* Row of IDENTITY. A new row gets a key with everything unknown; *ret_key lets the caller fill
 * it, else it is NULL. */
static int row_of(struct group_builder *builder, const struct id_tuple *identity, uint32_t *ret_row,
    struct group_key **ret_key)
{
	struct grouping *grouping = builder->grouping;
	uint32_t row = id_table_intern(&builder->identities, identity);

	*ret_key = NULL;
	if (row == ID_TABLE_NONE)
		return STATUS_NO_MEMORY;
	*ret_row = row;
	if (row < grouping->key_count)
		return STATUS_OK;
	struct group_key *keys =
	    room_for(grouping->keys, &builder->key_capacity, (size_t)row + 1, sizeof *keys);

	if (keys == NULL)
		return STATUS_NO_MEMORY;
	grouping->keys = keys;
	grouping->keys[row] = (struct group_key){.text = "", .stack = HEAP_NONE};
	grouping->key_count = (size_t)row + 1;
	*ret_key = &grouping->keys[row];
	return STATUS_OK;
}

static const char *keep_text(struct group_builder *builder, const char *text)
{
	uint32_t number = text_pool_intern(builder->grouping->pool, text);

	return number != UINT32_MAX ? text_pool_text(builder->grouping->pool, number) : NULL;
}

static const char *module_path(const struct heap *heap, uint32_t module)
{
	return module != 0 ? snapshot_string(heap->snapshot, heap->snapshot->modules[module].path)
			   : NULL;
}

/* A module is its path and build-id in one run, its base name across runs. */
static uint32_t number_module(
    struct group_builder *builder, const struct heap *heap, uint32_t module)
{
	char text[TEXT_BYTES];
	struct text_line line = text_line_begin(text, sizeof(text));

	if (builder->grouping->normalised) {
		text_line_add(&line, site_module_name(heap, module));
	} else {
		/* The build-id first: what a long path may lose is then only its end. */
		text_line_add(&line,
		    snapshot_string(heap->snapshot, heap->snapshot->modules[module].build_id));
		text_line_add(&line, ":");
		text_line_add(&line, module_path(heap, module));
	}
	return text_pool_intern(builder->grouping->pool, text);
}

int group_keys_begin(struct group_builder *builder, size_t input)
{
	const struct heap *heap = builder->grouping->inputs[input].heap;

	builder->module_numbers = calloc(heap->snapshot->module_count + 1, sizeof(uint32_t));
	if (builder->module_numbers == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t module = 1; module < heap->snapshot->module_count; module++) {
		builder->module_numbers[module] = number_module(builder, heap, module);
		if (builder->module_numbers[module] == UINT32_MAX)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

void group_keys_end(struct group_builder *builder)
{
	free(builder->module_numbers);
	free(builder->of_address);
	id_table_release(&builder->addresses);
	builder->module_numbers = builder->of_address = NULL;
	builder->address_capacity = 0;
}

/* What is remembered of an address: 0 nothing yet. NULL when out of memory; valid until the next
 * call. */
static uint32_t *memory_of_address(
    struct group_builder *builder, uint32_t module, uint64_t offset, uint32_t frame)
{
	uint32_t number =
	    id_table_intern(&builder->addresses, &(struct id_tuple){module, offset, frame});

	if (number == ID_TABLE_NONE)
		return NULL;
	uint32_t *memory = room_for(
	    builder->of_address, &builder->address_capacity, (size_t)number + 1, sizeof *memory);

	if (memory == NULL)
		return NULL;
	builder->of_address = memory;
	return &builder->of_address[number];
}

/* --- by site and module --- */

/* Identity of a frame as a row. A frame with a name is function, file, line and module
 * (normalised: function and module); one without is module and offset. */
static int frame_identity(
    struct group_builder *builder, const struct site_frame *frame, struct id_tuple *ret_identity)
{
	struct text_pool *pool = builder->grouping->pool;
	uint32_t module = builder->module_numbers[frame->module];

	if (frame->name == NULL) {
		bool lost = builder->grouping->normalised && frame->module == 0;

		*ret_identity =
		    (struct id_tuple){module, lost ? 0 : frame->offset, frame->node != 0 ? 1 : 0};
		return STATUS_OK;
	}
	uint32_t function = text_pool_intern(pool, frame->name->function);
	uint32_t file = 0;
	uint32_t line = 0;

	if (!builder->grouping->normalised) {
		file = text_pool_intern(pool, frame->name->file);
		line = frame->name->line;
	}
	if (function == UINT32_MAX || file == UINT32_MAX)
		return STATUS_NO_MEMORY;
	*ret_identity =
	    (struct id_tuple){(uint64_t)module << 32 | function, (uint64_t)file << 32 | line, 2};
	return STATUS_OK;
}

static int fill_frame_key(struct group_builder *builder, const struct heap *heap,
    const struct site_frame *frame, struct group_key *key)
{
	char text[TEXT_BYTES];

	if (builder->grouping->normalised)
		site_text_normalised(heap, frame, text, sizeof(text));
	else
		site_text(heap, frame, text, sizeof(text));
	key->text = keep_text(builder, text);
	if (key->text == NULL)
		return STATUS_NO_MEMORY;
	key->module = module_path(heap, frame->module);
	if (frame->name != NULL) {
		key->function = frame->name->function;
		key->file = frame->name->file != NULL && frame->name->file[0] != '\0'
				? frame->name->file
				: NULL;
		key->line = frame->name->line;
	}
	return STATUS_OK;
}

static int row_of_frame(struct group_builder *builder, const struct heap *heap,
    const struct site_frame *frame, uint32_t *ret_row)
{
	struct id_tuple identity;
	struct group_key *key;
	int status = frame_identity(builder, frame, &identity);

	if (status == STATUS_OK)
		status = row_of(builder, &identity, ret_row, &key);
	if (status == STATUS_OK && key != NULL)
		status = fill_frame_key(builder, heap, frame, key);
	return status;
}

/* A site's address occurs in as many nodes as there are ways to it: rows are remembered by
 * address. */
int group_keys_by_site(struct group_builder *builder, size_t input)
{
	struct grouping *grouping = builder->grouping;
	const struct group_input *in = &grouping->inputs[input];
	struct site_finder finder = {0};
	int status = site_finder_open(in->heap, in->names, in->rules, &finder);

	for (uint32_t stack = 0; stack < in->heap->stack_count && status == STATUS_OK; stack++) {
		uint32_t *row = &grouping->key_of_stack[input][stack];
		struct site_frame frame;

		site_finder_find(&finder, stack, &frame);
		uint32_t *known = memory_of_address(builder, frame.module, frame.offset,
		    frame.node != 0 ? frame.inline_depth + 1 : 0);

		if (known == NULL)
			status = STATUS_NO_MEMORY;
		else if (*known != 0)
			*row = *known - 1;
		else
			status = row_of_frame(builder, in->heap, &frame, row);
		if (status == STATUS_OK)
			*known = *row + 1;
	}
	site_finder_release(&finder);
	return status;
}

int group_keys_by_module(struct group_builder *builder, size_t input)
{
	struct grouping *grouping = builder->grouping;
	const struct group_input *in = &grouping->inputs[input];
	struct site_finder finder = {0};
	int status = site_finder_open(in->heap, in->names, in->rules, &finder);

	for (uint32_t stack = 0; stack < in->heap->stack_count && status == STATUS_OK; stack++) {
		struct site_frame frame;
		struct group_key *key;

		site_finder_find(&finder, stack, &frame);
		uint32_t module = builder->module_numbers[frame.module];

		status = row_of(builder, &(struct id_tuple){module, 0, 3},
		    &grouping->key_of_stack[input][stack], &key);
		if (status != STATUS_OK || key == NULL)
			continue;
		key->module = module_path(in->heap, frame.module);
		key->text = keep_text(builder,
		    frame.module != 0 ? site_module_name(in->heap, frame.module) : "[unknown]");
		if (key->text == NULL)
			status = STATUS_NO_MEMORY;
	}
	site_finder_release(&finder);
	return status;
}

/* --- by stack --- */

/* Two independent hashes of a call chain. Chains of two files can only be compared by value, and
 * 128 bits make an accidental match of different ones as good as impossible. */
struct chain_hash {
	uint64_t a, b;
};

static struct chain_hash extend_chain(struct chain_hash caller, uint64_t module, uint64_t token)
{
	struct chain_hash hash = {
	    (caller.a ^ module) * 0x9e3779b97f4a7c15u + token,
	    (caller.b + token) * 0xc2b2ae3d27d4eb4fu + module,
	};

	hash.a = (hash.a ^ (hash.a >> 32)) * 0xd6e8feb86659fd93u;
	hash.b = (hash.b ^ (hash.b >> 29)) * 0xbf58476d1ce4e5b9u;
	return (struct chain_hash){hash.a ^ (hash.a >> 32), hash.b ^ (hash.b >> 31)};
}

/* Functions of a node, inlined ones first: what it adds to a chain across runs. UINT32_MAX when
 * out of memory. */
static uint32_t text_of_node(
    struct group_builder *builder, const struct group_input *in, struct site_frame frame)
{
	char text[TEXT_BYTES];
	struct text_line line = text_line_begin(text, sizeof(text));
	size_t count = 0;
	const struct frame_name *names =
	    in->names != NULL ? in->names->frames_of_node(in->names->context, frame.node, &count)
			      : NULL;

	for (size_t depth = 0; depth < count || depth == 0; depth++) {
		char part[TEXT_BYTES];

		frame.name = depth < count && names[depth].function != NULL &&
				     names[depth].function[0] != '\0'
				 ? &names[depth]
				 : NULL;
		site_text_normalised(in->heap, &frame, part, sizeof(part));
		if (depth != 0)
			text_line_add(&line, ";");
		text_line_add(&line, part);
	}
	return text_pool_intern(builder->grouping->pool, text);
}

/* Module and offset in one run, functions across runs. False when out of memory. */
static bool token_of_node(
    struct group_builder *builder, const struct group_input *in, uint32_t node, uint64_t *ret_token)
{
	const struct snapshot *snapshot = in->heap->snapshot;
	const struct snapshot_node *row = &snapshot->nodes[node];
	struct site_frame frame = {.node = node, .module = in->heap->canonical_module[row->module]};

	frame.offset = row->pc - (row->module != 0 ? snapshot->modules[row->module].bias : 0);
	*ret_token = frame.offset;
	if (!builder->grouping->normalised)
		return true;
	uint32_t *known = memory_of_address(builder, frame.module, frame.offset, 0);

	if (known == NULL)
		return false;
	if (*known == 0) {
		uint32_t text = text_of_node(builder, in, frame);

		if (text == UINT32_MAX)
			return false;
		*known = text + 1;
	}
	*ret_token = *known;
	return true;
}

/* Chains of all nodes, callers first. Roots (threads) are the empty chain, so equal stacks of
 * several threads are one row; frames of the preload add nothing. */
static int hash_chains(
    struct group_builder *builder, const struct group_input *in, struct chain_hash *chains)
{
	const struct snapshot *snapshot = in->heap->snapshot;

	for (uint32_t node = 1; node < snapshot->node_count; node++) {
		const struct snapshot_node *row = &snapshot->nodes[node];
		uint32_t module = in->heap->canonical_module[row->module];
		uint64_t token;

		chains[node] = chains[row->parent];
		if (row->parent == 0 ||
		    (snapshot->modules[row->module].flags & SNAPSHOT_MODULE_SELF) != 0)
			continue;
		if (!token_of_node(builder, in, node, &token))
			return STATUS_NO_MEMORY;
		chains[node] =
		    extend_chain(chains[row->parent], builder->module_numbers[module], token);
	}
	return STATUS_OK;
}

static int fill_stack_key(struct group_builder *builder, const struct group_input *in,
    uint32_t stack, struct group_key *key)
{
	struct site_frame frame;
	size_t bytes =
	    1 + site_stack_text_normalised(in->heap, in->names, in->rules, stack, NULL, 0);
	char *text = malloc(bytes);

	if (text == NULL)
		return STATUS_NO_MEMORY;
	site_of_stack(in->heap, in->names, in->rules, stack, &frame);
	int status = fill_frame_key(builder, in->heap, &frame, key);

	site_stack_text_normalised(in->heap, in->names, in->rules, stack, text, bytes);
	key->text = keep_text(builder, text);
	free(text);
	return key->text != NULL ? status : STATUS_NO_MEMORY;
}

int group_keys_by_stack(struct group_builder *builder, size_t input)
{
	struct grouping *grouping = builder->grouping;
	const struct group_input *in = &grouping->inputs[input];
	struct chain_hash *chains = calloc(in->heap->snapshot->node_count + 1, sizeof(*chains));
	int status = chains != NULL ? hash_chains(builder, in, chains) : STATUS_NO_MEMORY;

	for (uint32_t stack = 0; stack < in->heap->stack_count && status == STATUS_OK; stack++) {
		struct chain_hash chain = chains[in->heap->stacks[stack].leaf];
		struct group_key *key;

		status = row_of(builder, &(struct id_tuple){chain.a, chain.b, 4},
		    &grouping->key_of_stack[input][stack], &key);
		if (status == STATUS_OK && key != NULL)
			status = fill_stack_key(builder, in, stack, key);
	}
	free(chains);
	return status;
}

/* --- by thread --- */

int group_keys_by_thread(struct group_builder *builder, size_t input)
{
	struct grouping *grouping = builder->grouping;
	const struct heap *heap = grouping->inputs[input].heap;
	const struct snapshot *snapshot = heap->snapshot;
	int status = STATUS_OK;

	for (uint32_t stack = 0; stack < heap->stack_count && status == STATUS_OK; stack++) {
		uint32_t thread = heap->stacks[stack].thread;
		const struct snapshot_thread *row =
		    thread != HEAP_NONE ? &snapshot->threads[thread] : NULL;
		const char *name = row != NULL ? snapshot_string(snapshot, row->name) : "[unknown]";
		uint32_t name_id = text_pool_intern(grouping->pool, name);
		struct id_tuple identity = {
		    grouping->normalised ? name_id : thread, row != NULL, 5};
		char text[TEXT_BYTES];
		struct text_line line = text_line_begin(text, sizeof(text));
		struct group_key *key;

		if (name_id == UINT32_MAX)
			return STATUS_NO_MEMORY;
		status = row_of(builder, &identity, &grouping->key_of_stack[input][stack], &key);
		if (status != STATUS_OK || key == NULL)
			continue;
		text_line_add(&line, name);
		if (row != NULL && !grouping->normalised) {
			text_line_add(&line, name[0] != '\0' ? " (tid " : "(tid ");
			text_line_add_decimal(&line, row->tid);
			text_line_add(&line, ")");
			key->tid = row->tid;
		}
		key->text = keep_text(builder, text);
		if (key->text == NULL)
			status = STATUS_NO_MEMORY;
	}
	return status;
}

/* --- by type: per block --- */

#define TYPES_KNOWN 1024u

/* Rows of types that were met lately, by where their text stands. */
struct known_types {
	struct known_type {
		const char *text;
		uint32_t row;
	} of[TYPES_KNOWN];
};

static int type_row(struct group_builder *builder, const char *type, uint32_t *ret_row)
{
	struct text_pool *pool = builder->grouping->pool;
	uint32_t text = text_pool_intern(pool, type);
	struct group_key *key;

	if (text == UINT32_MAX)
		return STATUS_NO_MEMORY;
	int status = row_of(builder, &(struct id_tuple){text, 1, 6}, ret_row, &key);

	if (status == STATUS_OK && key != NULL)
		key->text = key->type = text_pool_text(pool, text);
	return status;
}

static int rows_by_label(struct group_builder *builder, size_t input)
{
	const struct snapshot *snapshot = builder->grouping->inputs[input].heap->snapshot;
	uint32_t *rows = builder->grouping->key_of_block[input];
	int status = STATUS_OK;

	for (size_t extra = 0; extra < snapshot->extra_count && status == STATUS_OK; extra++) {
		const struct snapshot_block_extra *row = &snapshot->extras[extra];

		if (row->label != 0)
			status = type_row(
			    builder, snapshot_string(snapshot, row->label), &rows[row->block]);
	}
	return status;
}

static int rows_by_names(
    struct group_builder *builder, size_t input, const struct block_names *names)
{
	size_t count = builder->grouping->inputs[input].heap->snapshot->block_count;
	uint32_t *rows = builder->grouping->key_of_block[input];
	struct known_types *known = calloc(1, sizeof *known);
	int status = known != NULL ? STATUS_OK : STATUS_NO_MEMORY;

	for (size_t block = 0; block < count && status == STATUS_OK; block++) {
		const char *type = names->type_of_block(names->context, (uint32_t)block);
		struct known_type *last = &known->of[((uintptr_t)type >> 3) % TYPES_KNOWN];

		if (type == NULL)
			continue;
		if (last->text != type) {
			last->text = type;
			status = type_row(builder, type, &last->row);
		}
		rows[block] = last->row;
	}
	free(known);
	return status;
}

int group_keys_by_type(struct group_builder *builder, size_t input)
{
	const struct group_input *of = &builder->grouping->inputs[input];
	struct group_key *key;
	uint32_t untyped;
	int status = row_of(builder, &(struct id_tuple){0, 0, 6}, &untyped, &key);

	if (status != STATUS_OK)
		return status;
	if (key != NULL)
		key->text = "[no type]";
	for (size_t block = 0; block < of->heap->snapshot->block_count; block++)
		builder->grouping->key_of_block[input][block] = untyped;
	return of->types != NULL ? rows_by_names(builder, input, of->types)
				 : rows_by_label(builder, input);
}

/* --- by born: per block, from its generation --- */

/* In one run the later file knows the iterations of both; across runs each file knows its own. */
static const struct heap *heap_of_births(const struct grouping *grouping, size_t input)
{
	return grouping->inputs[grouping->normalised ? input : grouping->input_count - 1].heap;
}

static void born_text(
    const struct heap *heap, uint32_t first, uint32_t last, struct text_line *line)
{
	const struct snapshot *snapshot = heap->snapshot;
	const struct snapshot_iteration *from = &snapshot->iterations[first];
	const struct snapshot_iteration *to = &snapshot->iterations[last];
	uint64_t end = to->first + (to->count != 0 ? to->count - 1 : 0);

	text_line_add(line, snapshot_string(snapshot, snapshot->benchmarks[from->benchmark].name));
	text_line_add(line, " #");
	text_line_add_decimal(line, from->first);
	if (to->benchmark != from->benchmark) {
		text_line_add(line, " .. ");
		text_line_add(
		    line, snapshot_string(snapshot, snapshot->benchmarks[to->benchmark].name));
		text_line_add(line, " #");
		text_line_add_decimal(line, end);
	} else if (end != from->first) {
		text_line_add(line, "-");
		text_line_add_decimal(line, end);
	}
	if (from->phase == SNAPSHOT_PHASE_WARMUP)
		text_line_add(line, " (warm-up)");
}

static int born_row(struct group_builder *builder, const struct heap *heap, struct heap_born born,
    uint32_t *ret_row)
{
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t first = heap_iteration_of_generation(heap, born.first_generation);
	uint32_t last = heap_iteration_of_generation(heap, born.last_generation);
	bool known = first != HEAP_NONE && last != HEAP_NONE;
	char text[TEXT_BYTES];
	struct text_line line = text_line_begin(text, sizeof(text));
	struct id_tuple identity = {born.first_generation, born.last_generation, 7};
	struct group_key *key;

	if (born.last_generation == 0) {
		text_line_add(&line, "outside iterations");
	} else if (known) {
		born.first_generation = snapshot->iterations[first].first_generation;
		born.last_generation = snapshot->iterations[last].last_generation;
		born_text(heap, first, last, &line);
		identity = (struct id_tuple){born.first_generation, born.last_generation, 7};
	} else {
		text_line_add(&line, "generation ");
		text_line_add_decimal(&line, born.first_generation);
		if (born.last_generation != born.first_generation) {
			text_line_add(&line, "-");
			text_line_add_decimal(&line, born.last_generation);
		}
	}
	if (builder->grouping->normalised) {
		uint32_t number = text_pool_intern(builder->grouping->pool, text);

		if (number == UINT32_MAX)
			return STATUS_NO_MEMORY;
		identity = (struct id_tuple){number, 0, 8};
	}
	int status = row_of(builder, &identity, ret_row, &key);

	if (status != STATUS_OK || key == NULL)
		return status;
	key->first_generation = born.first_generation;
	key->last_generation = born.last_generation;
	key->text = keep_text(builder, text);
	return key->text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

int group_keys_by_born(struct group_builder *builder, size_t input)
{
	struct grouping *grouping = builder->grouping;
	const struct heap *heap = grouping->inputs[input].heap;
	const struct heap *births = heap_of_births(grouping, input);
	/* Neighbouring blocks are often of one age. */
	struct heap_born known = {UINT32_MAX, UINT32_MAX};
	uint32_t row = 0;

	for (size_t block = 0; block < heap->snapshot->block_count; block++) {
		struct heap_born born = heap_born_of_block(heap, block);

		if (born.first_generation != known.first_generation ||
		    born.last_generation != known.last_generation) {
			int status = born_row(builder, births, born, &row);

			if (status != STATUS_OK)
				return status;
			known = born;
		}
		grouping->key_of_block[input][block] = row;
	}
	return STATUS_OK;
}
