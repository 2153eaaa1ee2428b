/*
 * Address -> live block, over the frozen cut: each region of 64 MB that holds blocks has a bit for each place where
 * one may begin, and the number of blocks that begin before each word of 64 bits.
 *
 *   top[address >> 26] -> region: { 64 bits, rank } { 64 bits, rank } ...
 *
 * Block row = rank + bits below. One line of cache answers for an exact start; what points inside needs the block's
 * row. Pools put blocks into blocks, and several at one place: then a table leads from places to rows, and another
 * one from a block to the block around it. Built and used by one scan at a time.
 */
#ifndef PRELOAD_BLOCK_INDEX_H
#define PRELOAD_BLOCK_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/live_table.h"
#include "preload/snapshot_cut.h"

#define BLOCK_NONE UINT32_MAX
#define BLOCK_CHUNK_MMAPPED                                                                        \
	2u /* flag in the word before a block of glibc: it has a mapping of its own */
#define BLOCK_SLACK_MAX (1u << 20)
#define BLOCK_ALONE	(UINT32_MAX - 1) /* a pool's block in memory that is no block */

struct block_place {
	uint64_t bits; /* places where a block begins */
	uint32_t rank; /* places that are taken before the first of them */
	uint32_t reserved;
};

struct block_row {
	uint64_t address, size;
};

struct block_index {
	struct block_place **top; /* by region; NULL: no block begins there */
	uintptr_t low, high;	  /* all blocks lie in it, slack included */
	unsigned shift;		  /* bytes of a place */
	struct block_row *blocks; /* ascending */
	size_t count;
	uint32_t *first_row; /* by place; NULL: place and row are the same */
	uint32_t *around;    /* by row: the block that holds it, BLOCK_NONE, BLOCK_ALONE; or NULL */
	uint32_t *reaches;   /* by region: row + 1 of the innermost block that reaches into it */
	uint32_t *slacks;    /* by row: bytes of its own behind its size, + 1; 0: not read yet */
	size_t place_count;
	void *places;
	size_t places_bytes;
	bool is_libc; /* sizes of chunks can be read */
};

/* Returns 0 or -ENOMEM; release in any case. */
int block_index_build(struct block_index *index, const struct snapshot_cut *cut);
void block_index_release(struct block_index *index);
/* Bytes of block ROW that its owner may use: not less than its size. */
uint64_t block_usable(const struct block_index *index, uint32_t row);
/* The same of a block of glibc, by the word before it. */
static inline uint64_t block_usable_by(const struct block_row *block, uint64_t chunk)
{
	uint64_t overhead = (chunk & BLOCK_CHUNK_MMAPPED) != 0 ? 16 : 8;
	uint64_t bytes = chunk & ~(uint64_t)7;

	/* a header that its owner overwrote says nothing */
	if (bytes < block->size + overhead || bytes - overhead - block->size > BLOCK_SLACK_MAX)
		return block->size;
	return bytes - overhead;
}
/* The innermost block that ADDRESS points to: its start, inside, one past its end, slack. BLOCK_NONE: to none. */
uint32_t block_index_find_inside(
    const struct block_index *index, uintptr_t address, uint64_t *ret_into);
/* The block around block ROW, or BLOCK_NONE. */
static inline uint32_t block_around(const struct block_index *index, uint32_t row)
{
	uint32_t around = index->around != NULL ? index->around[row] : BLOCK_NONE;

	return around == BLOCK_ALONE ? BLOCK_NONE : around;
}

static inline bool block_is_pooled(const struct block_index *index, uint32_t row)
{
	return index->around != NULL && index->around[row] != BLOCK_NONE;
}
/* The row of the first block at or above ADDRESS. */
size_t block_index_at(const struct block_index *index, uintptr_t address);

/* Without the instruction, which not all processors have, the compiler would call a function. */
static inline uint32_t block_count_bits(uint64_t bits)
{
	__asm__("" : "+r"(bits)); /* or it would know what this is */
	bits -= bits >> 1 & 0x5555555555555555u;
	__asm__("" : "+r"(bits));
	bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(bits * 0x0101010101010101u >> 56);
}

static inline bool block_index_may_hold(const struct block_index *index, uintptr_t address)
{
	return address - index->low < index->high - index->low;
}

/* ADDRESS will be looked up soon. A call that does nothing but this would be taken for one without effect. */
__attribute__((always_inline)) static inline void block_index_prefetch(
    const struct block_index *index, uintptr_t address)
{
	const struct block_place *region = index->top[address >> LIVE_REGION_BITS];

	if (region != NULL)
		__builtin_prefetch(&region[(address & (((uintptr_t)1 << LIVE_REGION_BITS) - 1)) >>
					   index->shift >> 6]);
}

static inline uint32_t block_index_find(
    const struct block_index *index, uintptr_t address, uint64_t *ret_into)
{
	if (!block_index_may_hold(index, address))
		return BLOCK_NONE;
	const struct block_place *region = index->top[address >> LIVE_REGION_BITS];

	if (region == NULL)
		return block_index_find_inside(index, address, ret_into);
	uintptr_t place = (address & (((uintptr_t)1 << LIVE_REGION_BITS) - 1)) >> index->shift;
	const struct block_place *word = &region[place / 64];
	unsigned bit = place % 64;

	if ((word->bits >> bit & 1) == 0 || (address & ((1u << index->shift) - 1)) != 0 ||
	    index->first_row != NULL)
		return block_index_find_inside(index, address, ret_into);
	*ret_into = 0;
	return word->rank + block_count_bits(word->bits & (((uint64_t)1 << bit) - 1));
}

#endif
