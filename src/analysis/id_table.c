#include "analysis/id_table.h"

#include <stdlib.h>

static uint64_t tuple_hash(const struct id_tuple *tuple)
{
	uint64_t hash = tuple->a * 0x9e3779b97f4a7c15u;

	hash = (hash ^ (hash >> 29) ^ tuple->b) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ (hash >> 32) ^ tuple->c) * 0x94d049bb133111ebu;
	return hash ^ (hash >> 31);
}

static int id_table_grow(struct id_table *table)
{
	if (table->count < table->capacity)
		return 0;
	if (table->capacity > UINT32_MAX / 4)
		return -1;
	uint32_t capacity = table->capacity != 0 ? 2 * table->capacity : 64;
	size_t slot_count = 2 * (size_t)capacity;
	struct id_tuple *tuples = realloc(table->tuples, capacity * sizeof(*tuples));

	if (tuples != NULL)
		table->tuples = tuples;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (tuples == NULL || slots == NULL) {
		free(slots);
		return -1;
	}
	for (uint32_t number = 0; number < table->count; number++) {
		size_t slot = tuple_hash(&table->tuples[number]) & (slot_count - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (slot_count - 1);
		slots[slot] = number + 1;
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
	table->capacity = capacity;
	return 0;
}

uint32_t id_table_intern(struct id_table *table, const struct id_tuple *tuple)
{
	if (id_table_grow(table) != 0)
		return ID_TABLE_NONE;
	size_t slot = tuple_hash(tuple) & (table->slot_count - 1);

	while (table->slots[slot] != 0) {
		const struct id_tuple *known = &table->tuples[table->slots[slot] - 1];

		if (known->a == tuple->a && known->b == tuple->b && known->c == tuple->c)
			return table->slots[slot] - 1;
		slot = (slot + 1) & (table->slot_count - 1);
	}
	table->tuples[table->count] = *tuple;
	table->slots[slot] = table->count + 1;
	return table->count++;
}

void id_table_release(struct id_table *table)
{
	free(table->tuples);
	free(table->slots);
	*table = (struct id_table){0};
}
