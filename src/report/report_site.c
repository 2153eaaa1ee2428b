#include "report/report_site.h"

#include <inttypes.h>

#include "base/status.h"
#include "report/report_file.h"
#include "report/text_estimate.h"
#include "report/text_number.h"

static void totals_row(struct text_table *table, const char *what, const char *blocks,
    const char *bytes, const char *meaning)
{
	text_table_row(table);
	text_table_cell_tinted(table, TEXT_BOLD, what);
	text_table_cell(table, blocks);
	text_table_cell(table, bytes);
	text_table_cell_tinted(table, TEXT_DIM, meaning);
}

static void estimate_row(struct text_table *table, uint64_t mean, const char *what, uint64_t blocks,
    uint64_t bytes, const struct spread *spread, const char *meaning)
{
	totals_row(table, what, text_estimate(mean, blocks, spread->blocks).text,
	    text_estimate_bytes(mean, bytes, spread->bytes).text, meaning);
}

/* Variances of the totals of a file. */
static struct estimate_spreads total_spreads(
    const struct heap *heap, const struct heap_totals *counted)
{
	const struct snapshot_totals *totals = &heap->snapshot->run->totals;
	struct estimate_spreads spreads = {.allocs = estimate_allocs(heap->snapshot),
	    .live = counted->spread,
	    .retained = counted->retained_spread};

	for (size_t stack = 0; stack < heap->stack_count; stack++)
		spread_add(&spreads.temporary, &heap->stacks[stack].temporary_spread);
	spreads.frees = spread_without(&spreads.allocs, &spreads.live);
	spreads.peak_bytes = estimate_like(totals->peak_bytes, totals->bytes, spreads.allocs.bytes);
	return spreads;
}

/* A part of the live blocks of which no variance is kept. */
static void like_live(struct text_table *table, const struct heap *heap,
    const struct estimate_spreads *spreads, const char *what, uint64_t blocks, uint64_t bytes,
    const char *meaning)
{
	const struct snapshot_totals *totals = &heap->snapshot->run->totals;
	struct spread spread = {
	    .blocks = estimate_like(blocks, totals->live_blocks, spreads->live.blocks),
	    .bytes = estimate_like(bytes, totals->live_bytes, spreads->live.bytes)};

	estimate_row(table, estimate_mean(heap->snapshot), what, blocks, bytes, &spread, meaning);
}

static void write_memory_line(FILE *out, const struct snapshot_run *run)
{
	fprintf(out, "\nmemory: live %s%s", run->sample_bytes != 0 ? "~" : "",
	    text_bytes(run->totals.live_bytes).text);
	if (run->mapped_bytes != 0)
		fprintf(out, "; held by the allocator %s", text_bytes(run->mapped_bytes).text);
	else
		fputs("; held by the allocator unknown", out);
	if (run->rss_bytes != 0)
		fprintf(out,
		    "; resident in the process %s (RSS, with code, stacks and allocscope)\n",
		    text_bytes(run->rss_bytes).text);
	else
		fputs("; RSS unknown\n", out);
}

int report_totals_text(FILE *out, const struct heap *heap, const struct text_style *style)
{
	const struct snapshot_run *run = heap->snapshot->run;
	const struct snapshot_totals *totals = &run->totals;
	struct heap_totals counted;
	struct text_table table;
	char peak[192];
	int status = 0;

	heap_count(heap, NULL, &counted);
	const struct estimate_spreads spreads = total_spreads(heap, &counted);
	const uint64_t mean = estimate_mean(heap->snapshot);

	if (totals->peak_error_bytes != 0)
		(void)snprintf(peak, sizeof peak,
		    "most bytes alive at once so far, +-%s (several threads)",
		    text_bytes(totals->peak_error_bytes).text);
	else
		(void)snprintf(peak, sizeof peak, "most bytes alive at once so far");
	text_table_init(&table);
	text_table_column(&table, "totals", TEXT_LEFT);
	text_table_column(&table, "blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "", TEXT_LEFT);
	if (mean != 0)
		totals_row(&table, "requested", text_count(heap->snapshot->sampling->allocs).text,
		    text_bytes(heap->snapshot->sampling->bytes).text,
		    "exact: what was asked of malloc and its kin, without realloc");
	estimate_row(&table, mean, "allocated", totals->allocs, totals->bytes, &spreads.allocs,
	    "churn: all that was handed out since the start");
	if (run->iterations_ended != 0)
		estimate_row(&table, mean, "  temporary", totals->temporary,
		    totals->temporary_bytes, &spreads.temporary,
		    "of it freed in the same iteration");
	estimate_row(&table, mean, "freed", totals->frees, totals->freed_bytes, &spreads.frees, "");
	totals_row(&table, "peak", "",
	    text_estimate_bytes(mean, totals->peak_bytes, spreads.peak_bytes).text, peak);
	estimate_row(&table, mean, "live", totals->live_blocks, totals->live_bytes, &spreads.live,
	    "alive in this snapshot");
	if (run->iterations_counted != 0)
		estimate_row(&table, mean, "  retained", counted.retained_blocks,
		    counted.retained_bytes, &spreads.retained,
		    "of it born in a counted iteration that ended");
	if (counted.ignored_blocks != 0)
		like_live(&table, heap, &spreads, "  ignored", counted.ignored_blocks,
		    counted.ignored_bytes, "of it left out of all rows at the program's request");
	if (counted.inherited_blocks != 0)
		like_live(&table, heap, &spreads, "  inherited", counted.inherited_blocks,
		    counted.inherited_bytes, "of it a copy of the parent process's heap (fork)");
	if (counted.pooled_blocks != 0)
		like_live(&table, heap, &spreads, "  pooled", counted.pooled_blocks,
		    counted.pooled_bytes, "of it inside other blocks (allocscope_pool_alloc)");
	status = text_table_write(&table, out, style);
	text_table_release(&table);
	write_memory_line(out, run);
	return status;
}

void report_totals_json(struct json_writer *json, const struct heap *heap)
{
	const struct snapshot_run *run = heap->snapshot->run;
	const struct snapshot_totals *totals = &run->totals;
	struct heap_totals counted;

	heap_count(heap, NULL, &counted);
	const struct estimate_spreads spreads = total_spreads(heap, &counted);

	json_begin_object(json, "totals");
	json_unsigned(json, "allocs", totals->allocs);
	json_unsigned(json, "bytes", totals->bytes);
	json_unsigned(json, "frees", totals->frees);
	json_unsigned(json, "freed_bytes", totals->freed_bytes);
	json_unsigned(json, "reallocs", totals->reallocs);
	json_unsigned(json, "temporary", totals->temporary);
	json_unsigned(json, "temporary_bytes", totals->temporary_bytes);
	json_unsigned(json, "live_blocks", totals->live_blocks);
	json_unsigned(json, "live_bytes", totals->live_bytes);
	json_unsigned(json, "peak_bytes", totals->peak_bytes);
	json_unsigned(json, "peak_error_bytes", totals->peak_error_bytes);
	json_unsigned(json, "retained_blocks", counted.retained_blocks);
	json_unsigned(json, "retained_bytes", counted.retained_bytes);
	json_unsigned(json, "ignored_blocks", counted.ignored_blocks);
	json_unsigned(json, "ignored_bytes", counted.ignored_bytes);
	json_unsigned(json, "inherited_blocks", counted.inherited_blocks);
	json_unsigned(json, "inherited_bytes", counted.inherited_bytes);
	json_unsigned(json, "pooled_blocks", counted.pooled_blocks);
	json_unsigned(json, "pooled_bytes", counted.pooled_bytes);
	json_unsigned(json, "mapped_bytes", run->mapped_bytes);
	json_unsigned(json, "rss_bytes", run->rss_bytes);
	json_unsigned(json, "iterations_ended", run->iterations_ended);
	json_unsigned(json, "iterations_counted", run->iterations_counted);
	json_estimate_errors(json, estimate_mean(heap->snapshot), &spreads);
	json_end(json);
}

/* What --min-bytes is compared with: the bytes of the column that is sorted by. */
static uint64_t sorted_bytes(const struct group_row *row, enum group_sort sort)
{
	switch (sort) {
	case GROUP_SORT_RETAINED:
		return row->retained_space;
	case GROUP_SORT_ALLOCS:
		return row->alloc_space;
	case GROUP_SORT_TEMPORARY:
		return row->temporary_space;
	case GROUP_SORT_PEAK:
		return row->peak_space;
	default:
		return row->inuse_space;
	}
}

/* By type and by birth nothing is known of blocks that are gone: only the live ones carry either. */
static bool counters_are_known(const struct grouping *grouping)
{
	return grouping->by != GROUP_BY_TYPE && grouping->by != GROUP_BY_BORN;
}

/* Which columns make sense: without iterations nothing is known of retention, lifetime and growth. */
struct columns {
	bool iterations, counters, verdicts;
};

static bool only_survivors(const struct grouping *grouping)
{
	return grouping->inputs[0].filter != NULL && grouping->inputs[0].filter->epoch_limited;
}

static struct columns columns_of(
    const struct grouping *grouping, const struct report_options *options)
{
	const bool iterations = heap_iterations_counted(grouping->inputs[0].heap) != 0;

	return (struct columns){.iterations = iterations,
	    .counters = counters_are_known(grouping) && !only_survivors(grouping),
	    .verdicts = iterations && options->view != NULL};
}

static void add_pair(struct text_table *table, uint64_t mean, uint64_t blocks, uint64_t bytes,
    const struct spread *spread)
{
	text_table_cell(table, text_estimate(mean, blocks, spread->blocks).text);
	text_table_cell(table, text_estimate_bytes(mean, bytes, spread->bytes).text);
}

static double peak_variance(const struct group_row *row)
{
	return estimate_like(row->peak_space, row->alloc_space, row->alloc_spread.bytes);
}

static void add_row(
    struct text_table *table, uint64_t mean, const struct group_row *row, struct columns columns)
{
	text_table_row(table);
	add_pair(table, mean, row->inuse_objects, row->inuse_space, &row->inuse_spread);
	if (columns.iterations)
		add_pair(
		    table, mean, row->retained_objects, row->retained_space, &row->retained_spread);
	if (columns.counters) {
		add_pair(table, mean, row->alloc_objects, row->alloc_space, &row->alloc_spread);
		if (columns.iterations)
			text_table_cell(
			    table, text_percent(row->temporary_objects, row->alloc_objects).text);
		text_table_cell(
		    table, text_estimate_bytes(mean, row->peak_space, peak_variance(row)).text);
	}
	if (columns.iterations && columns.counters)
		text_table_cell_tinted(table, report_shape_tint(row->growth.shape),
		    growth_shape_name(row->growth.shape));
	if (columns.verdicts)
		report_verdict_cell(table, &row->hold);
}

/* A row of ignored blocks alone says nothing. */
static bool is_worth_a_row(const struct grouping *grouping, const struct group_row *row,
    enum group_sort sort, const struct report_options *options)
{
	if (only_survivors(grouping) && row->inuse_objects == 0)
		return false;
	return (row->inuse_objects != 0 || row->alloc_objects != 0 || row->peak_space != 0) &&
	       sorted_bytes(row, sort) >= options->min_bytes;
}

static void add_columns(struct text_table *table, enum group_by by, struct columns columns)
{
	text_table_column(table, "live", TEXT_RIGHT);
	text_table_column(table, "bytes", TEXT_RIGHT);
	if (columns.iterations) {
		text_table_column(table, "retained", TEXT_RIGHT);
		text_table_column(table, "bytes", TEXT_RIGHT);
	}
	if (columns.counters) {
		text_table_column(table, "allocated", TEXT_RIGHT);
		text_table_column(table, "bytes", TEXT_RIGHT);
		if (columns.iterations)
			text_table_column(table, "temporary", TEXT_RIGHT);
		text_table_column(table, "at peak", TEXT_RIGHT);
	}
	if (columns.iterations && columns.counters)
		text_table_column(table, "shape", TEXT_LEFT);
	if (columns.verdicts)
		text_table_column(table, "verdict", TEXT_LEFT);
	text_table_column(table, group_by_name(by), TEXT_LEFT);
}

static const char *sort_words(enum group_sort sort)
{
	switch (sort) {
	case GROUP_SORT_BLOCKS:
		return "live blocks";
	case GROUP_SORT_RETAINED:
		return "retained bytes";
	case GROUP_SORT_ALLOCS:
		return "allocated blocks";
	case GROUP_SORT_TEMPORARY:
		return "temporary blocks";
	case GROUP_SORT_PEAK:
		return "bytes at the peak";
	default:
		return "live bytes";
	}
}

static int write_rows(FILE *out, const struct grouping *grouping, const struct group_table *rows,
    enum group_sort sort, const struct report_options *options)
{
	struct columns columns = columns_of(grouping, options);
	struct text_table table;
	size_t shown = 0, left_out = 0;
	struct report_row common;
	int status = 0;

	text_table_init(&table);
	add_columns(&table, grouping->by, columns);
	for (size_t i = 0; status == 0 && i < rows->row_count; i++) {
		const struct group_row *row = &rows->rows[i];

		if (!is_worth_a_row(grouping, row, sort, options))
			continue;
		if (options->top != 0 && shown == options->top) {
			left_out++;
			continue;
		}
		shown++;
		add_row(&table, estimate_mean(grouping->inputs[0].heap->snapshot), row, columns);
		common = report_row_of_group(grouping, row, 0);
		common.view = options->view;
		status = report_row_name(&table, grouping, &common, options);
	}
	if (status == 0) {
		fprintf(
		    out, "by %s, most %s first:\n", group_by_name(grouping->by), sort_words(sort));
		status = text_table_write(&table, out, &options->style);
	}
	if (status == 0)
		report_left_out(out, left_out, "row", "rows");
	text_table_release(&table);
	return status;
}

int report_site_text(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, const struct report_options *options)
{
	const struct heap *heap = grouping->inputs[0].heap;
	int status = 0;

	if (!only_survivors(grouping)) {
		report_file_line(out, &options->style, "", heap->snapshot);
		report_losses(out, &options->style, heap->snapshot);
		fputc('\n', out);
		status = report_totals_text(out, heap, &options->style);
		fputc('\n', out);
	}
	if (status == 0)
		status = write_rows(out, grouping, table, sort, options);
	return status != 0 ? status : report_finish(out);
}

static void counter_json(struct json_writer *json, const char *key, uint64_t value, bool known)
{
	if (known)
		json_unsigned(json, key, value);
	else
		json_null(json, key);
}

static void errors_json(
    struct json_writer *json, const struct group_row *row, uint64_t mean, bool known)
{
	struct spread freed = spread_without(&row->alloc_spread, &row->inuse_spread);

	json_estimate_error(json, "inuse_objects", mean, row->inuse_spread.blocks);
	json_estimate_error(json, "inuse_space", mean, row->inuse_spread.bytes);
	if (!known)
		return;
	json_estimate_error(json, "alloc_objects", mean, row->alloc_spread.blocks);
	json_estimate_error(json, "alloc_space", mean, row->alloc_spread.bytes);
	json_estimate_error(json, "free_objects", mean, freed.blocks);
	json_estimate_error(json, "free_space", mean, freed.bytes);
	json_estimate_error(json, "temporary_objects", mean, row->temporary_spread.blocks);
	json_estimate_error(json, "temporary_space", mean, row->temporary_spread.bytes);
	json_estimate_error(json, "peak_space", mean, peak_variance(row));
}

static int row_json(struct json_writer *json, const struct grouping *grouping,
    const struct group_row *row, uint64_t counted, const struct report_options *options)
{
	struct report_row common = report_row_of_group(grouping, row, counted);
	bool known = counters_are_known(grouping);
	int status = 0;

	common.view = options->view;
	json_begin_object(json, NULL);
	status = report_row_json(json, grouping, &common);
	counter_json(json, "alloc_objects", row->alloc_objects, known);
	counter_json(json, "alloc_space", row->alloc_space, known);
	json_unsigned(json, "inuse_objects", row->inuse_objects);
	json_unsigned(json, "inuse_space", row->inuse_space);
	counter_json(json, "free_objects", row->free_objects, known);
	counter_json(json, "free_space", row->free_space, known);
	counter_json(json, "temporary_objects", row->temporary_objects, known);
	counter_json(json, "temporary_space", row->temporary_space, known);
	counter_json(json, "realloc_objects", row->realloc_objects, known);
	counter_json(json, "peak_space", row->peak_space, known);
	errors_json(json, row, common.mean, known);
	json_end(json);
	return status;
}

int report_site_json(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, const struct report_options *options)
{
	const struct heap *heap = grouping->inputs[0].heap;
	struct json_writer json;
	uint64_t shown = 0;
	int status = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "report");
	json_text(&json, "by", group_by_name(grouping->by));
	report_file_json(&json, "file", heap->snapshot);
	json_sampled(&json, heap->snapshot);
	report_totals_json(&json, heap);
	json_begin_array(&json, "rows");
	for (size_t i = 0; status == 0 && i < table->row_count; i++) {
		const struct group_row *row = &table->rows[i];

		if (!is_worth_a_row(grouping, row, sort, options) ||
		    (options->top != 0 && shown == options->top))
			continue;
		shown++;
		status = row_json(&json, grouping, row, heap_iterations_counted(heap), options);
	}
	json_end(&json);
	return status != 0 ? status : json_end_document(&json);
}
