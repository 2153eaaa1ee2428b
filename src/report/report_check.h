/* `allocscope check`: which limits were broken, by how much, and by what. For CI systems: report_check_ci.h. */
#ifndef REPORT_REPORT_CHECK_H
#define REPORT_REPORT_CHECK_H

#include "analysis/check.h"
#include "report/baseline.h"
#include "report/report_row.h"
#include "report/suppression.h"

/* What was judged by one set of limits. */
struct report_check {
	const char
	    *site; /* pattern of the budget that it was; NULL: the general limits, or a baseline */
	const struct check_result *result;
	const struct check_limits *limits;
	const struct grouping *grouping; /* one input, or before and after */
	const uint32_t *resized_in;	 /* by key, of resize_sites_open; NULL: not known */
	uint64_t iterations;		 /* what rows are divided by: counted, or between */
};

struct report_checks {
	const struct report_check *parts; /* at least one */
	size_t count;
	const struct graph_view *view; /* NULL: who holds what is not known */
	const char *unseen;	       /* why nothing passes: a rule cannot be judged; else NULL */
	const struct suppression_list *suppressions;
	const struct baseline_comparison *comparison; /* NULL: with no baseline */
	const char *baseline_path;
};

/* Both return 0, STATUS_NO_MEMORY or STATUS_IO. */
int report_check_text(
    FILE *out, const struct report_checks *checks, const struct report_options *options);
int report_check_json(
    FILE *out, const struct report_checks *checks, const struct report_options *options);

/* ---- for report_check_ci.c ---- */

const struct snapshot *report_check_snapshot(const struct report_checks *checks);
/* "max-retained of sites '^cache_*': 4.00 KiB, limit 0 B in iteration 7 of parse"; without a line feed. */
void report_check_sentence(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding);
/* The rows below it, and the path to the largest survivor. 0 or STATUS_NO_MEMORY. */
int report_check_details(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding,
    const struct report_options *options);
/* "max-retained", "max-retained of sites '^cache_*'": what a limit is called. */
void report_check_limit_name(FILE *out, const struct report_check *part, enum check_rule rule);
/* Is RULE one of PART's limits? */
static inline bool report_check_has(const struct report_check *part, enum check_rule rule)
{
	return part->limits->set[rule];
}

#endif
