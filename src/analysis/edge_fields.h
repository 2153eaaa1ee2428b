/*
 * The fields of holders: edges put together by who holds whom, and through which word.
 *
 *   (key of the holder, key of the held) --pair--> up to 8 offsets, each a field; with more of them it is an array
 *
 * Keys are those of a grouping (by site, type, ...), and behind them a key for each root and one for the lost node.
 * A struct has few words that lead to blocks of one site; a table of them has many: a pair that was seen with a ninth
 * offset is one field without an offset, EDGE_FIELD_ARRAY.
 *
 * Path of data: reference_graph, group -> edge_fields -> edge_growth, path_cluster.
 * O(edges) with one look into a hash table for each; 96 bytes per pair.
 */
#ifndef ANALYSIS_EDGE_FIELDS_H
#define ANALYSIS_EDGE_FIELDS_H

#include "analysis/group.h"
#include "analysis/id_table.h"
#include "analysis/reference_graph.h"

#define EDGE_FIELDS_MAX	 8
#define EDGE_FIELD_ARRAY UINT64_MAX

struct edge_pair {
	uint64_t offsets[EDGE_FIELDS_MAX];
	uint32_t count; /* of offsets; EDGE_FIELDS_MAX + 1: an array */
};

struct edge_fields {
	const struct reference_graph *graph;
	const struct grouping *grouping;
	size_t input; /* of the grouping */
	uint32_t key_count;
	struct id_table ids; /* (holder key, held key) -> pair */
	struct edge_pair *pairs;
	size_t capacity; /* of pairs */
};

/* GROUPING's input number INPUT is the heap of GRAPH; both must outlive the fields. 0, or STATUS_NO_MEMORY. */
int edge_fields_open(const struct reference_graph *graph, const struct grouping *grouping,
    size_t input, struct edge_fields *ret_fields);
void edge_fields_release(struct edge_fields *fields);

/* Key of a block, a root's node or the lost node. Fits retaining_key and dominators_key. */
uint32_t edge_fields_key(const void *fields, uint32_t node);
/* The root of a key behind the grouping's, or HEAP_NONE; the lost node's key is the last one. */
uint32_t edge_fields_root_of_key(const struct edge_fields *fields, uint32_t key);

/* A field's number: below EDGE_FIELDS_MAX * pairs. The edge must be one that counts. */
uint32_t edge_fields_number(
    struct edge_fields *fields, uint32_t holder, uint32_t held, uint64_t offset);
/* What number stands for. */
struct edge_field {
	uint32_t holder, held; /* keys */
	uint64_t offset;       /* bytes, or EDGE_FIELD_ARRAY */
};
struct edge_field edge_fields_at(const struct edge_fields *fields, uint32_t number);

/* Calls VISIT for every edge that counts: of blocks in order, then of roots. REFERENCE is a number of reference_at,
 * or a row of ROOT_EDGES. The offset of what lies around a pool's block is 0. Stops at the first status but 0. */
struct edge_visit {
	uint32_t node, target;
	uint64_t offset;
	uint8_t grade;
};
int edge_fields_each(const struct reference_graph *graph,
    int (*visit)(void *context, const struct edge_visit *edge), void *context);

#endif
