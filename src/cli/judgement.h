/*
 * One set of limits over one part of the blocks: all that no budget names, the sites of one budget, or all by stack
 * for a comparison with a baseline. Before it: gate.c, which decides what there is to judge.
 */
#ifndef CLI_JUDGEMENT_H
#define CLI_JUDGEMENT_H

#include "analysis/check.h"
#include "cli/budget.h"
#include "cli/load.h"
#include "report/suppression.h"

/* Which stacks of the files count at all, and which of them have a budget. */
struct gate_scope {
	struct suppression_list suppressions;
	struct budget_list budgets;
	uint8_t *hidden[2];	      /* by logical stack: by the filters, or suppressed */
	uint32_t *budget_of_stack[2]; /* NULL: there are no budgets */
};

#define PART_EVERYTHING (BUDGET_NONE - 1) /* with the sites that have a budget */

struct judgement {
	const char *site; /* pattern of the budget; NULL: not one of a site */
	struct check_limits limits;
	struct heap_filter filters[2];
	uint8_t *hidden[2];
	struct grouping *grouping; /* of one file; else that of the diff */
	struct diff *diff;	   /* of two */
	struct check_result *result;
	uint32_t *resized_in; /* by row of the grouping */
	uint64_t iterations;  /* counted ones of the file, or those between the two */
};

/* Judge LIMITS over PART of FILES: a budget's number, BUDGET_NONE for what has no budget, or PART_EVERYTHING. Rows are
 * sites; for CHECK_BASELINE stacks. */
void judgement_make(const struct loaded_files *files, const struct gate_scope *scope, uint32_t part,
    const struct check_limits *limits, struct judgement *ret_judgement);
void judgement_release(struct judgement *judgement);

#endif
