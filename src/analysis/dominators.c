#include "analysis/dominators.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/dominators_build.h"
#include "analysis/large_array.h"

/* Dominators stand before what they dominate: from the end of ORDER every node is complete when it is reached. */
static void add_sizes(struct dominators *dominators, const uint32_t *order)
{
	const struct reference_graph *graph = dominators->graph;
	size_t count = reference_node_count(graph);

	memcpy(dominators->retained_bytes, graph->snapshot->block_size,
	    graph->block_count * sizeof(uint64_t));
	for (size_t node = 0; node < count; node++) {
		if (!reference_is_block(graph, (uint32_t)node))
			dominators->retained_bytes[node] = 0;
		dominators->retained_blocks[node] = reference_is_block(graph, (uint32_t)node);
	}
	for (size_t at = count; at-- > 1;) {
		uint32_t node = order[at];
		uint32_t above = dominators->immediate[node];

		dominators->retained_bytes[above] += dominators->retained_bytes[node];
		dominators->retained_blocks[above] += dominators->retained_blocks[node];
	}
}

static void hang_children(struct dominators *dominators)
{
	size_t count = reference_node_count(dominators->graph);

	memset(dominators->first_child, 0xff, count * sizeof(uint32_t));
	for (size_t node = count; node-- > 0;) {
		uint32_t above = dominators->immediate[node];

		dominators->next_sibling[node] = HEAP_NONE;
		if (above == HEAP_NONE)
			continue;
		dominators->next_sibling[node] = dominators->first_child[above];
		dominators->first_child[above] = (uint32_t)node;
	}
}

/* Columns are made when they are needed, the first children's memory serves as the order before: what the building
 * needs is the peak. */
static int build(const struct reachability *reachability, struct dominators *dominators)
{
	size_t count = reference_node_count(dominators->graph) + 1;

	dominators->immediate = large_array(count, sizeof(uint32_t));
	dominators->first_child = large_array(count, sizeof(uint32_t));
	if (dominators->immediate == NULL || dominators->first_child == NULL)
		return STATUS_NO_MEMORY;
	int status = dominators_build(reachability, dominators->immediate, dominators->first_child);

	if (status != STATUS_OK)
		return status;
	dominators->retained_bytes = large_array(count, sizeof(uint64_t));
	dominators->retained_blocks = large_array(count, sizeof(uint32_t));
	dominators->next_sibling = large_array(count, sizeof(uint32_t));
	if (dominators->retained_bytes == NULL || dominators->retained_blocks == NULL ||
	    dominators->next_sibling == NULL)
		return STATUS_NO_MEMORY;
	add_sizes(dominators, dominators->first_child);
	hang_children(dominators);
	return STATUS_OK;
}

int dominators_open(const struct reachability *reachability, struct dominators **ret_dominators)
{
	struct dominators *dominators = calloc(1, sizeof(*dominators));

	if (dominators == NULL)
		return STATUS_NO_MEMORY;
	dominators->graph = reachability->graph;
	int status = build(reachability, dominators);

	if (status != STATUS_OK) {
		dominators_close(dominators);
		return status;
	}
	*ret_dominators = dominators;
	return STATUS_OK;
}

void dominators_close(struct dominators *dominators)
{
	if (dominators == NULL)
		return;
	free(dominators->immediate);
	free(dominators->retained_bytes);
	free(dominators->retained_blocks);
	free(dominators->first_child);
	free(dominators->next_sibling);
	free(dominators);
}

bool dominators_has(const struct dominators *dominators, uint32_t node, uint32_t block)
{
	while (block != node && block != HEAP_NONE)
		block = dominators->immediate[block];
	return block == node;
}

/* --- the tree for printing --- */

static bool is_larger(const struct dominators *dominators, uint32_t a, uint32_t b)
{
	if (dominators->retained_bytes[a] != dominators->retained_bytes[b])
		return dominators->retained_bytes[a] > dominators->retained_bytes[b];
	return a < b;
}

size_t dominators_largest(
    const struct dominators *dominators, uint32_t node, uint32_t *nodes, size_t capacity)
{
	size_t kept = 0;
	size_t total = 0;

	for (uint32_t child = dominators->first_child[node]; child != HEAP_NONE;
	     child = dominators->next_sibling[child]) {
		size_t at = kept;

		if (dominators->retained_blocks[child] == 0)
			continue;
		total++;
		if (kept < capacity)
			kept++;
		else if (capacity == 0 || !is_larger(dominators, child, nodes[--at]))
			continue;
		while (at > 0 && is_larger(dominators, child, nodes[at - 1])) {
			nodes[at] = nodes[at - 1];
			at--;
		}
		nodes[at] = child;
	}
	return total;
}

/* --- by key --- */

struct key_walk {
	const struct dominators *dominators;
	dominators_key *key_of_node;
	const void *context;
	uint32_t *inside; /* by key: how many of it the walk is inside of */
	struct retained *rows;
};

static void enter_node(struct key_walk *walk, uint32_t node)
{
	uint32_t key = walk->key_of_node(walk->context, node);

	if (key == HEAP_NONE || walk->inside[key]++ > 0)
		return;
	walk->rows[key].bytes += walk->dominators->retained_bytes[node];
	walk->rows[key].blocks += walk->dominators->retained_blocks[node];
}

static void leave_node(struct key_walk *walk, uint32_t node)
{
	uint32_t key = walk->key_of_node(walk->context, node);

	if (key != HEAP_NONE)
		walk->inside[key]--;
}

int dominators_retained_by_key(const struct dominators *dominators, dominators_key *key_of_node,
    const void *context, size_t key_count, struct retained *rows)
{
	struct key_walk walk = {.dominators = dominators,
	    .key_of_node = key_of_node,
	    .context = context,
	    .inside = calloc(key_count + 1, sizeof(uint32_t))};
	uint32_t top = reference_top_node(dominators->graph);
	uint32_t node = dominators->first_child[top];

	walk.rows = rows;
	if (walk.inside == NULL)
		return STATUS_NO_MEMORY;
	/* Down the first children, then along the siblings, and up where there is none. */
	while (node != HEAP_NONE && node != top) {
		enter_node(&walk, node);
		if (dominators->first_child[node] != HEAP_NONE) {
			node = dominators->first_child[node];
			continue;
		}
		leave_node(&walk, node);
		while (dominators->next_sibling[node] == HEAP_NONE) {
			node = dominators->immediate[node];
			if (node == top)
				break;
			leave_node(&walk, node);
		}
		if (node != top)
			node = dominators->next_sibling[node];
	}
	free(walk.inside);
	return STATUS_OK;
}
