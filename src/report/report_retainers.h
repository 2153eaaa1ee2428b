/*
 * `allocscope retainers`: who holds the chosen blocks. Many blocks that are held for the same reason are shown by one
 * path (path_cluster.h); one block by all its distinct paths (retaining_path.h).
 */
#ifndef REPORT_REPORT_RETAINERS_H
#define REPORT_REPORT_RETAINERS_H

#include "report/graph_view.h"
#include "report/report_options.h"

struct retainers_question {
	struct graph_view *view;
	const struct grouping *grouping; /* by site, of the view's heap alone */
	const uint8_t *chosen;		 /* by block */
	size_t chosen_count;		 /* at least 1 */
	bool longest;	  /* of many blocks held alike: show the longest path, not the shortest */
	const char *what; /* as the user chose: "site subscribe", "address 0x7f..." */
};

/* Both return 0, or a negative status. */
int report_retainers_text(
    FILE *out, const struct retainers_question *question, const struct report_options *options);
int report_retainers_json(
    FILE *out, const struct retainers_question *question, const struct report_options *options);

#endif
