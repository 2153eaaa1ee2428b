/* `allocscope iterations`: a row per iteration, and what survived of each site, by birth. */
#ifndef REPORT_REPORT_ITERATIONS_H
#define REPORT_REPORT_ITERATIONS_H

#include "analysis/group.h"
#include "analysis/iterations_view.h"
#include "report/report_row.h"

/* VIEW and ROWS (grouped by site, with shapes) belong to the one heap of GROUPING. Both return 0,
 * STATUS_NO_MEMORY or STATUS_IO. */
int report_iterations_text(FILE *out, const struct iterations_view *view,
    const struct grouping *grouping, const struct group_table *rows,
    const struct report_options *options);
int report_iterations_json(FILE *out, const struct iterations_view *view,
    const struct grouping *grouping, const struct group_table *rows,
    const struct report_options *options);

#endif
