#include "analysis/strong_components.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"

/* Visit numbers count from 1. A block keeps in `lowest` the lowest number that it was seen to reach among the blocks
 * of components that are not finished; finished ones have their component in of_block. */
struct walk {
	const struct reference_graph *graph;
	const uint8_t *state;
	uint8_t only;
	uint32_t *of_block, *visit, *lowest;
	uint32_t *next; /* by block: number of the reference to look at next */
	uint32_t *path; /* the blocks from the start of the walk to the present one */
	uint32_t *open; /* visited, component not finished */
	size_t depth, open_count;
	uint32_t visits, components;
};

static bool takes_part(const struct walk *walk, uint32_t block)
{
	return walk->state == NULL || walk->state[block] == walk->only;
}

static void enter(struct walk *walk, uint32_t block)
{
	walk->visit[block] = walk->lowest[block] = ++walk->visits;
	walk->next[block] = 0;
	walk->path[walk->depth++] = block;
	walk->open[walk->open_count++] = block;
}

static void leave(struct walk *walk, uint32_t block)
{
	walk->depth--;
	if (walk->lowest[block] == walk->visit[block]) {
		uint32_t member;

		do {
			member = walk->open[--walk->open_count];
			walk->of_block[member] = walk->components;
		} while (member != block);
		walk->components++;
	}
	if (walk->depth > 0) {
		uint32_t holder = walk->path[walk->depth - 1];

		if (walk->lowest[block] < walk->lowest[holder] &&
		    walk->of_block[block] == HEAP_NONE)
			walk->lowest[holder] = walk->lowest[block];
	}
}

/* The next target of BLOCK that has not been visited, or HEAP_NONE; those that have been lower its number. */
static uint32_t next_target(struct walk *walk, uint32_t block)
{
	uint64_t degree = reference_degree(walk->graph, block);

	while (walk->next[block] < degree) {
		uint8_t grade;
		uint32_t target = reference_at(walk->graph, block, walk->next[block]++, &grade);

		if (!reference_counts(grade) || !takes_part(walk, target))
			continue;
		if (walk->visit[target] == 0)
			return target;
		if (walk->of_block[target] == HEAP_NONE &&
		    walk->visit[target] < walk->lowest[block])
			walk->lowest[block] = walk->visit[target];
	}
	return HEAP_NONE;
}

static void walk_from(struct walk *walk, uint32_t start)
{
	enter(walk, start);
	while (walk->depth > 0) {
		uint32_t block = walk->path[walk->depth - 1];
		uint32_t target = next_target(walk, block);

		if (target != HEAP_NONE)
			enter(walk, target);
		else
			leave(walk, block);
	}
}

int strong_components_open(const struct reference_graph *graph, const uint8_t *state, uint8_t only,
    struct strong_components *ret_components)
{
	size_t count = (size_t)graph->block_count + 1;
	struct walk walk = {.graph = graph,
	    .state = state,
	    .only = only,
	    .of_block = large_array(count, sizeof(uint32_t)),
	    .visit = large_array_of_zeros(count, sizeof(uint32_t)),
	    .lowest = large_array(count, sizeof(uint32_t)),
	    .next = large_array(count, sizeof(uint32_t)),
	    .path = large_array(count, sizeof(uint32_t)),
	    .open = large_array(count, sizeof(uint32_t))};
	bool good = walk.of_block != NULL && walk.visit != NULL && walk.lowest != NULL &&
		    walk.next != NULL && walk.path != NULL && walk.open != NULL;

	if (good) {
		memset(walk.of_block, 0xff, count * sizeof(uint32_t));
		for (uint32_t block = 0; block < graph->block_count; block++)
			if (walk.visit[block] == 0 && takes_part(&walk, block))
				walk_from(&walk, block);
		*ret_components = (struct strong_components){walk.of_block, walk.components};
	} else {
		free(walk.of_block);
	}
	free(walk.visit);
	free(walk.lowest);
	free(walk.next);
	free(walk.path);
	free(walk.open);
	return good ? STATUS_OK : STATUS_NO_MEMORY;
}

void strong_components_release(struct strong_components *components)
{
	free(components->of_block);
	*components = (struct strong_components){0};
}
