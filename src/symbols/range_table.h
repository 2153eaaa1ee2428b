/*
 * Address ranges with a number each: which range holds an address? Ranges may nest and overlap; the
 * answer is the one that starts last, of those the shortest.
 *
 *   low:      10      20     30        each row also knows the highest end of all rows up to it,
 *   high:     90      25     40        so that the search backwards from an address knows when to stop:
 *   reach:    90      90     90        address 50 -> row 30 (no), row 20 (no), row 10 (yes)
 *
 * Used for compilation units, functions and symbols. Filled first, then sealed, then asked.
 */
#ifndef SYMBOLS_RANGE_TABLE_H
#define SYMBOLS_RANGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range_row {
	uint64_t low, high; /* [low, high) */
	uint64_t reach;	    /* highest `high` of this row and all before it; set by seal */
	uint32_t value;
};

struct range_table {
	struct range_row *rows;
	size_t count, capacity;
};

/* Add [LOW, HIGH); an empty range is left out. Returns 0 or STATUS_NO_MEMORY. */
int range_table_add(struct range_table *table, uint64_t low, uint64_t high, uint32_t value);
/* Sort, so that the table can be asked. */
void range_table_seal(struct range_table *table);
/* The value of the range that holds ADDRESS in *RET_VALUE. False when there is none. */
bool range_table_find(const struct range_table *table, uint64_t address, uint32_t *ret_value);
void range_table_release(struct range_table *table);

#endif
