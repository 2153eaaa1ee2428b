#include "report/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/json_writer.h"

/* ---- making ---- */

/* The stack that stands for KEY, as text; NULL when out of memory. */
static char *stack_text(const struct grouping *grouping, const struct group_key *key)
{
	const struct group_input *input = &grouping->inputs[key->input];
	char *text = NULL;
	size_t length = 0;

	if (key->stack == HEAP_NONE)
		return strdup("?");
	length = site_stack_text_normalised(
	    input->heap, input->names, input->rules, key->stack, NULL, 0);
	text = malloc(length + 1);
	if (text != NULL)
		(void)site_stack_text_normalised(
		    input->heap, input->names, input->rules, key->stack, text, length + 1);
	return text;
}

static uint64_t bytes_of(const struct diff_row *row)
{
	return row->retained_bytes + (row->grown_bytes > 0 ? (uint64_t)row->grown_bytes : 0);
}

static int add_row(
    struct baseline *baseline, const struct grouping *grouping, const struct diff_row *row)
{
	char *stack = stack_text(grouping, &grouping->keys[row->key]);

	if (stack == NULL)
		return STATUS_NO_MEMORY;
	baseline->rows[baseline->count++] = (struct baseline_row){
	    .stack = stack, .blocks = row->retained_blocks, .bytes = bytes_of(row)};
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct baseline_row *left = a;
	const struct baseline_row *right = b;

	return strcmp(left->stack, right->stack);
}

void baseline_sort(struct baseline *baseline)
{
	qsort(baseline->rows, baseline->count, sizeof *baseline->rows, compare_rows);
}

/* Equal texts become one row: lines and addresses were all that told them apart. */
static void merge(struct baseline *baseline)
{
	size_t kept = 0;

	baseline_sort(baseline);
	for (size_t i = 0; i < baseline->count; i++) {
		struct baseline_row *row = &baseline->rows[i];

		if (kept != 0 && strcmp(baseline->rows[kept - 1].stack, row->stack) == 0) {
			baseline->rows[kept - 1].blocks += row->blocks;
			baseline->rows[kept - 1].bytes += row->bytes;
			free(row->stack);
		} else {
			baseline->rows[kept++] = *row;
		}
	}
	baseline->count = kept;
}

static void find_maxima(const struct snapshot *snapshot, struct baseline *baseline)
{
	for (uint32_t i = 0; i < snapshot->iteration_count; i++) {
		const struct snapshot_iteration *row = &snapshot->iterations[i];
		uint64_t allocs = row->count > 1 ? row->maximum_allocs : row->allocs;
		uint64_t bytes = row->count > 1 ? row->maximum_bytes : row->bytes;

		if (row->phase != SNAPSHOT_PHASE_COUNTED || (row->flags & 1) != 0)
			continue;
		if (allocs > baseline->maximum_allocs)
			baseline->maximum_allocs = allocs;
		if (bytes > baseline->maximum_bytes)
			baseline->maximum_bytes = bytes;
	}
}

int baseline_of(const struct grouping *grouping, const struct diff_row *rows, size_t row_count,
    struct baseline *ret_baseline)
{
	const struct heap *heap = grouping->inputs[grouping->input_count - 1].heap;
	struct baseline baseline = {
	    .program = strdup(snapshot_string(heap->snapshot, heap->snapshot->run->program)),
	    .counted = heap_iterations_counted(heap),
	    .rows = malloc((row_count + 1) * sizeof *baseline.rows),
	};
	int status = baseline.program != NULL && baseline.rows != NULL ? 0 : STATUS_NO_MEMORY;

	find_maxima(heap->snapshot, &baseline);
	for (size_t i = 0; status == 0 && i < row_count; i++)
		if (rows[i].retained_blocks != 0 || bytes_of(&rows[i]) != 0)
			status = add_row(&baseline, grouping, &rows[i]);
	if (status != 0) {
		baseline_release(&baseline);
		return status;
	}
	merge(&baseline);
	*ret_baseline = baseline;
	return 0;
}

void baseline_release(struct baseline *baseline)
{
	for (size_t i = 0; baseline->rows != NULL && i < baseline->count; i++)
		free(baseline->rows[i].stack);
	free(baseline->rows);
	free(baseline->program);
	*baseline = (struct baseline){0};
}

/* ---- writing ---- */

int baseline_write(FILE *out, const struct baseline *baseline)
{
	struct json_writer json;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "what", "allocscope baseline");
	json_text(&json, "program", baseline->program);
	json_unsigned(&json, "counted_iterations", baseline->counted);
	json_unsigned(&json, "max_allocs_per_iteration", baseline->maximum_allocs);
	json_unsigned(&json, "max_bytes_per_iteration", baseline->maximum_bytes);
	json_begin_array(&json, "retained");
	for (size_t i = 0; i < baseline->count; i++) {
		json_line(&json);
		json_begin_object(&json, NULL);
		json_text(&json, "stack", baseline->rows[i].stack);
		json_unsigned(&json, "blocks", baseline->rows[i].blocks);
		json_unsigned(&json, "bytes", baseline->rows[i].bytes);
		json_end(&json);
	}
	json_line(&json);
	json_end(&json);
	return json_end_document(&json);
}

/* ---- comparing ---- */

struct baseline_row *baseline_find(const struct baseline *baseline, const char *stack)
{
	const struct baseline_row wanted = {.stack = (char *)(uintptr_t)stack};

	return baseline->count != 0
		   ? bsearch(&wanted, baseline->rows, baseline->count, sizeof wanted, compare_rows)
		   : NULL;
}

uint64_t baseline_allowance(uint64_t value, uint64_t tolerance)
{
	return value + (uint64_t)((double)value * (double)tolerance / 100);
}

/* NOW is more than WAS, in all and per iteration. */
static bool is_more(const struct baseline_comparison *comparison, uint64_t now, uint64_t was)
{
	double factor = 1 + (double)comparison->tolerance / 100;
	double now_counted = comparison->now.counted != 0 ? (double)comparison->now.counted : 1;
	double was_counted = comparison->was->counted != 0 ? (double)comparison->was->counted : 1;

	return (double)now > (double)was * factor &&
	       (double)now / now_counted > (double)was / was_counted * factor;
}

/* Of what a sample estimates only so much counts as one can be sure of. */
static bool is_row_more(const struct baseline_comparison *comparison,
    const struct baseline_row *now, const struct diff_row *row)
{
	static const struct baseline_row nothing = {0};
	const struct baseline_row *was = baseline_find(comparison->was, now->stack);
	uint64_t blocks_error = (uint64_t)estimate_error(row->retained_spread.blocks);
	uint64_t bytes_error =
	    (uint64_t)estimate_error(row->retained_spread.bytes + row->grown_variance);

	if (was == NULL)
		was = &nothing;
	return is_more(comparison, now->blocks > blocks_error ? now->blocks - blocks_error : 0,
		   was->blocks) ||
	       is_more(
		   comparison, now->bytes > bytes_error ? now->bytes - bytes_error : 0, was->bytes);
}

int baseline_compare(void *context, const struct grouping *grouping, const struct diff_row *rows,
    size_t row_count, uint8_t *ret_more)
{
	struct baseline_comparison *comparison = context;
	int status = baseline_of(grouping, rows, row_count, &comparison->now);

	for (size_t i = 0; status == 0 && i < row_count; i++) {
		const struct baseline_row *now = NULL;
		char *stack = NULL;

		if (rows[i].retained_blocks == 0 && bytes_of(&rows[i]) == 0)
			continue;
		stack = stack_text(grouping, &grouping->keys[rows[i].key]);
		now = stack != NULL ? baseline_find(&comparison->now, stack) : NULL;
		if (now != NULL)
			ret_more[i] = is_row_more(comparison, now, &rows[i]);
		else
			status = STATUS_NO_MEMORY;
		free(stack);
	}
	for (size_t i = 0; status == 0 && i < comparison->was->count; i++)
		comparison->was->rows[i].is_there =
		    baseline_find(&comparison->now, comparison->was->rows[i].stack) != NULL;
	return status;
}

int baseline_was(const struct baseline_comparison *comparison, const struct grouping *grouping,
    const struct group_key *key, struct baseline_row *ret_row)
{
	char *stack = stack_text(grouping, key);
	const struct baseline_row *was =
	    stack != NULL ? baseline_find(comparison->was, stack) : NULL;

	free(stack);
	if (was == NULL)
		return STATUS_NOT_FOUND;
	*ret_row = *was;
	return 0;
}
