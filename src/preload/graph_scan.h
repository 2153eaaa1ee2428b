/*
 * Who points to whom: every aligned word of every live block and of every root range that points to a live block.
 * From the frozen cut and the frozen memory; before it: graph_roots.h and graph_threads.h, after it: graph_sections.h.
 */
#ifndef PRELOAD_GRAPH_SCAN_H
#define PRELOAD_GRAPH_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "preload/snapshot_cut.h"
#include "snapshot/format.h"

struct cfi_registers;

#ifdef ALLOCSCOPE_STRESS
#	define GRAPH_CHUNK_EDGES 64u
#else
#	define GRAPH_CHUNK_EDGES (1u << 20)
#endif
#define GRAPH_CHUNKS_MAX 4096u

/* Columns of GRAPH_CHUNK_EDGES rows, one after the other. */
struct graph_chunk {
	uint32_t word[GRAPH_CHUNK_EDGES], target[GRAPH_CHUNK_EDGES], into[GRAPH_CHUNK_EDGES];
};

struct graph {
	struct snapshot_graph row;
	uint64_t *first; /* of each block's edges, one more than there are blocks */
	size_t first_count;
	struct graph_chunk *chunks[GRAPH_CHUNKS_MAX];
	uint64_t edge_count;
	struct snapshot_root_edge *root_edges;
	size_t root_edge_count;
};

/* Read all, in the copy of the process (IN_COPY) or while nobody else runs. graph_modules_list was called before.
 * CALLER as in graph_threads.h. Returns 0 or -errno; release in any case. */
int graph_scan(struct graph *graph, const struct snapshot_cut *cut,
    const struct cfi_registers *caller, int in_copy);
void graph_release(struct graph *graph);

#endif
