/*
 * All that is known of who holds what in one snapshot, and the names for it: opened once, shown by several reports.
 *
 * Path of data: group_input (heap, names) -> reference_graph -> reachability, with root_names and block_types.
 */
#ifndef REPORT_GRAPH_VIEW_H
#define REPORT_GRAPH_VIEW_H

#include "analysis/dominators.h"
#include "analysis/group.h"
#include "analysis/reachability.h"
#include "report/block_types.h"
#include "report/root_names.h"

struct graph_view {
	const struct group_input *input;
	struct object_names *objects;
	struct root_names *roots;
	struct block_types *types;
	struct reference_graph *graph;
	struct reachability *reach;
	struct dominators *dominators; /* NULL until graph_view_dominators */
};

/* The snapshot must have a graph (snapshot_has_graph). INPUT and SYMBOLIZER must outlive the view. 0, or a negative
 * status of analysis. */
int graph_view_open(
    const struct group_input *input, struct symbolizer *symbolizer, struct graph_view **ret_view);
/* NULL is fine. */
void graph_view_close(struct graph_view *view);
/* Make the dominators, once. 0, or STATUS_NO_MEMORY. */
int graph_view_dominators(struct graph_view *view);

/* Type or, without one, site of BLOCK. */
void graph_view_block_text(const struct graph_view *view, uint32_t block, char *text, size_t bytes);
/* "born in iteration 12", with several benchmarks "born in request #12"; "born outside iterations". */
void graph_view_born_text(const struct graph_view *view, uint32_t block, char *text, size_t bytes);
/* What --id takes: identity address and epoch, stable over the snapshots of one run. */
void graph_view_id_text(const struct heap *heap, uint32_t block, char *text, size_t bytes);

#endif
