/*
 * The gate: limits in, findings with rows out. No judgement of its own: numbers come from group,
 * diff, growth.
 *
 * Retention rules over one file count what was born in counted iterations that ended and is alive;
 * over two files what was born after BEFORE and is retained in AFTER (everything born after BEFORE
 * when AFTER holds no ended iteration), and per-iteration rules look at iterations that ended after
 * BEFORE. Bytes by which kept blocks grew count like born bytes. A file without iterations cannot
 * be judged by a rule that needs them, nor can growth under 14 counted ones: CHECK_NO_ITERATIONS,
 * never a pass. A limit is broken when the number is greater than it.
 *
 * Leaked is what no root reaches, whenever it was born: over one file all of it, over two what was born after BEFORE.
 * That takes a graph and the caller's reachability (group_input.reach); without them the rule is not judged.
 *
 * Sampled files: a limit of 0 is broken by one block that was seen. Any other is broken when the lower end of the estimate's 95 % interval is above it, and holds when
 * the upper end is not (never less than what may be there unseen: ESTIMATE_UNSEEN). Between the two the file
 * cannot tell, which is no pass unless the caller accepts it. The maximum of many iterations is the most lucky
 * draw of many: its interval is wider. A linear shape counts when the row's own interval leaves 0 out.
 */
#ifndef ANALYSIS_CHECK_H
#define ANALYSIS_CHECK_H

#include "analysis/diff.h"

enum check_rule {
	CHECK_MAX_RETAINED_BYTES,
	CHECK_MAX_RETAINED_BLOCKS,
	CHECK_MAX_PER_ITERATION_BYTES, /* retained: maximum over counted iterations */
	CHECK_MAX_PER_ITERATION_BLOCKS,
	CHECK_MAX_ALLOCS_PER_ITERATION, /* maximum over counted iterations */
	CHECK_MAX_BYTES_PER_ITERATION,
	CHECK_NO_GROWTH, /* limit unused: no row may be linear */
	CHECK_MAX_LEAKED_BYTES,
	CHECK_MAX_LEAKED_BLOCKS,
	CHECK_BASELINE, /* limit unused: the caller says which rows are more than they were */
	CHECK_RULE_COUNT
};
/* The name on the command line and in JSON: "max-retained" for both units, and so on. */
const char *check_rule_name(enum check_rule rule);
/* The rule of that name, and for rules in either unit IN_BLOCKS; false: there is none. */
bool check_rule_find(const char *name, bool in_blocks, enum check_rule *ret_rule);

/* Mark the ROWS (by retained_* and grown_bytes) that are more than an earlier run's. 0 or STATUS_NO_MEMORY. */
typedef int check_compare(void *context, const struct grouping *grouping,
    const struct diff_row *rows, size_t row_count, uint8_t *ret_more);

struct check_limits {
	bool set[CHECK_RULE_COUNT];
	uint64_t limit[CHECK_RULE_COUNT];
	bool accept_estimates;	/* what a sampled file cannot tell passes */
	check_compare *compare; /* of CHECK_BASELINE */
	void *compare_context;
};

struct check_finding {
	enum check_rule rule;
	/* in the rule's unit; no-growth: 0 and the number of growing rows */
	uint64_t limit, actual;
	uint64_t error;		     /* sampled: half the 95 % interval of ACTUAL */
	size_t first_row, row_count; /* into rows: what makes the number, largest first; may be 0 */
	/* row of ITERATIONS with the maximum, for the per-iteration rules; else HEAP_NONE */
	uint32_t iteration;
};

enum check_outcome {
	CHECK_CLEAN,
	CHECK_FINDINGS,
	CHECK_NO_ITERATIONS, /* (or no graph) no finding, but a rule could not be judged: `unseen` says why */
};

struct check_result {
	enum check_outcome outcome;
	const char *unseen;    /* why a rule could not be judged; NULL when all could */
	char unseen_text[256]; /* room for it */
	/* no-growth: rows that retain something, but whose shape is unknown */
	size_t unjudged_rows;
	/* no ended iteration in AFTER: all that was born after BEFORE counted */
	bool counted_everything;
	struct check_finding *findings;
	size_t finding_count;
	struct diff_row *rows; /* key: into the grouping of the call */
	size_t row_count;
};

/* One file: GROUPING has one input. 0, or STATUS_NO_MEMORY. */
int check_file(const struct grouping *grouping, const struct check_limits *limits,
    struct check_result **ret_result);
/* Two files. The diff must have been made with shapes when CHECK_NO_GROWTH is set. */
int check_diff(
    const struct diff *diff, const struct check_limits *limits, struct check_result **ret_result);
void check_result_close(struct check_result *result);

#endif
