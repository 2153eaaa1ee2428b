#include "preload/hash_index.h"

#include <stddef.h>

#include "base/compiler.h"

static size_t table_bytes(uint32_t slot_count)
{
	return sizeof(struct hash_index_table) + slot_count * sizeof(atomic_uint);
}

static struct hash_index_table *table_new(uint32_t slot_count, enum arena_use use)
{
	struct hash_index_table *table = arena_map(table_bytes(slot_count), use);

	if (table != NULL)
		table->slot_count = slot_count;
	return table;
}

bool hash_index_init(
    struct hash_index *index, uint32_t slot_count, hash_index_hash *hash_of, enum arena_use use)
{
	struct hash_index_table *table = table_new(slot_count, use);

	index->use = use;
	index->hash_of = hash_of;
	atomic_store_explicit(&index->newest, table, memory_order_release);
	return table != NULL;
}

/* Are more than EIGHTHS eighths of its slots taken? */
static bool is_filled(struct hash_index_table *table, unsigned eighths)
{
	return atomic_load_explicit(&table->used, memory_order_relaxed) >
	       (uint64_t)table->slot_count * eighths / 8;
}

static uint32_t enter_in(struct hash_index_table *table, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number)
{
	uint32_t tag = HASH_INDEX_TAG(hash), at = hash_index_place(table, hash);

	if (is_filled(table, 7)) /* empty slots end a search */
		return 0;
	for (uint32_t probes = 0; probes < table->slot_count; probes++) {
		uint32_t slot = atomic_load_explicit(&table->slots[at], memory_order_acquire);

		if (slot == 0 && atomic_compare_exchange_strong_explicit(&table->slots[at], &slot,
				     tag | number, memory_order_release, memory_order_acquire)) {
			atomic_fetch_add_explicit(&table->used, 1, memory_order_relaxed);
			return number;
		}
		if (HASH_INDEX_TAG(slot) == tag && equals(HASH_INDEX_NUMBER(slot), content))
			return HASH_INDEX_NUMBER(slot);
		at = hash_index_after(table, at);
	}
	return 0;
}

static void copy_slot(struct hash_index_table *larger, uint32_t slot, uint64_t hash)
{
	uint32_t at = hash_index_place(larger, hash);

	while (atomic_load_explicit(&larger->slots[at], memory_order_relaxed) != 0)
		at = hash_index_after(larger, at);
	atomic_store_explicit(&larger->slots[at], slot, memory_order_relaxed);
}

/*
 * What stands in TABLE, while others may still enter: those that come too late are entered again when they return.
 * The order of places is that of hashes in both tables, so only the rows are read here and there.
 */
static void copy_slots(
    const struct hash_index *index, struct hash_index_table *larger, struct hash_index_table *table)
{
	uint32_t *slots = larger->moved_slots;
	uint64_t *hashes = larger->moved_hashes;
	uint32_t used = 0;

	for (uint32_t from = 0; from < table->slot_count; from += HASH_INDEX_MOVED_TOGETHER) {
		uint32_t end = from + HASH_INDEX_MOVED_TOGETHER, count = 0;

		for (uint32_t i = from; i < table->slot_count && i < end; i++) {
			uint32_t slot =
			    atomic_load_explicit(&table->slots[i], memory_order_acquire);

			if (slot != 0)
				slots[count++] = slot;
		}
		/* apart from the stores below, so that the reads do not wait for one another */
		for (uint32_t i = 0; i < count; i++)
			hashes[i] = index->hash_of(HASH_INDEX_NUMBER(slots[i]));
		for (uint32_t i = 0; i < count; i++)
			copy_slot(larger, slots[i], hashes[i]);
		used += count;
	}
	atomic_store_explicit(&larger->used, used, memory_order_relaxed);
}

/*
 * Give TABLE's pages back while others may still be in it. They stay mapped and read as zeros, so nobody faults, and the
 * address is never used for another table. Only the first page, with the header, is kept: bounds hold. Who
 * reads zero takes it for "not there" and calls hash_index_enter, which looks in the newest table before
 * it adds. Who is adding to TABLE takes a slot that nobody reads any more, the same as one that comes too late for
 * copy_slots: at worst a page comes back. Who copies TABLE for a second time (grow) finds at the end
 * that it is not the newest, and throws the copy away.
 */
static void give_back(struct hash_index_table *table)
{
	arena_clear(table, table_bytes(table->slot_count));
}

/* One thread copies while the others go on; if it does not come back, another does the same later. */
static void grow(struct hash_index *index, struct hash_index_table *table)
{
	if (atomic_exchange_explicit(&table->is_growing, 1, memory_order_relaxed) != 0 &&
	    table->slot_count / 16 * 13 > atomic_load_explicit(&table->used, memory_order_relaxed))
		return;
	struct hash_index_table *larger =
	    table_new(table->slot_count + table->slot_count / 2, index->use);

	if (larger == NULL)
		return;
	copy_slots(index, larger, table);
	struct hash_index_table *outgrown = table;

	if (atomic_compare_exchange_strong_explicit(
		&index->newest, &table, larger, memory_order_acq_rel, memory_order_relaxed))
		give_back(outgrown);
	else
		arena_unmap(larger, table_bytes(larger->slot_count), index->use);
}

uint32_t hash_index_enter(struct hash_index *index, uint64_t hash, hash_index_equals *equals,
    const void *content, uint32_t number)
{
	struct hash_index_table *newest =
	    atomic_load_explicit(&index->newest, memory_order_acquire);

	if (is_filled(newest, 6)) {
		grow(index, newest);
		newest = atomic_load_explicit(&index->newest, memory_order_acquire);
	}
	return enter_in(newest, hash, equals, content, number);
}
