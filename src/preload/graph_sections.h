/* The sections of the reference graph: between graph_scan.h and the file. */
#ifndef PRELOAD_GRAPH_SECTIONS_H
#define PRELOAD_GRAPH_SECTIONS_H

#include "preload/graph_scan.h"
#include "snapshot/snapshot_writer.h"

/* Between snapshot_sections_begin and the section of strings. */
void graph_sections_put(
    struct snapshot_writer *writer, const struct graph *graph, const struct snapshot_cut *cut);

#endif
