/*
 * A hash map that keeps the order of insertion, with a known law of growth.
 *
 * The header stands in its owner ("boxed": in a block of its own, made by the owner). Everything else is one block, the
 * table:
 *
 *     entry 0 | entry 1 | ... entry capacity-1 | index: 2 x capacity numbers, each 0 or 1 + an entry's number
 *
 * The table exists from omap_open on ("eager") or from the first insert. A new key in a full table makes a table of
 * twice the capacity and frees the old one. A deletion closes the gap; tables never shrink. Keys are values: strings
 * compare by their characters, all others by their bits. The map owns neither keys nor values.
 */
#ifndef ENGINES_LEDGER_OMAP_H
#define ENGINES_LEDGER_OMAP_H

#include "engines/ledger/ledger.h"
#include "engines/ledger/value.h"

struct omap_entry {
	struct value key, value;
};

struct omap {
	struct omap_entry *entries; /* the table; NULL: none yet */
	uint32_t count, capacity;
};

struct omap_kind {
	struct ledger_kind *table;
	uint32_t first_capacity;
};

/* Makes the table now. MAP is all 0 before. */
void omap_open(struct omap *map, const struct omap_kind *kind);
/* Frees the table; the map is empty and usable. */
void omap_release(struct omap *map, const struct omap_kind *kind);
/* Forgets all entries and keeps the table. */
void omap_clear(struct omap *map);

/* The value's place, valid until the next insert or delete; NULL: no such key. */
struct value *omap_find(const struct omap *map, struct value key);
/* Sets or replaces; a replaced entry keeps its place in the order. Returns the value's place. */
struct value *omap_set(
    struct omap *map, const struct omap_kind *kind, struct value key, struct value value);
/* False: no such key. RET_ENTRY may be NULL. */
bool omap_delete(struct omap *map, struct value key, struct omap_entry *ret_entry);

static inline struct value *omap_find_string(const struct omap *map, const char *key)
{
	return omap_find(map, value_string(key));
}

/* Of the table of CAPACITY entries, as passed to malloc. */
static inline size_t omap_table_bytes(uint32_t capacity)
{
	return capacity * (sizeof(struct omap_entry) + 2 * sizeof(uint32_t));
}

#endif
