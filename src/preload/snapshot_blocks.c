#include "preload/snapshot_blocks.h"

#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/iteration.h"
#include "preload/journal.h"
#include "snapshot/format.h"

bool snapshot_blocks_reserve(struct snapshot_blocks *blocks, size_t count, uint64_t table_bytes)
{
	*blocks = (struct snapshot_blocks){0};
	return live_copy_reserve(&blocks->copy, count, table_bytes);
}

void snapshot_blocks_release(struct snapshot_blocks *blocks)
{
	live_copy_release(&blocks->copy);
	arena_unmap(blocks->strangers, (blocks->stranger_capacity + 1) * sizeof *blocks->strangers,
	    ARENA_BUFFERS);
	*blocks = (struct snapshot_blocks){0};
}

static void add_stranger(void *context, const struct live_block *block)
{
	struct snapshot_blocks *blocks = context;

	if (blocks->stranger_count < blocks->stranger_capacity &&
	    (!blocks->journalled || block->epoch <= blocks->last_end_epoch))
		blocks->strangers[blocks->stranger_count++] = *block;
}

bool snapshot_blocks_take(struct snapshot_blocks *blocks, bool journalled)
{
	uint32_t journal = journalled ? journal_count() : 0;

	blocks->journalled = journalled;
	blocks->last_end_epoch = iteration_last_end_epoch();
	blocks->journal_serial = atomic_load_explicit(&journal_serial, memory_order_relaxed);
	blocks->stranger_capacity = (size_t)annotation_pool_blocks() + journal;
	blocks->strangers =
	    arena_map((blocks->stranger_capacity + 1) * sizeof *blocks->strangers, ARENA_BUFFERS);
	if (blocks->strangers == NULL)
		return false;
	annotation_pool_each(add_stranger, blocks);
	for (uint32_t i = 0; i < journal; i++) {
		const struct live_block *kept = journal_get(i);

		if (kept == NULL)
			continue;
		struct live_block block = *kept;

		block.flags |= SNAPSHOT_BLOCK_JOURNALLED;
		add_stranger(blocks, &block);
	}
	live_copy_take(&blocks->copy);
	return true;
}

static void sift_down(struct live_block *rows, size_t from, size_t count)
{
	for (size_t child; (child = 2 * from + 1) < count; from = child) {
		if (child + 1 < count && rows[child].address < rows[child + 1].address)
			child++;
		if (rows[from].address >= rows[child].address)
			return;
		struct live_block swap = rows[from];

		rows[from] = rows[child];
		rows[child] = swap;
	}
}

/* Heap sort: no recursion, no memory, no bad case; the C library's qsort may allocate. */
void snapshot_blocks_sort(struct snapshot_blocks *blocks)
{
	struct live_block *rows = blocks->strangers;
	size_t count = blocks->stranger_count;

	for (size_t i = count / 2; i-- > 0;)
		sift_down(rows, i, count);
	for (size_t i = count; i-- > 1;) {
		struct live_block swap = rows[0];

		rows[0] = rows[i];
		rows[i] = swap;
		sift_down(rows, 0, i);
	}
}

/* The next block of the table that belongs to the snapshot. */
static bool next_own(const struct snapshot_blocks *blocks, struct snapshot_block_cursor *cursor,
    struct live_block *ret_block)
{
	while (live_copy_next(&blocks->copy, &cursor->copy, ret_block))
		if (likely(!blocks->journalled) ||
		    (ret_block->epoch <= blocks->last_end_epoch &&
			ret_block->end_serial != blocks->journal_serial))
			return true;
	return false;
}

static bool next_merged(const struct snapshot_blocks *blocks, struct snapshot_block_cursor *cursor,
    struct live_block *ret_block)
{
	if (!cursor->has_ahead && !cursor->at_end) {
		cursor->has_ahead = next_own(blocks, cursor, &cursor->ahead);
		cursor->at_end = !cursor->has_ahead;
	}
	if (cursor->stranger < blocks->stranger_count &&
	    (!cursor->has_ahead ||
		blocks->strangers[cursor->stranger].address < cursor->ahead.address)) {
		*ret_block = blocks->strangers[cursor->stranger++];
		return true;
	}
	*ret_block = cursor->ahead;
	bool is_there = cursor->has_ahead;

	cursor->has_ahead = false;
	return is_there;
}

bool snapshot_blocks_next(const struct snapshot_blocks *blocks,
    struct snapshot_block_cursor *cursor, struct live_block *ret_block)
{
	return likely(blocks->stranger_count == 0) ? next_own(blocks, cursor, ret_block)
						   : next_merged(blocks, cursor, ret_block);
}
