#include "report/report_iterations.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/status.h"
#include "report/report_file.h"
#include "report/report_stack.h"
#include "report/text_estimate.h"
#include "report/text_number.h"

static const char *phase_word(uint32_t phase)
{
	return phase == SNAPSHOT_PHASE_WARMUP ? "warmup" : "counted";
}

/* The generations of a benchmark, as far as its rows tell; first > last: it has none. CUT is the last of the
 * process. */
struct generations {
	uint32_t first, last, cut;
};

static struct generations generations_of(const struct iterations_view *view,
    const struct iterations_benchmark *b, const struct heap *heap)
{
	struct generations range = {UINT32_MAX, 0, heap->snapshot->run->generation};

	for (size_t i = b->first_row; i < b->first_row + b->row_count; i++) {
		const struct snapshot_iteration *row = view->rows[i].iteration;

		if (row->first_generation < range.first)
			range.first = row->first_generation;
		if (row->last_generation > range.last)
			range.last = row->last_generation;
	}
	return range;
}

static bool bucket_touches(
    const struct survival_matrix *matrix, uint32_t bucket, struct generations range)
{
	uint64_t first = (uint64_t)bucket * matrix->width;

	return first <= range.last && first + matrix->width > range.first;
}

/* The last generation of a bucket that the run reached. */
static uint64_t bucket_end(
    const struct survival_matrix *matrix, uint32_t bucket, struct generations range)
{
	uint64_t last = (uint64_t)(bucket + 1) * matrix->width - 1;

	return last < range.cut ? last : range.cut;
}

static bool bucket_left_anything(const struct survival_matrix *matrix, uint32_t born)
{
	for (uint32_t at = born; at < matrix->bucket_count; at++) {
		if (matrix->alive[born][at] != 0)
			return true;
	}
	return false;
}

static bool bucket_is_inside(
    const struct survival_matrix *matrix, uint32_t bucket, struct generations range)
{
	uint64_t first = (uint64_t)bucket * matrix->width;

	return first >= range.first && bucket_end(matrix, bucket, range) <= range.last;
}

/* Rows with blocks born in RANGE that are alive in the file, by key. NULL: no memory. */
static bool *keys_born_in(const struct grouping *grouping, struct generations range)
{
	const struct snapshot *snapshot = grouping->inputs[0].heap->snapshot;
	bool *born = calloc(grouping->key_count + 1, sizeof *born);

	for (size_t i = 0; born != NULL && i < snapshot->block_count; i++)
		if (snapshot->block_born[i] >= range.first && snapshot->block_born[i] <= range.last)
			born[grouping_key_of_block(grouping, 0, i)] = true;
	return born;
}

/*
 * True when anything born in RANGE outlived its iteration: it is alive in the file, or it died later. A bucket
 * that reaches over the edge of the range proves nothing, its blocks may be a neighbour's.
 */
static bool has_survivors(
    const struct survival_matrix *matrix, struct generations range, bool is_alive)
{
	for (uint32_t born = 0; !is_alive && born < matrix->bucket_count; born++)
		is_alive =
		    bucket_is_inside(matrix, born, range) && bucket_left_anything(matrix, born);
	return is_alive;
}

static int matrix_of_row(
    const struct grouping *grouping, uint32_t key, struct survival_matrix *ret_matrix)
{
	return survival_matrix_of_stacks(grouping->inputs[0].heap,
	    grouping->stacks_by_key + grouping->first_stack[key],
	    grouping->first_stack[key + 1] - grouping->first_stack[key], ret_matrix);
}

/* How inexact the numbers of one iteration are: no variance is kept for it, so it is taken to be of the mix of blocks
 * of the whole run. Retained blocks are in the file, so theirs is their own. */
static struct estimate_spreads spreads_of(const struct heap *heap, const struct iterations_row *row)
{
	const struct snapshot_iteration *i = row->iteration;
	const struct snapshot_totals *totals = &heap->snapshot->run->totals;

	if (estimate_mean(heap->snapshot) == 0)
		return (struct estimate_spreads){0};
	const struct spread whole = estimate_allocs(heap->snapshot);

	return (struct estimate_spreads){
	    .allocs = {estimate_like(i->allocs, totals->allocs, whole.blocks),
		estimate_like(i->bytes, totals->bytes, whole.bytes)},
	    .frees = {estimate_like(i->frees, totals->allocs, whole.blocks),
		estimate_like(i->freed_bytes, totals->bytes, whole.bytes)},
	    .temporary = {estimate_like(i->temporary, totals->allocs, whole.blocks),
		estimate_like(i->temporary_bytes, totals->bytes, whole.bytes)},
	    .live = {estimate_like(i->live_blocks, totals->allocs, whole.blocks),
		estimate_like(i->live_bytes, totals->bytes, whole.bytes)},
	    .retained = row->retained_spread,
	    .peak_bytes = estimate_like(i->peak_bytes, totals->bytes, whole.bytes),
	};
}

/* --- text --- */

static void add_columns(struct text_table *table)
{
	static const char *const titles[] = {
	    "allocated", "bytes", "freed", "bytes", "retained", "bytes", "live", "peak", "time"};

	text_table_column(table, "iteration", TEXT_RIGHT);
	text_table_column(table, "phase", TEXT_LEFT);
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
		text_table_column(table, titles[i], TEXT_RIGHT);
}

static void add_row(
    struct text_table *table, const struct heap *heap, const struct iterations_row *row)
{
	const struct snapshot_iteration *i = row->iteration;
	const struct estimate_spreads spreads = spreads_of(heap, row);
	const uint64_t mean = estimate_mean(heap->snapshot);
	char number[64];

	if (i->count > 1)
		(void)snprintf(number, sizeof number, "%" PRIu64 "-%" PRIu64, i->first,
		    i->first + i->count - 1);
	else
		(void)snprintf(number, sizeof number, "%" PRIu64, i->first);
	text_table_row(table);
	text_table_cell(table, number);
	text_table_cell_tinted(table, i->phase == SNAPSHOT_PHASE_WARMUP ? TEXT_DIM : TEXT_PLAIN,
	    row->ended ? phase_word(i->phase) : "open");
	text_table_cell(table, text_estimate(mean, i->allocs, spreads.allocs.blocks).text);
	text_table_cell(table, text_estimate_bytes(mean, i->bytes, spreads.allocs.bytes).text);
	text_table_cell(table, text_estimate(mean, i->frees, spreads.frees.blocks).text);
	text_table_cell(table, text_estimate_bytes(mean, i->freed_bytes, spreads.frees.bytes).text);
	text_table_cell_tinted(table, row->retained_blocks != 0 ? TEXT_BOLD : TEXT_PLAIN,
	    text_estimate(mean, row->retained_blocks, spreads.retained.blocks).text);
	text_table_cell(
	    table, text_estimate_bytes(mean, row->retained_bytes, spreads.retained.bytes).text);
	text_table_cell(table, text_estimate_bytes(mean, i->live_bytes, spreads.live.bytes).text);
	text_table_cell(table, text_estimate_bytes(mean, i->peak_bytes, spreads.peak_bytes).text);
	text_table_cell(table, text_duration(i->ns).text);
}

/* born x alive of one site: a line per birth bucket that left anything. */
static void write_matrix(FILE *out, const struct heap *heap, const struct group_row *row,
    const struct survival_matrix *matrix, struct generations range)
{
	struct text_table table;
	char titles[SURVIVAL_BUCKETS][32];
	const struct text_style plain = {.colour = false};

	text_table_init(&table);
	text_table_column(&table, "    born in \\ alive after", TEXT_RIGHT);
	for (uint32_t at = 0; at < matrix->bucket_count && at < TEXT_TABLE_COLUMNS_MAX - 1; at++) {
		(void)snprintf(
		    titles[at], sizeof titles[at], "%" PRIu64, bucket_end(matrix, at, range));
		text_table_column(&table, titles[at], TEXT_RIGHT);
	}
	for (uint32_t born = 0; born < matrix->bucket_count; born++) {
		uint64_t first = (uint64_t)born * matrix->width;
		char label[48];

		if (!bucket_touches(matrix, born, range) || !bucket_left_anything(matrix, born))
			continue;
		if (matrix->width > 1)
			(void)snprintf(label, sizeof label, "%" PRIu64 "-%" PRIu64,
			    first != 0 ? first : 1, bucket_end(matrix, born, range));
		else
			(void)snprintf(label, sizeof label, "%" PRIu64, first);
		text_table_row(&table);
		text_table_cell(&table, label);
		for (uint32_t at = 0; at < matrix->bucket_count; at++)
			text_table_cell(&table,
			    at < born ? ""
				      : text_estimate(estimate_mean(heap->snapshot),
					    matrix->alive[born][at],
					    estimate_like(matrix->alive[born][at],
						row->alloc_objects, row->alloc_spread.blocks))
					    .text);
	}
	(void)text_table_write(&table, out, &plain);
	text_table_release(&table);
}

static int write_sites(FILE *out, const struct grouping *grouping, const struct group_table *rows,
    struct generations range, const struct report_options *options)
{
	const uint64_t most = options->top != 0 ? options->top : UINT64_MAX;
	bool *born_here = keys_born_in(grouping, range);
	uint64_t shown = 0;
	int status = born_here != NULL ? 0 : STATUS_NO_MEMORY;

	for (size_t i = 0; status == 0 && i < rows->row_count && shown < most; i++) {
		const struct group_row *row = &rows->rows[i];
		char name[REPORT_TEXT_BYTES];
		struct survival_matrix matrix;

		status = matrix_of_row(grouping, row->key, &matrix);
		if (status != 0 || !has_survivors(&matrix, range, born_here[row->key]))
			continue;
		if (shown++ == 0)
			fputs("\nblocks that outlived their iteration, by generation of birth:\n",
			    out);
		text_put(out, &options->style, TEXT_BOLD, "  ");
		report_key_text(options, grouping, &grouping->keys[row->key], name, sizeof name);
		text_put(out, &options->style, TEXT_BOLD, name);
		fputs(": ", out);
		text_put(out, &options->style, report_shape_tint(row->growth.shape),
		    growth_shape_name(row->growth.shape));
		if (row->growth.reason != NULL)
			fprintf(out, " (%s)", row->growth.reason);
		fputc('\n', out);
		write_matrix(out, grouping->inputs[0].heap, row, &matrix, range);
	}
	if (status == 0 && shown == 0)
		fputs(estimate_mean(grouping->inputs[0].heap->snapshot) == 0
			  ? "\n0 blocks outlived their iteration.\n"
			  : "\nNo block that outlived its iteration was sampled.\n",
		    out);
	free(born_here);
	return status;
}

int report_iterations_text(FILE *out, const struct iterations_view *view,
    const struct grouping *grouping, const struct group_table *rows,
    const struct report_options *options)
{
	int status = 0;

	report_file_line(out, &options->style, "", grouping->inputs[0].heap->snapshot);
	report_losses(out, &options->style, grouping->inputs[0].heap->snapshot);
	if (view->benchmark_count == 0)
		fputs("No iterations recorded: mark them with <allocscope/allocscope.h>.\n", out);
	for (size_t i = 0; status == 0 && i < view->benchmark_count; i++) {
		const struct iterations_benchmark *benchmark = &view->benchmarks[i];
		struct text_table table;

		fputc('\n', out);
		text_put(out, &options->style, TEXT_BOLD,
		    benchmark->name[0] != '\0' ? benchmark->name : "(unnamed)");
		fprintf(out, ": %s ended, %s counted\n",
		    text_plural(benchmark->iterations, "iteration", "iterations").text,
		    text_count(benchmark->counted).text);
		text_table_init(&table);
		add_columns(&table);
		for (size_t r = benchmark->first_row;
		     r < benchmark->first_row + benchmark->row_count; r++)
			add_row(&table, grouping->inputs[0].heap, &view->rows[r]);
		status = text_table_write(&table, out, &options->style);
		text_table_release(&table);
		if (benchmark->row_count < benchmark->iterations)
			fputs(
			    "(rows of several iterations are sums; --rows 4096 shows more of them)\n",
			    out);
		if (status == 0)
			status = write_sites(out, grouping, rows,
			    generations_of(view, benchmark, grouping->inputs[0].heap), options);
	}
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

static void iteration_json(
    struct json_writer *json, const struct heap *heap, const struct iterations_row *row)
{
	const struct snapshot_iteration *i = row->iteration;
	const struct estimate_spreads spreads = spreads_of(heap, row);

	json_begin_object(json, NULL);
	json_unsigned(json, "n", i->first);
	json_unsigned(json, "count", i->count);
	json_unsigned(json, "generation", i->first_generation);
	json_text(json, "phase", phase_word(i->phase));
	json_bool(json, "ended", row->ended);
	json_unsigned(json, "allocs", i->allocs);
	json_unsigned(json, "bytes", i->bytes);
	json_unsigned(json, "frees", i->frees);
	json_unsigned(json, "freed_bytes", i->freed_bytes);
	json_unsigned(json, "reallocs", i->reallocs);
	json_unsigned(json, "temporary", i->temporary);
	json_unsigned(json, "temporary_bytes", i->temporary_bytes);
	json_unsigned(json, "survived_blocks", i->survived_blocks);
	json_signed(json, "survived_bytes", i->survived_bytes);
	json_unsigned(json, "retained_blocks", row->retained_blocks);
	json_unsigned(json, "retained_bytes", row->retained_bytes);
	json_unsigned(json, "live_blocks", i->live_blocks);
	json_unsigned(json, "live_bytes", i->live_bytes);
	json_unsigned(json, "peak_bytes", i->peak_bytes);
	json_unsigned(json, "ns", i->ns);
	json_estimate_errors(json, estimate_mean(heap->snapshot), &spreads);
	json_end(json);
}

/* [born, alive_at, blocks]: born in the bucket of generations that begins with `born`, alive at the end of
 * generation `alive_at`. */
static void survival_json(
    struct json_writer *json, const struct survival_matrix *matrix, struct generations range)
{
	json_unsigned(json, "survival_width", matrix->width);
	json_begin_array(json, "survival");
	for (uint32_t born = 0; born < matrix->bucket_count; born++) {
		for (uint32_t at = born;
		     bucket_touches(matrix, born, range) && at < matrix->bucket_count; at++) {
			if (matrix->alive[born][at] == 0)
				continue;
			json_begin_array(json, NULL);
			json_unsigned(json, NULL, born != 0 ? (uint64_t)born * matrix->width : 1);
			json_unsigned(json, NULL, bucket_end(matrix, at, range));
			json_unsigned(json, NULL, matrix->alive[born][at]);
			json_end(json);
		}
	}
	json_end(json);
}

static int site_json(struct json_writer *json, const struct grouping *grouping,
    const struct group_row *row, const struct survival_matrix *matrix, struct generations range)
{
	const struct heap *heap = grouping->inputs[0].heap;
	struct report_row common =
	    report_row_of_group(grouping, row, heap_iterations_counted(heap));
	int status = 0;

	json_begin_object(json, NULL);
	status = report_row_json(json, grouping, &common);
	survival_json(json, matrix, range);
	json_end(json);
	return status;
}

static int sites_json(struct json_writer *json, const struct grouping *grouping,
    const struct group_table *rows, struct generations range, const struct report_options *options)
{
	const uint64_t most = options->top != 0 ? options->top : UINT64_MAX;
	bool *born_here = keys_born_in(grouping, range);
	uint64_t shown = 0;
	int status = born_here != NULL ? 0 : STATUS_NO_MEMORY;

	json_begin_array(json, "sites");
	for (size_t i = 0; status == 0 && i < rows->row_count && shown < most; i++) {
		struct survival_matrix matrix;

		status = matrix_of_row(grouping, rows->rows[i].key, &matrix);
		if (status == 0 && has_survivors(&matrix, range, born_here[rows->rows[i].key])) {
			shown++;
			status = site_json(json, grouping, &rows->rows[i], &matrix, range);
		}
	}
	json_end(json);
	free(born_here);
	return status;
}

int report_iterations_json(FILE *out, const struct iterations_view *view,
    const struct grouping *grouping, const struct group_table *rows,
    const struct report_options *options)
{
	struct json_writer json;
	int status = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "iterations");
	report_file_json(&json, "file", grouping->inputs[0].heap->snapshot);
	json_sampled(&json, grouping->inputs[0].heap->snapshot);
	json_begin_array(&json, "benchmarks");
	for (size_t i = 0; status == 0 && i < view->benchmark_count; i++) {
		const struct iterations_benchmark *benchmark = &view->benchmarks[i];

		json_begin_object(&json, NULL);
		json_text(&json, "name", benchmark->name);
		json_unsigned(&json, "ended", benchmark->iterations);
		json_unsigned(&json, "counted", benchmark->counted);
		json_begin_array(&json, "iterations");
		for (size_t r = benchmark->first_row;
		     r < benchmark->first_row + benchmark->row_count; r++)
			iteration_json(&json, grouping->inputs[0].heap, &view->rows[r]);
		json_end(&json);
		status = sites_json(&json, grouping, rows,
		    generations_of(view, benchmark, grouping->inputs[0].heap), options);
		json_end(&json);
	}
	json_end(&json);
	return status != 0 ? status : json_end_document(&json);
}
