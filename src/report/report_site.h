/* `allocscope report`: one snapshot, its totals and its rows by what they allocate, hold or retain. */
#ifndef REPORT_REPORT_SITE_H
#define REPORT_REPORT_SITE_H

#include "analysis/group.h"
#include "report/report_row.h"

/* TABLE was made of GROUPING (one input). Both return 0, STATUS_NO_MEMORY or STATUS_IO. */
int report_site_text(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, const struct report_options *options);
int report_site_json(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, const struct report_options *options);

/* The totals of a file, for report and tree: what passed through, peak, live, retained; memory. */
int report_totals_text(FILE *out, const struct heap *heap, const struct text_style *style);
void report_totals_json(struct json_writer *json, const struct heap *heap);

#endif
