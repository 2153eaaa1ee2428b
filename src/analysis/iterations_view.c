#include "analysis/iterations_view.h"

#include <stdlib.h>

/* --- rows --- */

static int place_rows(const struct heap *heap, struct iterations_view *view, size_t *place_of_row)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t next = 0;

	view->benchmarks = calloc(snapshot->benchmark_count + 1, sizeof(*view->benchmarks));
	view->rows = calloc(snapshot->iteration_count + 1, sizeof(*view->rows));
	if (view->benchmarks == NULL || view->rows == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t benchmark = 0; benchmark < snapshot->benchmark_count; benchmark++)
		view->benchmarks[benchmark] = (struct iterations_benchmark){
		    .name = snapshot_string(snapshot, snapshot->benchmarks[benchmark].name),
		    .benchmark = benchmark,
		    .iterations = snapshot->benchmarks[benchmark].iterations,
		    .counted = snapshot->benchmarks[benchmark].counted,
		};
	view->benchmark_count = snapshot->benchmark_count;
	for (size_t row = 0; row < snapshot->iteration_count; row++)
		view->benchmarks[snapshot->iterations[row].benchmark].row_count++;
	for (size_t benchmark = 0; benchmark < view->benchmark_count; benchmark++) {
		view->benchmarks[benchmark].first_row = next;
		next += view->benchmarks[benchmark].row_count;
		view->benchmarks[benchmark].row_count = 0;
	}
	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		struct iterations_benchmark *benchmark = &view->benchmarks[iteration->benchmark];
		size_t place = benchmark->first_row + benchmark->row_count++;

		place_of_row[row] = place;
		view->rows[place].iteration = iteration;
		view->rows[place].ended = (iteration->flags & 1) == 0;
	}
	view->row_count = snapshot->iteration_count;
	return STATUS_OK;
}

static void count_retained(
    const struct heap *heap, struct iterations_view *view, const size_t *place_of_row)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t extra = 0;

	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t born = snapshot->born_range_count == 0
				    ? snapshot->block_born[block]
				    : heap_born_of_block(heap, block).first_generation;
		uint32_t row = heap_iteration_of_generation(heap, born);

		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		if (row == HEAP_NONE ||
		    (extra < snapshot->extra_count && snapshot->extras[extra].block == block &&
			(snapshot->extras[extra].flags & SNAPSHOT_BLOCK_IGNORED) != 0))
			continue;
		struct iterations_row *into = &view->rows[place_of_row[row]];
		uint32_t weight = snapshot_block_weight(snapshot, block);

		into->retained_blocks += weight;
		into->retained_bytes += weight * snapshot->block_size[block];
		spread_add_block(&into->retained_spread, weight, snapshot->block_size[block]);
	}
}

int iterations_view_open(const struct heap *heap, struct iterations_view **ret_view)
{
	struct iterations_view *view = calloc(1, sizeof(*view));
	size_t *place_of_row = calloc(heap->snapshot->iteration_count + 1, sizeof(size_t));
	int status = STATUS_NO_MEMORY;

	if (view != NULL && place_of_row != NULL)
		status = place_rows(heap, view, place_of_row);
	if (status == STATUS_OK) {
		count_retained(heap, view, place_of_row);
		*ret_view = view;
	} else {
		iterations_view_close(view);
	}
	free(place_of_row);
	return status;
}

void iterations_view_close(struct iterations_view *view)
{
	if (view == NULL)
		return;
	free(view->benchmarks);
	free(view->rows);
	free(view->merged);
	free(view);
}

/* --- fewer rows --- */

static uint64_t higher(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The highest of one iteration: of a single row that nobody merged it is the row's own number. */
static void own_maxima(struct snapshot_iteration *row)
{
	if (row->count > 1)
		return;
	row->maximum_allocs = higher(row->maximum_allocs, row->allocs);
	row->maximum_bytes = higher(row->maximum_bytes, row->bytes);
	row->maximum_survived_blocks = higher(row->maximum_survived_blocks, row->survived_blocks);
	if (row->survived_bytes > 0)
		row->maximum_survived_bytes =
		    higher(row->maximum_survived_bytes, (uint64_t)row->survived_bytes);
}

static void merge_iteration(struct snapshot_iteration *into, const struct snapshot_iteration *next)
{
	struct snapshot_iteration row = *next;

	own_maxima(into);
	own_maxima(&row);
	into->last_generation = row.last_generation;
	into->count += row.count;
	into->allocs += row.allocs;
	into->bytes += row.bytes;
	into->frees += row.frees;
	into->freed_bytes += row.freed_bytes;
	into->temporary += row.temporary;
	into->temporary_bytes += row.temporary_bytes;
	into->reallocs += row.reallocs;
	into->survived_blocks += row.survived_blocks;
	into->survived_bytes += row.survived_bytes;
	into->live_blocks = row.live_blocks;
	into->live_bytes = row.live_bytes;
	into->peak_bytes = higher(into->peak_bytes, row.peak_bytes);
	into->ns += row.ns;
	into->maximum_allocs = higher(into->maximum_allocs, row.maximum_allocs);
	into->maximum_bytes = higher(into->maximum_bytes, row.maximum_bytes);
	into->maximum_survived_blocks =
	    higher(into->maximum_survived_blocks, row.maximum_survived_blocks);
	into->maximum_survived_bytes =
	    higher(into->maximum_survived_bytes, row.maximum_survived_bytes);
}

static bool may_merge(const struct iterations_row *left, const struct iterations_row *right)
{
	return left->iteration->phase == right->iteration->phase && left->ended && right->ended;
}

/* Rows left when up to GROUP neighbours become one. */
static size_t rows_when_grouped(const struct iterations_row *rows, size_t count, size_t group)
{
	size_t left = 0;
	size_t in_group = 0;

	for (size_t row = 0; row < count; row++) {
		if (row == 0 || in_group == group || !may_merge(&rows[row - 1], &rows[row])) {
			left++;
			in_group = 0;
		}
		in_group++;
	}
	return left;
}

/* Writes the merged rows of BENCHMARK to view->rows[OUT...] (never ahead of what is read). */
static size_t merge_benchmark(struct iterations_view *view, struct iterations_benchmark *benchmark,
    size_t rows_max, size_t out, size_t *merged_count)
{
	size_t first = benchmark->first_row;
	size_t count = benchmark->row_count;
	size_t group = 1;
	size_t in_group = 0;
	struct iterations_row previous = {0};

	while (rows_when_grouped(view->rows + first, count, group) > rows_max && group < count)
		group += (group + 7) / 8;
	benchmark->first_row = out;
	for (size_t i = 0; i < count; i++) {
		struct iterations_row row = view->rows[first + i];

		if (i == 0 || in_group == group || !may_merge(&previous, &row)) {
			view->merged[*merged_count] = *row.iteration;
			view->rows[out] = row;
			view->rows[out++].iteration = &view->merged[(*merged_count)++];
			in_group = 0;
		} else {
			merge_iteration(&view->merged[*merged_count - 1], row.iteration);
			view->rows[out - 1].retained_blocks += row.retained_blocks;
			view->rows[out - 1].retained_bytes += row.retained_bytes;
			spread_add(&view->rows[out - 1].retained_spread, &row.retained_spread);
		}
		previous = row;
		in_group++;
	}
	benchmark->row_count = out - benchmark->first_row;
	return out;
}

int iterations_view_limit(struct iterations_view *view, size_t rows_max)
{
	size_t out = 0;
	size_t merged_count = 0;

	view->merged = calloc(view->row_count + 1, sizeof(*view->merged));
	if (view->merged == NULL)
		return STATUS_NO_MEMORY;
	for (size_t benchmark = 0; benchmark < view->benchmark_count; benchmark++)
		out = merge_benchmark(
		    view, &view->benchmarks[benchmark], rows_max, out, &merged_count);
	view->row_count = out;
	return STATUS_OK;
}

/* --- survival --- */

static size_t first_survival_of_row(const struct snapshot *snapshot, uint32_t row)
{
	size_t low = 0;
	size_t high = snapshot->survival_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->survival[middle].stack < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Buckets as wide as the widest cell, and wide enough for all generations to fit. */
static uint32_t choose_width(const struct snapshot *snapshot)
{
	uint32_t last = snapshot->run->generation;
	uint32_t width = 1;

	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		if (snapshot->iterations[row].last_generation > last)
			last = snapshot->iterations[row].last_generation;
	}
	while (last / width >= SURVIVAL_BUCKETS)
		width *= 2;
	for (size_t cell = 0; cell < snapshot->survival_count; cell++) {
		if (snapshot->survival[cell].width > width)
			width = snapshot->survival[cell].width;
	}
	return width;
}

/* BLOCKS born in bucket BORN that were alive at the ends of buckets up to, not including, END. */
static void add_alive(struct survival_matrix *matrix, uint32_t born, uint32_t end, uint64_t blocks)
{
	for (uint32_t bucket = born; bucket < end && bucket < matrix->bucket_count; bucket++)
		matrix->alive[born][bucket] += blocks;
}

static void add_row_deaths(
    const struct snapshot *snapshot, uint32_t row, struct survival_matrix *matrix)
{
	for (size_t cell = first_survival_of_row(snapshot, row);
	     cell < snapshot->survival_count && snapshot->survival[cell].stack == row; cell++) {
		const struct snapshot_survival *survival = &snapshot->survival[cell];
		uint32_t born = survival->born_first / matrix->width;

		if (born < matrix->bucket_count)
			add_alive(
			    matrix, born, survival->died_first / matrix->width, survival->blocks);
	}
}

int survival_matrix_of_stacks(struct heap *heap, const uint32_t *stacks, size_t stack_count,
    struct survival_matrix *ret_matrix)
{
	const struct snapshot *snapshot = heap->snapshot;
	struct survival_matrix matrix = {.width = choose_width(snapshot)};
	uint32_t last = snapshot->run->generation;

	if (heap_index_births(heap) != STATUS_OK)
		return STATUS_NO_MEMORY;
	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		if (snapshot->iterations[row].last_generation > last)
			last = snapshot->iterations[row].last_generation;
	}
	matrix.bucket_count = last / matrix.width + 1;
	for (size_t i = 0; i < stack_count; i++) {
		const struct heap_stack *stack = &heap->stacks[stacks[i]];

		for (uint32_t row = 0; row < stack->row_count; row++)
			add_row_deaths(snapshot, heap->rows[stack->first_row + row], &matrix);
		for (size_t k = heap->first_birth[stacks[i]]; k < heap->first_birth[stacks[i] + 1];
		     k++) {
			uint32_t born = heap->births_by_stack[k];

			if (born != 0 && born / matrix.width < matrix.bucket_count)
				add_alive(&matrix, born / matrix.width, matrix.bucket_count,
				    heap_birth_weight(heap, k));
		}
	}
	*ret_matrix = matrix;
	return STATUS_OK;
}
