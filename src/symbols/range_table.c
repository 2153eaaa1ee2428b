#include "symbols/range_table.h"

#include <stdlib.h>

#include "base/status.h"

int range_table_add(struct range_table *table, uint64_t low, uint64_t high, uint32_t value)
{
	if (high <= low)
		return STATUS_OK;
	if (table->count == table->capacity) {
		size_t capacity = table->capacity == 0 ? 16 : table->capacity * 2;
		struct range_row *rows = reallocarray(table->rows, capacity, sizeof *rows);

		if (rows == NULL)
			return STATUS_NO_MEMORY;
		table->rows = rows;
		table->capacity = capacity;
	}
	table->rows[table->count++] = (struct range_row){.low = low, .high = high, .value = value};
	return STATUS_OK;
}

/* Later start last; of equal starts the shorter last; of equal ranges the one added first last, so that it wins. */
static int compare_rows(const void *left, const void *right)
{
	const struct range_row *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	return (a->value < b->value) - (a->value > b->value);
}

void range_table_seal(struct range_table *table)
{
	uint64_t reach = 0;

	if (table->count == 0)
		return;
	qsort(table->rows, table->count, sizeof table->rows[0], compare_rows);
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].high > reach)
			reach = table->rows[i].high;
		table->rows[i].reach = reach;
	}
}

/* Number of rows that start at or before ADDRESS. */
static size_t rows_up_to(const struct range_table *table, uint64_t address)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->rows[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool range_table_find(const struct range_table *table, uint64_t address, uint32_t *ret_value)
{
	for (size_t i = rows_up_to(table, address); i > 0; i--) {
		const struct range_row *row = &table->rows[i - 1];

		if (row->reach <= address)
			return false;
		if (address < row->high) {
			*ret_value = row->value;
			return true;
		}
	}
	return false;
}

void range_table_release(struct range_table *table)
{
	free(table->rows);
	*table = (struct range_table){0};
}
