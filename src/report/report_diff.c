/*
 * The text is read from the top: which two moments, the balance of the heap between them (a sum that adds up),
 * the three numbers that are easily mistaken for each other side by side, then rows, largest first.
 */
#include "report/report_diff.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/status.h"
#include "report/report_file.h"
#include "report/resize_sites.h"
#include "report/text_estimate.h"
#include "report/text_number.h"

static const struct snapshot *input_snapshot(const struct diff *diff, size_t input)
{
	return diff->grouping->inputs[input].heap->snapshot;
}

/* Mean bytes between samples, the larger of both files; 0 exact. */
static uint64_t mean_of(const struct diff *diff)
{
	return diff->sampled[0] > diff->sampled[1] ? diff->sampled[0] : diff->sampled[1];
}

/* A row of blocks that only stayed is no difference. */
static bool is_worth_a_row(
    const struct report_row *row, const struct report_options *options, bool retained)
{
	uint64_t grown = (uint64_t)llabs((long long)row->grown_bytes);

	if (row->blocks == 0 && row->bytes == 0 &&
	    (retained || (row->died_blocks == 0 && row->died_bytes == 0 && grown == 0)))
		return false;
	return row->bytes >= options->min_bytes || row->died_bytes >= options->min_bytes ||
	       grown >= options->min_bytes;
}

/* --- text --- */

static const char *identity_text(enum diff_identity identity)
{
	switch (identity) {
	case DIFF_IDENTITY_OFF_RUNS:
		return "Two different runs: blocks cannot be told apart by identity, rows are matched by their sites and "
		       "show net differences.";
	case DIFF_IDENTITY_OFF_RENUMBERED:
		return "Birth epochs were renumbered between the files: blocks cannot be told apart by identity, rows "
		       "show net differences.";
	default:
		return NULL;
	}
}

static struct text_number sampled_text(uint64_t mean)
{
	struct text_number number;

	if (mean == 0)
		(void)snprintf(number.text, sizeof number.text, "exact");
	else
		(void)snprintf(
		    number.text, sizeof number.text, "sampled every %.20s", text_bytes(mean).text);
	return number;
}

static void write_heading(FILE *out, const struct diff *diff, const struct text_style *style)
{
	const char *identity = identity_text(diff->identity);

	report_file_line(out, style, "BEFORE  ", input_snapshot(diff, 0));
	report_file_line(out, style, "AFTER   ", input_snapshot(diff, 1));
	if (diff->iterations_between != 0 && diff->iterations_between == diff->iterations_counted)
		fprintf(out, "%s ended between them, none of them warm-up.\n",
		    text_plural(diff->iterations_between, "iteration", "iterations").text);
	else if (diff->iterations_between != 0)
		fprintf(out, "%s %s ended between them, %s of them counted (not warm-up).\n",
		    text_count(diff->iterations_between).text,
		    diff->iterations_between == 1 ? "iteration" : "iterations",
		    text_count(diff->iterations_counted).text);
	else
		fputs("No iteration ended between them.\n", out);
	if (identity != NULL)
		fprintf(out, "%s\n", identity);
	if (diff->sampled[0] != diff->sampled[1])
		fprintf(out,
		    "BEFORE is %s and AFTER %s: their difference is an estimate, as inexact as the coarser one.\n",
		    sampled_text(diff->sampled[0]).text, sampled_text(diff->sampled[1]).text);
	if (diff->reversed)
		fputs("BEFORE was taken after AFTER: is the order right?\n", out);
	report_losses(
	    out, style, input_snapshot(diff, diff->sampled[1] != 0 ? 1 : diff->sampled[0] == 0));
	fputc('\n', out);
}

static void balance_row(struct text_table *table, const char *what, const char *blocks,
    const char *bytes, const char *meaning)
{
	text_table_row(table);
	text_table_cell_tinted(table, TEXT_BOLD, what);
	text_table_cell(table, blocks);
	text_table_cell(table, bytes);
	text_table_cell_tinted(table, TEXT_DIM, meaning);
}

/* before + born - died + grown = after */
static int write_balance(FILE *out, const struct diff *diff, const struct text_style *style)
{
	const struct diff_row *total = &diff->total;
	const uint64_t mean = mean_of(diff);
	struct text_table table;
	int status = 0;

	text_table_init(&table);
	text_table_column(&table, "live heap", TEXT_LEFT);
	text_table_column(&table, "blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "", TEXT_LEFT);
	balance_row(&table, "  before",
	    text_estimate(mean, total->before_blocks, total->before_spread.blocks).text,
	    text_estimate_bytes(mean, total->before_bytes, total->before_spread.bytes).text, "");
	balance_row(&table, "+ born",
	    text_estimate(mean, total->born_blocks, total->born_spread.blocks).text,
	    text_estimate_bytes(mean, total->born_bytes, total->born_spread.bytes).text,
	    "allocated after BEFORE and alive in AFTER");
	balance_row(&table, "- died",
	    text_estimate(mean, total->died_blocks, total->died_spread.blocks).text,
	    text_estimate_bytes(mean, total->died_bytes, total->died_spread.bytes).text,
	    "alive in BEFORE and gone in AFTER");
	balance_row(&table, total->grown_bytes < 0 ? "- shrunk" : "+ grown", "",
	    text_estimate_bytes(
		mean, (uint64_t)llabs((long long)total->grown_bytes), total->grown_variance)
		.text,
	    "kept blocks that realloc resized");
	balance_row(&table, "= after",
	    text_estimate(mean, total->after_blocks, total->after_spread.blocks).text,
	    text_estimate_bytes(mean, total->after_bytes, total->after_spread.bytes).text, "");
	status = text_table_write(&table, out, style);
	text_table_release(&table);
	return status;
}

/* Three numbers that are not each other: what passed through, the highest level, what stayed. */
static int write_three_numbers(FILE *out, const struct diff *diff, const struct text_style *style)
{
	const struct snapshot_totals *before = &input_snapshot(diff, 0)->run->totals;
	const struct snapshot_totals *after = &input_snapshot(diff, 1)->run->totals;
	const uint64_t mean = mean_of(diff);
	const struct spread whole = estimate_allocs(input_snapshot(diff, 1));
	bool same_run = diff->identity == DIFF_IDENTITY_EXACT && !diff->reversed &&
			after->allocs >= before->allocs && after->bytes >= before->bytes;
	struct text_table table;
	int status = 0;

	text_table_init(&table);
	text_table_column(&table, "", TEXT_LEFT);
	text_table_column(&table, "blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "", TEXT_LEFT);
	uint64_t allocs = after->allocs - (same_run ? before->allocs : 0);
	uint64_t bytes = after->bytes - (same_run ? before->bytes : 0);

	balance_row(&table, "allocated",
	    text_estimate(mean, allocs, estimate_like(allocs, after->allocs, whole.blocks)).text,
	    text_estimate_bytes(mean, bytes, estimate_like(bytes, after->bytes, whole.bytes)).text,
	    same_run ? "churn: all that was handed out between the two"
		     : "churn: all that was handed out in the run of AFTER");
	balance_row(&table, "peak", "",
	    text_estimate_bytes(mean, after->peak_bytes,
		estimate_like(after->peak_bytes, after->bytes, whole.bytes))
		.text,
	    "most bytes alive at once so far");
	if (diff->iterations_counted != 0)
		balance_row(&table, "retained",
		    text_estimate(
			mean, diff->total.retained_blocks, diff->total.retained_spread.blocks)
			.text,
		    text_estimate_bytes(
			mean, diff->total.retained_bytes, diff->total.retained_spread.bytes)
			.text,
		    "born in a counted iteration and alive after its end");
	else
		balance_row(&table, "retained", "unknown", "unknown",
		    "no counted iteration ended between the two");
	fputc('\n', out);
	status = text_table_write(&table, out, style);
	text_table_release(&table);
	return status;
}

/* The sentence that a newcomer looks for. */
static void write_verdict(FILE *out, const struct diff *diff, const struct text_style *style)
{
	const struct diff_row *total = &diff->total;
	const uint64_t mean = mean_of(diff);
	char line[256];

	fputc('\n', out);
	if (diff->iterations_counted == 0) {
		(void)snprintf(line, sizeof line,
		    "No counted iteration ended: what is retained cannot be told, only what was born.");
		text_put(out, style, TEXT_WARN, line);
	} else if (total->retained_blocks == 0) {
		text_put(out, style, TEXT_GOOD,
		    mean == 0 ? "0 blocks retained"
			      : "No retained block was sampled: there may be some");
	} else {
		double iterations = (double)diff->iterations_counted;

		(void)snprintf(line, sizeof line, "%s retained",
		    text_estimate_plural(mean, total->retained_blocks,
			total->retained_spread.blocks, "block", "blocks")
			.text);
		text_put(out, style, TEXT_BAD, line);
		fprintf(out, " (%s): %s %s, %s per iteration",
		    text_estimate_bytes(mean, total->retained_bytes, total->retained_spread.bytes)
			.text,
		    text_estimate_rate(mean, (double)total->retained_blocks / iterations,
			total->retained_spread.blocks / (iterations * iterations))
			.text,
		    total->retained_blocks == diff->iterations_counted ? "block" : "blocks",
		    text_estimate_rate_bytes(mean, (double)total->retained_bytes / iterations,
			total->retained_spread.bytes / (iterations * iterations))
			.text);
	}
	if (total->grown_bytes > 0)
		fprintf(out, "; kept blocks grew by %s",
		    text_estimate_bytes(mean, (uint64_t)total->grown_bytes, total->grown_variance)
			.text);
	fputc('\n', out);
	if (diff->ignored_blocks != 0)
		fprintf(out, "%s (%s) left out: the program asked to ignore them.\n",
		    text_plural(diff->ignored_blocks, "block", "blocks").text,
		    text_bytes(diff->ignored_bytes).text);
	if (diff->unexplained_blocks != 0)
		fprintf(out, "%s not in BEFORE although old enough; counted as born.\n",
		    text_plural(diff->unexplained_blocks, "block is", "blocks are").text);
}

/* Types and births have no history, and without iterations nobody has. */
static bool shapes_are_known(const struct diff *diff)
{
	enum group_by by = diff->grouping->by;

	return by != GROUP_BY_TYPE && by != GROUP_BY_BORN &&
	       heap_iterations_counted(diff->grouping->inputs[1].heap) != 0;
}

static void add_columns(
    struct text_table *table, const struct diff *diff, const struct report_options *options)
{
	text_table_column(table, "blocks", TEXT_RIGHT);
	text_table_column(table, "bytes", TEXT_RIGHT);
	if (diff->iterations_between != 0) {
		text_table_column(table, "blocks/iter", TEXT_RIGHT);
		text_table_column(table, "bytes/iter", TEXT_RIGHT);
	}
	if (shapes_are_known(diff))
		text_table_column(table, "shape", TEXT_LEFT);
	if (options->view != NULL)
		text_table_column(table, "verdict", TEXT_LEFT);
	text_table_column(table, "died", TEXT_RIGHT);
	text_table_column(table, "died bytes", TEXT_RIGHT);
	text_table_column(table, "grown", TEXT_RIGHT);
	text_table_column(table, group_by_name(diff->grouping->by), TEXT_LEFT);
}

static int add_row(struct text_table *table, const struct diff *diff, const struct report_row *row,
    const struct report_options *options)
{
	text_table_row(table);
	text_table_cell(table, text_estimate(row->mean, row->blocks, row->spread.blocks).text);
	text_table_cell(table, text_estimate_bytes(row->mean, row->bytes, row->spread.bytes).text);
	if (diff->iterations_between != 0) {
		text_table_cell(table, report_row_rate(row, false).text);
		text_table_cell(table, report_row_rate(row, true).text);
	}
	if (shapes_are_known(diff))
		text_table_cell_tinted(table, report_shape_tint(row->growth->shape),
		    growth_shape_name(row->growth->shape));
	if (options->view != NULL)
		report_verdict_cell(table, row->hold);
	text_table_cell(
	    table, text_estimate(row->mean, row->died_blocks, row->died_spread.blocks).text);
	text_table_cell(
	    table, text_estimate_bytes(row->mean, row->died_bytes, row->died_spread.bytes).text);
	text_table_cell(table,
	    text_estimate_signed_bytes(row->mean, row->grown_bytes, row->grown_variance).text);
	return report_row_name(table, diff->grouping, row, options);
}

static int write_rows(
    FILE *out, const struct diff *diff, const struct report_options *options, bool retained)
{
	struct text_table table;
	size_t shown = 0, left_out = 0;
	uint64_t left_out_bytes = 0;
	uint32_t *resized_in = NULL;
	int status = resize_sites_open(diff->grouping, &resized_in);

	text_table_init(&table);
	add_columns(&table, diff, options);
	for (size_t i = 0; status == 0 && i < diff->row_count; i++) {
		struct report_row row = report_row_of_diff(diff, &diff->rows[i], retained);

		row.view = options->view;

		row.resized_in = resized_in[diff->rows[i].key];
		if (!is_worth_a_row(&row, options, retained))
			continue;
		if (options->top != 0 && shown == options->top) {
			left_out++;
			left_out_bytes += row.bytes;
			continue;
		}
		shown++;
		status = add_row(&table, diff, &row, options);
	}
	if (status == 0 && shown != 0) {
		fprintf(out, "\n%s, by %s:\n",
		    retained ? "retained from counted iterations"
			     : "born after BEFORE and alive in AFTER",
		    group_by_name(diff->grouping->by));
		status = text_table_write(&table, out, &options->style);
	}
	if (status == 0 && left_out != 0)
		fprintf(out, "... %s more (%s); --top 0 shows all\n",
		    text_plural(left_out, "row", "rows").text, text_bytes(left_out_bytes).text);
	free(resized_in);
	text_table_release(&table);
	return status;
}

int report_diff_text(
    FILE *out, const struct diff *diff, const struct report_options *options, bool retained)
{
	int status = 0;

	write_heading(out, diff, &options->style);
	status = write_balance(out, diff, &options->style);
	if (status == 0)
		status = write_three_numbers(out, diff, &options->style);
	if (status != 0)
		return status;
	write_verdict(out, diff, &options->style);
	status = write_rows(out, diff, options, retained);
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

static void spread_json(struct json_writer *json, const char *blocks, const char *bytes,
    uint64_t mean, const struct spread *spread)
{
	json_estimate_error(json, blocks, mean, spread->blocks);
	json_estimate_error(json, bytes, mean, spread->bytes);
}

static void totals_errors_json(struct json_writer *json, const struct diff *diff)
{
	const struct diff_row *total = &diff->total;
	const struct snapshot_totals *after = &input_snapshot(diff, 1)->run->totals;
	const uint64_t mean = mean_of(diff);

	spread_json(json, "born_blocks", "born_bytes", mean, &total->born_spread);
	spread_json(json, "died_blocks", "died_bytes", mean, &total->died_spread);
	spread_json(json, "kept_blocks", "kept_bytes", mean, &total->kept_spread);
	spread_json(json, "retained_blocks", "retained_bytes", mean, &total->retained_spread);
	spread_json(json, "before_blocks", "before_bytes", mean, &total->before_spread);
	spread_json(json, "after_blocks", "after_bytes", mean, &total->after_spread);
	json_estimate_error(json, "grown_bytes", mean, total->grown_variance);
	json_estimate_error(json, "peak_bytes", mean,
	    estimate_like(
		after->peak_bytes, after->bytes, estimate_allocs(input_snapshot(diff, 1)).bytes));
}

static void totals_json(struct json_writer *json, const struct diff *diff)
{
	const struct diff_row *total = &diff->total;
	const struct snapshot_totals *after = &input_snapshot(diff, 1)->run->totals;

	json_begin_object(json, "totals");
	json_unsigned(json, "born_blocks", total->born_blocks);
	json_unsigned(json, "born_bytes", total->born_bytes);
	json_unsigned(json, "died_blocks", total->died_blocks);
	json_unsigned(json, "died_bytes", total->died_bytes);
	json_unsigned(json, "kept_blocks", total->kept_blocks);
	json_unsigned(json, "kept_bytes", total->kept_bytes);
	json_unsigned(json, "retained_blocks", total->retained_blocks);
	json_unsigned(json, "retained_bytes", total->retained_bytes);
	json_unsigned(json, "before_blocks", total->before_blocks);
	json_unsigned(json, "before_bytes", total->before_bytes);
	json_unsigned(json, "after_blocks", total->after_blocks);
	json_unsigned(json, "after_bytes", total->after_bytes);
	json_signed(json, "grown_bytes", total->grown_bytes);
	json_unsigned(json, "grown_blocks", total->grown_blocks);
	json_unsigned(json, "ignored_blocks", diff->ignored_blocks);
	json_unsigned(json, "ignored_bytes", diff->ignored_bytes);
	json_unsigned(json, "unexplained_blocks", diff->unexplained_blocks);
	json_unsigned(json, "peak_bytes", after->peak_bytes);
	totals_errors_json(json, diff);
	json_end(json);
}

static int rows_json(struct json_writer *json, const struct diff *diff,
    const struct report_options *options, bool retained)
{
	uint64_t shown = 0;
	uint32_t *resized_in = NULL;
	int status = resize_sites_open(diff->grouping, &resized_in);

	json_begin_array(json, "rows");
	for (size_t i = 0; status == 0 && i < diff->row_count; i++) {
		struct report_row row = report_row_of_diff(diff, &diff->rows[i], retained);

		row.view = options->view;

		row.resized_in = resized_in[diff->rows[i].key];
		if (!is_worth_a_row(&row, options, retained) ||
		    (options->top != 0 && shown == options->top))
			continue;
		shown++;
		json_begin_object(json, NULL);
		status = report_row_json(json, diff->grouping, &row);
		json_end(json);
	}
	free(resized_in);
	json_end(json);
	return status;
}

int report_diff_json(
    FILE *out, const struct diff *diff, const struct report_options *options, bool retained)
{
	struct json_writer json;
	int status = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "diff");
	json_text(&json, "by", group_by_name(diff->grouping->by));
	json_bool(&json, "retained_only", retained);
	report_file_json(&json, "before", input_snapshot(diff, 0));
	report_file_json(&json, "after", input_snapshot(diff, 1));
	json_text(&json, "identity", diff->identity == DIFF_IDENTITY_EXACT ? "exact" : "off");
	json_bool(&json, "approximate", diff->approximate);
	json_sampled(&json, input_snapshot(diff, diff->sampled[1] != 0));
	totals_json(&json, diff);
	json_begin_object(&json, "iterations");
	json_unsigned(&json, "counted", diff->iterations_counted);
	json_unsigned(&json, "between", diff->iterations_between);
	json_end(&json);
	status = rows_json(&json, diff, options, retained);
	if (status != 0)
		return status;
	return json_end_document(&json);
}
