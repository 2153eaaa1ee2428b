/* `allocscope check`: which limits were broken, by how much, and by what. */
#ifndef REPORT_REPORT_CHECK_H
#define REPORT_REPORT_CHECK_H

#include "analysis/check.h"
#include "report/report_row.h"

struct report_check {
	const struct graph_view *view; /* NULL: who holds what is not known */
	const struct check_result *result;
	const struct check_limits *limits;
	const struct grouping *grouping; /* one input, or before and after */
	const char *unseen;	    /* why nothing passes: a rule cannot be judged; else NULL */
	const uint32_t *resized_in; /* by key, of resize_sites_open; NULL: not known */
	uint64_t iterations;	    /* what rows are divided by: counted, or between */
};

/* Both return 0, STATUS_NO_MEMORY or STATUS_IO. */
int report_check_text(
    FILE *out, const struct report_check *check, const struct report_options *options);
int report_check_json(
    FILE *out, const struct report_check *check, const struct report_options *options);

#endif
