/*
 * snapshot_at=last: the heap as it stood when the last iteration ended. After each end, blocks that were alive
 * then and are freed or resized are written down, until the next begin proves that this was not the last one, or, where
 * iterations begin by themselves (mark.h) and the last one never ends, until the next end does.
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
void journal_add_slow(struct live_block *block, bool freed);
/* BLOCK, just freed, is in the journal: whether its death counts is decided at the next begin. */
bool journal_holds_death(const struct live_block *block);
/* It was not the last end, or the file of the last end is written: the deaths since count. */
void journal_count_deaths(struct thread_state *state);
uint64_t journal_lost(void);
/* Something that belongs to the last end could not be kept. */
void journal_lose(void);
/* Rows handed out. Some may never have been written: journal_get gives NULL for them. */
uint32_t journal_count(void);
const struct live_block *journal_get(uint32_t number);

static inline bool journal_is_on(void)
{
	return unlikely(atomic_load_explicit(&journal_serial, memory_order_relaxed) != 0);
}

/* BLOCK leaves the table: FREED, or about to be resized. If the journal has no room for it, it is marked as if the
 * journal held it from before: its death then counts at once. */
static inline void journal_add(struct live_block *block, bool freed)
{
	if (journal_is_on())
		journal_add_slow(block, freed);
}

#endif
