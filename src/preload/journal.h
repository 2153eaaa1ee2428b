/*
 * snapshot_at=last: the heap as it stood when the last iteration ended. After each end, blocks that were alive
 * then and are freed or resized are written down, until the next begin proves that this was not the last one.
 * The file is the table, minus what was born later, plus the journal. Bounded; what does not fit is counted.
 */
#ifndef PRELOAD_JOURNAL_H
#define PRELOAD_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/live_table.h"

extern atomic_uint journal_serial; /* of the last iteration end; 0 while no journal is kept */

/* snapshot_at holds `last`. */
bool journal_is_wanted(void);
void journal_start(void);
void journal_discard(void);
void journal_add_slow(const struct live_block *block, bool freed);
/* BLOCK, just freed, is in the journal: whether its death counts is decided at the next begin. */
bool journal_holds_death(const struct live_block *block);
/* It was not the last end, or the file of the last end is written: the deaths since count. */
void journal_count_deaths(struct thread_state *state);
uint64_t journal_lost(void);
uint32_t journal_count(void);
const struct live_block *journal_get(uint32_t number);

static inline bool journal_is_on(void)
{
	return unlikely(atomic_load_explicit(&journal_serial, memory_order_relaxed) != 0);
}

/* BLOCK leaves the table: FREED, or about to be resized. */
static inline void journal_add(const struct live_block *block, bool freed)
{
	if (journal_is_on())
		journal_add_slow(block, freed);
}

#endif
