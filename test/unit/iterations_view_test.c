/* Rows of iterations with what was retained from each, fewer rows on request, and the survival matrix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/iterations_view.h"
#include "support/heap_fixture.h"

static struct iterations_view *view_of(struct heap_fixture *fixture)
{
	struct iterations_view *view;

	assert_int_equal(iterations_view_open(fixture->heap, &view), STATUS_OK);
	return view;
}

static void rows_tell_what_was_retained(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	uint32_t first = snapshot_builder_benchmark(builder, "first");
	uint32_t second = snapshot_builder_benchmark(builder, "second");
	struct heap_fixture fixture;

	(void)state;
	/* first 1-3, second 4-5, first again 6-7 */
	snapshot_builder_iterations(builder, first, 1, 2);
	snapshot_builder_iterations(builder, second, 0, 2);
	snapshot_builder_iterations(builder, first, 0, 2);
	for (uint32_t born = 0; born <= 7; born++)
		snapshot_builder_blocks(builder, stack, born + 1, 10, born);
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .bytes = 10, .stack = stack, .born = 4, .flags = SNAPSHOT_BLOCK_IGNORED});
	heap_fixture_open(&fixture, builder);
	struct iterations_view *view = view_of(&fixture);

	assert_int_equal(view->benchmark_count, 2);
	assert_int_equal(view->row_count, 7);
	assert_string_equal(view->benchmarks[1].name, "second");
	assert_int_equal(view->benchmarks[0].row_count, 5);
	assert_int_equal(view->benchmarks[1].row_count, 2);
	assert_int_equal(view->benchmarks[0].counted, 4);
	const struct iterations_row *rows = view->rows + view->benchmarks[0].first_row;
	static const uint32_t generations[] = {1, 2, 3, 6, 7};

	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(rows[i].iteration->first_generation, generations[i]);
		assert_int_equal(rows[i].retained_blocks, generations[i] + 1);
		assert_int_equal(rows[i].retained_bytes, 10 * (generations[i] + 1));
		assert_true(rows[i].ended);
	}
	rows = view->rows + view->benchmarks[1].first_row;
	assert_int_equal(rows[0].retained_blocks, 5);
	iterations_view_close(view);
	heap_fixture_close(&fixture);
}

/* Iteration I of 1,001: two of warm-up, the last one open. */
static void add_plain_row(struct snapshot_builder *builder, uint32_t benchmark, uint32_t i)
{
	struct snapshot_iteration row = {.benchmark = benchmark,
	    .phase = i <= 2 ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED,
	    .first_generation = i,
	    .last_generation = i,
	    .first = i,
	    .count = 1,
	    .allocs = i,
	    .bytes = 2 * i,
	    .survived_bytes = i % 2 != 0 ? -(int64_t)i : (int64_t)i,
	    .live_bytes = i,
	    .peak_bytes = 5000 - i,
	    .ns = 3,
	    .flags = i == 1001};

	snapshot_builder_iteration(builder, &row);
}

/* ROW stands for the iterations after BEFORE. */
static void assert_merged(const struct snapshot_iteration *row, uint64_t before)
{
	assert_int_equal(row->first, before + 1);
	assert_int_equal(row->last_generation, before + row->count);
	assert_int_equal(row->phase == SNAPSHOT_PHASE_WARMUP, row->last_generation <= 2);
	assert_int_equal(row->live_bytes, row->last_generation);
	assert_int_equal(row->peak_bytes, 5000 - row->first_generation);
	if (row->count > 1) {
		assert_int_equal(row->maximum_allocs, row->last_generation);
		assert_int_equal(
		    row->maximum_survived_bytes, row->last_generation - row->last_generation % 2);
	}
}

static void assert_limited(struct heap_fixture *fixture, size_t limit)
{
	struct iterations_view *view = view_of(fixture);
	uint64_t count = 0;
	uint64_t allocs = 0;
	uint64_t retained = 0;
	uint64_t ns = 0;

	assert_int_equal(iterations_view_limit(view, limit), STATUS_OK);
	assert_true(view->row_count <= limit);
	assert_true(view->row_count >= limit / 3);
	assert_int_equal(view->benchmarks[0].row_count, view->row_count);
	for (size_t i = 0; i < view->row_count; i++) {
		const struct snapshot_iteration *row = view->rows[i].iteration;

		assert_merged(row, count);
		count += row->count;
		allocs += row->allocs;
		retained += view->rows[i].retained_blocks;
		ns += row->ns;
	}
	assert_int_equal(count, 1001);
	assert_int_equal(allocs, 1001 * 1002 / 2);
	assert_int_equal(retained, 1001);
	assert_int_equal(ns, 3003);
	assert_false(view->rows[view->row_count - 1].ended);
	assert_int_equal(view->rows[view->row_count - 1].iteration->count, 1);
	iterations_view_close(view);
}

/* Sums stay sums, maxima stay maxima, phases and the open iteration stay apart. */
static void rows_merge_to_a_limit_without_losing_anything(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t benchmark = snapshot_builder_benchmark(builder, "many");
	uint32_t stack = snapshot_builder_stack(builder, "f;main");
	struct heap_fixture fixture;

	(void)state;
	for (uint32_t i = 1; i <= 1001; i++) {
		add_plain_row(builder, benchmark, i);
		snapshot_builder_blocks(builder, stack, 1, 1, i);
	}
	heap_fixture_open(&fixture, builder);
	for (size_t limit = 3; limit <= 1001; limit += 83)
		assert_limited(&fixture, limit);
	heap_fixture_close(&fixture);
}

/* alive(b, t) = survivors(b) + deaths(b, d) with d > t. */
static void survival_adds_survivors_and_later_deaths(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t stacks[2] = {
	    snapshot_builder_stack(builder, "f;main"), snapshot_builder_stack(builder, "f;g;main")};
	struct heap_fixture fixture;
	struct survival_matrix matrix;
	uint32_t logical[2];

	(void)state;
	/* 62 generations: buckets of 4, 16 of them. One stack's cells are narrower. */
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 60);
	snapshot_builder_survival(builder, stacks[0], 4, 8, 4, 5);
	snapshot_builder_survival(builder, stacks[0], 4, 60, 4, 7);
	snapshot_builder_survival(builder, stacks[1], 6, 14, 2, 11);
	snapshot_builder_survival(builder, stacks[1], 6, 6, 2, 100);
	snapshot_builder_blocks(builder, stacks[0], 3, 10, 5);
	snapshot_builder_blocks(builder, stacks[0], 1, 10, 0);
	snapshot_builder_blocks(builder, stacks[1], 2, 10, 62);
	heap_fixture_open(&fixture, builder);
	for (size_t i = 0; i < 2; i++)
		logical[i] = fixture.heap->stack_of_row[stacks[i]];
	assert_int_equal(survival_matrix_of_stacks(fixture.heap, logical, 2, &matrix), STATUS_OK);
	assert_int_equal(matrix.width, 4);
	assert_int_equal(matrix.bucket_count, 16);
	assert_int_equal(matrix.alive[1][1], 3 + 5 + 7 + 11);
	assert_int_equal(matrix.alive[1][2], 3 + 7 + 11);
	assert_int_equal(matrix.alive[1][3], 3 + 7);
	assert_int_equal(matrix.alive[1][14], 3 + 7);
	assert_int_equal(matrix.alive[1][15], 3);
	assert_int_equal(matrix.alive[15][15], 2);
	assert_int_equal(matrix.alive[1][0], 0);
	assert_int_equal(matrix.alive[0][0], 0);
	heap_fixture_close(&fixture);
}

static void an_empty_file_has_an_empty_view(void **state)
{
	struct heap_fixture fixture;
	struct survival_matrix matrix;

	(void)state;
	heap_fixture_open(&fixture, snapshot_builder_new());
	struct iterations_view *view = view_of(&fixture);

	assert_int_equal(iterations_view_limit(view, 10), STATUS_OK);
	assert_int_equal(view->row_count, 0);
	iterations_view_close(view);
	assert_int_equal(survival_matrix_of_stacks(fixture.heap, NULL, 0, &matrix), STATUS_OK);
	assert_int_equal(matrix.bucket_count, 1);
	heap_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_tell_what_was_retained),
	    cmocka_unit_test(rows_merge_to_a_limit_without_losing_anything),
	    cmocka_unit_test(survival_adds_survivors_and_later_deaths),
	    cmocka_unit_test(an_empty_file_has_an_empty_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
