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
void journal_add_slow(const struct live_block *block);
uint64_t journal_lost(void);
uint32_t journal_count(void);
const struct live_block *journal_get(uint32_t number);

static inline bool journal_is_on(void)
{
	return unlikely(atomic_load_explicit(&journal_serial, memory_order_relaxed) != 0);
}

/* BLOCK leaves the table or is about to change. */
static inline void journal_add(const struct live_block *block)
{
	if (journal_is_on())
		journal_add_slow(block);
}

#endif
