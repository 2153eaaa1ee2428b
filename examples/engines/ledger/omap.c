/* Open addressing with linear probing; the index is at most half full, so a probe ends. */
#include "engines/ledger/omap.h"

static uint32_t *index_of(const struct omap *map)
{
	return (uint32_t *)(map->entries + map->capacity);
}

/* FNV-1a over a string's characters; its last ones reach the high bits, which choose the slot, by the multiplication. */
static uint64_t hash_of(struct value key)
{
	uint64_t hash = 14695981039346656037u;

	if (!value_is(key, VALUE_STRING))
		return (uint64_t)key.as.integer * 0x9e3779b97f4a7c15u;
	for (const char *c = key.as.string; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
}

static bool same_key(struct value left, struct value right)
{
	if (left.tag != right.tag)
		return false;
	return value_is(left, VALUE_STRING) ? strcmp(left.as.string, right.as.string) == 0
					    : left.as.integer == right.as.integer;
}

/* Where the search for a key begins. */
static uint32_t home_of(const struct omap *map, struct value key)
{
	return (uint32_t)((hash_of(key) >> 32) % (2 * map->capacity));
}

static uint32_t slot_behind(const struct omap *map, uint32_t slot)
{
	return slot + 1 == 2 * map->capacity ? 0 : slot + 1;
}

/* The key's slot in the index, or the empty one where it belongs. The table exists. */
static uint32_t *slot_of(const struct omap *map, struct value key)
{
	uint32_t *index = index_of(map);
	uint32_t slot = home_of(map, key);

	while (index[slot] != 0 && !same_key(map->entries[index[slot] - 1].key, key))
		slot = slot_behind(map, slot);
	return &index[slot];
}

static void build_index(struct omap *map)
{
	memset(index_of(map), 0, 2 * (size_t)map->capacity * sizeof(uint32_t));
	for (uint32_t i = 0; i < map->count; i++)
		*slot_of(map, map->entries[i].key) = i + 1;
}

/* What is no entry holds nothing: who asks what holds a block finds no rest of another use of this memory. */
static void forget(struct omap_entry *entries, uint32_t first, uint32_t end)
{
	memset(&entries[first], 0, (end - first) * sizeof(*entries));
}

/* A table of CAPACITY for the entries there are. */
static void build_table(struct omap *map, const struct omap_kind *kind, uint32_t capacity)
{
	struct omap_entry *entries = kind->table->make(omap_table_bytes(capacity));

	if (map->entries != NULL)
		memcpy(entries, map->entries, map->count * sizeof(*entries));
	forget(entries, map->count, capacity);
	ledger_free(kind->table, map->entries, omap_table_bytes(map->capacity));
	map->entries = entries;
	map->capacity = capacity;
	build_index(map);
}

/* Empties a slot; those behind it that its key kept from their home move up. */
static void empty_slot(struct omap *map, uint32_t hole)
{
	uint32_t *index = index_of(map);

	for (uint32_t slot = slot_behind(map, hole); index[slot] != 0;
	     slot = slot_behind(map, slot)) {
		const uint32_t home = home_of(map, map->entries[index[slot] - 1].key);
		const bool between =
		    hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;

		if (between)
			continue;
		index[hole] = index[slot];
		hole = slot;
	}
	index[hole] = 0;
}

/* The entry at PLACE leaves the index, and those behind it get the numbers that they will have. */
static void leave_index(struct omap *map, uint32_t place)
{
	uint32_t *index = index_of(map);

	empty_slot(map, (uint32_t)(slot_of(map, map->entries[place].key) - index));
	for (uint32_t slot = 0; slot < 2 * map->capacity; slot++)
		index[slot] -= index[slot] > place + 1;
}

void omap_open(struct omap *map, const struct omap_kind *kind)
{
	build_table(map, kind, kind->first_capacity);
}

void omap_release(struct omap *map, const struct omap_kind *kind)
{
	ledger_free(kind->table, map->entries, omap_table_bytes(map->capacity));
	*map = (struct omap){0};
}

void omap_clear(struct omap *map)
{
	if (map->entries == NULL)
		return;
	forget(map->entries, 0, map->count);
	map->count = 0;
	build_index(map);
}

struct value *omap_find(const struct omap *map, struct value key)
{
	const uint32_t *slot = map->count > 0 ? slot_of(map, key) : NULL;

	return slot != NULL && *slot != 0 ? &map->entries[*slot - 1].value : NULL;
}

struct value *omap_set(
    struct omap *map, const struct omap_kind *kind, struct value key, struct value value)
{
	struct value *found = omap_find(map, key);

	if (found != NULL) {
		*found = value;
		return found;
	}
	if (map->entries == NULL || map->count == map->capacity)
		build_table(
		    map, kind, map->capacity == 0 ? kind->first_capacity : 2 * map->capacity);
	*slot_of(map, key) = map->count + 1;
	map->entries[map->count] = (struct omap_entry){.key = key, .value = value};
	return &map->entries[map->count++].value;
}

bool omap_delete(struct omap *map, struct value key, struct omap_entry *ret_entry)
{
	const struct value *found = omap_find(map, key);
	uint32_t place = 0;

	if (found == NULL)
		return false;
	place = (uint32_t)((const struct omap_entry *)((const char *)found -
						       offsetof(struct omap_entry, value)) -
			   map->entries);
	if (ret_entry != NULL)
		*ret_entry = map->entries[place];
	leave_index(map, place);
	map->count--;
	memmove(&map->entries[place], &map->entries[place + 1],
	    (map->count - place) * sizeof(*map->entries));
	forget(map->entries, map->count, map->count + 1);
	return true;
}
