/*
 * What the recorder itself costs the program, for the file: memory by table, and time at the gate.
 * snapshot_sections.c calls, under the snapshot lock.
 */
#ifndef PRELOAD_COST_SECTIONS_H
#define PRELOAD_COST_SECTIONS_H

#include "preload/snapshot_cut.h"
#include "snapshot/format.h"
#include "snapshot/snapshot_writer.h"

/* The part of it that RUN has room for: what has no member there is among the others. */
struct snapshot_costs cost_sections_of_run(const struct snapshot_cut *cut);
/* OWN_MEMORY and GATE. */
void cost_sections_put(struct snapshot_writer *writer, const struct snapshot_cut *cut);

#endif
