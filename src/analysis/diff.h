/*
 * Two snapshots: what was born after BEFORE and is alive in AFTER, what died, what stayed and how
 * it grew.
 *
 * Same run (equal run id, equal renumberings; or AFTER is a forked child of BEFORE's process):
 * identity is exact. A block is (identity address, epoch), whatever its address now; born after
 * BEFORE iff its epoch is newer than BEFORE's cut; kept iff both files hold the id. Both files are
 * walked once in the order of ids; moved blocks, which stand out of order, are sorted apart and
 * merged in. For blocks and for bytes, per row and in total:
 *
 *   before + born - died + grown = after        (grown: bytes of kept blocks only; kept = before -
 *   died)
 *
 * Different runs or builds: identity is off and rows are matched by normalised sites. Then born and
 * died are the net difference of each row, kept is what both have in number, grown is 0, and the
 * equation still holds.
 *
 * Sampled files: a block counts as often as its weight says. A kept block that realloc made larger may
 * have lost weight, because others that it stood for are now recorded themselves: those died, too.
 *
 * Blocks under allocscope_ignore (in either file) are left out and counted apart.
 */
#ifndef ANALYSIS_DIFF_H
#define ANALYSIS_DIFF_H

#include "analysis/group.h"

enum diff_identity {
	DIFF_IDENTITY_EXACT,
	DIFF_IDENTITY_OFF_RUNS,	      /* different runs: matched by normalised sites */
	DIFF_IDENTITY_OFF_RENUMBERED, /* one run, but epochs were renumbered in between */
};

struct diff_row {
	uint32_t key; /* into grouping->keys; unused in the total */
	uint64_t before_blocks, before_bytes, after_blocks, after_bytes;
	/* born after BEFORE and alive in AFTER (gross): "blocks", "bytes" of the contract */
	uint64_t born_blocks, born_bytes;
	/* of the blocks of this row in BEFORE, those gone in AFTER; bytes as in BEFORE */
	uint64_t died_blocks, died_bytes;
	uint64_t kept_blocks, kept_bytes; /* in both; bytes as in BEFORE */
	int64_t grown_bytes;		  /* of kept blocks, by realloc: AFTER minus BEFORE */
	uint64_t grown_blocks;		  /* kept blocks whose size differs */
	/* of the born: in counted iterations that ended */
	uint64_t retained_blocks, retained_bytes;
	/* born / iterations between; 0 when none ended between */
	double blocks_per_iteration, bytes_per_iteration;
	/* of sampled files; grown: of the bytes */
	struct spread before_spread, after_spread, born_spread, died_spread, kept_spread,
	    retained_spread;
	double grown_variance;
	struct growth growth; /* of AFTER */
	/* of the born and of kept blocks that grew, by AFTER's graph; empty unless that input has its reach; verdict with shapes. With identity off
	 * it looks at all blocks of AFTER, and counts no more leaked ones than were born net. */
	struct hold hold;
};

enum diff_sort {
	DIFF_SORT_BYTES,
	DIFF_SORT_BLOCKS,
	DIFF_SORT_RETAINED,
	DIFF_SORT_DIED,
	DIFF_SORT_GROWN
};

struct diff {
	struct grouping *grouping; /* owned; inputs 0 = before, 1 = after */
	enum diff_identity identity;
	uint64_t sampled[2]; /* mean bytes between samples of each; 0 exact */
	bool reversed;	     /* BEFORE was taken after AFTER */
	bool approximate;    /* a file says that its cut or its sampling is not exact */
	/* ended between the cuts; different runs: all that ended in AFTER */
	uint64_t iterations_between;
	uint64_t iterations_counted;		/* of them not warm-up */
	uint64_t ignored_blocks, ignored_bytes; /* left out of AFTER's side */
	/* in AFTER and not in BEFORE, yet not newer than BEFORE's cut; filed under born; 0 in
	 * exact files in order */
	uint64_t unexplained_blocks;
	struct diff_row total;
	struct diff_row *rows; /* sorted; rows that are all zero are left out */
	size_t row_count;
};

/* True when blocks of the two files can be told by identity; ret_identity says why not. */
bool diff_identity_of(
    const struct snapshot *before, const struct snapshot *after, enum diff_identity *ret_identity);
/* Compare. inputs[0] is BEFORE, inputs[1] AFTER; both heaps must outlive the diff. With SHAPES
 * the rows carry growth. 0, or STATUS_NO_MEMORY. */
int diff_open(const struct group_input inputs[2], enum group_by by, enum diff_sort sort,
    bool shapes, struct diff **ret_diff);
void diff_close(struct diff *diff);

#endif
