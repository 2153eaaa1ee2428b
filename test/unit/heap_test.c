/* A heap merges equal stacks, classifies births and counts what is retained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/heap.h"
#include "support/heap_fixture.h"

static void stacks_of_one_chain_are_one(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	/* The same library at two places: two modules, other addresses, the same functions. */
	uint32_t first = snapshot_builder_module(
	    builder, 0x70000000, 0x70010000, 0x70000000, "/lib/libplug.so", "abcd", 0);
	uint32_t second = snapshot_builder_module(
	    builder, 0x71000000, 0x71010000, 0x71000000, "/lib/libplug.so", "abcd", 0);
	uint32_t other = snapshot_builder_module(
	    builder, 0x72000000, 0x72010000, 0x72000000, "/lib/libplug.so", "ef01", 0);
	uint32_t rows[3] = {
	    snapshot_builder_frames(builder, 0, (uint64_t[]){0x70000010, 0x70000020}, 2),
	    snapshot_builder_frames(builder, 0, (uint64_t[]){0x71000010, 0x71000020}, 2),
	    snapshot_builder_frames(builder, 0, (uint64_t[]){0x72000010, 0x72000020}, 2),
	};
	struct heap_fixture fixture;

	(void)state;
	assert_true(first != second && second != other);
	for (size_t i = 0; i < 3; i++)
		snapshot_builder_blocks(builder, rows[i], 1 + i, 10, 0);
	heap_fixture_open(&fixture, builder);
	const struct heap *heap = fixture.heap;

	assert_int_equal(heap->stack_of_row[rows[0]], heap->stack_of_row[rows[1]]);
	assert_int_not_equal(heap->stack_of_row[rows[0]], heap->stack_of_row[rows[2]]);
	assert_int_equal(heap->stack_count, 3);
	const struct heap_stack *merged = &heap->stacks[heap->stack_of_row[rows[0]]];

	assert_int_equal(merged->allocs, 3);
	assert_int_equal(merged->bytes, 30);
	assert_int_equal(merged->row_count, 2);
	assert_int_equal(merged->thread, 0);
	heap_fixture_close(&fixture);
}

static void stacks_of_two_threads_stay_apart(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t thread = snapshot_builder_thread(builder, 1001, "worker");
	uint32_t rows[2] = {snapshot_builder_stack(builder, "f;main"),
	    snapshot_builder_stack_on(builder, thread, "f;main")};
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, builder);
	assert_int_not_equal(
	    fixture.heap->stack_of_row[rows[0]], fixture.heap->stack_of_row[rows[1]]);
	assert_int_equal(fixture.heap->stacks[fixture.heap->stack_of_row[rows[1]]].thread, thread);
	heap_fixture_close(&fixture);
}

static void an_empty_snapshot_is_a_heap(void **state)
{
	struct heap_fixture fixture;
	struct heap_totals totals;

	(void)state;
	heap_fixture_open(&fixture, snapshot_builder_new());
	assert_int_equal(heap_index_births(fixture.heap), STATUS_OK);
	heap_count(fixture.heap, NULL, &totals);
	assert_int_equal(totals.blocks, 0);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 1), HEAP_BIRTH_OUTSIDE);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 0), HEAP_NONE);
	heap_fixture_close(&fixture);
}

static void add_iteration(struct snapshot_builder *builder, uint32_t benchmark, uint32_t phase,
    uint32_t first, uint32_t last, uint32_t flags)
{
	struct snapshot_iteration row = {
	    .benchmark = benchmark,
	    .phase = phase,
	    .first_generation = first,
	    .last_generation = last,
	    .first = first,
	    .count = last - first + 1,
	    .flags = flags,
	};

	snapshot_builder_iteration(builder, &row);
}

/* Generations: 1-2 warm-up, 3-10 counted (merged rows), 11 in no row, 12 counted and open. */
static struct snapshot_builder *builder_of_phases(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");

	add_iteration(builder, benchmark, SNAPSHOT_PHASE_WARMUP, 1, 2, 0);
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_COUNTED, 3, 6, 0);
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_COUNTED, 7, 10, 0);
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_COUNTED, 12, 12, 1);
	return builder;
}

static void generations_are_classified(void **state)
{
	static const enum heap_birth expected[] = {HEAP_BIRTH_OUTSIDE, HEAP_BIRTH_WARMUP,
	    HEAP_BIRTH_WARMUP, HEAP_BIRTH_COUNTED, HEAP_BIRTH_COUNTED, HEAP_BIRTH_COUNTED,
	    HEAP_BIRTH_COUNTED, HEAP_BIRTH_COUNTED, HEAP_BIRTH_COUNTED, HEAP_BIRTH_COUNTED,
	    HEAP_BIRTH_COUNTED, HEAP_BIRTH_OUTSIDE, HEAP_BIRTH_OPEN, HEAP_BIRTH_OUTSIDE};
	struct heap_fixture fixture;

	(void)state;
	heap_fixture_open(&fixture, builder_of_phases());
	for (uint32_t generation = 0; generation < 14; generation++)
		assert_int_equal(
		    heap_birth_of_generation(fixture.heap, generation), expected[generation]);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 6), 1);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 7), 2);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 11), HEAP_NONE);
	heap_fixture_close(&fixture);
}

static void generations_beyond_the_table_are_searched(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "long");
	struct heap_fixture fixture;

	(void)state;
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_COUNTED, 1, 4000000, 0);
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_WARMUP, 4000001, 5000000, 0);
	add_iteration(builder, benchmark, SNAPSHOT_PHASE_COUNTED, 5000002, 3000000000, 0);
	heap_fixture_open(&fixture, builder);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 4000000), 0);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 4999999), HEAP_BIRTH_WARMUP);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 5000001), HEAP_BIRTH_OUTSIDE);
	assert_int_equal(heap_iteration_of_generation(fixture.heap, 5000002), 2);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 3000000000), HEAP_BIRTH_COUNTED);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 3000000001), HEAP_BIRTH_OUTSIDE);
	heap_fixture_close(&fixture);
}

/* Two benchmarks that took turns, each merged: the row that began last holds a generation, gaps
 * belong to the other. */
static void overlapping_rows_leave_no_gap(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t first = snapshot_builder_benchmark(builder, "first");
	uint32_t second = snapshot_builder_benchmark(builder, "second");
	struct heap_fixture fixture;

	(void)state;
	add_iteration(builder, first, SNAPSHOT_PHASE_COUNTED, 1, 100, 0);
	add_iteration(builder, second, SNAPSHOT_PHASE_WARMUP, 10, 20, 0);
	add_iteration(builder, second, SNAPSHOT_PHASE_COUNTED, 15, 120, 0);
	add_iteration(builder, first, SNAPSHOT_PHASE_COUNTED, 5000000, 5000100, 0);
	add_iteration(builder, second, SNAPSHOT_PHASE_WARMUP, 5000010, 5000020, 0);
	heap_fixture_open(&fixture, builder);
	static const struct {
		uint32_t generation, row;
	} expected[] = {{1, 0}, {9, 0}, {10, 1}, {14, 1}, {15, 2}, {21, 2}, {101, 2}, {120, 2},
	    {121, HEAP_NONE}, {5000009, 3}, {5000010, 4}, {5000021, 3}, {5000101, HEAP_NONE}};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(heap_iteration_of_generation(fixture.heap, expected[i].generation),
		    expected[i].row);
	assert_int_equal(heap_birth_of_generation(fixture.heap, 12), HEAP_BIRTH_WARMUP);
	heap_fixture_close(&fixture);
}

static void retained_is_born_in_counted_iterations_that_ended(void **state)
{
	struct snapshot_builder *builder = builder_of_phases();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	static const uint32_t births[] = {0, 1, 3, 10, 11, 12};
	struct heap_fixture fixture;
	struct heap_totals totals;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		snapshot_builder_blocks(builder, stack, 1, 100 + i, births[i]);
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 7, .stack = stack, .born = 4, .flags = SNAPSHOT_BLOCK_IGNORED});
	heap_fixture_open(&fixture, builder);
	heap_count(fixture.heap, NULL, &totals);
	assert_int_equal(totals.blocks, 6);
	assert_int_equal(totals.retained_blocks, 2);
	assert_int_equal(totals.retained_bytes, 102 + 103);
	assert_int_equal(totals.ignored_blocks, 1);
	assert_int_equal(totals.ignored_bytes, 7);
	heap_fixture_close(&fixture);
}

static void a_filter_leaves_blocks_out(void **state)
{
	struct snapshot_builder *builder = builder_of_phases();
	uint32_t rows[2] = {
	    snapshot_builder_stack(builder, "f;main"), snapshot_builder_stack(builder, "g;main")};
	uint8_t hidden[4] = {0};
	struct heap_fixture fixture;
	struct heap_totals totals;

	(void)state;
	snapshot_builder_blocks(builder, rows[0], 5, 10, 3);
	snapshot_builder_blocks(builder, rows[1], 7, 10, 5);
	heap_fixture_open(&fixture, builder);
	hidden[fixture.heap->stack_of_row[rows[0]]] = 1;
	heap_count(fixture.heap, &(struct heap_filter){.stack_hidden = hidden}, &totals);
	assert_int_equal(totals.blocks, 7);
	heap_count(fixture.heap,
	    &(struct heap_filter){.born_limited = true, .born_first = 1, .born_last = 4}, &totals);
	assert_int_equal(totals.blocks, 5);
	heap_fixture_close(&fixture);
}

/* Epochs that were merged know their births as a range: one that holds a counted iteration
 * counts. */
static void births_known_as_ranges_are_counted_and_told(void **state)
{
	struct snapshot_builder *builder = builder_of_phases();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	struct heap_fixture fixture;
	struct heap_totals totals;

	(void)state;
	snapshot_builder_born_range(builder, 5, 1, 2);
	snapshot_builder_born_range(builder, 6, 2, 4);
	snapshot_builder_born_range(builder, 7, 5, 8);
	for (uint32_t epoch = 5; epoch <= 7; epoch++)
		snapshot_builder_block(builder, &(struct snapshot_builder_block){.bytes = 10,
						    .stack = stack,
						    .born = epoch == 5	 ? 1
							    : epoch == 6 ? 2
									 : 5,
						    .epoch = epoch});
	heap_fixture_open(&fixture, builder);
	assert_int_equal(heap_born_of_block(fixture.heap, 1).last_generation, 4);
	assert_int_equal(heap_birth_of_block(fixture.heap, 0), HEAP_BIRTH_WARMUP);
	assert_int_equal(heap_birth_of_block(fixture.heap, 1), HEAP_BIRTH_COUNTED);
	heap_count(fixture.heap, NULL, &totals);
	assert_int_equal(totals.retained_blocks, 2);
	assert_int_equal(totals.inexact_birth_blocks, 1);
	heap_fixture_close(&fixture);
}

static void births_are_found_by_stack(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t rows[3] = {snapshot_builder_stack(builder, "f;main"),
	    snapshot_builder_stack(builder, "g;main"), snapshot_builder_stack(builder, "h;main")};
	struct heap_fixture fixture;

	(void)state;
	/* Births tell the stack; those of stack row 0 are 300 and more. */
	for (uint32_t i = 0; i < 12; i++)
		snapshot_builder_blocks(
		    builder, i % 4 == 3 ? 0 : rows[i % 4], 1, i, 100 * (i % 4) + i);
	snapshot_builder_block(builder,
	    &(struct snapshot_builder_block){
		.bytes = 1, .stack = rows[1], .born = 777, .flags = SNAPSHOT_BLOCK_IGNORED});
	heap_fixture_open(&fixture, builder);
	struct heap *heap = fixture.heap;

	assert_int_equal(heap_index_births(heap), STATUS_OK);
	assert_int_equal(heap_index_births(heap), STATUS_OK);
	assert_int_equal(heap->first_birth[heap->stack_count], 12);
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t stack = k == 3 ? 0 : heap->stack_of_row[rows[k]];

		assert_int_equal(heap->first_birth[stack + 1] - heap->first_birth[stack], 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(heap->births_by_stack[heap->first_birth[stack] + i],
			    100 * k + k + 4 * i);
	}
	heap_fixture_close(&fixture);
}

static void inherited_and_pooled_blocks_are_totalled_apart(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	uint32_t pool = snapshot_builder_pool(builder, 0x5000, "nodes");
	struct heap_fixture fixture;
	struct heap_totals totals;

	(void)state;
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){.bytes = 5, .stack = stack, .epoch = 3});
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){.bytes = 6, .stack = stack, .epoch = 4});
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 7, .stack = stack, .epoch = 5, .pool = pool + 1});
	snapshot_builder_run(builder)->inherited_epoch = 3;
	snapshot_builder_run(builder)->flags |= SNAPSHOT_RUN_FORKED;
	heap_fixture_open(&fixture, builder);
	heap_count(fixture.heap, NULL, &totals);
	assert_int_equal(totals.inherited_blocks, 1);
	assert_int_equal(totals.inherited_bytes, 5);
	assert_int_equal(totals.pooled_blocks, 1);
	assert_int_equal(totals.pooled_bytes, 7);
	assert_int_equal(totals.blocks, 3);
	heap_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stacks_of_one_chain_are_one),
	    cmocka_unit_test(stacks_of_two_threads_stay_apart),
	    cmocka_unit_test(an_empty_snapshot_is_a_heap),
	    cmocka_unit_test(generations_are_classified),
	    cmocka_unit_test(generations_beyond_the_table_are_searched),
	    cmocka_unit_test(overlapping_rows_leave_no_gap),
	    cmocka_unit_test(retained_is_born_in_counted_iterations_that_ended),
	    cmocka_unit_test(a_filter_leaves_blocks_out),
	    cmocka_unit_test(births_known_as_ranges_are_counted_and_told),
	    cmocka_unit_test(births_are_found_by_stack),
	    cmocka_unit_test(inherited_and_pooled_blocks_are_totalled_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
