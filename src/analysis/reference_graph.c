#include "analysis/reference_graph.h"

#include <stdlib.h>

#include "analysis/large_array.h"

#define NODES_MAX (UINT32_MAX - 16)

const char *reference_doubt_name(enum reference_doubt doubt)
{
	switch (doubt) {
	case REFERENCE_INTERIOR:
		return "interior";
	case REFERENCE_PAST_END:
		return "one past the end";
	case REFERENCE_FROM_SLACK:
		return "in slack";
	case REFERENCE_FROM_STACK:
		return "on a stack";
	case REFERENCE_FROM_REGISTER:
		return "in a register";
	case REFERENCE_AROUND:
		return "around a pool's block";
	case REFERENCE_TO_ITSELF:
		return "to itself";
	case REFERENCE_INTO_SLACK:
		return "into slack";
	}
	return "unknown";
}

/* --- grades --- */

/* Where a pointer points to in TARGET. Most point to the start: sizes are looked up for the others only. */
static inline uint8_t grade_of_place(
    const struct snapshot *snapshot, uint32_t target, uint32_t into)
{
	if (into == 0)
		return 0;
	uint64_t bytes = snapshot->block_size[target];

	if (into < bytes)
		return REFERENCE_INTERIOR;
	return into == bytes ? REFERENCE_PAST_END : REFERENCE_INTO_SLACK;
}

static void grade_edges(struct reference_graph *graph)
{
	const struct snapshot *snapshot = graph->snapshot;

	for (uint32_t block = 0; block < graph->block_count; block++) {
		uint64_t words = snapshot->block_size[block] / REFERENCE_WORD_BYTES;

		for (uint64_t edge = snapshot->edge_first[block];
		     edge < snapshot->edge_first[block + 1]; edge++) {
			uint32_t target = snapshot->edge_target[edge];
			uint8_t grade = grade_of_place(snapshot, target, snapshot->edge_into[edge]);

			if (snapshot->edge_word[edge] >= words)
				grade |= REFERENCE_FROM_SLACK;
			if (target == block)
				grade |= REFERENCE_TO_ITSELF;
			graph->edge_grade[edge] = grade;
		}
	}
}

static void grade_roots(struct reference_graph *graph)
{
	const struct snapshot *snapshot = graph->snapshot;

	for (size_t row = 0; row < snapshot->root_edge_count; row++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[row];
		uint32_t kind = snapshot->root_ranges[edge->range].kind;
		uint8_t grade = grade_of_place(snapshot, edge->target, edge->into);

		if (kind == SNAPSHOT_ROOT_STACK)
			grade |= REFERENCE_FROM_STACK;
		if (kind == SNAPSHOT_ROOT_REGISTERS)
			grade |= REFERENCE_FROM_REGISTER;
		graph->root_grade[row] = grade;
	}
}

/* --- pools --- */

/* A block that the walk is inside of. */
struct enclosure {
	uint32_t block;
	uint64_t end;
};

static bool is_pooled(const struct snapshot *snapshot, size_t *at, uint32_t block)
{
	while (*at < snapshot->extra_count && snapshot->extras[*at].block < block)
		(*at)++;
	return *at < snapshot->extra_count && snapshot->extras[*at].block == block &&
	       (snapshot->extras[*at].flags & SNAPSHOT_BLOCK_POOLED) != 0;
}

/* Pools lie in blocks, and pools in the blocks of pools: a stack of the blocks that have not ended yet. */
static int find_around(struct reference_graph *graph)
{
	const struct snapshot *snapshot = graph->snapshot;
	struct enclosure *open = malloc(((size_t)graph->block_count + 1) * sizeof(*open));
	size_t depth = 0;
	size_t at = 0;

	graph->around = malloc(((size_t)graph->block_count + 1) * sizeof(uint32_t));
	if (open == NULL || graph->around == NULL) {
		free(open);
		return STATUS_NO_MEMORY;
	}
	for (uint32_t block = 0; block < graph->block_count; block++) {
		uint64_t address = snapshot->block_address[block];
		bool pooled = is_pooled(snapshot, &at, block);

		while (depth > 0 && (!pooled || open[depth - 1].end <= address))
			depth--;
		graph->around[block] = depth > 0 ? open[depth - 1].block : HEAP_NONE;
		open[depth++] = (struct enclosure){block, address + snapshot->block_size[block]};
	}
	free(open);
	return STATUS_OK;
}

static bool has_pools(const struct snapshot *snapshot)
{
	for (size_t row = 0; row < snapshot->extra_count; row++)
		if ((snapshot->extras[row].flags & SNAPSHOT_BLOCK_POOLED) != 0)
			return true;
	return false;
}

/* --- roots --- */

static void name_roots(struct reference_graph *graph, const struct reference_roots *roots)
{
	const struct snapshot *snapshot = graph->snapshot;

	for (size_t row = 0; row < snapshot->root_edge_count; row++)
		graph->root_of_edge[row] =
		    roots != NULL ? roots->root_of_edge[row] : snapshot->root_edges[row].range;
	for (uint32_t root = 0; root < graph->root_count; root++)
		graph->root_base[root] =
		    roots != NULL ? roots->base[root] : snapshot->root_ranges[root].start;
}

/* root_words by root, by counting: the next free place of root r stands in root_first[r + 1] meanwhile. */
static void order_roots(struct reference_graph *graph)
{
	size_t count = graph->snapshot->root_edge_count;

	for (size_t row = 0; row < count; row++)
		graph->root_first[graph->root_of_edge[row] + 2]++;
	for (uint32_t root = 2; root < graph->root_count + 2; root++)
		graph->root_first[root] += graph->root_first[root - 1];
	for (size_t row = 0; row < count; row++)
		graph->root_words[graph->root_first[graph->root_of_edge[row] + 1]++] =
		    (uint32_t)row;
}

/* --- the whole --- */

static int fill(struct reference_graph *graph, const struct reference_roots *roots)
{
	const struct snapshot *snapshot = graph->snapshot;
	size_t words = snapshot->root_edge_count + 1;

	graph->edge_grade = large_array(snapshot->edge_count, 1);
	graph->root_grade = malloc(words);
	graph->root_of_edge = malloc(words * sizeof(uint32_t));
	graph->root_words = malloc(words * sizeof(uint32_t));
	graph->root_base = malloc(((size_t)graph->root_count + 1) * sizeof(uint64_t));
	graph->root_first = calloc((size_t)graph->root_count + 3, sizeof(uint64_t));
	if (graph->edge_grade == NULL || graph->root_grade == NULL || graph->root_of_edge == NULL ||
	    graph->root_words == NULL || graph->root_base == NULL || graph->root_first == NULL)
		return STATUS_NO_MEMORY;
	grade_edges(graph);
	grade_roots(graph);
	name_roots(graph, roots);
	order_roots(graph);
	return has_pools(snapshot) ? find_around(graph) : STATUS_OK;
}

int reference_graph_open(const struct heap *heap, const struct reference_roots *roots,
    struct reference_graph **ret_graph)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t root_count = roots != NULL ? roots->count : snapshot->root_range_count;

	if (!snapshot_has_graph(snapshot) || snapshot->root_edge_count > NODES_MAX ||
	    root_count > NODES_MAX || snapshot->block_count > NODES_MAX - root_count)
		return STATUS_UNSUPPORTED;
	struct reference_graph *graph = calloc(1, sizeof(*graph));

	if (graph == NULL)
		return STATUS_NO_MEMORY;
	graph->heap = heap;
	graph->snapshot = snapshot;
	graph->block_count = (uint32_t)snapshot->block_count;
	graph->root_count = (uint32_t)root_count;
	int status = fill(graph, roots);

	if (status != STATUS_OK) {
		reference_graph_close(graph);
		return status;
	}
	*ret_graph = graph;
	return STATUS_OK;
}

void reference_graph_close(struct reference_graph *graph)
{
	if (graph == NULL)
		return;
	free(graph->edge_grade);
	free(graph->root_grade);
	free(graph->root_of_edge);
	free(graph->root_base);
	free(graph->root_first);
	free(graph->root_words);
	free(graph->around);
	free(graph->reverse_first);
	free(graph->reverse_source);
	free(graph->reverse_number);
	free(graph);
}

/* --- reverse edges --- */

/* The same walk twice: once to count, and once to place. */
static void walk_references(struct reference_graph *graph, uint64_t *first, bool place)
{
	for (uint32_t block = 0; block < graph->block_count; block++) {
		uint64_t degree = reference_degree(graph, block);

		for (uint64_t number = 0; number < degree; number++) {
			uint8_t grade;
			uint32_t target = reference_at(graph, block, number, &grade);

			if (!reference_counts(grade))
				continue;
			if (!place) {
				first[(size_t)target + 2]++;
				continue;
			}
			uint64_t at = first[(size_t)target + 1]++;

			graph->reverse_source[at] = block;
			graph->reverse_number[at] = (uint32_t)number;
		}
	}
}

int reference_graph_reverse(struct reference_graph *graph)
{
	if (graph->reverse_first != NULL)
		return STATUS_OK;
	uint64_t *first = large_array_of_zeros((size_t)graph->block_count + 2, sizeof(uint64_t));

	if (first == NULL)
		return STATUS_NO_MEMORY;
	walk_references(graph, first, false);
	for (size_t block = 2; block < (size_t)graph->block_count + 2; block++)
		first[block] += first[block - 1];
	uint64_t count = first[(size_t)graph->block_count + 1];

	graph->reverse_source = large_array(count, sizeof(uint32_t));
	graph->reverse_number = large_array(count, sizeof(uint32_t));
	if (graph->reverse_source == NULL || graph->reverse_number == NULL) {
		free(first);
		free(graph->reverse_source);
		free(graph->reverse_number);
		graph->reverse_source = graph->reverse_number = NULL;
		return STATUS_NO_MEMORY;
	}
	walk_references(graph, first, true);
	graph->reverse_first = first;
	return STATUS_OK;
}
