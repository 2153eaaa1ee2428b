#include "analysis/dominators_build.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"

/*
 * Nodes are renumbered by a depth-first walk: 1 is the top, 0 none. All columns but `number` are by that number, so
 * that what is near in the walk is near in memory. A parent in the walk has a lower number than its children, and so
 * has a semidominator. Over ten million blocks nearly all time goes into memory that is not in a cache: each step
 * below is arranged to touch as few places as it can, and edges are read in the order of the file where any will do.
 */

/* A node to visit, and who refers to it. */
struct visit {
	uint32_t node, parent;
};

/* An ancestor in the walk, and the lowest semidominator on the path to it (Lengauer and Tarjan keep the node that has
 * it; nothing more than the number is needed here). */
struct link {
	uint32_t ancestor, lowest;
};

struct builder {
	const struct reachability *reachability;
	const struct reference_graph *graph;
	uint32_t *number;    /* by node */
	uint32_t *node;	     /* by number */
	uint32_t *dominator; /* starts as the parent in the walk */
	uint32_t *semi;
	uint32_t *scratch;
	struct link *links;
	uint64_t *first; /* who refers to v: holders[first[v] .. first[v + 1]), by number */
	uint32_t *holders;
	uint32_t count; /* numbers given */
};

/* --- successors of any node: blocks have references, roots words, the lost node and the top lists --- */

static uint64_t degree_of(const struct builder *builder, uint32_t node)
{
	const struct reference_graph *graph = builder->graph;

	if (reference_is_block(graph, node))
		return reference_degree(graph, node);
	if (node == reference_top_node(graph))
		return (uint64_t)graph->root_count + 1;
	if (node == reference_lost_node(graph))
		return graph->block_count;
	uint32_t root = node - graph->block_count;

	return graph->root_first[root + 1] - graph->root_first[root];
}

/* Successor AT of NODE, or HEAP_NONE when it does not count. */
static uint32_t successor_of(const struct builder *builder, uint32_t node, uint64_t at)
{
	const struct reference_graph *graph = builder->graph;
	uint8_t grade;

	if (reference_is_block(graph, node)) {
		uint32_t target = reference_at(graph, node, at, &grade);

		return reference_counts(grade) ? target : HEAP_NONE;
	}
	if (node == reference_top_node(graph))
		return graph->block_count +
		       (uint32_t)at; /* the roots, and the lost node behind them */
	if (node == reference_lost_node(graph))
		return builder->reachability->state[at] == REACH_LOST ? (uint32_t)at : HEAP_NONE;
	uint32_t row = graph->root_words[graph->root_first[node - graph->block_count] + at];

	return reference_counts(graph->root_grade[row]) ? graph->snapshot->root_edges[row].target
							: HEAP_NONE;
}

/* --- numbering --- */

static uint64_t count_successors(const struct builder *builder)
{
	const struct reference_graph *graph = builder->graph;

	return graph->snapshot->edge_count + graph->snapshot->root_edge_count + graph->root_count +
	       2 * (uint64_t)graph->block_count + 2;
}

static inline size_t push(const struct builder *builder, struct visit *stack, size_t depth,
    uint32_t node, uint32_t parent)
{
	if (builder->number[node] != 0)
		return depth;
	stack[depth] = (struct visit){node, parent};
	/* It is likely to be looked at soon. */
	if (reference_is_block(builder->graph, node))
		__builtin_prefetch(&builder->graph->snapshot->edge_first[node]);
	return depth + 1;
}

/* The successors of the node with NUMBER that have none yet, the first one last. */
static size_t push_successors(
    const struct builder *builder, struct visit *stack, size_t depth, uint32_t number)
{
	uint32_t node = builder->node[number];

	for (uint64_t at = degree_of(builder, node); at-- > 0;) {
		uint32_t target = successor_of(builder, node, at);

		if (target != HEAP_NONE)
			depth = push(builder, stack, depth, target, number);
	}
	return depth;
}

/* A node may wait on the stack several times; who refers to it last before it is visited is its parent: that is
 * depth first. */
static int number_nodes(struct builder *builder)
{
	struct visit *stack = large_array(count_successors(builder), sizeof(*stack));
	size_t depth = 1;

	if (stack == NULL)
		return STATUS_NO_MEMORY;
	stack[0] = (struct visit){reference_top_node(builder->graph), 0};
	while (depth > 0) {
		struct visit visit = stack[--depth];

		if (builder->number[visit.node] != 0)
			continue;
		builder->number[visit.node] = ++builder->count;
		builder->node[builder->count] = visit.node;
		builder->dominator[builder->count] = visit.parent;
		depth = push_successors(builder, stack, depth, builder->count);
	}
	free(stack);
	return STATUS_OK;
}

/* --- holders, by number --- */

/* Where the holders of each node begin: by node in PLACES, and by number in first[]. */
static void find_places(struct builder *builder, uint64_t *places)
{
	size_t count = reference_node_count(builder->graph);
	uint64_t next = 0;

	for (size_t node = 0; node < count; node++) {
		uint64_t degree = degree_of(builder, (uint32_t)node);

		for (uint64_t at = 0; at < degree; at++) {
			uint32_t target = successor_of(builder, (uint32_t)node, at);

			if (target != HEAP_NONE)
				places[target]++;
		}
	}
	for (uint32_t v = 1; v <= builder->count; v++) {
		uint64_t *place = &places[builder->node[v]];
		uint64_t holders = *place;

		builder->first[v] = *place = next;
		next += holders;
	}
	builder->first[builder->count + 1] = next;
}

static int find_holders(struct builder *builder)
{
	size_t count = reference_node_count(builder->graph);
	uint64_t *places = large_array_of_zeros(count, sizeof(uint64_t));

	builder->first = large_array(count + 2, sizeof(uint64_t));
	if (places != NULL && builder->first != NULL) {
		find_places(builder, places);
		builder->holders =
		    large_array(builder->first[builder->count + 1], sizeof(uint32_t));
	}
	for (size_t node = 0; builder->holders != NULL && node < count; node++) {
		uint64_t degree = degree_of(builder, (uint32_t)node);

		for (uint64_t at = 0; at < degree; at++) {
			uint32_t target = successor_of(builder, (uint32_t)node, at);

			if (target != HEAP_NONE)
				builder->holders[places[target]++] = builder->number[node];
		}
	}
	free(places);
	return builder->holders != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- semidominators --- */

/* The lowest semidominator on the path from V up to its highest ancestor with a number of LINKED or more: those are
 * linked to their parents. The path is shortened on the way back down. */
static inline uint32_t evaluate(struct builder *builder, uint32_t v, uint32_t linked)
{
	struct link *links = builder->links;
	uint32_t *stack = builder->scratch;
	size_t depth = 0;
	uint32_t top = v;

	if (links[v].ancestor < linked)
		return links[v].lowest;
	while (links[top].ancestor >= linked) {
		stack[depth++] = top;
		top = links[top].ancestor;
	}
	uint32_t ancestor = links[top].ancestor;
	uint32_t lowest = links[top].lowest;

	while (depth > 0) {
		struct link *link = &links[stack[--depth]];

		if (lowest < link->lowest)
			link->lowest = lowest;
		lowest = link->lowest;
		link->ancestor = ancestor;
	}
	return lowest;
}

#define HOLDERS_AHEAD 48 /* whose links are fetched meanwhile */

static void find_semidominators(struct builder *builder)
{
	for (uint32_t v = 1; v <= builder->count; v++)
		builder->links[v] = (struct link){builder->dominator[v], v};
	for (uint32_t w = builder->count; w >= 2; w--) {
		uint32_t semi = builder->dominator[w];

		for (uint64_t at = builder->first[w]; at < builder->first[w + 1]; at++) {
			uint32_t v = builder->holders[at];

			/* holders are read downwards, node by node */
			if (at >= HOLDERS_AHEAD)
				__builtin_prefetch(
				    &builder->links[builder->holders[at - HOLDERS_AHEAD]]);
			uint32_t candidate = v < w ? v : evaluate(builder, v, w + 1);

			if (candidate < semi)
				semi = candidate;
		}
		builder->semi[w] = builder->links[w].lowest = semi;
	}
}

static void find_dominators(struct builder *builder)
{
	uint32_t *dominator = builder->dominator;

	for (uint32_t w = 2; w <= builder->count; w++)
		while (dominator[w] > builder->semi[w])
			dominator[w] = dominator[dominator[w]];
}

/* --- the whole --- */

/* Columns that the first steps do not need are made after these, which give their own memory back. */
static int find_all(struct builder *builder)
{
	size_t count = reference_node_count(builder->graph) + 1;
	int status;

	builder->number = large_array_of_zeros(count, sizeof(uint32_t));
	builder->node = large_array(count, sizeof(uint32_t));
	builder->dominator = large_array(count, sizeof(uint32_t));
	if (builder->number == NULL || builder->node == NULL || builder->dominator == NULL)
		return STATUS_NO_MEMORY;
	status = number_nodes(builder);
	if (status == STATUS_OK)
		status = find_holders(builder);
	if (status != STATUS_OK)
		return status;
	builder->semi = large_array(count, sizeof(uint32_t));
	builder->scratch = large_array(count, sizeof(uint32_t));
	builder->links = large_array(count, sizeof(*builder->links));
	if (builder->semi == NULL || builder->scratch == NULL || builder->links == NULL)
		return STATUS_NO_MEMORY;
	find_semidominators(builder);
	find_dominators(builder);
	return STATUS_OK;
}

static void release(struct builder *builder)
{
	free(builder->number);
	free(builder->node);
	free(builder->dominator);
	free(builder->semi);
	free(builder->scratch);
	free(builder->links);
	free(builder->first);
	free(builder->holders);
}

int dominators_build(const struct reachability *reachability, uint32_t *immediate, uint32_t *order)
{
	struct builder builder = {.reachability = reachability, .graph = reachability->graph};
	int status = find_all(&builder);

	if (status == STATUS_OK) {
		immediate[reference_top_node(builder.graph)] = HEAP_NONE;
		for (uint32_t v = 1; v <= builder.count; v++) {
			order[v - 1] = builder.node[v];
			if (v > 1)
				immediate[builder.node[v]] = builder.node[builder.dominator[v]];
		}
	}
	release(&builder);
	return status;
}
