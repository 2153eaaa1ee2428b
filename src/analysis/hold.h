/*
 * Who holds a row: how many of its blocks are leaked, the verdict, and one block whose path shows the rest.
 *
 * Path of data: reachability -> hold -> group, diff -> check, report.
 */
#ifndef ANALYSIS_HOLD_H
#define ANALYSIS_HOLD_H

#include "analysis/reachability.h"
#include "analysis/verdict.h"

/* A zeroed one is empty: it says nothing, and its verdict is VERDICT_NONE. */
struct hold {
	uint64_t blocks; /* looked at; 0 without a graph */
	uint64_t leaked_blocks, leaked_bytes;
	uint64_t indirect_blocks, indirect_bytes; /* of them those that other leaked blocks hold */
	uint64_t doubtful_blocks, doubtful_bytes; /* reached, but not by strong edges alone */
	uint32_t example;			  /* see hold_example */
	enum verdict verdict;
};

/* One more block of the row. */
void hold_add(struct hold *hold, const struct reachability *reachability, uint32_t block);
/* Counts of OTHER on top; its example where it is the better one. Rows of one file only. */
void hold_merge(
    struct hold *hold, const struct hold *other, const struct reachability *reachability);
/* The verdict, once the row's shape is known. */
void hold_judge(struct hold *hold, enum growth_shape shape);
/* The block to show: a leaked one before others, then one that counted iterations left behind, then the largest, the
 * nearest to its root, the lowest row. HEAP_NONE when the row is empty. */
static inline uint32_t hold_example(const struct hold *hold)
{
	return hold->blocks != 0 ? hold->example : HEAP_NONE;
}

/* Why nothing can be said about who holds the blocks of SNAPSHOT, as a clause for a person; NULL when it can. A sampled
 * file knows some blocks only: what the others hold would seem leaked. */
const char *hold_unseen(const struct snapshot *snapshot);
/* What makes the answers less than certain although there is a graph: a clause, or NULL. */
const char *hold_caveat(const struct snapshot *snapshot);

#endif
