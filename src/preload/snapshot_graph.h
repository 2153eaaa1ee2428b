/*
 * How a snapshot comes by its graph. With other threads: they are stopped, the process is copied, they go on, and the
 * copy reads its frozen memory and writes the file while the caller waits for it:
 *
 *   gate closed -> threads stopped -> copy -> threads released, gate open -> wait -> file
 *                                      '-> cut -> scan -> sections -> end
 *
 * Alone, or where no copy can be made, the process reads itself, before the threads go on. Who takes a snapshot by a
 * signal does not wait: a copy is made in any case, it does the whole work, and its end is looked for later. All under
 * the snapshot lock; async-signal-safe outside hooks.
 */
#ifndef PRELOAD_SNAPSHOT_GRAPH_H
#define PRELOAD_SNAPSHOT_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/graph_scan.h"
#include "preload/snapshot_cut.h"
#include "preload/unwind_rules.h"

enum snapshot_graph_way {
	GRAPH_NONE, /* no graph is wanted, or none can be had: snapshot_graph_problem */
	GRAPH_HERE, /* this process reads itself: snapshot_graph_read */
	GRAPH_COPIED, /* a copy is at work: snapshot_graph_wait, or snapshot_graph_has_ended and then wait */
	GRAPH_IN_COPY, /* this is the copy: snapshot_graph_read, then snapshot_graph_end */
};

/* Registers of the caller's frame, from which the walk of this thread's stack begins: in a function that lives until the
 * snapshot is written. */
extern struct cfi_registers snapshot_graph_caller;
#define SNAPSHOT_GRAPH_CAPTURE()                                                                   \
	do {                                                                                       \
		MACHINE_CAPTURE(&snapshot_graph_caller);                                           \
		snapshot_graph_caller.known = MACHINE_KEPT | CFI_BIT(EH_PC);                       \
	} while (0)

/* Before the gate is closed. False: snapshots of TRIGGER have none. */
bool snapshot_graph_prepare(uint32_t trigger);
/* There are other threads: most likely the process will be copied. */
bool snapshot_graph_will_copy(void);
/* The gate is closed: stop the threads if a graph is wanted, copy the process if that is needed. DETACHED: it is, even
 * for one thread or without a graph. */
enum snapshot_graph_way snapshot_graph_freeze(bool detached);
/* All go on; in the process itself, before the gate is opened. */
void snapshot_graph_release(void);
/* The pause is over: the copy waits for its length. */
void snapshot_graph_tell_pause(uint64_t pause_ns, bool is_approximate);

/* After the cut: read the memory. NULL, and the problem is noted, when that failed. */
const struct graph *snapshot_graph_read(struct snapshot_cut *cut, enum snapshot_graph_way way);
/* In the copy, first of all; it keeps the descriptors FD and OTHER (-1: none). DETACHED: it outlives the thread that
 * made it. */
void snapshot_graph_settle(int fd, int other, bool detached);
/* In the copy, before RUN is written: fills what only the parent knows. */
void snapshot_graph_learn_pause(struct snapshot_cut *cut);
/* In the copy: the file is written, or RESULT says why not. */
__attribute__((noreturn)) void snapshot_graph_end(const struct snapshot_cut *cut, int result);
/* In the parent: the copy has ended, one way or the other, and is reaped. Waits for nothing. */
bool snapshot_graph_has_ended(void);
/* In the parent: 0, and the totals of the copy's cut in CUT, or -errno: there is no file. */
int snapshot_graph_wait(struct snapshot_cut *cut);
void snapshot_graph_forget(void);
/* Why a graph that was wanted is not in the file, or NULL. */
const char *snapshot_graph_problem(void);

#endif
