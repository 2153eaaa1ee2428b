/*
 * A retaining path: from a root to a block, every holder with the field that points on.
 *
 *   listeners (bench)                                                 the root
 *     -> listener (16 B, born in iteration 1,000), subscribe (bench.c:28)
 *        .next -> listener (16 B, born in iteration 999), subscribe (bench.c:28)
 *        .next -> ... 996 more like it
 *
 * A run of holders of one site that point on through one field is shown once, with its first and last block.
 */
#ifndef REPORT_REPORT_PATH_H
#define REPORT_REPORT_PATH_H

#include "analysis/retaining_path.h"
#include "report/graph_view.h"
#include "report/json_writer.h"
#include "report/report_options.h"

/* Lines, each after INDENT spaces. */
void path_text(FILE *out, const struct graph_view *view, const struct retaining_path *path,
    const struct report_options *options, int indent);
/* The members "root" and "hops" into the object that is open; a leaked path has a null root. */
int path_json(
    struct json_writer *json, const struct graph_view *view, const struct retaining_path *path);
/* "outer (bench) -> signal.subscribers -> edge.consumer": root and holders on one line, runs shown once. */
void path_line(
    const struct graph_view *view, const struct retaining_path *path, char *text, size_t bytes);
/* Member KEY: the texts of root and holders, outermost first, without the target; runs shown once. */
int path_holders_json(struct json_writer *json, const char *key, const struct graph_view *view,
    const struct retaining_path *path);

#endif
