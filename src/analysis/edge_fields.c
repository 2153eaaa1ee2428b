#include "analysis/edge_fields.h"

#include <stdlib.h>

#include "analysis/room.h"

uint32_t edge_fields_key(const void *fields, uint32_t node)
{
	const struct edge_fields *self = fields;

	if (reference_is_block(self->graph, node))
		return grouping_key_of_block(self->grouping, self->input, node);
	return (uint32_t)self->grouping->key_count + (node - self->graph->block_count);
}

uint32_t edge_fields_root_of_key(const struct edge_fields *fields, uint32_t key)
{
	size_t keys = fields->grouping->key_count;

	return key < keys || key - keys >= fields->graph->root_count ? HEAP_NONE
								     : (uint32_t)(key - keys);
}

/* --- every edge --- */

static int each_of_block(const struct reference_graph *graph, uint32_t block,
    int (*visit)(void *context, const struct edge_visit *edge), void *context)
{
	const struct snapshot *snapshot = graph->snapshot;
	uint64_t edges = reference_edges(graph, block);
	uint64_t degree = reference_degree(graph, block);
	int status = STATUS_OK;

	for (uint64_t number = 0; status == STATUS_OK && number < degree; number++) {
		struct edge_visit edge = {.node = block};

		edge.target = reference_at(graph, block, number, &edge.grade);
		if (!reference_counts(edge.grade))
			continue;
		if (number < edges)
			edge.offset =
			    (uint64_t)snapshot->edge_word[snapshot->edge_first[block] + number] *
			    REFERENCE_WORD_BYTES;
		status = visit(context, &edge);
	}
	return status;
}

int edge_fields_each(const struct reference_graph *graph,
    int (*visit)(void *context, const struct edge_visit *edge), void *context)
{
	const struct snapshot *snapshot = graph->snapshot;
	int status = STATUS_OK;

	for (uint32_t block = 0; status == STATUS_OK && block < graph->block_count; block++)
		status = each_of_block(graph, block, visit, context);
	for (size_t row = 0; status == STATUS_OK && row < snapshot->root_edge_count; row++) {
		uint32_t root = graph->root_of_edge[row];
		struct edge_visit edge = {.node = reference_root_node(graph, root),
		    .target = snapshot->root_edges[row].target,
		    .offset = snapshot->root_edges[row].address - graph->root_base[root],
		    .grade = graph->root_grade[row]};

		if (reference_counts(edge.grade))
			status = visit(context, &edge);
	}
	return status;
}

/* --- pairs --- */

static struct edge_pair *pair_of(struct edge_fields *fields, uint32_t holder, uint32_t held)
{
	uint32_t known = fields->ids.count;
	uint32_t number = id_table_intern(&fields->ids, &(struct id_tuple){holder, held, 0});

	if (number == ID_TABLE_NONE)
		return NULL;
	struct edge_pair *pairs =
	    room_for(fields->pairs, &fields->capacity, (size_t)number + 1, sizeof *pairs);

	if (pairs == NULL)
		return NULL;
	fields->pairs = pairs;
	if (number == known)
		fields->pairs[number] = (struct edge_pair){0};
	return &fields->pairs[number];
}

static int learn_edge(void *context, const struct edge_visit *edge)
{
	struct edge_fields *fields = context;
	struct edge_pair *pair = pair_of(
	    fields, edge_fields_key(fields, edge->node), edge_fields_key(fields, edge->target));
	uint32_t field = 0;

	if (pair == NULL)
		return STATUS_NO_MEMORY;
	if (pair->count > EDGE_FIELDS_MAX)
		return STATUS_OK;
	while (field < pair->count && pair->offsets[field] != edge->offset)
		field++;
	if (field < pair->count)
		return STATUS_OK;
	if (field < EDGE_FIELDS_MAX)
		pair->offsets[field] = edge->offset;
	pair->count++;
	return STATUS_OK;
}

uint32_t edge_fields_number(
    struct edge_fields *fields, uint32_t holder, uint32_t held, uint64_t offset)
{
	uint32_t number = id_table_intern(&fields->ids, &(struct id_tuple){holder, held, 0});
	const struct edge_pair *pair = &fields->pairs[number];
	uint32_t field = 0;

	if (pair->count > EDGE_FIELDS_MAX)
		return number * EDGE_FIELDS_MAX;
	while (field + 1 < pair->count && pair->offsets[field] != offset)
		field++;
	return number * EDGE_FIELDS_MAX + field;
}

struct edge_field edge_fields_at(const struct edge_fields *fields, uint32_t number)
{
	const struct edge_pair *pair = &fields->pairs[number / EDGE_FIELDS_MAX];
	const struct id_tuple *keys = &fields->ids.tuples[number / EDGE_FIELDS_MAX];

	return (struct edge_field){.holder = (uint32_t)keys->a,
	    .held = (uint32_t)keys->b,
	    .offset = pair->count > EDGE_FIELDS_MAX ? EDGE_FIELD_ARRAY
						    : pair->offsets[number % EDGE_FIELDS_MAX]};
}

int edge_fields_open(const struct reference_graph *graph, const struct grouping *grouping,
    size_t input, struct edge_fields *ret_fields)
{
	*ret_fields = (struct edge_fields){.graph = graph,
	    .grouping = grouping,
	    .input = input,
	    .key_count = (uint32_t)grouping->key_count + graph->root_count + 1};
	int status = edge_fields_each(graph, learn_edge, ret_fields);

	/* Numbers of fields are 32 bits wide; so many pairs of sites no program has. */
	if (status == STATUS_OK && ret_fields->ids.count > UINT32_MAX / EDGE_FIELDS_MAX - 1)
		status = STATUS_UNSUPPORTED;
	if (status != STATUS_OK)
		edge_fields_release(ret_fields);
	return status;
}

void edge_fields_release(struct edge_fields *fields)
{
	id_table_release(&fields->ids);
	free(fields->pairs);
	*fields = (struct edge_fields){0};
}
