#include "analysis/retaining_path.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"

/* --- stops --- */

/* BLOCK as a stop whose reference NUMBER leads on. */
static struct retaining_hop hop_of_block(
    const struct reference_graph *graph, uint32_t block, uint32_t number)
{
	const struct snapshot *snapshot = graph->snapshot;
	struct retaining_hop hop = {.node = block, .root_edge = HEAP_NONE};
	uint32_t target = reference_at(graph, block, number, &hop.doubts);

	if (hop.doubts == REFERENCE_AROUND) {
		hop.into =
		    (uint32_t)(snapshot->block_address[block] - snapshot->block_address[target]);
		return hop;
	}
	uint64_t edge = snapshot->edge_first[block] + number;

	hop.offset = (uint64_t)snapshot->edge_word[edge] * REFERENCE_WORD_BYTES;
	hop.into = snapshot->edge_into[edge];
	return hop;
}

static struct retaining_hop hop_of_root(const struct reference_graph *graph, uint32_t row)
{
	const struct snapshot_root_edge *edge = &graph->snapshot->root_edges[row];
	uint32_t root = graph->root_of_edge[row];

	return (struct retaining_hop){.node = reference_root_node(graph, root),
	    .root_edge = row,
	    .offset = edge->address - graph->root_base[root],
	    .into = edge->into,
	    .doubts = graph->root_grade[row]};
}

static int path_allocate(struct retaining_path *path, size_t hop_count)
{
	*path = (struct retaining_path){.hop_count = hop_count,
	    .same = 1,
	    .hops = malloc(hop_count * sizeof(struct retaining_hop))};
	return path->hops != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

int retaining_path_open(
    const struct reachability *reachability, uint32_t block, struct retaining_path *ret_path)
{
	const struct reference_graph *graph = reachability->graph;
	size_t at = (size_t)reachability->distance[block] + 1;

	if (path_allocate(ret_path, at) != STATUS_OK)
		return STATUS_NO_MEMORY;
	ret_path->doubts = reachability->doubts[block];
	ret_path->hops[--at] = (struct retaining_hop){.node = block, .root_edge = HEAP_NONE};
	while (at > 0) {
		uint32_t holder = reachability->holder[block];
		struct retaining_hop *hop = &ret_path->hops[--at];

		if (reference_is_block(graph, holder))
			*hop = hop_of_block(graph, holder, reachability->reference[block]);
		else if (holder == reference_lost_node(graph))
			*hop = (struct retaining_hop){.node = holder, .root_edge = HEAP_NONE};
		else
			*hop = hop_of_root(graph, reachability->reference[block]);
		block = holder;
	}
	return STATUS_OK;
}

void retaining_path_release(struct retaining_path *path)
{
	free(path->hops);
	*path = (struct retaining_path){0};
}

/* --- all paths of a block --- */

/* Backwards from a block: what each visited block leads to. */
#define HOLDERS_MAX 65536 /* of one block, that are looked at each; the others are counted */

struct backward {
	struct reference_graph *graph;
	retaining_key *key_of_node;
	const void *context;
	size_t limit;
	struct retaining_paths *result;
	uint32_t *
	    next; /* by block: what it refers to on the way to the target; HEAP_NONE of the target */
	uint32_t *number; /* by block: with which reference */
	uint8_t *seen;
	uint32_t *queue;
	uint32_t *words; /* rows of ROOT_EDGES, ascending target */
	uint8_t *told;	 /* by row of ROOT_EDGES: its path is among the result's */
};

static uint32_t key_of(const struct backward *backward, uint32_t node)
{
	return backward->key_of_node != NULL ? backward->key_of_node(backward->context, node)
					     : node;
}

static bool paths_are_alike(
    const struct backward *backward, const struct retaining_path *a, const struct retaining_path *b)
{
	if (a->hop_count != b->hop_count)
		return false;
	for (size_t i = 0; i < a->hop_count; i++)
		if (a->hops[i].offset != b->hops[i].offset ||
		    key_of(backward, a->hops[i].node) != key_of(backward, b->hops[i].node))
			return false;
	return true;
}

/* The path from root word ROW to BLOCK and on to the target. */
static int path_from_word(
    const struct backward *backward, uint32_t row, uint32_t block, struct retaining_path *ret_path)
{
	size_t count = 2;
	size_t at = 0;

	for (uint32_t stop = block; backward->next[stop] != HEAP_NONE; stop = backward->next[stop])
		count++;
	if (path_allocate(ret_path, count) != STATUS_OK)
		return STATUS_NO_MEMORY;
	ret_path->hops[at++] = hop_of_root(backward->graph, row);
	for (; backward->next[block] != HEAP_NONE; block = backward->next[block])
		ret_path->hops[at++] =
		    hop_of_block(backward->graph, block, backward->number[block]);
	ret_path->hops[at] = (struct retaining_hop){.node = block, .root_edge = HEAP_NONE};
	for (size_t i = 0; i < count; i++)
		ret_path->doubts |= ret_path->hops[i].doubts;
	return STATUS_OK;
}

/* Takes PATH over. */
static int add_path(struct backward *backward, struct retaining_path *path)
{
	struct retaining_paths *result = backward->result;

	for (size_t i = 0; i < result->count; i++) {
		if (!paths_are_alike(backward, &result->paths[i], path))
			continue;
		result->paths[i].same++;
		retaining_path_release(path);
		return STATUS_OK;
	}
	if (result->count == backward->limit) {
		result->more++;
		retaining_path_release(path);
		return STATUS_OK;
	}
	struct retaining_path *paths = realloc(result->paths, (result->count + 1) * sizeof(*paths));

	if (paths == NULL) {
		retaining_path_release(path);
		return STATUS_NO_MEMORY;
	}
	result->paths = paths;
	paths[result->count++] = *path;
	return STATUS_OK;
}

static int compare_words(const void *a, const void *b, void *context)
{
	const struct snapshot_root_edge *edges = context;
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	if (edges[left].target != edges[right].target)
		return edges[left].target < edges[right].target ? -1 : 1;
	return left < right ? -1 : left > right;
}

static void order_words(struct backward *backward)
{
	const struct snapshot *snapshot = backward->graph->snapshot;
	/* qsort_r hands its context on as it is: nothing is written through it. */
	void *edges = (void *)(uintptr_t)snapshot->root_edges;

	for (size_t row = 0; row < snapshot->root_edge_count; row++)
		backward->words[row] = (uint32_t)row;
	qsort_r(backward->words, snapshot->root_edge_count, sizeof(uint32_t), compare_words, edges);
}

/* First of the words that hold BLOCK, by search. */
static size_t first_word(const struct backward *backward, uint32_t block)
{
	const struct snapshot *snapshot = backward->graph->snapshot;
	size_t low = 0;
	size_t high = snapshot->root_edge_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->root_edges[backward->words[middle]].target < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add_roots_of(struct backward *backward, uint32_t block, bool strong)
{
	const struct snapshot *snapshot = backward->graph->snapshot;
	int status = STATUS_OK;

	for (size_t at = first_word(backward, block);
	     status == STATUS_OK && at < snapshot->root_edge_count; at++) {
		uint32_t row = backward->words[at];
		uint8_t grade = backward->graph->root_grade[row];
		struct retaining_path path;

		if (snapshot->root_edges[row].target != block)
			break;
		if (!reference_counts(grade) || (strong && grade != 0) || backward->told[row] != 0)
			continue;
		backward->told[row] = 1;
		status = path_from_word(backward, row, block, &path);
		if (status == STATUS_OK)
			status = add_path(backward, &path);
	}
	return status;
}

/* All blocks that lead to TARGET, nearest first; over STRONG edges only, or over all that count. */
static int search_backward(struct backward *backward, uint32_t target, bool strong)
{
	const struct reference_graph *graph = backward->graph;
	size_t head = 0;
	size_t tail = 0;
	int status = STATUS_OK;

	memset(backward->seen, 0, graph->block_count);
	backward->queue[tail++] = target;
	backward->seen[target] = 1;
	backward->next[target] = HEAP_NONE;
	while (status == STATUS_OK && head < tail) {
		uint32_t block = backward->queue[head++];

		status = add_roots_of(backward, block, strong);
		for (uint64_t at = graph->reverse_first[block];
		     at < graph->reverse_first[block + 1]; at++) {
			uint32_t holder = graph->reverse_source[at];
			uint8_t grade;

			(void)reference_at(graph, holder, graph->reverse_number[at], &grade);
			if (backward->seen[holder] != 0 || (strong && grade != 0))
				continue;
			backward->seen[holder] = 1;
			backward->next[holder] = block;
			backward->number[holder] = graph->reverse_number[at];
			backward->queue[tail++] = holder;
		}
	}
	return status;
}

/* The best path to HOLDER, and from there by its reference NUMBER to BLOCK; nothing when it leads through BLOCK. */
static int add_by_holder(struct backward *backward, const struct reachability *reachability,
    uint32_t block, uint32_t holder, uint32_t number)
{
	struct retaining_path path;
	int status = retaining_path_open(reachability, holder, &path);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < path.hop_count; i++)
		if (path.hops[i].node == block) {
			retaining_path_release(&path);
			return STATUS_OK;
		}
	struct retaining_hop *hops = realloc(path.hops, (path.hop_count + 1) * sizeof(*path.hops));

	if (hops == NULL) {
		retaining_path_release(&path);
		return STATUS_NO_MEMORY;
	}
	path.hops = hops;
	hops[path.hop_count - 1] = hop_of_block(backward->graph, holder, number);
	hops[path.hop_count] = (struct retaining_hop){.node = block, .root_edge = HEAP_NONE};
	path.doubts |= hops[path.hop_count - 1].doubts;
	path.hop_count++;
	return add_path(backward, &path);
}

/* One path by each of the block's own holders: they are who must let go of it. */
static int add_holders(
    struct backward *backward, const struct reachability *reachability, uint32_t block)
{
	const struct reference_graph *graph = backward->graph;
	uint64_t end = graph->reverse_first[block + 1];
	int status = STATUS_OK;

	if (end - graph->reverse_first[block] > HOLDERS_MAX) {
		backward->result->more += end - graph->reverse_first[block] - HOLDERS_MAX;
		end = graph->reverse_first[block] + HOLDERS_MAX;
	}
	for (uint64_t at = graph->reverse_first[block]; status == STATUS_OK && at < end; at++) {
		uint32_t holder = graph->reverse_source[at];

		if (!reachability_is_leaked(reachability, holder) &&
		    !(holder == reachability->holder[block] &&
			graph->reverse_number[at] == reachability->reference[block]))
			status = add_by_holder(
			    backward, reachability, block, holder, graph->reverse_number[at]);
	}
	return status;
}

static int find_paths(
    struct backward *backward, const struct reachability *reachability, uint32_t block)
{
	size_t count = backward->graph->block_count;
	size_t words = backward->graph->snapshot->root_edge_count;
	int status = STATUS_NO_MEMORY;

	backward->next = large_array(count, sizeof(uint32_t));
	backward->number = large_array(count, sizeof(uint32_t));
	backward->queue = large_array(count, sizeof(uint32_t));
	backward->seen = large_array(count, 1);
	backward->words = large_array(words, sizeof(uint32_t));
	backward->told = large_array_of_zeros(words, 1);
	if (backward->next != NULL && backward->number != NULL && backward->queue != NULL &&
	    backward->seen != NULL && backward->words != NULL && backward->told != NULL)
		status = reference_graph_reverse(backward->graph);
	if (status == STATUS_OK)
		status = add_holders(backward, reachability, block);
	if (status == STATUS_OK) {
		order_words(backward);
		backward->told[backward->result->paths[0].hops[0].root_edge] = 1;
		status = search_backward(backward, block, true);
	}
	if (status == STATUS_OK)
		status = search_backward(backward, block, false);
	free(backward->next);
	free(backward->number);
	free(backward->queue);
	free(backward->seen);
	free(backward->words);
	free(backward->told);
	return status;
}

/* Strong before doubtful, then shortest first; of equals as they were found. */
static bool comes_before(const struct retaining_path *left, const struct retaining_path *right)
{
	if ((left->doubts == 0) != (right->doubts == 0))
		return left->doubts == 0;
	return left->hop_count < right->hop_count;
}

static void sort_paths(struct retaining_paths *paths)
{
	for (size_t i = 1; i < paths->count; i++) {
		const struct retaining_path path = paths->paths[i];
		size_t at = i;

		for (; at > 0 && comes_before(&path, &paths->paths[at - 1]); at--)
			paths->paths[at] = paths->paths[at - 1];
		paths->paths[at] = path;
	}
}

int retaining_paths_open(struct reference_graph *graph, const struct reachability *reachability,
    uint32_t block, size_t limit, retaining_key *key_of_node, const void *context,
    struct retaining_paths *ret_paths)
{
	struct retaining_path best;
	struct backward backward = {.graph = graph,
	    .key_of_node = key_of_node,
	    .context = context,
	    .limit = limit > 0 ? limit : 1,
	    .result = ret_paths};

	*ret_paths = (struct retaining_paths){0};
	/* The best path comes first, whatever else there is. */
	int status = retaining_path_open(reachability, block, &best);

	if (status == STATUS_OK)
		status = add_path(&backward, &best);
	if (status == STATUS_OK && !reachability_is_leaked(reachability, block))
		status = find_paths(&backward, reachability, block);
	if (status != STATUS_OK)
		retaining_paths_release(ret_paths);
	else
		sort_paths(ret_paths);
	return status;
}

void retaining_paths_release(struct retaining_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		retaining_path_release(&paths->paths[i]);
	free(paths->paths);
	*paths = (struct retaining_paths){0};
}
