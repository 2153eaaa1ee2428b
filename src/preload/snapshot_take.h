/*
 * Taking a snapshot: lock, freeze (snapshot_cut.h), write (snapshot_sections.h), rename, tell the user. Whoever
 * calls is outside all hooks. Order of locks: snapshot, marks, annotations, then the gate.
 */
#ifndef PRELOAD_SNAPSHOT_TAKE_H
#define PRELOAD_SNAPSHOT_TAKE_H

#include <stdint.h>

#include "preload/options.h"

struct snapshot_iteration;

/* To PATH (replaced atomically), or by the pattern when NULL. RET_WRITTEN (OPTIONS_PATH_BYTES, may be NULL) gets the
 * file's path. Returns 0 or -errno; -EBUSY when another one is being taken. Async-signal-safe outside hooks. */
int snapshot_take(const char *path, uint32_t trigger, const char *detail, char *ret_written);
/* A point of snapshot_at that the numbers reached: TRIGGER SNAPSHOT_AT_PEAK or SNAPSHOT_AT_GROWTH. */
int snapshot_take_point(uint32_t trigger, uint64_t value);
/* An iteration ended: first, iteration=N, every=N. ENDED counts all of the process. */
void snapshot_iteration_ended(const struct snapshot_iteration *row, uint64_t ended);
/* The process ends: exit, last. */
void snapshot_process_ends(void);

void snapshot_lock(void);
void snapshot_unlock(void);
/* In a forked child: what belonged to the parent's files is forgotten. */
void snapshot_after_fork(void);

#endif
