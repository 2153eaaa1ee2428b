/*
 * What would go if a block went: the dominator tree of the graph and the sizes that its blocks retain.
 *
 * A node dominates a block when every path from the top to the block leads through it; what a node retains is
 * itself and all that it dominates. All edges that count take part, doubtful ones too: what is retained is never
 * said to be more than it is for want of an edge. Leaked blocks hang below reference_lost_node.
 *
 * Semi-NCA (Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005; Georgiadis, Tarjan,
 * Werneck, Finding dominators in practice, 2006): depth-first numbers, semidominators with path compression as
 * Lengauer and Tarjan find them, then the nearest common ancestor on the way up the tree built so far. No recursion.
 * O(edges log blocks) for the first part; the second is quadratic in contrived graphs and linear in those of programs.
 * Memory: 24 bytes per node for the result; at most 40 per node and 4 per edge while it is built. make bench-graph
 * prints seconds and bytes.
 *
 * Retained bytes add block sizes, so that a pool's block counts apart from the block it lies in.
 */
#ifndef ANALYSIS_DOMINATORS_H
#define ANALYSIS_DOMINATORS_H

#include "analysis/reachability.h"

struct dominators {
	const struct reference_graph *graph;
	uint32_t *immediate;	   /* by node: its dominator; of the top HEAP_NONE */
	uint64_t *retained_bytes;  /* by node: of the blocks it dominates, itself among them */
	uint32_t *retained_blocks; /* by node */
	uint32_t *first_child;	   /* by node: what it dominates immediately, or HEAP_NONE ... */
	uint32_t *next_sibling;	   /* ... and its siblings, ascending */
};

/* REACHABILITY says what is leaked; its graph must outlive the dominators, it need not itself.
 * 0, or STATUS_NO_MEMORY. */
int dominators_open(const struct reachability *reachability, struct dominators **ret_dominators);
/* NULL is fine. */
void dominators_close(struct dominators *dominators);

/* Does NODE dominate BLOCK, or is it it? By walking up. */
bool dominators_has(const struct dominators *dominators, uint32_t node, uint32_t block);
/* The children of NODE, roots without blocks left out, that retain most bytes, largest first (then lower node):
 * at most CAPACITY into NODES. Returns how many children there are. */
size_t dominators_largest(
    const struct dominators *dominators, uint32_t node, uint32_t *nodes, size_t capacity);

/* What the blocks of each key retain together, none counted twice: added to ROWS[k] for k below KEY_COUNT. A block
 * counts for its key when nothing of the same key dominates it. KEY_OF_NODE is asked for blocks, roots and the lost
 * node; HEAP_NONE belongs to no key. 0, or STATUS_NO_MEMORY. O(nodes), 4 bytes per key. */
struct retained {
	uint64_t bytes, blocks;
};
typedef uint32_t dominators_key(const void *context, uint32_t node);
int dominators_retained_by_key(const struct dominators *dominators, dominators_key *key_of_node,
    const void *context, size_t key_count, struct retained *rows);

#endif
