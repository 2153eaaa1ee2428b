/* How the reference graph of a snapshot came about: which way the memory was read, what it took, what is missing. */
#ifndef REPORT_REPORT_GRAPH_H
#define REPORT_REPORT_GRAPH_H

#include <stdio.h>

#include "report/json_writer.h"
#include "snapshot/snapshot_reader.h"

#define REPORT_GRAPH_TEXT_BYTES 512

/* In one line each: which way the words were read, and how the threads were stopped. The snapshot has a graph. */
void report_graph_reading(const struct snapshot *snapshot, char text[REPORT_GRAPH_TEXT_BYTES]);
void report_graph_stopping(const struct snapshot *snapshot, char text[REPORT_GRAPH_TEXT_BYTES]);
/* A line for each reason why the graph is not exact. */
void report_graph_notes(FILE *out, const struct snapshot *snapshot);
void report_graph_json(struct json_writer *json, const struct snapshot *snapshot);

#endif
