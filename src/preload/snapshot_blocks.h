/*
 * The blocks of a snapshot in ascending address: the frozen live table, merged with the blocks that are not in it
 * (those of pools, which lie inside others, and those of the journal).
 */
#ifndef PRELOAD_SNAPSHOT_BLOCKS_H
#define PRELOAD_SNAPSHOT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/live_copy.h"

struct snapshot_blocks {
	struct live_copy copy;
	struct live_block *strangers; /* by address after sort */
	size_t stranger_count, stranger_capacity;
	/* journalled: the heap at the last iteration end. Later births, and what the journal has as it was, are left out */
	bool journalled;
	uint32_t last_end_epoch, journal_serial;
};

/* Make room for BLOCKS live blocks; TABLE_BYTES of the live table are resident. Before the gate. */
bool snapshot_blocks_reserve(struct snapshot_blocks *blocks, size_t count, uint64_t table_bytes);
/* Copy all. Under the gate. False when memory is short. */
bool snapshot_blocks_take(struct snapshot_blocks *blocks, bool journalled);
/* Make it readable. After the gate. */
void snapshot_blocks_sort(struct snapshot_blocks *blocks);
void snapshot_blocks_release(struct snapshot_blocks *blocks);

/* A zeroed cursor stands at the start. */
struct snapshot_block_cursor {
	struct live_copy_cursor copy;
	size_t stranger;
	struct live_block ahead; /* of the copy, while strangers come first */
	bool has_ahead, at_end;
};
bool snapshot_blocks_next(const struct snapshot_blocks *blocks,
    struct snapshot_block_cursor *cursor, struct live_block *ret_block);

#endif
