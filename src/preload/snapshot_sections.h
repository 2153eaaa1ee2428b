/* The sections of a snapshot, written from a frozen cut. The host runs on meanwhile. */
#ifndef PRELOAD_SNAPSHOT_SECTIONS_H
#define PRELOAD_SNAPSHOT_SECTIONS_H

#include "preload/graph_scan.h"
#include "preload/snapshot_cut.h"
#include "snapshot/snapshot_writer.h"

/* Start the file on FD with what the marks change: the marks' lock and the annotations' are held. BUFFER is scratch
 * and stays in use until finish. Returns 0 or -errno. */
int snapshot_sections_begin(struct snapshot_writer *writer, const struct snapshot_cut *cut, int fd,
    void *buffer, size_t buffer_bytes);
/* The rest, without any lock. After a begin that succeeded. GRAPH: NULL for none. Returns 0 or -errno. */
int snapshot_sections_finish(struct snapshot_writer *writer, const struct snapshot_cut *cut,
    const struct graph *graph, uint32_t trigger, const char *detail);
/* STRING in the section of strings: its offset. Between begin and finish. */
uint32_t snapshot_sections_string(const char *string);

#endif
