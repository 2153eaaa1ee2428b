/*
 * hash_index: all orders of two threads that enter, find and grow at once. A table has so few slots that every
 * probe meets another's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "preload/hash_index.h"
#include "support/interleave/interleave.h"

#define ROWS	   16
#define TABLES_MAX 8

/* ---- the index's surroundings: rows that are numbers, memory that is watched ---- */

static struct {
	void *start;
	size_t bytes;
	bool is_outgrown;
} tables[TABLES_MAX];
static unsigned table_count;

void *arena_map(size_t bytes, enum arena_use use)
{
	(void)use;
	if (table_count == TABLES_MAX)
		return NULL;
	tables[table_count].start = calloc(1, bytes);
	tables[table_count].bytes = bytes;
	tables[table_count].is_outgrown = false;
	return tables[table_count++].start;
}

void arena_unmap(void *start, size_t bytes, enum arena_use use)
{
	(void)use;
	memset(start, 0xff, bytes); /* nobody may look any more; freed after the order */
}

/* All but the header: as little as a system with small pages keeps. */
void arena_clear(void *start, size_t bytes)
{
	const size_t header = offsetof(struct hash_index_table, moved_slots);

	(void)interleave_at(NULL, true);
	for (unsigned i = 0; i < table_count; i++)
		tables[i].is_outgrown |= tables[i].start == start;
	memset((char *)start + header, 0, bytes - header);
}

static struct hash_index rows_index;
static uint32_t rows[ROWS]; /* number -> content */
static uint32_t entered[3], found[3];

/* All contents lie at the first place, so that probes meet; odd ones share a tag, even ones too. */
static uint64_t hash_of_content(uint32_t content)
{
	return (uint64_t)(content & 1) << 31;
}

static uint64_t hash_of_row(uint32_t number)
{
	return hash_of_content(rows[number]);
}

static bool equals(uint32_t number, const void *content)
{
	return rows[number] == *(const uint32_t *)content;
}

static uint32_t enter(uint32_t number)
{
	uint32_t content = rows[number];

	return hash_index_enter(&rows_index, hash_of_content(content), equals, &content, number);
}

static uint32_t find(uint32_t content)
{
	return hash_index_find(&rows_index, hash_of_content(content), equals, &content);
}

/* A table of SLOTS slots in which rows 1 .. FILLED hold contents 1 .. FILLED. */
static void start(uint32_t slots, uint32_t filled)
{
	while (table_count > 0)
		free(tables[--table_count].start);
	memset(rows, 0, sizeof rows);
	memset(entered, 0, sizeof entered);
	memset(found, 0, sizeof found);
	(void)hash_index_init(&rows_index, slots, hash_of_row, ARENA_OTHER);
	for (uint32_t number = 1; number <= filled; number++) {
		rows[number] = number;
		(void)enter(number);
	}
}

static const char *judge_newest(void)
{
	struct hash_index_table *newest =
	    atomic_load_explicit(&rows_index.newest, memory_order_relaxed);
	uint32_t taken = 0;

	for (uint32_t i = 0; i < newest->slot_count; i++)
		taken += newest->slots[i] != 0;
	for (unsigned i = 0; i < table_count; i++)
		if (tables[i].start == newest && tables[i].is_outgrown)
			return "the newest table was given back";
	if (taken == newest->slot_count)
		return "no slot is empty: a search does not end";
	return taken == newest->used ? NULL : "slots are miscounted";
}

/* What stood in the index before, is there: rows 1 .. FILLED. */
static const char *judge_filled(uint32_t filled)
{
	for (uint32_t content = 1; content <= filled; content++)
		if (find(content) != content)
			return "a row is lost";
	return judge_newest();
}

/* ---- two threads enter the same content: rows 8 and 9 ---- */

static void enter_8(void)
{
	rows[8] = 77;
	entered[0] = enter(8);
}

static void enter_9(void)
{
	rows[9] = 77;
	entered[1] = enter(9);
}

static void roomy(void)
{
	start(8, 2);
}

static const char *judge_same(void)
{
	if (entered[0] != entered[1])
		return "the same content has two numbers";
	if (entered[0] != 8 && entered[0] != 9)
		return "the content has no number";
	if (find(77) != entered[0])
		return "it is not found";
	return judge_filled(2);
}

static void same_content_is_entered_once(void **state)
{
	(void)state;
	assert_true(interleave_all(&(struct interleave){
			.prepare = roomy, .bodies = {enter_8, enter_9}, .judge = judge_same}) > 1);
}

/* ---- other contents, of one tag and one place: rows 8, 10 and 11 ---- */

static void enter_10(void)
{
	rows[10] = 79;
	entered[1] = enter(10);
}

static void enter_11(void)
{
	rows[11] = 81;
	entered[2] = enter(11);
}

static const char *judge_three(void)
{
	if (entered[0] != 8 || entered[1] != 10 || entered[2] != 11)
		return "a content has another's number";
	if (find(77) != 8 || find(79) != 10 || find(81) != 11)
		return "one is not found";
	return judge_filled(0);
}

static void empty(void)
{
	start(8, 0);
}

static void other_contents_pass_each_other(void **state)
{
	(void)state;
	assert_true(interleave_all(&(struct interleave){.prepare = empty,
			.bodies = {enter_8, enter_10, enter_11},
			.judge = judge_three}) > 1);
}

/* ---- a table that is filled up: whoever comes makes it grow ---- */

static void nearly_full(void)
{
	start(4, 4);
}

/* One that came too late for the larger table is entered again when it returns. */
static const char *judge_grown(void)
{
	if (rows[entered[0]] != 77 || (rows[entered[1]] != 77 && entered[1] != 10))
		return "a content has another's number";
	for (unsigned i = 0; i < 2; i++)
		if (rows[enter(entered[i])] != rows[entered[i]])
			return "a content that returns has another's number";
	if (rows[find(77)] != 77)
		return "it is not found when it has returned";
	return judge_filled(4);
}

static void rows_stay_while_two_grow_the_table(void **state)
{
	(void)state;
	assert_true(
	    interleave_all(&(struct interleave){
		.prepare = nearly_full, .bodies = {enter_8, enter_10}, .judge = judge_grown}) > 1);
}

/* Every search sees either its row or, once the table that it looks in is outgrown, nothing. */
static void find_2_and_enter(void)
{
	uint32_t content = 2;

	found[0] = find(content);
	if (found[0] == 0)
		found[0] = enter(2);
}

static const char *judge_search(void)
{
	return found[0] == 2 ? judge_filled(4) : "who finds nothing and enters gets another number";
}

static void a_search_survives_growth(void **state)
{
	(void)state;
	assert_true(interleave_all(&(struct interleave){.prepare = nearly_full,
			.bodies = {enter_8, find_2_and_enter},
			.judge = judge_search}) > 1);
}

static void the_same_content_while_the_table_grows(void **state)
{
	(void)state;
	assert_true(
	    interleave_all(&(struct interleave){
		.prepare = nearly_full, .bodies = {enter_8, enter_9}, .judge = judge_grown}) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_content_is_entered_once),
	    cmocka_unit_test(other_contents_pass_each_other),
	    cmocka_unit_test(rows_stay_while_two_grow_the_table),
	    cmocka_unit_test(a_search_survives_growth),
	    cmocka_unit_test(the_same_content_while_the_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
