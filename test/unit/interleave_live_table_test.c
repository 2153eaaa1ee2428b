/*
 * live_table: all orders of threads that take records of large blocks from one another's batches, give batches back and
 * meet in a region that is new. A batch has two records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "preload/live_table.h"
#include "support/interleave/interleave.h"

#define AREA	   ((uintptr_t)1 << LIVE_REGION_BITS)
#define BLOCKS	   32
#define CHUNK	   4096 /* records */
#define LARGE(n)   (100000u + (n))
#define BLOCK_B(n) (8 + (n))

static struct thread_state states[3];
static uintptr_t area; /* of this order's blocks */
static bool put_failed;

static uintptr_t place(uint32_t number)
{
	return area + (uintptr_t)number * 64;
}

static void put(struct thread_state *state, uint32_t number)
{
	struct live_block block = {
	    .address = place(number), .identity = place(number), .size = LARGE(number)};

	put_failed |= !live_table_put(state, &block);
}

static void take(struct thread_state *state, uint32_t number)
{
	struct live_block block = {0};

	if (!live_table_take(state, place(number), &block) || block.size != LARGE(number))
		interleave_object("a block is not what it was");
}

/* Take more batches than can be free, and forget them. Chunks of records begin here and not in the bodies. */
static void use_up_batches(void)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		struct thread_state drain = {0};

		put(&drain, 0);
		uint32_t record =
		    (uint32_t)atomic_load_explicit(live_table_word(place(0)), memory_order_relaxed);

		atomic_store_explicit(live_table_word(place(0)), 0, memory_order_relaxed);
		if (record % CHUNK > CHUNK - 2 * BLOCKS)
			i = 0;
	}
}

/* Two batches are free, the later one on top; nobody holds any. */
static void two_batches(void)
{
	area = AREA;
	put_failed = false;
	use_up_batches();
	for (unsigned i = 0; i < 3; i++)
		states[i] = (struct thread_state){0};
	for (uint32_t i = 0; i < 6; i++)
		put(&states[2], i);
	for (uint32_t i = 6; i-- > 0;)
		take(&states[2], i);
	states[2] = (struct thread_state){0};
}

/* Every record belongs to one block, whoever takes the next ones. */
static const char *judge(void)
{
	struct live_block block;

	if (put_failed)
		return "there was no room";
	for (uint32_t i = 16; i < BLOCKS; i++)
		put(&states[i % 3], i);
	for (uint32_t i = 0; i < BLOCKS; i++)
		if (live_table_find(place(i), &block) && block.size != LARGE(i))
			return "two blocks have one record";
	for (uint32_t i = 0; i < BLOCKS; i++)
		if (live_table_find(place(i), &block))
			(void)live_table_take(&states[0], place(i), &block);
	return NULL;
}

static void take_one(void)
{
	put(&states[0], 0);
}

static void take_one_of_others(void)
{
	put(&states[2], 4);
}

/* Takes both batches and gives the upper one back: it is on top again, and another one below it. */
static void take_both_and_give_one_back(void)
{
	put(&states[1], BLOCK_B(0));
	put(&states[1], BLOCK_B(1));
	put(&states[1], BLOCK_B(2));
	take(&states[1], BLOCK_B(2));
	take(&states[1], BLOCK_B(1));
	take(&states[1], BLOCK_B(0));
	put(&states[1], BLOCK_B(3));
}

static void a_record_has_one_owner(void **state)
{
	(void)state;
	assert_true(interleave_all(&(struct interleave){.prepare = two_batches,
			.bodies = {take_one, take_both_and_give_one_back},
			.judge = judge}) > 1);
}

static void three_take_from_two_batches(void **state)
{
	(void)state;
	assert_true(interleave_all(&(struct interleave){.prepare = two_batches,
			.bodies = {take_one, take_one_of_others, take_both_and_give_one_back},
			.judge = judge}) > 1);
}

/* ---- a region that nobody was in ---- */

static void new_region(void)
{
	static uintptr_t regions = 100;

	area = ++regions << LIVE_REGION_BITS;
	put_failed = false;
	for (unsigned i = 0; i < 3; i++)
		states[i] = (struct thread_state){0};
}

static void put_small(uint32_t number)
{
	bool fits;

	(void)live_table_put_compact(place(number), number, 5, 6, &fits);
	put_failed |= !fits;
}

static void put_1(void)
{
	put_small(1);
}

static void put_2(void)
{
	put_small(2);
}

static const char *judge_region(void)
{
	struct live_block block;
	uint32_t alive = 0;

	for (uint32_t i = 1; i <= 2; i++)
		alive += live_table_find(place(i), &block) && block.size == i;
	for (uint32_t i = 1; i <= 2; i++)
		(void)live_table_take(&states[0], place(i), &block);
	return put_failed ? "there was no room" : alive != 2 ? "a block is lost" : NULL;
}

static void two_enter_a_new_region(void **state)
{
	(void)state;
	assert_true(
	    interleave_all(&(struct interleave){
		.prepare = new_region, .bodies = {put_1, put_2}, .judge = judge_region}) > 1);
}

static int set_up(void **state)
{
	(void)state;
	return live_table_init(5) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_record_has_one_owner),
	    cmocka_unit_test(three_take_from_two_batches),
	    cmocka_unit_test(two_enter_a_new_region),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
