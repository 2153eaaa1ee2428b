/*
 * Which edge grew, and which blocks hold each other: fields of holders with the edges that the iterations left behind,
 * and circles.
 */
#ifndef REPORT_REPORT_EDGES_H
#define REPORT_REPORT_EDGES_H

#include "report/graph_view.h"
#include "report/report_options.h"

/* GROUPING by site, of the view's heap alone. All return 0, or a negative status. */
int report_edges_text(FILE *out, struct graph_view *view, const struct grouping *grouping,
    const struct report_options *options);
int report_edges_json(FILE *out, struct graph_view *view, const struct grouping *grouping,
    const struct report_options *options);

int report_cycles_text(FILE *out, struct graph_view *view, const struct report_options *options);
int report_cycles_json(FILE *out, struct graph_view *view, const struct report_options *options);

#endif
