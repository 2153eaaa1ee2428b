/*
 * Blocks that are alive for the same reason: the best paths of many blocks, put together where they run through the
 * same sites by the same fields.
 *
 * A path is reduced while it is followed: when it comes back to a site where it was before, what lies between is
 * dropped, so that the thousandth element of a list, or a leaf of a tree of any depth, is held like the first one:
 *
 *   root, list, node, node, node, text  ->  root, list, node*, text
 *
 * Reduced paths form a tree, a prefix for each block; a block's prefix is made of its holder's. The idea to show one
 * path for many is memlab's and Memory Analyzer's ("merge shortest paths"); there they are compared by likeness or
 * node by node. O(blocks * sites on a path); 4 bytes per block, 48 per reduced path.
 */
#ifndef ANALYSIS_PATH_CLUSTER_H
#define ANALYSIS_PATH_CLUSTER_H

#include "analysis/dominators.h"
#include "analysis/edge_fields.h"

struct path_cluster {
	uint32_t
	    example; /* block with the shortest path, of equals the lowest row: retaining_path_open shows it */
	uint8_t doubts; /* that all its paths have in common */
	bool leaked;
	uint64_t blocks, bytes; /* of the chosen blocks */
	struct retained
	    retained; /* by them together; as the blocks themselves without dominators */
};

struct path_clusters {
	struct path_cluster *rows; /* most retained bytes first */
	size_t count;
	uint32_t *of_block; /* row, or HEAP_NONE for blocks that were not chosen */
};

/* Of the blocks that CHOSEN answers true for. DOMINATORS may be NULL. 0, or STATUS_NO_MEMORY. */
int path_clusters_open(const struct reachability *reachability, struct edge_fields *fields,
    const struct dominators *dominators, bool (*chosen)(const void *context, uint32_t block),
    const void *context, struct path_clusters *ret_clusters);
void path_clusters_release(struct path_clusters *clusters);

#endif
