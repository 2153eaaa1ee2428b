#include "analysis/cycles.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"
#include "analysis/strong_components.h"

struct finder {
	const struct reachability *reachability;
	const struct reference_graph *graph;
	uint32_t *row_of_component; /* HEAP_NONE: no circle */
	const struct strong_components *components;
	struct cycles *result;
};

static uint32_t row_of_block(const struct finder *finder, uint32_t block)
{
	return finder->row_of_component[finder->components->of_block[block]];
}

static bool points_to_itself(const struct reference_graph *graph, uint32_t block)
{
	uint64_t edges = reference_edges(graph, block);

	for (uint64_t number = 0; number < edges; number++) {
		uint8_t grade;

		if (reference_at(graph, block, number, &grade) == block &&
		    (grade & REFERENCE_INTO_SLACK) == 0)
			return true;
	}
	return false;
}

/* Components of several blocks, or of one that points to itself, get a row. */
static int number_rows(struct finder *finder)
{
	uint32_t count = finder->components->count;
	uint32_t *sizes = large_array_of_zeros(count, sizeof(uint32_t));

	finder->row_of_component = large_array(count, sizeof(uint32_t));
	if (sizes == NULL || finder->row_of_component == NULL) {
		free(sizes);
		return STATUS_NO_MEMORY;
	}
	memset(finder->row_of_component, 0xff, ((size_t)count + 1) * sizeof(uint32_t));
	for (uint32_t block = 0; block < finder->graph->block_count; block++)
		sizes[finder->components->of_block[block]]++;
	for (uint32_t block = 0; block < finder->graph->block_count; block++) {
		uint32_t component = finder->components->of_block[block];

		if (finder->row_of_component[component] == HEAP_NONE &&
		    (sizes[component] > 1 || points_to_itself(finder->graph, block)))
			finder->row_of_component[component] = (uint32_t)finder->result->count++;
	}
	free(sizes);
	return STATUS_OK;
}

static int list_members(struct finder *finder)
{
	struct cycles *result = finder->result;
	size_t next = 0;

	result->rows = calloc(result->count + 1, sizeof(*result->rows));
	if (result->rows == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t block = 0; block < finder->graph->block_count; block++) {
		uint32_t row = row_of_block(finder, block);

		if (row == HEAP_NONE)
			continue;
		result->rows[row].member_count++;
		result->rows[row].bytes += finder->graph->snapshot->block_size[block];
		result->rows[row].leaked = reachability_is_leaked(finder->reachability, block);
		result->rows[row].example_holder = HEAP_NONE;
		next++;
	}
	result->members = malloc((next + 1) * sizeof(uint32_t));
	if (result->members == NULL)
		return STATUS_NO_MEMORY;
	next = 0;
	for (size_t row = 0; row < result->count; row++) {
		result->rows[row].first_member = next;
		next += result->rows[row].member_count;
		result->rows[row].member_count = 0;
	}
	for (uint32_t block = 0; block < finder->graph->block_count; block++) {
		uint32_t row = row_of_block(finder, block);

		if (row != HEAP_NONE)
			result->members[result->rows[row].first_member +
					result->rows[row].member_count++] = block;
	}
	return STATUS_OK;
}

/* --- who holds them --- */

static bool is_nearer(const struct finder *finder, uint32_t holder, uint32_t known)
{
	return known == HEAP_NONE || (reference_is_block(finder->graph, known) &&
					 (!reference_is_block(finder->graph, holder) ||
					     finder->reachability->distance[holder] <
						 finder->reachability->distance[known]));
}

static void add_holder(struct finder *finder, uint32_t holder, uint32_t held)
{
	uint32_t row = row_of_block(finder, held);

	if (row == HEAP_NONE)
		return;
	struct cycle *cycle = &finder->result->rows[row];

	if (!reference_is_block(finder->graph, holder))
		cycle->held_by_roots++;
	else if (row_of_block(finder, holder) != row)
		cycle->held_by_blocks++;
	else
		return;
	if (is_nearer(finder, holder, cycle->example_holder))
		cycle->example_holder = holder;
}

static void find_holders(struct finder *finder)
{
	const struct reference_graph *graph = finder->graph;
	const struct snapshot *snapshot = graph->snapshot;

	for (size_t row = 0; row < snapshot->root_edge_count; row++)
		if (reference_counts(graph->root_grade[row]))
			add_holder(finder, reference_root_node(graph, graph->root_of_edge[row]),
			    snapshot->root_edges[row].target);
	for (uint32_t block = 0; block < graph->block_count; block++) {
		uint64_t degree = reference_degree(graph, block);

		for (uint64_t number = 0; number < degree; number++) {
			uint8_t grade;
			uint32_t target = reference_at(graph, block, number, &grade);

			if (reference_counts(grade))
				add_holder(finder, block, target);
		}
	}
}

static int compare_cycles(const void *a, const void *b)
{
	const struct cycle *left = a;
	const struct cycle *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	if (left->member_count != right->member_count)
		return left->member_count < right->member_count ? 1 : -1;
	return left->first_member < right->first_member ? -1
							: left->first_member > right->first_member;
}

int cycles_open(const struct reachability *reachability, struct cycles *ret_cycles)
{
	struct strong_components components;
	struct finder finder = {.reachability = reachability,
	    .graph = reachability->graph,
	    .components = &components,
	    .result = ret_cycles};

	*ret_cycles = (struct cycles){0};
	int status = strong_components_open(reachability->graph, NULL, 0, &components);

	if (status != STATUS_OK)
		return status;
	status = number_rows(&finder);
	if (status == STATUS_OK)
		status = list_members(&finder);
	if (status == STATUS_OK) {
		find_holders(&finder);
		qsort(
		    ret_cycles->rows, ret_cycles->count, sizeof(*ret_cycles->rows), compare_cycles);
	}
	free(finder.row_of_component);
	strong_components_release(&components);
	if (status != STATUS_OK)
		cycles_release(ret_cycles);
	return status;
}

void cycles_release(struct cycles *cycles)
{
	free(cycles->rows);
	free(cycles->members);
	*cycles = (struct cycles){0};
}
