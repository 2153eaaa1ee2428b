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

/* What stands in TABLE, while others may still enter: those that come too late are entered again when they return. */
static void copy_slots(struct hash_index_table *larger, struct hash_index_table *table)
{
	uint64_t used = 0;

	for (uint64_t from = 0; from <= table->mask; from++) {
		uint64_t slot = atomic_load_explicit(&table->slots[from], memory_order_acquire);
		uint64_t at = hash_index_place(slot) & larger->mask;

		if (slot == 0)
			continue;
		while (atomic_load_explicit(&larger->slots[at], memory_order_relaxed) != 0)
			at = (at + 1) & larger->mask;
		atomic_store_explicit(&larger->slots[at], slot, memory_order_relaxed);
		used++;
	}
	atomic_store_explicit(&larger->used, used, memory_order_relaxed);
}

/* One thread copies while the others go on; if it does not come back, another does the same at three quarters. */
static void grow(struct hash_index *index, struct hash_index_table *table)
{
	if (atomic_exchange_explicit(&table->is_growing, 1, memory_order_relaxed) != 0 &&
	    atomic_load_explicit(&table->used, memory_order_relaxed) <
		table->mask - table->mask / 4)
		return;
	struct hash_index_table *larger = table_new((table->mask + 1) << GROWTH_BITS, index->use);

	if (larger == NULL)
		return;
	copy_slots(larger, table);
	if (!atomic_compare_exchange_strong_explicit(
		&index->newest, &table, larger, memory_order_acq_rel, memory_order_relaxed))
		arena_unmap(larger, sizeof *larger + (larger->mask + 1) * sizeof larger->slots[0],
		    index->use);
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
