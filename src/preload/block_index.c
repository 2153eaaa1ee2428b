#include "preload/block_index.h"

#include <errno.h>
#include <string.h>

#include "preload/arena.h"
#include "preload/memory_map.h"
#include "preload/system_tasks.h"

#define MANY_BLOCKS (1u << 18) /* from which on large pages save time */
#define SHIFT_LIBC  4	       /* glibc's blocks begin at multiples of 16 */
#define SHIFT_OTHER 3
#define PAGE_BYTES  4096u

static size_t region_words(const struct block_index *index)
{
	return ((size_t)1 << (LIVE_REGION_BITS - index->shift)) / 64;
}

static uint64_t usable_of(const struct block_index *index, const struct block_row *block)
{
	uint64_t chunk;

	if (!index->is_libc || block->address % 16 != 0 || !memory_word(block->address - 8, &chunk))
		return block->size;
	return block_usable_by(block, chunk);
}

uint64_t block_usable(const struct block_index *index, uint32_t row)
{
	const struct block_row *block = &index->blocks[row];

	return block_is_pooled(index, row) ? block->size : usable_of(index, block);
}

/* Regions in ascending order, each at its first block. */
static bool mark_places(struct block_index *index)
{
	size_t bytes = region_words(index) * sizeof(struct block_place);
	uintptr_t last = UINTPTR_MAX;
	char *next = index->places;

	for (size_t row = 0; row < index->count; row++) {
		uintptr_t address = index->blocks[row].address;
		uintptr_t region = address >> LIVE_REGION_BITS;

		if (region >= LIVE_REGIONS)
			return false;
		if (region != last) {
			index->top[region] = (struct block_place *)(void *)next;
			next += bytes;
			last = region;
		}
		uintptr_t place =
		    (address & (((uintptr_t)1 << LIVE_REGION_BITS) - 1)) >> index->shift;

		index->top[region][place / 64].bits |= (uint64_t)1 << place % 64;
	}
	return true;
}

static void count_places(struct block_index *index)
{
	struct block_place *word = index->places;
	size_t words = index->places_bytes / sizeof *word;
	uint32_t rank = 0;

	for (size_t i = 0; i < words; i++) {
		word[i].rank = rank;
		rank += block_count_bits(word[i].bits);
	}
	index->place_count = rank;
}

static size_t count_regions(const struct block_index *index)
{
	size_t count = 0;
	uintptr_t last = UINTPTR_MAX;

	for (size_t row = 0; row < index->count; row++) {
		uintptr_t region = index->blocks[row].address >> LIVE_REGION_BITS;

		count += region != last;
		last = region;
	}
	return count;
}

static bool holds(const struct block_row *outer, const struct block_row *inner)
{
	return inner->address - outer->address < outer->size;
}

/* Blocks in blocks, or several at one place: the two tables for that. */
static bool add_tables(struct block_index *index, const struct snapshot_cut *cut)
{
	struct snapshot_block_cursor cursor = {0};
	struct live_block live;
	size_t place = 0;
	uint32_t before = BLOCK_NONE; /* the row before, or a block around it */

	index->first_row =
	    arena_map((index->place_count + 1) * sizeof *index->first_row, ARENA_BUFFERS);
	index->around = arena_map((index->count + 1) * sizeof *index->around, ARENA_BUFFERS);
	if (index->first_row == NULL || index->around == NULL)
		return false;
	for (size_t row = 0; row < index->count; row++) {
		const struct block_row *block = &index->blocks[row];

		if (row == 0 || block->address >> index->shift != block[-1].address >> index->shift)
			index->first_row[place++] = (uint32_t)row;
		bool pooled = snapshot_blocks_next(&cut->blocks, &cursor, &live) &&
			      (live.flags & SNAPSHOT_BLOCK_POOLED) != 0;

		if (!pooled)
			before = BLOCK_NONE;
		while (before < BLOCK_ALONE && !holds(&index->blocks[before], block))
			before = index->around[before];
		index->around[row] = before;
		if (pooled && before == BLOCK_NONE)
			index->around[row] = BLOCK_ALONE;
		before = (uint32_t)row;
	}
	return true;
}

/* One past the end, and slack, belong to a block too. */
static void note_ends(struct block_index *index)
{
	for (size_t row = 0; row < index->count; row++) {
		const struct block_row *block = &index->blocks[row];
		uintptr_t end = block->address + block->size + PAGE_BYTES;

		if (end > index->high)
			index->high = end;
		for (uintptr_t region = (block->address >> LIVE_REGION_BITS) + 1;
		     region <= end >> LIVE_REGION_BITS && region < LIVE_REGIONS; region++)
			index->reaches[region] = (uint32_t)row + 1;
	}
}

static bool copy_rows(struct block_index *index, const struct snapshot_cut *cut)
{
	struct snapshot_block_cursor cursor = {0};
	struct live_block live;
	size_t row = 0;

	index->blocks = arena_map((index->count + 1) * sizeof *index->blocks, ARENA_BUFFERS);
	if (index->blocks == NULL)
		return false;
	if (index->count >= MANY_BLOCKS)
		system_prefer_large_pages(index->blocks, index->count * sizeof *index->blocks);
	while (row < index->count && snapshot_blocks_next(&cut->blocks, &cursor, &live))
		index->blocks[row++] = (struct block_row){live.address, live.size};
	return true;
}

int block_index_build(struct block_index *index, const struct snapshot_cut *cut)
{
	memset(index, 0, sizeof *index);
	index->count = cut->block_count;
	index->is_libc = live_granule_shift == 5;
	index->shift = index->is_libc ? SHIFT_LIBC : SHIFT_OTHER;
	if (index->count >= BLOCK_ALONE || !copy_rows(index, cut))
		return -ENOMEM;
	index->top = arena_map(LIVE_REGIONS * sizeof(struct block_place *), ARENA_BUFFERS);
	index->places_bytes =
	    count_regions(index) * region_words(index) * sizeof(struct block_place);
	index->places = arena_map(index->places_bytes + 1, ARENA_BUFFERS);
	if (index->count >= MANY_BLOCKS)
		system_prefer_large_pages(index->places, index->places_bytes);
	index->reaches = arena_map(LIVE_REGIONS * sizeof *index->reaches, ARENA_BUFFERS);
	index->slacks = arena_map((index->count + 1) * sizeof *index->slacks, ARENA_BUFFERS);
	if (index->top == NULL || index->places == NULL || index->reaches == NULL ||
	    index->slacks == NULL || !mark_places(index))
		return -ENOMEM;
	count_places(index);
	if (cut->blocks.stranger_count > 0 || index->place_count != index->count)
		if (!add_tables(index, cut))
			return -ENOMEM;
	if (index->count > 0) {
		index->low = index->blocks[0].address;
		index->high = index->low;
	}
	note_ends(index);
	return 0;
}

void block_index_release(struct block_index *index)
{
	arena_unmap(index->blocks, (index->count + 1) * sizeof *index->blocks, ARENA_BUFFERS);
	arena_unmap(index->top, LIVE_REGIONS * sizeof(struct block_place *), ARENA_BUFFERS);
	arena_unmap(index->places, index->places_bytes + 1, ARENA_BUFFERS);
	arena_unmap(
	    index->first_row, (index->place_count + 1) * sizeof *index->first_row, ARENA_BUFFERS);
	arena_unmap(index->around, (index->count + 1) * sizeof *index->around, ARENA_BUFFERS);
	arena_unmap(index->reaches, LIVE_REGIONS * sizeof *index->reaches, ARENA_BUFFERS);
	arena_unmap(index->slacks, (index->count + 1) * sizeof *index->slacks, ARENA_BUFFERS);
	memset(index, 0, sizeof *index);
}

size_t block_index_at(const struct block_index *index, uintptr_t address)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->blocks[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last block that begins at or below ADDRESS, or BLOCK_NONE. */
static uint32_t last_begun(const struct block_index *index, uintptr_t address)
{
	const struct block_place *region = index->top[address >> LIVE_REGION_BITS];
	uintptr_t place = (address & (((uintptr_t)1 << LIVE_REGION_BITS) - 1)) >> index->shift;

	if (region == NULL) /* 0 - 1 is BLOCK_NONE */
		return index->reaches[address >> LIVE_REGION_BITS] - 1;
	const struct block_place *word = &region[place / 64];
	uint64_t upto = word->bits & (~(uint64_t)0 >> (63 - place % 64));
	uint32_t taken = word->rank + block_count_bits(upto);

	if (taken == 0)
		return BLOCK_NONE;
	uint32_t row = taken - 1;

	if (index->first_row != NULL) {
		row = index->first_row[row];
		while (row + 1 < index->count && index->blocks[row + 1].address <= address)
			row++;
	}
	/* all of the blocks at this place may begin above ADDRESS */
	if (index->blocks[row].address > address)
		row = row > 0 ? row - 1 : BLOCK_NONE;
	return row;
}

/*
 * Whether INTO, behind the size of block ROW, is still its own. Freed memory is full of words that point to freed memory, and
 * many of these ask of one block: its header is read once.
 */
COLD static bool reaches_slack(const struct block_index *index, uint32_t row, uint64_t into)
{
	uint64_t size = index->blocks[row].size;

	if (index->slacks[row] == 0)
		index->slacks[row] = (uint32_t)(block_usable(index, row) - size) + 1;
	return into - size < index->slacks[row] - 1;
}

uint32_t block_index_find_inside(
    const struct block_index *index, uintptr_t address, uint64_t *ret_into)
{
	uint32_t row = last_begun(index, address);
	uint32_t edge = BLOCK_NONE; /* ends exactly at ADDRESS */

	for (; row != BLOCK_NONE; row = block_around(index, row)) {
		const struct block_row *block = &index->blocks[row];
		uint64_t into = address - block->address;

		if (into < block->size || into == 0) {
			*ret_into = into;
			return row;
		}
		if (into == block->size && edge == BLOCK_NONE)
			edge = row;
		else if (into > block->size && edge == BLOCK_NONE &&
			 into - block->size < BLOCK_SLACK_MAX && reaches_slack(index, row, into)) {
			*ret_into = into;
			return row;
		}
	}
	if (edge != BLOCK_NONE)
		*ret_into = index->blocks[edge].size;
	return edge;
}
