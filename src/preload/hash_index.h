/*
 * A hash index from content to number, for tables whose rows are only ever added: lock-free, usable in signal
 * handlers, never moves under a reader.
 *
 * A slot is one word: high bits of the hash (the tag) and the row's number. A row is written in full before
 * its slot is taken with one compare-and-swap. When a table is half full its slots are copied to a larger one, which
 * takes its place: a search looks at one table only, and what is new costs one miss of the cache. Two threads may
 * store the same content twice while a table grows: readers of the file merge equal stacks.
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
#define HASH_INDEX_TAG(hash)	((hash) & ~(uint64_t)HASH_INDEX_NUMBER_MAX)
#define HASH_INDEX_NUMBER(slot) ((uint32_t)(slot)&HASH_INDEX_NUMBER_MAX)

struct hash_index_table {
	uint64_t mask;
	atomic_uint is_growing;
	atomic_uint_least64_t used;
	atomic_uint_least64_t slots[];
};

struct hash_index {
	_Atomic(struct hash_index_table *) newest;
	enum arena_use use;
};

/* Does row NUMBER hold CONTENT? */
typedef bool hash_index_equals(uint32_t number, const void *content);

/* 2^BITS slots to begin with. False when memory is short. */
bool hash_index_init(struct hash_index *index, unsigned bits, enum arena_use use);
/* Enter NUMBER (1..HASH_INDEX_NUMBER_MAX), whose row is complete, or return the number of an equal row that
 * came first. 0 when the table is full and cannot grow. */
uint32_t hash_index_enter(struct hash_index *index, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number);

/* By bits of the tag, so that a slot can be moved without its row. */
static inline uint64_t hash_index_place(uint64_t hash)
{
	return hash >> HASH_INDEX_NUMBER_BITS;
}

static inline uint32_t hash_index_find_in(
    struct hash_index_table *table, uint64_t hash, hash_index_equals *equals, const void *content)
{
	uint64_t tag = HASH_INDEX_TAG(hash);
	uint64_t at = hash_index_place(hash) & table->mask;

	for (uint64_t probes = 0; probes <= table->mask; probes++, at = (at + 1) & table->mask) {
		uint64_t slot = atomic_load_explicit(&table->slots[at], memory_order_acquire);

		if (slot == 0)
			return 0;
		if (HASH_INDEX_TAG(slot) == tag && equals(HASH_INDEX_NUMBER(slot), content))
			return HASH_INDEX_NUMBER(slot);
	}
	return 0;
}

/* A search for HASH, or an entry, is about to follow. */
static inline void hash_index_prefetch(struct hash_index *index, uint64_t hash)
{
	struct hash_index_table *table = atomic_load_explicit(&index->newest, memory_order_acquire);

	__builtin_prefetch(&table->slots[hash_index_place(hash) & table->mask], 1);
}

/* The number of CONTENT, or 0. HASH must be well mixed. Inlined with EQUALS: a call costs as much as a probe. */
static inline uint32_t hash_index_find(
    struct hash_index *index, uint64_t hash, hash_index_equals *equals, const void *content)
{
	return hash_index_find_in(
	    atomic_load_explicit(&index->newest, memory_order_acquire), hash, equals, content);
}

#endif
