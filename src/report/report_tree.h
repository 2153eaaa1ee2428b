/*
 * Trees of call chains with their numbers: top-down (main first: where does it go?) or bottom-up (the site
 * first: who calls it?).
 */
#ifndef REPORT_REPORT_TREE_H
#define REPORT_REPORT_TREE_H

#include "analysis/group.h"
#include "report/report_row.h"

enum report_tree_order { REPORT_TREE_TOP_DOWN, REPORT_TREE_CALLERS };

/* GROUPING by stack and its TABLE; SORT says which numbers are added up. Of each node at most options->top
 * children are shown, and text leaves out what is below 1 % (or below --min-bytes). Both return 0,
 * STATUS_NO_MEMORY or STATUS_IO. */
int report_tree_text(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, enum report_tree_order order, const struct report_options *options);
int report_tree_json(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, enum report_tree_order order, const struct report_options *options);

#endif
