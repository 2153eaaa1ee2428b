/*
 * Strongly connected components of the blocks: those that hold each other in circles. Tarjan's algorithm (Depth-first
 * search and linear graph algorithms, 1972) with an explicit stack: O(blocks + edges), whatever the shape. Components
 * are numbered in reverse topological order: what a component refers to has a lower number.
 * Memory: 4 bytes per block, and 20 more while searching.
 */
#ifndef ANALYSIS_STRONG_COMPONENTS_H
#define ANALYSIS_STRONG_COMPONENTS_H

#include "analysis/reference_graph.h"

struct strong_components {
	uint32_t *of_block; /* number of its component; HEAP_NONE for blocks that were left out */
	uint32_t count;
};

/* Of the blocks whose STATE is ONLY, and the edges between them; STATE NULL: of all blocks. 0, or STATUS_NO_MEMORY. */
int strong_components_open(const struct reference_graph *graph, const uint8_t *state, uint8_t only,
    struct strong_components *ret_components);
void strong_components_release(struct strong_components *components);

#endif
