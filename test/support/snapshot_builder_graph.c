/*
 * The reference graph of a built snapshot: edges are collected by the addresses of blocks, which have no rows
 * before they are sorted, and become columns when all else is settled.
 */
#include <stdio.h>
#include <stdlib.h>

#include "snapshot_builder.h"
#include "snapshot_builder_internal.h"

struct snapshot_graph *snapshot_builder_graph(struct snapshot_builder *builder)
{
	struct builder_rows *graph = &builder->sections[SNAPSHOT_GRAPH].rows;

	if (graph->count == 0) {
		struct snapshot_graph row = {.method = SNAPSHOT_GRAPH_SINGLE};

		builder_rows_add(graph, &row);
		for (uint32_t id = SNAPSHOT_GRAPH; id <= SNAPSHOT_STACK_FRAMES; id++)
			builder->sections[id].present = true;
	}
	return builder_rows_at(graph, 0);
}

void snapshot_builder_edge(
    struct snapshot_builder *builder, uint64_t from, uint32_t word, uint64_t to, uint32_t into)
{
	struct builder_edge edge = {.from = from, .to = to, .word = word, .into = into};

	(void)snapshot_builder_graph(builder);
	builder_rows_add(&builder->edges, &edge);
}

uint32_t snapshot_builder_root_range(
    struct snapshot_builder *builder, const struct snapshot_root_range *row)
{
	(void)snapshot_builder_graph(builder);
	builder_add(builder, SNAPSHOT_ROOT_RANGES, row);
	return (uint32_t)builder->sections[SNAPSHOT_ROOT_RANGES].rows.count - 1;
}

void snapshot_builder_root_edge(
    struct snapshot_builder *builder, uint32_t range, uint64_t address, uint64_t to, uint32_t into)
{
	struct builder_edge edge = {.from = address, .to = to, .into = into, .range = range};

	(void)snapshot_builder_graph(builder);
	builder_rows_add(&builder->root_edges, &edge);
}

void snapshot_builder_stack_frame(
    struct snapshot_builder *builder, const struct snapshot_stack_frame *row)
{
	(void)snapshot_builder_graph(builder);
	builder_add(builder, SNAPSHOT_STACK_FRAMES, row);
}

uint32_t snapshot_builder_virtual_table(
    struct snapshot_builder *builder, uint64_t address, uint32_t module)
{
	struct builder_section *tables = &builder->sections[SNAPSHOT_VIRTUAL_TABLES];
	struct snapshot_virtual_table row = {.address = address, .module = module};

	if (!tables->present)
		builder_rows_add(&tables->rows, NULL);
	tables->present = builder->sections[SNAPSHOT_BLOCK_VIRTUAL_TABLE].present = true;
	builder_rows_add(&tables->rows, &row);
	return (uint32_t)tables->rows.count - 1;
}

void snapshot_builder_class(struct snapshot_builder *builder, uint64_t block, uint32_t table)
{
	struct builder_edge edge = {.from = block, .word = table};

	builder_rows_add(&builder->table_words, &edge);
}

/* Row of the block that starts at ADDRESS; with the bit of pools the second of two that do. */
static uint32_t row_at(const struct snapshot_builder *builder, uint64_t address)
{
	const struct builder_rows *addresses = &builder->sections[SNAPSHOT_BLOCK_ADDRESS].rows;
	bool pooled = (address & SNAPSHOT_POOLED_IDENTITY) != 0;
	size_t low = 0;
	size_t high = addresses->count;

	address &= ~SNAPSHOT_POOLED_IDENTITY;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (*(uint64_t *)builder_rows_at(addresses, middle) < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (pooled && low + 1 < addresses->count &&
	    *(uint64_t *)builder_rows_at(addresses, low + 1) == address)
		low++;
	if (low == addresses->count || *(uint64_t *)builder_rows_at(addresses, low) != address) {
		(void)fprintf(
		    stderr, "snapshot_builder: no block at 0x%llx\n", (unsigned long long)address);
		abort();
	}
	return (uint32_t)low;
}

static int compare_edges(const void *left, const void *right)
{
	const struct builder_edge *a = left;
	const struct builder_edge *b = right;

	if (a->range != b->range)
		return a->range < b->range ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->word > b->word) - (a->word < b->word);
}

static int compare_frames(const void *left, const void *right)
{
	const struct snapshot_stack_frame *a = left;
	const struct snapshot_stack_frame *b = right;

	if (a->range != b->range)
		return a->range < b->range ? -1 : 1;
	return (a->low > b->low) - (a->low < b->low);
}

static void sort_rows(struct builder_rows *rows, int (*compare)(const void *, const void *))
{
	if (rows->count > 1)
		qsort(rows->rows, rows->count, rows->row_bytes, compare);
}

static void settle_edges(struct snapshot_builder *builder)
{
	size_t block_count = builder->blocks.count;
	uint64_t at = 0;

	/* From addresses to rows first: of two blocks at one address the order differs. */
	for (size_t i = 0; i < builder->edges.count; i++) {
		struct builder_edge *edge = builder_rows_at(&builder->edges, i);

		edge->from = row_at(builder, edge->from);
		edge->to = row_at(builder, edge->to);
	}
	sort_rows(&builder->edges, compare_edges);
	for (size_t block = 0; block <= block_count; block++) {
		builder_add(builder, SNAPSHOT_EDGE_FIRST, &at);
		while (at < builder->edges.count) {
			const struct builder_edge *edge = builder_rows_at(&builder->edges, at);
			uint32_t target = (uint32_t)edge->to;

			if (edge->from != block)
				break;
			builder_add(builder, SNAPSHOT_EDGE_WORD, &edge->word);
			builder_add(builder, SNAPSHOT_EDGE_TARGET, &target);
			builder_add(builder, SNAPSHOT_EDGE_INTO, &edge->into);
			at++;
		}
	}
}

static void settle_virtual_tables(struct snapshot_builder *builder)
{
	for (size_t i = 0; i < builder->blocks.count; i++)
		builder_add(builder, SNAPSHOT_BLOCK_VIRTUAL_TABLE, NULL);
	for (size_t i = 0; i < builder->table_words.count; i++) {
		const struct builder_edge *word = builder_rows_at(&builder->table_words, i);
		uint32_t *table =
		    builder_rows_at(&builder->sections[SNAPSHOT_BLOCK_VIRTUAL_TABLE].rows,
			row_at(builder, word->from));

		*table = word->word;
	}
}

void builder_settle_graph(struct snapshot_builder *builder)
{
	if (builder->sections[SNAPSHOT_VIRTUAL_TABLES].present)
		settle_virtual_tables(builder);
	if (!builder->sections[SNAPSHOT_GRAPH].present)
		return;
	settle_edges(builder);
	sort_rows(&builder->root_edges, compare_edges);
	for (size_t i = 0; i < builder->root_edges.count; i++) {
		const struct builder_edge *edge = builder_rows_at(&builder->root_edges, i);
		struct snapshot_root_edge row = {.address = edge->from,
		    .range = edge->range,
		    .target = row_at(builder, edge->to),
		    .into = edge->into};

		builder_add(builder, SNAPSHOT_ROOT_EDGES, &row);
	}
	sort_rows(&builder->sections[SNAPSHOT_STACK_FRAMES].rows, compare_frames);
}
