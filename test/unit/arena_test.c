/* Every mapping of ours is listed, however many there are and whoever makes them; what cannot be listed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "preload/arena.h"
#include "support/recorder/failing_map.h"

#define MANY	     20000
#define PAGE_BYTES   4096
#define THREADS	     4
#define THREAD_TURNS 20000

struct sum {
	size_t mappings, bytes;
};

static void add(void *context, uintptr_t start, size_t bytes)
{
	struct sum *sum = context;

	assert_int_not_equal(start, 0);
	sum->mappings++;
	sum->bytes += bytes;
}

static struct sum listed(void)
{
	struct sum sum = {0};

	arena_each(add, &sum);
	return sum;
}

static void all_are_listed(void **state)
{
	void **mapped = calloc(MANY, sizeof *mapped);
	struct sum before = listed();

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		assert_non_null(mapped[i] = arena_map(PAGE_BYTES, ARENA_OTHER));
	/* and what the list itself takes */
	assert_in_range(
	    listed().bytes - before.bytes, (size_t)MANY * PAGE_BYTES, MANY * (PAGE_BYTES + 64ul));
	assert_true(listed().mappings - before.mappings >= MANY);
	for (size_t i = MANY; i-- > 0;)
		arena_unmap(mapped[i], PAGE_BYTES, ARENA_OTHER);
	assert_true(listed().mappings - before.mappings < 100);
	free(mapped);
}

static void *come_and_go(void *argument)
{
	void *kept[8] = {0};

	(void)argument;
	for (unsigned i = 0; i < THREAD_TURNS; i++) {
		arena_unmap(kept[i % 8], PAGE_BYTES, ARENA_OTHER);
		kept[i % 8] = arena_map(PAGE_BYTES, ARENA_OTHER);
	}
	for (unsigned i = 0; i < 8; i++)
		arena_unmap(kept[i], PAGE_BYTES, ARENA_OTHER);
	return NULL;
}

static void threads_lose_none(void **state)
{
	pthread_t threads[THREADS];
	struct sum before = listed();

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	struct sum after = listed();

	/* chunks of the list may have come, mappings may not */
	assert_int_equal((after.bytes - before.bytes) % PAGE_BYTES % (24 * 1024), 0);
	assert_true(after.mappings - before.mappings < 4);
}

static void small_pieces_are_listed_once(void **state)
{
	struct arena_bytes before[ARENA_USES], after[ARENA_USES];
	struct sum sum = listed();

	(void)state;
	arena_measure(before);
	for (unsigned i = 0; i < 1000; i++)
		assert_non_null(arena_small(1000, ARENA_THREADS));
	arena_measure(after);
	assert_int_equal(
	    after[ARENA_THREADS].resident - before[ARENA_THREADS].resident, 1000 * 1008);
	assert_int_equal(after[ARENA_THREADS].mapped - before[ARENA_THREADS].mapped, 1000 * 1008);
	assert_in_range(listed().bytes - sum.bytes, 1000 * 1008 - 65536, 1000 * 1008 + 2 * 65536);
}

/* A table of which one page was written. */
static void mapped_is_told_from_resident(void **state)
{
	struct arena_bytes before[ARENA_USES], after[ARENA_USES];

	(void)state;
	arena_measure(before);
	char *table = arena_map(64 * PAGE_BYTES, ARENA_NODES);

	assert_non_null(table);
	table[3 * PAGE_BYTES] = 1;
	arena_measure(after);
	assert_int_equal(after[ARENA_NODES].resident - before[ARENA_NODES].resident, PAGE_BYTES);
	assert_int_equal(after[ARENA_NODES].mapped - before[ARENA_NODES].mapped, 64 * PAGE_BYTES);
	arena_unmap(table, 64 * PAGE_BYTES, ARENA_NODES);
	arena_measure(after);
	assert_int_equal(after[ARENA_NODES].mapped, before[ARENA_NODES].mapped);
}

static void what_has_no_memory_is_refused(void **state)
{
	struct sum before = listed();

	(void)state;
	failing_map_refuse(0, FAILING_MAP_ALL);
	assert_null(arena_map(PAGE_BYTES, ARENA_OTHER));
	assert_null(arena_map(1u << 20, ARENA_OTHER));
	for (unsigned i = 0; i < 100; i++)
		(void)arena_small(16000, ARENA_OTHER);
	assert_null(arena_small(16000, ARENA_OTHER));
	failing_map_refuse(0, 0);
	assert_int_equal(listed().mappings, before.mappings);
	assert_non_null(arena_map(PAGE_BYTES, ARENA_OTHER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_are_listed),
	    cmocka_unit_test(threads_lose_none),
	    cmocka_unit_test(small_pieces_are_listed_once),
	    cmocka_unit_test(mapped_is_told_from_resident),
	    cmocka_unit_test(what_has_no_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
