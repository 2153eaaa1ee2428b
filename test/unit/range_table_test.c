/* Which range holds an address: against a search through all of them. */
#include "symbols/range_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NO_VALUE UINT32_MAX

static uint32_t find(const struct range_table *table, uint64_t address)
{
	uint32_t value;

	return range_table_find(table, address, &value) ? value : NO_VALUE;
}

static void an_empty_table_holds_nothing(void **state)
{
	struct range_table table = {0};

	(void)state;
	range_table_seal(&table);
	assert_int_equal(find(&table, 0), NO_VALUE);
	assert_int_equal(find(&table, UINT64_MAX), NO_VALUE);
	range_table_release(&table);
}

static void the_innermost_range_answers(void **state)
{
	struct range_table table = {0};

	(void)state;
	assert_int_equal(range_table_add(&table, 30, 40, 3), 0);
	assert_int_equal(range_table_add(&table, 10, 90, 1), 0);
	assert_int_equal(range_table_add(&table, 20, 25, 2), 0);
	assert_int_equal(range_table_add(&table, 20, 22, 4), 0);
	assert_int_equal(range_table_add(&table, 50, 50, 5), 0); /* empty */
	assert_int_equal(range_table_add(&table, 60, 55, 6), 0); /* less than empty */
	range_table_seal(&table);
	assert_int_equal(find(&table, 9), NO_VALUE);
	assert_int_equal(find(&table, 10), 1);
	assert_int_equal(find(&table, 20), 4);
	assert_int_equal(find(&table, 22), 2);
	assert_int_equal(find(&table, 25), 1);
	assert_int_equal(find(&table, 39), 3);
	assert_int_equal(find(&table, 40), 1);
	assert_int_equal(find(&table, 50), 1);
	assert_int_equal(find(&table, 89), 1);
	assert_int_equal(find(&table, 90), NO_VALUE);
	range_table_release(&table);
}

static void of_equal_ranges_the_first_answers(void **state)
{
	struct range_table table = {0};

	(void)state;
	for (uint32_t value = 7; value < 12; value++)
		assert_int_equal(range_table_add(&table, 100, 200, value), 0);
	range_table_seal(&table);
	assert_int_equal(find(&table, 150), 7);
	range_table_release(&table);
}

static void ranges_reach_the_end_of_the_address_space(void **state)
{
	struct range_table table = {0};

	(void)state;
	assert_int_equal(range_table_add(&table, UINT64_MAX - 5, UINT64_MAX, 1), 0);
	range_table_seal(&table);
	assert_int_equal(find(&table, UINT64_MAX - 1), 1);
	assert_int_equal(find(&table, UINT64_MAX), NO_VALUE);
	range_table_release(&table);
}

/* Latest start, then shortest, then first: by looking at all rows. */
static uint32_t find_slowly(const struct range_row *rows, size_t count, uint64_t address)
{
	const struct range_row *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct range_row *row = &rows[i];

		if (address < row->low || address >= row->high)
			continue;
		if (best == NULL || row->low > best->low ||
		    (row->low == best->low && row->high < best->high))
			best = row;
	}
	return best == NULL ? NO_VALUE : best->value;
}

static void random_ranges_answer_as_a_full_search(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct range_table table = {0};
		struct range_row rows[60];

		for (uint32_t i = 0; i < 60; i++) {
			seed = seed * 1664525u + 1013904223u;
			rows[i] = (struct range_row){.low = (seed >> 8) % 200, .value = i};
			rows[i].high = rows[i].low + (seed >> 20) % (round % 2 == 0 ? 10 : 100);
			assert_int_equal(range_table_add(&table, rows[i].low, rows[i].high, i), 0);
		}
		range_table_seal(&table);
		for (uint64_t address = 0; address < 310; address++)
			assert_int_equal(find(&table, address), find_slowly(rows, 60, address));
		range_table_release(&table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_table_holds_nothing),
	    cmocka_unit_test(the_innermost_range_answers),
	    cmocka_unit_test(of_equal_ranges_the_first_answers),
	    cmocka_unit_test(ranges_reach_the_end_of_the_address_space),
	    cmocka_unit_test(random_ranges_answer_as_a_full_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
