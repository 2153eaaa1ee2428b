/*
 * A hash index from content to number, for tables whose rows are only ever added: lock-free, usable in signal
 * handlers, never moves under a reader.
 *
 * A slot is one word: high bits of the hash (the tag) and the row's number. A row is written in full before
 * its slot is taken with one compare-and-swap. When a table is half full a larger one goes in front of it; a
 * row found in an older table is put into the newest as well, so that hot rows are found at once. Two threads
 * may store the same content twice while a table grows: readers of the file merge equal stacks.
 */
#ifndef PRELOAD_HASH_INDEX_H
#define PRELOAD_HASH_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/arena.h"

#define HASH_INDEX_NUMBER_BITS 27
#define HASH_INDEX_NUMBER_MAX  ((1u << HASH_INDEX_NUMBER_BITS) - 1)

struct hash_index_table {
	uint64_t mask;
	struct hash_index_table *older;
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
/* The number of CONTENT, or 0. HASH must be well mixed. */
uint32_t hash_index_find(
    struct hash_index *index, uint64_t hash, hash_index_equals *equals, const void *content);
/* Enter NUMBER (1..HASH_INDEX_NUMBER_MAX), whose row is complete, or return the number of an equal row that
 * came first. 0 when the table is full and cannot grow. */
uint32_t hash_index_enter(struct hash_index *index, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number);

#endif
