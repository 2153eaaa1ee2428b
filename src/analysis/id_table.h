/*
 * Numbers tuples of three integers in the order in which they are first met: rows of a grouping,
 * call chains of two snapshots, whatever must be matched by value. Numbers start at 0.
 */
#ifndef ANALYSIS_ID_TABLE_H
#define ANALYSIS_ID_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define ID_TABLE_NONE UINT32_MAX

struct id_tuple {
	uint64_t a, b, c;
};

struct id_table {
	struct id_tuple *tuples; /* by number */
	uint32_t count, capacity;
	uint32_t *slots; /* number + 1; open addressing, at most half full */
	size_t slot_count;
};

/* A zeroed table is empty and ready. */
void id_table_release(struct id_table *table);
/* Number of TUPLE, a new one when it wasn't known. ID_TABLE_NONE when out of memory; the table
 * is as before. */
uint32_t id_table_intern(struct id_table *table, const struct id_tuple *tuple);

#endif
