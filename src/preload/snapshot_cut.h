/*
 * The moment of a snapshot, frozen: everything that changes while the host goes on is copied under the gate into
 * mappings of our own; what is append-only (tree, stacks, modules) is only counted. What can be worked out from
 * the copies is, once the gate is open; snapshot_sections.c then writes the file while the host runs.
 */
#ifndef PRELOAD_SNAPSHOT_CUT_H
#define PRELOAD_SNAPSHOT_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/snapshot_blocks.h"
#include "snapshot/format.h"

struct snapshot_cut {
	bool approximate, journalled;
	uint32_t epoch, generation;
	bool in_iteration;
	uint64_t time_ns, elapsed_ns, pause_ns, rss_bytes, mapped_bytes;
	/* copies, each in a mapping of its own */
	struct snapshot_blocks blocks;
	struct snapshot_stack *stacks;
	size_t stack_count;
	struct snapshot_stack_variance *variances; /* by stack; NULL when exact */
	struct snapshot_thread *threads;
	size_t thread_count;
	struct survival_record *survival; /* of all threads */
	size_t survival_count;
	struct snapshot_totals totals;
	struct snapshot_losses losses;
	struct snapshot_sampling sampling;
	uint64_t inherited_blocks, inherited_bytes, ignored_blocks, ignored_bytes;
	uint32_t node_count, module_count, parent_pid;
	struct arena_bytes costs[ARENA_USES];
	/* worked out from the copies */
	size_t block_count, extra_count;
};

/* Room for the copies; cut->costs are known. Before the gate. Returns 0 or -ENOMEM; release in any case. */
int snapshot_cut_prepare(struct snapshot_cut *cut);
/* Copy everything. Marks' lock held, gate closed. AT_LAST_END: as it was when the last iteration ended.
 * Returns 0 or -ENOMEM. */
int snapshot_cut_take(struct snapshot_cut *cut, bool at_last_end);
/* Work out the rest: counts, totals, books that a longjmp left open. The gate is open, epochs are held. Returns 0
 * or -ENOMEM. */
int snapshot_cut_settle(struct snapshot_cut *cut);
void snapshot_cut_release(struct snapshot_cut *cut);

#endif
