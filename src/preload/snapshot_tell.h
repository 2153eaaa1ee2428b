/*
 * What is said of a snapshot on stderr: one line when it is written, or why it could not be. Under the snapshot lock.
 */
#ifndef PRELOAD_SNAPSHOT_TELL_H
#define PRELOAD_SNAPSHOT_TELL_H

#include <stdint.h>

#include "preload/snapshot_cut.h"

/* Snapshots that repeat are announced a few times; the one of the peak when it is final: snapshot_tell_peak. */
void snapshot_tell_written(const char *path, const struct snapshot_cut *cut, uint32_t trigger);
void snapshot_tell_peak(const char *path);
/* RESULT: -errno. */
void snapshot_tell_failed(const char *path, int result);

#endif
