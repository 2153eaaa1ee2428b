/*
 * Address -> what we know of the live block: a two-level shadow of the address space.
 *
 *   address  47       26 25        5 4    0
 *            | region   | granule   |      |      top[region] -> leaf[granule]: one word
 *
 * The word of a plain block of less than 1 KB holds everything; it is stored with one plain store, so it is
 * never torn, and the allocator already orders malloc and free of one address:
 *
 *   63  62    61       60      59     50 49      26 25       0
 *   0   rich  compact  bit 4   size      epoch      stack
 *
 * Larger, resized, labelled or ignored blocks are "rich": the word holds the number of a record instead. Free
 * records are kept per thread, and passed on in batches, so there is no lock. Granules are 32 bytes with
 * glibc's malloc, whose blocks are at least that far apart, and 8 with any other allocator.
 */
#ifndef PRELOAD_LIVE_TABLE_H
#define PRELOAD_LIVE_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/thread_state.h"

#define LIVE_ADDRESS_BITS 47
#define LIVE_REGION_BITS  26
#define LIVE_REGIONS	  ((size_t)1 << (LIVE_ADDRESS_BITS - LIVE_REGION_BITS))
#ifdef ALLOCSCOPE_STRESS
#	define LIVE_COMPACT_LIMIT 64 /* most blocks are rich */
#else
#	define LIVE_COMPACT_LIMIT 1024
#endif

#define LIVE_STACK_BITS	 26
#define LIVE_EPOCH_SHIFT 26
#define LIVE_EPOCH_BITS	 24
#define LIVE_EPOCH_MAX	 ((1u << LIVE_EPOCH_BITS) - 1)
#define LIVE_SIZE_SHIFT	 50
#define LIVE_SIZE_MASK	 0x3ffu
#define LIVE_BIT_4	 ((uint64_t)1 << 60)
#define LIVE_COMPACT	 ((uint64_t)1 << 61)
#define LIVE_RICH	 ((uint64_t)1 << 62)

/* A block as seen from outside the table. */
struct live_block {
	uintptr_t address;
	uintptr_t
	    identity; /* id = (identity, epoch); the address unless realloc moved it past a snapshot */
	uint64_t size;
	uint32_t stack, epoch;
	uint32_t resize_stack; /* of the last realloc; 0 none */
	uint32_t flags;	       /* enum snapshot_block_flags */
	uint32_t label;	       /* annotations.h; 0 none */
	uint32_t weight;       /* sample=BYTES: how many it stands for; 0 exact, one */
	uint32_t end_serial;   /* resized after the iteration end with this serial: journal.h */
};

extern _Atomic(atomic_uint_least64_t *) *live_top;
extern unsigned live_granule_shift;
extern uint64_t live_bit_4_mask; /* LIVE_BIT_4 when a granule holds two addresses */

/* GRANULE_SHIFT: 5 or 3. */
bool live_table_init(unsigned granule_shift);
/* Slow ways of the three inline functions below. */
atomic_uint_least64_t *live_table_word_slow(uintptr_t address);
bool live_table_take_rich(struct thread_state *state, uint64_t word, struct live_block *ret_block);
/* Any block. False when there was no room: the block is not in the table. */
bool live_table_put(struct thread_state *state, const struct live_block *block);
/* Look without taking. */
bool live_table_find(uintptr_t address, struct live_block *ret_block);
/* Call VISIT for each live block in ascending address; stops when it returns false. Under the gate, or tolerant
 * of blocks that come and go. */
void live_table_each(bool (*visit)(void *context, const struct live_block *block), void *context);
/* Call VISIT for each page of words that may hold any, in ascending address; FIRST is the address that its first
 * word stands for. Stops when it returns false. Under the gate, or tolerant of blocks that come and go. */
#define LIVE_PAGE_WORDS 512
typedef bool live_page_visitor(void *context, uintptr_t first, atomic_uint_least64_t *words);
void live_table_each_page(live_page_visitor *visit, void *context);
/* The record that WORD, a rich one, stands for, and how many there are at most. */
const struct live_block *live_table_rich(uint64_t word);
size_t live_table_rich_most(void);

static inline uint32_t live_block_weight(const struct live_block *block)
{
	return block->weight != 0 ? block->weight : 1;
}

/* A block ever began in [start, end), to the page of the table: an allocator's memory. */
bool live_table_was_used(uintptr_t start, uintptr_t end);

/* Replace each block's epoch. Under the gate. */
void live_table_renumber(uint32_t (*renumbered)(uint32_t old));

static inline uint64_t live_bit_4(uintptr_t address)
{
	return address << 56 & live_bit_4_mask;
}

/* The word of a plain block, and what it says. */
static inline uint64_t live_word(uintptr_t address, uint64_t size, uint32_t stack, uint32_t epoch)
{
	return LIVE_COMPACT | live_bit_4(address) | size << LIVE_SIZE_SHIFT |
	       (uint64_t)epoch << LIVE_EPOCH_SHIFT | stack;
}
static inline bool live_word_is_compact(uint64_t word, uintptr_t address)
{
	return (word & (LIVE_RICH | LIVE_COMPACT | LIVE_BIT_4)) ==
	       (LIVE_COMPACT | live_bit_4(address));
}
static inline uint32_t live_word_stack(uint64_t word)
{
	return (uint32_t)word & ((1u << LIVE_STACK_BITS) - 1);
}
static inline uint32_t live_word_epoch(uint64_t word)
{
	return (uint32_t)(word >> LIVE_EPOCH_SHIFT) & LIVE_EPOCH_MAX;
}
static inline uint64_t live_word_size(uint64_t word)
{
	return word >> LIVE_SIZE_SHIFT & LIVE_SIZE_MASK;
}

/* The address of the block in word NUMBER of the page that starts at FIRST. */
static inline uintptr_t live_address(uintptr_t first, size_t number, uint64_t word)
{
	return first + (number << live_granule_shift) + ((word & LIVE_BIT_4) != 0 ? 16u : 0u);
}

/* The word of ADDRESS, or NULL when its leaf does not exist. */
static inline atomic_uint_least64_t *live_table_word(uintptr_t address)
{
	if (unlikely(address >> LIVE_ADDRESS_BITS != 0))
		return NULL;
	atomic_uint_least64_t *leaf =
	    atomic_load_explicit(&live_top[address >> LIVE_REGION_BITS], memory_order_acquire);

	if (unlikely(leaf == NULL))
		return NULL;
	return &leaf[(address & (((uintptr_t)1 << LIVE_REGION_BITS) - 1)) >> live_granule_shift];
}

/* Enter a fresh small block. The previous word is returned: not 0 when an older block was still there. False in
 * *RET_FITS when there was no room. */
static inline uint64_t live_table_put_compact(
    uintptr_t address, uint64_t size, uint32_t stack, uint32_t epoch, bool *ret_fits)
{
	atomic_uint_least64_t *word = live_table_word(address);

	if (unlikely(word == NULL))
		word = live_table_word_slow(address);
	*ret_fits = word != NULL;
	if (unlikely(word == NULL))
		return 0;
	uint64_t before = atomic_load_explicit(word, memory_order_relaxed);

	if (unlikely(before != 0))
		return before;
	atomic_store_explicit(word, live_word(address, size, stack, epoch), memory_order_relaxed);
	return 0;
}

static inline void live_block_unpack(uintptr_t address, uint64_t word, struct live_block *ret_block)
{
	*ret_block = (struct live_block){
	    .address = address,
	    .identity = address,
	    .size = live_word_size(word),
	    .stack = live_word_stack(word),
	    .epoch = live_word_epoch(word),
	};
}

/* Remove the block whose WORD stands in SLOT, at ADDRESS. */
static inline bool live_table_take_word(struct thread_state *state, atomic_uint_least64_t *slot,
    uint64_t word, uintptr_t address, struct live_block *ret_block)
{
	atomic_store_explicit(slot, 0, memory_order_relaxed);
	if (unlikely((word & LIVE_RICH) != 0))
		return live_table_take_rich(state, word, ret_block);
	live_block_unpack(address, word, ret_block);
	return true;
}

/* Remove the block at ADDRESS. False when none is known there. */
static inline bool live_table_take(
    struct thread_state *state, uintptr_t address, struct live_block *ret_block)
{
	atomic_uint_least64_t *slot = live_table_word(address);

	if (unlikely(slot == NULL))
		return false;
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);

	if (unlikely(word == 0 || (word & LIVE_BIT_4) != live_bit_4(address)))
		return false;
	return live_table_take_word(state, slot, word, address, ret_block);
}

/* Remove the block that has ADDRESS's granule, wherever in it. */
static inline bool live_table_take_granule(
    struct thread_state *state, uintptr_t address, struct live_block *ret_block)
{
	atomic_uint_least64_t *slot = live_table_word(address);
	uint64_t word = slot != NULL ? atomic_load_explicit(slot, memory_order_relaxed) : 0;
	uintptr_t granule = address & ~(((uintptr_t)1 << live_granule_shift) - 1);

	return word != 0 &&
	       live_table_take_word(state, slot, word, live_address(granule, 0, word), ret_block);
}

#endif
