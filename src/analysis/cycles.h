/*
 * Circles: blocks that hold each other, so that none of them goes before the others do. Each strongly connected
 * component of more than one block is a circle, and so is a block that points to itself (no path leads through that,
 * but the words are there). A circle that is leaked keeps itself from being found by counting references; one that
 * is held goes when its holders go.
 *
 * O(blocks + edges); 12 bytes per block while the circles are sought, then 4 per block in one.
 */
#ifndef ANALYSIS_CYCLES_H
#define ANALYSIS_CYCLES_H

#include "analysis/reachability.h"

struct cycle {
	size_t first_member, member_count; /* into members, ascending */
	uint64_t bytes;
	bool leaked;
	/* references from outside that count: from blocks, and from roots */
	uint64_t held_by_blocks, held_by_roots;
	uint32_t
	    example_holder; /* block outside with the shortest path, or a root's node; HEAP_NONE: nobody */
};

struct cycles {
	struct cycle *rows; /* most bytes first */
	size_t count;
	uint32_t *members; /* blocks, by circle */
};

/* 0, or STATUS_NO_MEMORY. */
int cycles_open(const struct reachability *reachability, struct cycles *ret_cycles);
void cycles_release(struct cycles *cycles);

#endif
