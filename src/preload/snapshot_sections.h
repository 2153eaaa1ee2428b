/* The sections of a snapshot, written from a frozen cut. The host runs on meanwhile. */
#ifndef PRELOAD_SNAPSHOT_SECTIONS_H
#define PRELOAD_SNAPSHOT_SECTIONS_H

#include "preload/snapshot_cut.h"
#include "snapshot/snapshot_writer.h"

/* Start the file on FD with what the marks change: the marks' lock and the annotations' are held. BUFFER is scratch
 * and stays in use until finish. Returns 0 or -errno. */
int snapshot_sections_begin(struct snapshot_writer *writer, const struct snapshot_cut *cut, int fd,
    void *buffer, size_t buffer_bytes);
/* The rest, without any lock. After a begin that succeeded. Returns 0 or -errno. */
int snapshot_sections_finish(struct snapshot_writer *writer, const struct snapshot_cut *cut,
    uint32_t trigger, const char *detail);

#endif
