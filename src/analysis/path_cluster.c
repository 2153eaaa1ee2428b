#include "analysis/path_cluster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"

/* Prefixes are numbers of `ids`: (prefix of the holder + 1, key, field through which the holder leads here + 1). */
struct builder {
	const struct reachability *reachability;
	const struct reference_graph *graph;
	struct edge_fields *fields;
	struct id_table ids;
	uint32_t *prefix; /* by block; then the row of its cluster */
	uint32_t *row_of_prefix;
	struct path_clusters *result;
};

#define NO_FIELD 0

static uint64_t offset_of(const struct builder *builder, uint32_t block, uint32_t holder)
{
	const struct reference_graph *graph = builder->graph;
	uint32_t reference = builder->reachability->reference[block];

	if (!reference_is_block(graph, holder))
		return graph->snapshot->root_edges[reference].address -
		       graph->root_base[holder - graph->block_count];
	if (reference == reference_edges(graph, holder))
		return 0;
	return (uint64_t)
		   graph->snapshot->edge_word[graph->snapshot->edge_first[holder] + reference] *
	       REFERENCE_WORD_BYTES;
}

/* The prefix on the way from PREFIX up whose key is KEY, or ID_TABLE_NONE. */
static uint32_t find_key(const struct builder *builder, uint32_t prefix, uint32_t key)
{
	assert(builder->ids.tuples != NULL); /* PREFIX is a number of the table */
	for (;;) {
		const struct id_tuple *tuple = &builder->ids.tuples[prefix];

		if (tuple->b == key)
			return prefix;
		if (tuple->a == 0)
			return ID_TABLE_NONE;
		prefix = (uint32_t)(tuple->a - 1);
	}
}

static uint32_t prefix_of_block(struct builder *builder, uint32_t block)
{
	uint32_t holder = builder->reachability->holder[block];
	uint32_t key = edge_fields_key(builder->fields, block);
	uint32_t holder_key = edge_fields_key(builder->fields, holder);
	uint32_t above;
	uint64_t field = NO_FIELD;

	if (reference_is_block(builder->graph, holder)) {
		above = builder->prefix[holder];

		uint32_t same = find_key(builder, above, key);

		if (same != ID_TABLE_NONE)
			return same;
	} else {
		above = id_table_intern(&builder->ids, &(struct id_tuple){0, holder_key, NO_FIELD});
		if (above == ID_TABLE_NONE)
			return above;
	}
	if (holder != reference_lost_node(builder->graph))
		field = 1 + (uint64_t)edge_fields_number(builder->fields, holder_key, key,
				offset_of(builder, block, holder));
	return id_table_intern(&builder->ids, &(struct id_tuple){(uint64_t)above + 1, key, field});
}

/* Holders stand before what they hold. */
static int find_prefixes(struct builder *builder)
{
	for (uint32_t at = 0; at < builder->graph->block_count; at++) {
		uint32_t block = builder->reachability->order[at];

		builder->prefix[block] = prefix_of_block(builder, block);
		if (builder->prefix[block] == ID_TABLE_NONE)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

/* --- rows --- */

static void add_block(struct builder *builder, uint32_t row, uint32_t block)
{
	const struct reachability *reachability = builder->reachability;
	struct path_cluster *cluster = &builder->result->rows[row];

	if (cluster->blocks == 0)
		*cluster = (struct path_cluster){.example = block,
		    .doubts = reachability->doubts[block],
		    .leaked = reachability_is_leaked(reachability, block)};
	else if (reachability->distance[block] < reachability->distance[cluster->example])
		cluster->example = block;
	cluster->doubts &= reachability->doubts[block];
	cluster->blocks++;
	cluster->bytes += builder->graph->snapshot->block_size[block];
}

static int make_rows(struct builder *builder, bool (*chosen)(const void *context, uint32_t block),
    const void *context)
{
	struct path_clusters *result = builder->result;

	builder->row_of_prefix = malloc(((size_t)builder->ids.count + 1) * sizeof(uint32_t));
	result->rows = calloc((size_t)builder->ids.count + 1, sizeof(*result->rows));
	if (builder->row_of_prefix == NULL || result->rows == NULL)
		return STATUS_NO_MEMORY;
	memset(builder->row_of_prefix, 0xff, ((size_t)builder->ids.count + 1) * sizeof(uint32_t));
	for (uint32_t block = 0; block < builder->graph->block_count; block++) {
		if (!chosen(context, block)) {
			builder->prefix[block] = HEAP_NONE;
			continue;
		}
		uint32_t *row = &builder->row_of_prefix[builder->prefix[block]];

		if (*row == HEAP_NONE)
			*row = (uint32_t)result->count++;
		add_block(builder, *row, block);
		builder->prefix[block] = *row;
	}
	result->of_block = builder->prefix;
	return STATUS_OK;
}

struct cluster_keys {
	const struct reference_graph *graph;
	const uint32_t *of_block;
};

static uint32_t cluster_of_node(const void *context, uint32_t node)
{
	const struct cluster_keys *keys = context;

	return reference_is_block(keys->graph, node) ? keys->of_block[node] : HEAP_NONE;
}

static int find_retained(const struct path_clusters *clusters, const struct dominators *dominators)
{
	struct cluster_keys keys = {
	    dominators != NULL ? dominators->graph : NULL, clusters->of_block};
	struct retained *retained = calloc(clusters->count + 1, sizeof(*retained));
	int status = retained != NULL ? STATUS_OK : STATUS_NO_MEMORY;

	if (status == STATUS_OK && dominators != NULL)
		status = dominators_retained_by_key(
		    dominators, cluster_of_node, &keys, clusters->count, retained);
	for (size_t row = 0; status == STATUS_OK && row < clusters->count; row++)
		clusters->rows[row].retained =
		    dominators != NULL
			? retained[row]
			: (struct retained){clusters->rows[row].bytes, clusters->rows[row].blocks};
	free(retained);
	return status;
}

static int compare_clusters(const void *a, const void *b)
{
	const struct path_cluster *left = a;
	const struct path_cluster *right = b;

	if (left->retained.bytes != right->retained.bytes)
		return left->retained.bytes < right->retained.bytes ? 1 : -1;
	if (left->blocks != right->blocks)
		return left->blocks < right->blocks ? 1 : -1;
	return left->example < right->example ? -1 : left->example > right->example;
}

/* The rows move, and with them the numbers that blocks have of them. */
static int sort_rows(struct path_clusters *clusters, uint32_t block_count)
{
	uint32_t *moved = malloc((clusters->count + 1) * sizeof(uint32_t));

	if (moved == NULL)
		return STATUS_NO_MEMORY;
	qsort(clusters->rows, clusters->count, sizeof(*clusters->rows), compare_clusters);
	for (size_t row = 0; row < clusters->count; row++)
		moved[clusters->of_block[clusters->rows[row].example]] = (uint32_t)row;
	for (uint32_t block = 0; block < block_count; block++)
		if (clusters->of_block[block] != HEAP_NONE)
			clusters->of_block[block] = moved[clusters->of_block[block]];
	free(moved);
	return STATUS_OK;
}

int path_clusters_open(const struct reachability *reachability, struct edge_fields *fields,
    const struct dominators *dominators, bool (*chosen)(const void *context, uint32_t block),
    const void *context, struct path_clusters *ret_clusters)
{
	struct builder builder = {.reachability = reachability,
	    .graph = reachability->graph,
	    .fields = fields,
	    .result = ret_clusters};
	int status = STATUS_NO_MEMORY;

	*ret_clusters = (struct path_clusters){0};
	builder.prefix = large_array(builder.graph->block_count, sizeof(uint32_t));
	if (builder.prefix != NULL)
		status = find_prefixes(&builder);
	if (status == STATUS_OK)
		status = make_rows(&builder, chosen, context);
	if (status != STATUS_OK && ret_clusters->of_block == NULL)
		free(builder.prefix);
	if (status == STATUS_OK)
		status = find_retained(ret_clusters, dominators);
	if (status == STATUS_OK)
		status = sort_rows(ret_clusters, builder.graph->block_count);
	id_table_release(&builder.ids);
	free(builder.row_of_prefix);
	if (status != STATUS_OK)
		path_clusters_release(ret_clusters);
	return status;
}

void path_clusters_release(struct path_clusters *clusters)
{
	free(clusters->rows);
	free(clusters->of_block);
	*clusters = (struct path_clusters){0};
}
