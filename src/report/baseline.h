/*
 * What a run retained, kept for later runs of other builds: by stack, each frame as its function and the file name of
 * its module, without addresses, lines or paths. Written by `allocscope baseline`, compared by `check --baseline`.
 *
 * A stack is more than it was when its blocks or its bytes are, by more than the tolerance, both in all and per counted
 * iteration: so runs of different lengths can be compared, whether a site keeps so much per iteration or so much at
 * most. In sampled files the 95 % interval must lie above.
 */
#ifndef REPORT_BASELINE_H
#define REPORT_BASELINE_H

#include <stdio.h>

#include "analysis/check.h"

struct baseline_row {
	char *stack; /* innermost first, joined with ';' */
	uint64_t blocks, bytes;
	bool is_there; /* in the run that was compared */
};

struct baseline {
	char *program;
	uint64_t counted;			/* iterations */
	uint64_t maximum_allocs, maximum_bytes; /* of a counted iteration */
	struct baseline_row *rows;		/* by stack */
	size_t count;
};

/* What the last input of GROUPING (by stack) retains by ROWS, which count as in a check. 0 or STATUS_NO_MEMORY. */
int baseline_of(const struct grouping *grouping, const struct diff_row *rows, size_t row_count,
    struct baseline *ret_baseline);
void baseline_release(struct baseline *baseline);
void baseline_sort(struct baseline *baseline);
/* The row of STACK, or NULL. */
struct baseline_row *baseline_find(const struct baseline *baseline, const char *stack);
/* 0, or STATUS_IO. */
int baseline_write(FILE *out, const struct baseline *baseline);

/* A comparison: the context of baseline_compare, which is a check_compare. */
struct baseline_comparison {
	struct baseline *was; /* is_there is set */
	uint64_t tolerance;   /* percent */
	struct baseline now;  /* set by the comparison; release it */
};
int baseline_compare(void *context, const struct grouping *grouping, const struct diff_row *rows,
    size_t row_count, uint8_t *ret_more);
/* What the stack of KEY was. 0; STATUS_NOT_FOUND when it was not there. *RET_ROW's text is the baseline's. */
int baseline_was(const struct baseline_comparison *comparison, const struct grouping *grouping,
    const struct group_key *key, struct baseline_row *ret_row);
/* The limit of a number per iteration that was VALUE. */
uint64_t baseline_allowance(uint64_t value, uint64_t tolerance);

#endif
