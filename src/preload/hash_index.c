#include "preload/hash_index.h"

#include <stddef.h>

#include "base/compiler.h"

#define GROWTH_BITS 2

static struct hash_index_table *table_new(uint64_t slot_count, enum arena_use use)
{
	struct hash_index_table *table =
	    arena_map(sizeof *table + slot_count * sizeof table->slots[0], use);

	if (table != NULL)
		table->mask = slot_count - 1;
	return table;
}

bool hash_index_init(struct hash_index *index, unsigned bits, enum arena_use use)
{
	struct hash_index_table *table = table_new((uint64_t)1 << bits, use);

	index->use = use;
	atomic_store_explicit(&index->newest, table, memory_order_release);
	return table != NULL;
}

static uint32_t enter_in(struct hash_index_table *table, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number)
{
	uint64_t tag = HASH_INDEX_TAG(hash);

	/* one slot in eight stays empty: searches end */
	if (atomic_load_explicit(&table->used, memory_order_relaxed) >
	    table->mask - table->mask / 8)
		return 0;
	uint64_t at = hash_index_place(hash) & table->mask;

	for (uint64_t probes = 0; probes <= table->mask; probes++, at = (at + 1) & table->mask) {
		uint64_t slot = atomic_load_explicit(&table->slots[at], memory_order_acquire);

		if (slot == 0 && atomic_compare_exchange_strong_explicit(&table->slots[at], &slot,
				     tag | number, memory_order_release, memory_order_acquire)) {
			atomic_fetch_add_explicit(&table->used, 1, memory_order_relaxed);
			return number;
		}
		if (HASH_INDEX_TAG(slot) == tag && equals(HASH_INDEX_NUMBER(slot), content))
			return HASH_INDEX_NUMBER(slot);
	}
	return 0;
}

/* A larger table in front; what stands in the older ones is found there and comes along when it is used. */
static void grow(struct hash_index *index, struct hash_index_table *table)
{
	struct hash_index_table *larger = table_new((table->mask + 1) << GROWTH_BITS, index->use);

	if (larger == NULL)
		return;
	larger->older = table;
	if (!atomic_compare_exchange_strong_explicit(
		&index->newest, &table, larger, memory_order_acq_rel, memory_order_relaxed))
		arena_unmap(larger, sizeof *larger + (larger->mask + 1) * sizeof larger->slots[0],
		    index->use);
}

uint32_t hash_index_find_older(
    struct hash_index *index, uint64_t hash, hash_index_equals *equals, const void *content)
{
	struct hash_index_table *newest =
	    atomic_load_explicit(&index->newest, memory_order_acquire);

	for (struct hash_index_table *older = newest->older; older != NULL; older = older->older) {
		uint32_t number = hash_index_find_in(older, hash, equals, content);

		if (number != 0) {
			(void)hash_index_enter(index, hash, equals, content, number);
			return number;
		}
	}
	return 0;
}

uint32_t hash_index_enter(struct hash_index *index, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number)
{
	struct hash_index_table *newest =
	    atomic_load_explicit(&index->newest, memory_order_acquire);

	if (atomic_load_explicit(&newest->used, memory_order_relaxed) > newest->mask / 2) {
		grow(index, newest);
		newest = atomic_load_explicit(&index->newest, memory_order_acquire);
	}
	return enter_in(newest, hash, equals, content, number);
}
