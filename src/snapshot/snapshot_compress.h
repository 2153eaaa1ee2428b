/*
 * Compresses snapshots with zstd. For the tool, after the profiled program has ended: the host itself
 * always writes plain files.
 */
#ifndef SNAPSHOT_SNAPSHOT_COMPRESS_H
#define SNAPSHOT_SNAPSHOT_COMPRESS_H

#include <stdint.h>

#include "base/status.h"

#define SNAPSHOT_COMPRESS_LEVEL 3 /* zstd's default: fast, and columns pack well */

/* Replace PATH by its compressed form at LEVEL, by way of PATH.tmp and rename(2); the mode is kept. A file that
 * is compressed already is left alone. Anything but a snapshot is refused. On failure PATH is as before and no
 * temporary file is left. *RET_BYTES (may be NULL) is the new size. */
int snapshot_compress_file(
    const char *path, int level, uint64_t *ret_bytes, struct status_error *ret_error);

#endif
