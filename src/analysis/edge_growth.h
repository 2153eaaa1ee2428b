/*
 * Which edge grew: fields by how many of their edges lead to blocks that the iterations left behind. Where a site
 * tells who allocated, a field tells which container was never emptied:
 *
 *   signal_new, .subscribers[] -> edge_new    3 edges per iteration, from a signal that was there before
 *
 * An edge is told by the births of its two ends. `older`: the holder was there before the held was born (it, or a
 * root): that is a container that took something in. `same`: born in one iteration, parts of one thing. `younger`:
 * the newer block points back, like the links of a list that is filled at its head.
 *
 * A field grows when each of 7 equal stretches of the counted iterations of one benchmark (as in growth.h) left edges
 * behind, none of them fewer than a third of what the middle one did, and there were 14 counted iterations. What is
 * counted is what is still held: edges that were cleared again say nothing.
 *
 * Order of the rows: fields that grow by edges from older holders, then other fields that grow, then the rest; within
 * each by edges per iteration, then edges, then number. O(edges); 1 byte per block, 112 per field
 * and benchmark.
 */
#ifndef ANALYSIS_EDGE_GROWTH_H
#define ANALYSIS_EDGE_GROWTH_H

#include "analysis/edge_fields.h"

#define EDGE_GROWTH_BENCHMARKS_MAX 32 /* those behind are judged as one with the last */

/* Edges by the births of their ends. */
struct edge_ages {
	uint64_t older, same, younger;
};

struct edge_growth_row {
	uint32_t field;		/* edge_fields_at: holder, held, offset */
	uint64_t edges;		/* all that count */
	struct edge_ages ages;	/* of all */
	uint64_t counted_edges; /* to blocks born in counted iterations that ended */
	struct edge_ages counted_ages;
	bool grows;    /* in every stretch */
	bool takes_in; /* and it is the edges from older holders that do */
	uint32_t
	    benchmark; /* in whose iterations; without growth the one that left most; HEAP_NONE none */
	double
	    per_iteration; /* edges per counted iteration of it: from older holders with takes_in, else all */
	uint8_t doubts; /* that all of its edges have in common */
};

struct edge_growth {
	struct edge_growth_row *rows; /* fields without edges left out */
	size_t count;
	struct edge_ages total; /* of all edges between blocks: the cross-iteration table's sum */
};

/* Ignored blocks count like any other. 0, or STATUS_NO_MEMORY. */
int edge_growth_open(struct edge_fields *fields, struct edge_growth *ret_growth);
void edge_growth_release(struct edge_growth *growth);

#endif
