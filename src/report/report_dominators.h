/*
 * What would go if something went: the dominator tree with retained sizes, and the roots with what each retains.
 */
#ifndef REPORT_REPORT_DOMINATORS_H
#define REPORT_REPORT_DOMINATORS_H

#include "report/graph_view.h"
#include "report/report_options.h"

/* The tree below the CHOSEN blocks (by block; NULL: all roots). The view's dominators are made when missing. All
 * return 0, or a negative status. */
int report_dominators_text(FILE *out, struct graph_view *view, const uint8_t *chosen,
    const struct report_options *options);
int report_dominators_json(FILE *out, struct graph_view *view, const uint8_t *chosen,
    const struct report_options *options);

int report_roots_text(FILE *out, struct graph_view *view, const struct report_options *options);
int report_roots_json(FILE *out, struct graph_view *view, const struct report_options *options);

#endif
