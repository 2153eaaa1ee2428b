#include "symbols/name_table.h"

#include <stdlib.h>

#include "base/status.h"

void name_table_init(struct name_table *table, struct string_pool *pool)
{
	*table = (struct name_table){.pool = pool};
}

void name_table_release(struct name_table *table)
{
	free(table->slots);
	*table = (struct name_table){0};
}

void name_table_clear(struct name_table *table)
{
	struct string_pool *pool = table->pool;

	name_table_release(table);
	table->pool = pool;
}

/* The slot that holds ADDRESS, or the free one where it belongs. Addresses of calls lie close together:
 * multiply, so that they don't cluster. */
static size_t slot_of(const struct name_entry *slots, size_t slot_count, uint64_t address)
{
	size_t at = (size_t)((address * 0x9e3779b97f4a7c15u) >> 20) & (slot_count - 1);

	while (slots[at].frames.frames != NULL && slots[at].address != address)
		at = (at + 1) & (slot_count - 1);
	return at;
}

static int grow(struct name_table *table)
{
	size_t slot_count = table->slot_count == 0 ? 64 : table->slot_count * 2;
	struct name_entry *slots = calloc(slot_count, sizeof *slots);

	if (slots == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i].frames.frames != NULL)
			slots[slot_of(slots, slot_count, table->slots[i].address)] =
			    table->slots[i];
	free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
	return STATUS_OK;
}

bool name_table_find(
    const struct name_table *table, uint64_t address, struct symbol_frames *ret_frames)
{
	const struct name_entry *entry;

	if (table->slot_count == 0)
		return false;
	entry = &table->slots[slot_of(table->slots, table->slot_count, address)];
	if (entry->frames.frames == NULL)
		return false;
	*ret_frames = entry->frames;
	return true;
}

int name_table_add(struct name_table *table, uint64_t address, struct symbol_frames frames)
{
	struct symbol_frame *copy;
	size_t count = frames.count < NAME_TABLE_FRAMES_MAX ? frames.count : NAME_TABLE_FRAMES_MAX;
	size_t at;

	if (table->entry_count * 3 >= table->slot_count * 2 && grow(table) != STATUS_OK)
		return STATUS_NO_MEMORY;
	at = slot_of(table->slots, table->slot_count, address);
	if (table->slots[at].frames.frames != NULL)
		return STATUS_OK;
	copy = string_pool_allocate(table->pool, count * sizeof *copy);
	if (copy == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		copy[i] = frames.frames[i];
		copy[i].function = string_pool_intern(table->pool, frames.frames[i].function);
		copy[i].linkage_name =
		    string_pool_intern(table->pool, frames.frames[i].linkage_name);
		copy[i].file = string_pool_intern(table->pool, frames.frames[i].file);
		if (copy[i].function == NULL || copy[i].linkage_name == NULL ||
		    copy[i].file == NULL)
			return STATUS_NO_MEMORY;
	}
	table->slots[at] = (struct name_entry){address, {copy, count}};
	table->entry_count++;
	return STATUS_OK;
}

static int compare_addresses(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int name_table_addresses(const struct name_table *table, uint64_t **ret_addresses)
{
	uint64_t *addresses = malloc((table->entry_count + 1) * sizeof *addresses);
	size_t count = 0;

	if (addresses == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i].frames.frames != NULL)
			addresses[count++] = table->slots[i].address;
	qsort(addresses, count, sizeof *addresses, compare_addresses);
	*ret_addresses = addresses;
	return STATUS_OK;
}
