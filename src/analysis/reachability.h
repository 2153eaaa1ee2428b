/*
 * Which blocks a root reaches, on what evidence, and by which path; the rest is leaked.
 *
 * One breadth-first search from all roots settles each block with the path that has the fewest doubtful edges, and
 * among those the fewest edges. It goes by levels of doubt: level 0 follows strong edges only; the targets of its
 * doubtful edges wait and start level 1, and so on. Inside a level two queues are merged by distance, both of them
 * ascending, so that the search stays linear: O(blocks + edges). Ties go to the kind of root (given, data,
 * thread-local, mapping, stack, registers), then to the lower row: the same file gives the same paths.
 *
 * What is left is leaked: directly when no other leaked block holds it, else indirectly. Of blocks that hold each
 * other in a circle nobody from outside holds, the oldest, of these the largest, is the direct one (a strongly connected
 * component without edges into it). Leaked blocks get paths from the direct ones by the same search.
 *
 * The parents form a tree whose top is reference_top_node: block -> holder -> ... -> root or lost node.
 * Memory: 18 bytes per block, and 12 more while searching (36 when something is leaked).
 */
#ifndef ANALYSIS_REACHABILITY_H
#define ANALYSIS_REACHABILITY_H

#include "analysis/reference_graph.h"

enum reach {
	REACH_STRONG, /* by strong edges alone */
	REACH_WEAK,   /* not without a doubtful edge */
	REACH_LOST,   /* leaked, and no leaked block holds it */
	REACH_LOST_INDIRECTLY,
};

struct reach_totals {
	uint64_t strong_blocks, strong_bytes;
	uint64_t weak_blocks, weak_bytes;
	uint64_t lost_blocks, lost_bytes;
	uint64_t indirect_blocks, indirect_bytes;
};

struct reachability {
	const struct reference_graph *graph;
	uint8_t *state;	 /* by block: enum reach */
	uint8_t *doubts; /* by block: enum reference_doubt, those of all edges of its path */
	/* by block: who holds it on that path; a block, a root's node, or for REACH_LOST reference_lost_node */
	uint32_t *holder;
	/* by block: the reference of the holder (reference_at), or of a root the row of ROOT_EDGES */
	uint32_t *reference;
	uint32_t *distance; /* by block: edges from the root; 1 is held by the root itself */
	uint32_t *order;    /* all blocks, holders before what they hold */
	struct reach_totals totals;
};

/* GRAPH must outlive it. 0, or STATUS_NO_MEMORY. */
int reachability_open(const struct reference_graph *graph, struct reachability **ret_reachability);
/* NULL is fine. */
void reachability_close(struct reachability *reachability);
static inline bool reachability_is_leaked(const struct reachability *reachability, uint32_t block)
{
	return reachability->state[block] >= REACH_LOST;
}

#endif
