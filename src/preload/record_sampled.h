/*
 * What an intercepted call writes down when sample=BYTES is set: the same tables as record.c, but only the blocks
 * that sampler.h chooses, and each counted as the number of blocks that it stands for. So every counter in the
 * process and in the file is an estimate, and live = allocated - freed holds for estimates as it does for counts.
 *
 * realloc: a recorded block keeps birth and identity. When a block outgrows the room that the allocator had given
 * it (malloc_usable_size, known for recorded and other blocks alike), those that were not recorded so far are
 * offered to the sampler once more, with their new size, as if they were born there; those that were recorded
 * stand from then on for themselves alone. Sums stay unbiased, and a buffer that grows large is seen.
 *
 * Variance: a block of weight w adds w (w - 1) to that of a number of blocks, w (w - 1) size^2 to that of bytes.
 */
#ifndef PRELOAD_RECORD_SAMPLED_H
#define PRELOAD_RECORD_SAMPLED_H

#include <stddef.h>

#include "preload/live_table.h"
#include "preload/thread_state.h"
#include "snapshot/format.h"

/* BLOCK was just allocated; it is recorded if the sampler says so. */
void record_sampled_alloc(
    struct thread_state *state, void *block, size_t size, const void *hook_frame);
/* BLOCK was not recorded, and realloc gave it SIZE bytes where it had ROOM. */
void record_sampled_grown(
    struct thread_state *state, void *block, size_t size, size_t room, const void *hook_frame);
/* TAKEN lives on as RESIZED. ROOM: what it had. Counters only; RESIZED gets its weight. */
void record_sampled_resized(struct thread_state *state, const struct live_block *taken, size_t room,
    struct live_block *resized);
/* Counters only. */
bool record_sampled_count_alloc(struct thread_state *state, const struct live_block *block);
void record_sampled_count_free(struct thread_state *state, const struct live_block *block);

/* For the snapshot. */
struct snapshot_stack_variance record_sampled_variance(uint32_t stack);
struct snapshot_sampling record_sampled_totals(void);
/* Blocks in the table and in pools, not what they stand for. */
uint64_t record_sampled_live(void);

#endif
