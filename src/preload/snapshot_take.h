/*
 * Taking a snapshot: lock, freeze (snapshot_cut.h), write (snapshot_sections.h), rename, tell the user. Whoever
 * calls is outside all hooks. Order of locks: snapshot, marks, annotations, then the gate.
 *
 * Who asks from outside has not chosen the moment, so the thread that serves it does not wait: a copy of the process
 * does all from the cut to the line for the user. Only one copy is at work at a time.
 */
#ifndef PRELOAD_SNAPSHOT_TAKE_H
#define PRELOAD_SNAPSHOT_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/options.h"

struct snapshot_iteration;

/* To PATH (replaced atomically), or by the pattern when NULL. Returns 0 or -errno. */
int snapshot_take(const char *path, uint32_t trigger, const char *detail);
/* By the pattern; RET_PATH is the file's name. */
int snapshot_take_named(uint32_t trigger, const char *detail, char ret_path[OPTIONS_PATH_BYTES]);
/* From a signal handler, outside hooks: begin one and do not wait for it. DONE (may be NULL) is told the end: RESULT, 0
 * or -errno, and the file's PATH; often in a copy of the process, so it leaves its mark in files only. Returns 0;
 * -EBUSY: somebody, maybe the interrupted code, holds a lock; -EALREADY: a copy is at work. */
typedef void snapshot_done(int result, const char *path);
int snapshot_request(const char *path, uint32_t trigger, snapshot_done *done);
/* A copy is at work. If it has ended, see to what it leaves behind; outside hooks. */
bool snapshot_is_at_work(void);
/* Wait until no copy is. */
void snapshot_wait(void);
/* A point of snapshot_at that the numbers reached: TRIGGER SNAPSHOT_AT_PEAK or SNAPSHOT_AT_GROWTH. */
int snapshot_take_point(uint32_t trigger, uint64_t value);
/* snapshot_iteration_ended would take one. */
bool snapshot_is_due(const struct snapshot_iteration *row, uint64_t ended);
/* An iteration ended: first, iteration=N, every=N. ENDED counts all of the process. */
void snapshot_iteration_ended(const struct snapshot_iteration *row, uint64_t ended);
/* The process ends: exit, last. */
void snapshot_process_ends(void);

void snapshot_lock(void);
void snapshot_unlock(void);
/* In a forked child: what belonged to the parent's files is forgotten. */
void snapshot_after_fork(void);

#endif
