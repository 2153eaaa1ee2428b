/*
 * Why a block is alive: the chain of words from a root to it.
 *
 * The best path is the one that reachability found: fewest doubtful edges, then shortest. All paths of a block are
 * the best one; one by each block that holds it, the best path to that one and on; and those found backwards from it,
 * breadth first, each holder once (so a path through a holder shows the shortest way from there to the block, and each
 * root word that leads into the holders has one): first over strong edges from strong roots, then, for the other
 * words, over all. Paths that run through the same sites by the same fields are one: the first of them stands for
 * all. O(edges that lead to the block + length of the paths), and 13 bytes per block.
 *
 * Path of data: reachability -> retaining_path, path_cluster -> report_retainers.
 */
#ifndef ANALYSIS_RETAINING_PATH_H
#define ANALYSIS_RETAINING_PATH_H

#include "analysis/reachability.h"

/* One stop. The word at `offset` in it points `into` bytes behind the start of the next; of the last stop these are
 * 0, and so is the word of reference_lost_node. */
struct retaining_hop {
	uint32_t
	    node; /* first: a root's node or reference_lost_node; then blocks, the last one is the target */
	uint32_t root_edge; /* of a root: row of ROOT_EDGES; else HEAP_NONE */
	uint64_t offset;    /* in bytes, from the start of the block or the root's base */
	uint32_t into;
	uint8_t doubts; /* enum reference_doubt of this one reference */
};

struct retaining_path {
	struct retaining_hop *hops; /* from the root inwards */
	size_t hop_count;	    /* at least 2 */
	uint64_t same;		    /* how many paths it stands for, itself among them */
	uint8_t doubts;		    /* of all hops */
};

/* The best path to BLOCK; of a leaked one from the block that is leaked directly. 0, or STATUS_NO_MEMORY. */
int retaining_path_open(
    const struct reachability *reachability, uint32_t block, struct retaining_path *ret_path);
void retaining_path_release(struct retaining_path *path);

/* What makes two nodes alike: the key of a block's site, a number of its own for each root. */
typedef uint32_t retaining_key(const void *context, uint32_t node);

struct retaining_paths {
	struct retaining_path *paths; /* strong before doubtful, then shortest first */
	size_t count;
	uint64_t
	    more; /* paths that are like none of these, beyond the limit; may be alike among themselves */
};

/* At most LIMIT distinct paths to BLOCK; of a leaked one the best path alone. KEY_OF_NODE NULL: every node is like
 * itself only. Makes the graph's reverse edges. 0, or STATUS_NO_MEMORY. */
int retaining_paths_open(struct reference_graph *graph, const struct reachability *reachability,
    uint32_t block, size_t limit, retaining_key *key_of_node, const void *context,
    struct retaining_paths *ret_paths);
void retaining_paths_release(struct retaining_paths *paths);

#endif
