/*
 * Who points to whom: the edges and roots of a snapshot as one graph of numbered nodes, each edge with a grade.
 *
 *   0 ........ block_count - 1              blocks, rows of the BLOCK columns
 *   block_count ... + root_count - 1        roots: ranges, or what the caller groups their words into
 *   reference_lost_node                     stands before what no root reaches (reachability.h)
 *   reference_top_node                      stands before all roots and the lost node
 *
 * A grade is a set of reasons to doubt an edge; without any it is strong: a word inside the requested bytes of its
 * holder, or in data, thread-local data, a given range or a mapping, that points to the start of a block. Words on
 * stacks and in registers may be left over from calls that ended. Pointers into slack, behind what the program
 * asked for and not right at its end, count as nothing, and a block says nothing by pointing to itself.
 *
 * A pool's block lies inside another block: who holds it holds the memory around it too, so it has one more edge,
 * to the block around it, with a doubt of its own. Pointers to a place that both blocks hold are the pool block's.
 *
 * Path of data: heap -> reference_graph -> reachability -> retaining_path, dominators, cycles, edge_growth.
 * Memory: 1 byte per edge and root word, 4 per block where there are pools; reverse edges, made when first asked
 * for, 8 bytes per edge and 8 per block. Read-only apart from that; no locks.
 */
#ifndef ANALYSIS_REFERENCE_GRAPH_H
#define ANALYSIS_REFERENCE_GRAPH_H

#include "analysis/heap.h"

#define REFERENCE_WORD_BYTES 8

enum reference_doubt {
	REFERENCE_INTERIOR = 1,	  /* points behind the start */
	REFERENCE_PAST_END = 2,	  /* points right behind the last byte */
	REFERENCE_FROM_SLACK = 4, /* the word lies behind the requested bytes of its holder */
	REFERENCE_FROM_STACK = 8, /* of a thread: may be left over */
	REFERENCE_FROM_REGISTER = 16,
	REFERENCE_AROUND = 32, /* no pointer: the pool block's memory is part of the target */
	/* what counts as nothing */
	REFERENCE_TO_ITSELF = 64,
	REFERENCE_INTO_SLACK = 128,
};
/* "interior", "one past the end", ... of one bit. */
const char *reference_doubt_name(enum reference_doubt doubt);

static inline bool reference_counts(uint8_t grade)
{
	return grade < REFERENCE_TO_ITSELF;
}

/* How words of roots are grouped into nodes. */
struct reference_roots {
	const uint32_t *root_of_edge; /* by row of ROOT_EDGES: number of its root, below count */
	const uint64_t *base;	      /* by root: the address that offsets count from */
	uint32_t count;
};

struct reference_graph {
	const struct heap *heap;
	const struct snapshot *snapshot;
	uint32_t block_count, root_count;
	uint8_t *edge_grade;	/* by row of the edge columns */
	uint8_t *root_grade;	/* by row of ROOT_EDGES */
	uint32_t *root_of_edge; /* by row of ROOT_EDGES */
	uint64_t *root_base;	/* by root */
	uint64_t *
	    root_first; /* by root, one more: its words are root_words[root_first[r] .. root_first[r + 1]) */
	uint32_t *root_words; /* rows of ROOT_EDGES */
	uint32_t
	    *around; /* by block: the block around a pool's block, or HEAP_NONE; NULL: no pools */

	/* filled by reference_graph_reverse: the references to block b, once for each that counts, by ascending holder:
	 * reference reverse_number[i] of block reverse_source[i], for i in [reverse_first[b], reverse_first[b + 1]) */
	uint64_t *reverse_first;
	uint32_t *reverse_source, *reverse_number;
};

/* HEAP's snapshot must have a graph (snapshot_has_graph). ROOTS: NULL for a root per range; copied.
 * 0, STATUS_NO_MEMORY, or STATUS_UNSUPPORTED when there are 2^32 - 16 nodes or more. */
int reference_graph_open(const struct heap *heap, const struct reference_roots *roots,
    struct reference_graph **ret_graph);
/* NULL is fine. */
void reference_graph_close(struct reference_graph *graph);
/* Make the reverse columns, once. 0, or STATUS_NO_MEMORY. */
int reference_graph_reverse(struct reference_graph *graph);

static inline uint32_t reference_root_node(const struct reference_graph *graph, uint32_t root)
{
	return graph->block_count + root;
}
static inline uint32_t reference_lost_node(const struct reference_graph *graph)
{
	return graph->block_count + graph->root_count;
}
static inline uint32_t reference_top_node(const struct reference_graph *graph)
{
	return graph->block_count + graph->root_count + 1;
}
static inline size_t reference_node_count(const struct reference_graph *graph)
{
	return (size_t)graph->block_count + graph->root_count + 2;
}
static inline bool reference_is_block(const struct reference_graph *graph, uint32_t node)
{
	return node < graph->block_count;
}

/* What BLOCK refers to: reference_degree of them, numbered from 0. The last one is the block around it, where
 * there is one; the others are its edges in the order of their words. */
static inline uint64_t reference_edges(const struct reference_graph *graph, uint32_t block)
{
	return graph->snapshot->edge_first[block + 1] - graph->snapshot->edge_first[block];
}
static inline uint64_t reference_degree(const struct reference_graph *graph, uint32_t block)
{
	bool around = graph->around != NULL && graph->around[block] != HEAP_NONE;

	return reference_edges(graph, block) + around;
}
/* Reference NUMBER of BLOCK: target and grade. Those that do not count are among them. */
static inline uint32_t reference_at(
    const struct reference_graph *graph, uint32_t block, uint64_t number, uint8_t *ret_grade)
{
	uint64_t first = graph->snapshot->edge_first[block];

	if (number == graph->snapshot->edge_first[block + 1] - first) {
		*ret_grade = REFERENCE_AROUND;
		return graph->around[block];
	}
	*ret_grade = graph->edge_grade[first + number];
	return graph->snapshot->edge_target[first + number];
}

#endif
