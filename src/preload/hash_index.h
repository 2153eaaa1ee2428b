/*
 * A hash index from content to number, for tables whose rows are only ever added: lock-free, usable in signal
 * handlers, never moves under a reader.
 *
 * A slot is one word of 32 bits: a few bits of the hash (the tag) and the row's number; the rest of the hash is
 * worked out anew from the row when slots are moved. A row is written in full before its slot is taken with one
 * compare-and-swap. When a table is three quarters full its slots are moved to one half as large again, which takes its
 * place: a search looks at one table only, and what is new costs one miss of the cache. The outgrown table's pages go
 * back at once: hash_index.c says why that is safe. Two threads may store the same content twice while a table
 * grows: readers of the file merge equal stacks.
 */
#ifndef PRELOAD_HASH_INDEX_H
#define PRELOAD_HASH_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/arena.h"

#define HASH_INDEX_NUMBER_BITS	27
#define HASH_INDEX_NUMBER_MAX	((1u << HASH_INDEX_NUMBER_BITS) - 1)
#define HASH_INDEX_TAG(hash)	((uint32_t)(hash) & ~HASH_INDEX_NUMBER_MAX)
#define HASH_INDEX_NUMBER(slot) ((slot)&HASH_INDEX_NUMBER_MAX)

#define HASH_INDEX_MOVED_TOGETHER 16 /* rows whose memory is fetched side by side */

struct hash_index_table {
	uint32_t slot_count;
	atomic_uint is_growing;
	atomic_uint used;
	/* for who fills it before others see it: not on the host's stack */
	uint32_t moved_slots[HASH_INDEX_MOVED_TOGETHER];
	uint64_t moved_hashes[HASH_INDEX_MOVED_TOGETHER];
	atomic_uint slots[];
};

/* The hash of row NUMBER, as it was entered. */
typedef uint64_t hash_index_hash(uint32_t number);

struct hash_index {
	_Atomic(struct hash_index_table *) newest;
	hash_index_hash *hash_of;
	enum arena_use use;
};

/* Does row NUMBER hold CONTENT? */
typedef bool hash_index_equals(uint32_t number, const void *content);

/* SLOT_COUNT slots to begin with. False when memory is short. */
bool hash_index_init(
    struct hash_index *index, uint32_t slot_count, hash_index_hash *hash_of, enum arena_use use);
/* Enter NUMBER (1..HASH_INDEX_NUMBER_MAX), whose row is complete, or return the number of an equal row that
 * came first. 0 when the table is full and cannot grow. */
uint32_t hash_index_enter(struct hash_index *index, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number);

/* By the upper half of the hash; the tag is of the lower one. */
static inline uint32_t hash_index_place(const struct hash_index_table *table, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * table->slot_count >> 32);
}

static inline uint32_t hash_index_after(const struct hash_index_table *table, uint32_t place)
{
	return place + 1 < table->slot_count ? place + 1 : 0;
}

static inline uint32_t hash_index_find_in(
    struct hash_index_table *table, uint64_t hash, hash_index_equals *equals, const void *content)
{
	uint32_t tag = HASH_INDEX_TAG(hash), at = hash_index_place(table, hash);

	for (uint32_t probes = 0; probes < table->slot_count; probes++) {
		uint32_t slot = atomic_load_explicit(&table->slots[at], memory_order_acquire);

		if (slot == 0)
			return 0;
		if (HASH_INDEX_TAG(slot) == tag && equals(HASH_INDEX_NUMBER(slot), content))
			return HASH_INDEX_NUMBER(slot);
		at = hash_index_after(table, at);
	}
	return 0;
}

/* A search for HASH, or an entry, is about to follow. */
static inline void hash_index_prefetch(struct hash_index *index, uint64_t hash)
{
	struct hash_index_table *table = atomic_load_explicit(&index->newest, memory_order_acquire);

	__builtin_prefetch(&table->slots[hash_index_place(table, hash)], 1);
}

/* The number of CONTENT, or 0. HASH must be well mixed. Inlined with EQUALS: a call costs as much as a probe. */
static inline uint32_t hash_index_find(
    struct hash_index *index, uint64_t hash, hash_index_equals *equals, const void *content)
{
	return hash_index_find_in(
	    atomic_load_explicit(&index->newest, memory_order_acquire), hash, equals, content);
}

#endif
