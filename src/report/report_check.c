#include "report/report_check.h"

#include <inttypes.h>

#include "base/status.h"
#include "report/report_file.h"
#include "report/report_path.h"
#include "report/text_estimate.h"
#include "report/text_number.h"

static bool is_in_blocks(enum check_rule rule)
{
	return rule == CHECK_MAX_RETAINED_BLOCKS || rule == CHECK_MAX_PER_ITERATION_BLOCKS ||
	       rule == CHECK_MAX_LEAKED_BLOCKS;
}

static bool is_in_bytes(enum check_rule rule)
{
	return rule == CHECK_MAX_RETAINED_BYTES || rule == CHECK_MAX_PER_ITERATION_BYTES ||
	       rule == CHECK_MAX_BYTES_PER_ITERATION || rule == CHECK_MAX_LEAKED_BYTES;
}

static struct text_number amount(enum check_rule rule, uint64_t value)
{
	if (is_in_blocks(rule))
		return text_plural(value, "block", "blocks");
	if (is_in_bytes(rule))
		return text_bytes(value);
	if (rule == CHECK_MAX_ALLOCS_PER_ITERATION)
		return text_plural(value, "allocation", "allocations");
	return text_count(value);
}

static const char *unit(enum check_rule rule)
{
	if (is_in_blocks(rule))
		return "blocks";
	if (is_in_bytes(rule))
		return "bytes";
	return rule == CHECK_MAX_ALLOCS_PER_ITERATION ? "allocations" : "rows";
}

static const struct snapshot *last_snapshot(const struct report_check *check)
{
	return check->grouping->inputs[check->grouping->input_count - 1].heap->snapshot;
}

/* The larger of both files; 0: exact. */
static uint64_t mean_of(const struct report_check *check)
{
	uint64_t mean = 0;

	for (size_t i = 0; i < check->grouping->input_count; i++) {
		uint64_t of = estimate_mean(check->grouping->inputs[i].heap->snapshot);

		mean = of > mean ? of : mean;
	}
	return mean;
}

/* What the rows of a finding are divided by: its own iteration, or all of them. */
static uint64_t iterations_of(const struct report_check *check, const struct check_finding *finding)
{
	return finding->iteration != HEAP_NONE ? 1 : check->iterations;
}

/* A row of a result: what was born, or is retained in one file. */
static struct report_row row_of(const struct report_check *check, const struct diff_row *row,
    const struct check_finding *finding)
{
	const uint64_t iterations = iterations_of(check, finding);
	const bool leaked =
	    finding->rule == CHECK_MAX_LEAKED_BYTES || finding->rule == CHECK_MAX_LEAKED_BLOCKS;
	/* one file: the analysis fills in what is retained; two: what was born, of it retained */
	uint64_t blocks =
	    check->result->counted_everything ? row->born_blocks : row->retained_blocks;
	uint64_t bytes = check->result->counted_everything ? row->born_bytes : row->retained_bytes;

	if (leaked) {
		blocks = row->hold.leaked_blocks;
		bytes = row->hold.leaked_bytes;
	}

	return (struct report_row){
	    .key = &check->grouping->keys[row->key],
	    .blocks = blocks,
	    .bytes = bytes,
	    .died_blocks = row->died_blocks,
	    .died_bytes = row->died_bytes,
	    .retained_blocks = row->retained_blocks,
	    .retained_bytes = row->retained_bytes,
	    .grown_bytes = row->grown_bytes,
	    .mean = mean_of(check),
	    .spread = row->retained_spread,
	    .died_spread = row->died_spread,
	    .retained_spread = row->retained_spread,
	    .grown_variance = row->grown_variance,
	    .iterations = iterations,
	    .blocks_per_iteration = iterations != 0 ? (double)blocks / (double)iterations : 0,
	    .bytes_per_iteration = iterations != 0 ? (double)bytes / (double)iterations : 0,
	    .growth = &row->growth,
	    .hold = &row->hold,
	    .view = check->view,
	    .resized_in = check->resized_in != NULL ? check->resized_in[row->key] : HEAP_NONE,
	};
}

/* --- text --- */

static void write_amounts(FILE *out, const struct check_finding *finding, uint64_t mean)
{
	fprintf(out, "%s%s", mean != 0 ? "~" : "", amount(finding->rule, finding->actual).text);
	if (mean != 0)
		fprintf(out, " +-%s", amount(finding->rule, finding->error).text);
	fprintf(out, ", limit %s", amount(finding->rule, finding->limit).text);
}

static void write_sentence(FILE *out, const struct report_check *check,
    const struct check_finding *finding, const struct text_style *style)
{
	const struct snapshot *snapshot = last_snapshot(check);

	text_put(out, style, TEXT_BAD, "FAIL");
	fprintf(out, " %s: ", check_rule_name(finding->rule));
	if (finding->rule == CHECK_NO_GROWTH)
		fprintf(out, "%s with every stretch of the iterations",
		    text_plural(finding->actual, "row grows", "rows grow").text);
	else
		write_amounts(out, finding, mean_of(check));
	if (finding->iteration != HEAP_NONE && finding->iteration < snapshot->iteration_count) {
		const struct snapshot_iteration *iteration =
		    &snapshot->iterations[finding->iteration];

		fprintf(out, " in iteration %" PRIu64, iteration->first);
		if (iteration->count > 1)
			fprintf(out, "-%" PRIu64, iteration->first + iteration->count - 1);
		fputs(" of ", out);
		text_put(out, style, TEXT_PLAIN,
		    snapshot_string(snapshot, snapshot->benchmarks[iteration->benchmark].name));
	}
	fputc('\n', out);
}

static int write_finding_rows(FILE *out, const struct report_check *check,
    const struct check_finding *finding, const struct report_options *options)
{
	size_t count = finding->row_count;
	struct text_table table;
	int status = 0;

	if (options->top != 0 && count > options->top)
		count = options->top;
	text_table_init(&table);
	text_table_column(&table, "  blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "blocks/iter", TEXT_RIGHT);
	text_table_column(&table, "bytes/iter", TEXT_RIGHT);
	text_table_column(&table, "shape", TEXT_LEFT);
	if (check->view != NULL)
		text_table_column(&table, "verdict", TEXT_LEFT);
	text_table_column(&table, "grown", TEXT_RIGHT);
	text_table_column(&table, group_by_name(check->grouping->by), TEXT_LEFT);
	for (size_t i = 0; status == 0 && i < count; i++) {
		struct report_row row =
		    row_of(check, &check->result->rows[finding->first_row + i], finding);

		text_table_row(&table);
		text_table_cell(
		    &table, text_estimate(row.mean, row.blocks, row.spread.blocks).text);
		text_table_cell(
		    &table, text_estimate_bytes(row.mean, row.bytes, row.spread.bytes).text);
		text_table_cell(&table,
		    iterations_of(check, finding) != 0 ? report_row_rate(&row, false).text : "-");
		text_table_cell(&table,
		    iterations_of(check, finding) != 0 ? report_row_rate(&row, true).text : "-");
		text_table_cell_tinted(&table, report_shape_tint(row.growth->shape),
		    growth_shape_name(row.growth->shape));
		if (check->view != NULL)
			report_verdict_cell(&table, row.hold);
		text_table_cell(&table,
		    text_estimate_signed_bytes(row.mean, row.grown_bytes, row.grown_variance).text);
		status = report_row_name(&table, check->grouping, &row, options);
	}
	if (status == 0 && count != 0)
		status = text_table_write(&table, out, &options->style);
	if (status == 0 && count < finding->row_count)
		fprintf(out, "  ... %s more; --top 0 shows all\n",
		    text_plural(finding->row_count - count, "row", "rows").text);
	text_table_release(&table);
	return status;
}

/* Churn is held by nobody any more. */
static bool is_of_survivors(enum check_rule rule)
{
	return rule != CHECK_MAX_ALLOCS_PER_ITERATION && rule != CHECK_MAX_BYTES_PER_ITERATION;
}

/* The block whose path explains FINDING: of the first of its rows that knows one; HEAP_NONE. */
static uint32_t example_of(const struct report_check *check, const struct check_finding *finding)
{
	uint32_t block = HEAP_NONE;

	for (size_t i = 0; check->view != NULL && is_of_survivors(finding->rule) &&
			   block == HEAP_NONE && i < finding->row_count;
	     i++)
		block = hold_example(&check->result->rows[finding->first_row + i].hold);
	return block;
}

static int write_path(FILE *out, const struct report_check *check,
    const struct check_finding *finding, const struct report_options *options)
{
	const uint32_t block = example_of(check, finding);
	struct retaining_path path;

	if (block == HEAP_NONE)
		return 0;
	if (retaining_path_open(check->view->reach, block, &path) != 0)
		return STATUS_NO_MEMORY;
	fputs("  the path to the largest block of the first row:\n", out);
	path_text(out, check->view, &path, options, 4);
	retaining_path_release(&path);
	return 0;
}

static void write_clean(FILE *out, const struct report_check *check, const struct text_style *style)
{
	const char *separator = "";

	text_put(out, style, TEXT_GOOD, "ok");
	fputs(": ", out);
	for (int rule = 0; rule < CHECK_RULE_COUNT; rule++) {
		if (!check->limits->set[rule])
			continue;
		fprintf(out, "%s%s", separator, check_rule_name(rule));
		if (rule != CHECK_NO_GROWTH)
			fprintf(out, " %s", amount(rule, check->limits->limit[rule]).text);
		separator = ", ";
	}
	fputc('\n', out);
}

int report_check_text(
    FILE *out, const struct report_check *check, const struct report_options *options)
{
	const struct check_result *result = check->result;
	int status = 0;

	for (size_t i = 0; i < check->grouping->input_count; i++)
		report_file_line(out, &options->style,
		    check->grouping->input_count == 1 ? ""
		    : i == 0			      ? "BEFORE  "
						      : "AFTER   ",
		    check->grouping->inputs[i].heap->snapshot);
	report_losses(out, &options->style, last_snapshot(check));
	if (result->counted_everything)
		fputs("No iteration ended: all that was born after BEFORE counts.\n", out);
	if (check->unseen != NULL) {
		text_put(out, &options->style, TEXT_WARN, "unknown");
		fprintf(out, ": %s\n", check->unseen);
	} else if (result->finding_count == 0) {
		write_clean(out, check, &options->style);
	}
	for (size_t i = 0; status == 0 && i < result->finding_count; i++) {
		write_sentence(out, check, &result->findings[i], &options->style);
		status = write_finding_rows(out, check, &result->findings[i], options);
		if (status == 0)
			status = write_path(out, check, &result->findings[i], options);
	}
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

/* The member "path", null where no survivor or no graph is. */
static int example_json(
    struct json_writer *json, const struct report_check *check, const struct check_finding *finding)
{
	const uint32_t block = example_of(check, finding);
	struct retaining_path path;
	int status = 0;

	if (block == HEAP_NONE) {
		json_null(json, "path");
		return 0;
	}
	if (retaining_path_open(check->view->reach, block, &path) != 0)
		return STATUS_NO_MEMORY;
	json_begin_object(json, "path");
	status = path_json(json, check->view, &path);
	json_end(json);
	retaining_path_release(&path);
	return status;
}

static int finding_json(struct json_writer *json, const struct report_check *check,
    const struct check_finding *finding, const struct report_options *options)
{
	const struct snapshot *snapshot = last_snapshot(check);
	size_t count = finding->row_count;
	int status = 0;

	if (options->top != 0 && count > options->top)
		count = options->top;
	json_begin_object(json, NULL);
	json_text(json, "rule", check_rule_name(finding->rule));
	json_text(json, "unit", unit(finding->rule));
	json_unsigned(json, "limit", finding->limit);
	json_unsigned(json, "actual", finding->actual);
	if (mean_of(check) != 0)
		json_unsigned(json, "actual_error", finding->error);
	if (finding->iteration != HEAP_NONE && finding->iteration < snapshot->iteration_count) {
		const struct snapshot_iteration *iteration =
		    &snapshot->iterations[finding->iteration];

		json_text(json, "benchmark",
		    snapshot_string(snapshot, snapshot->benchmarks[iteration->benchmark].name));
		json_unsigned(json, "iteration", iteration->first);
	}
	json_begin_array(json, "rows");
	for (size_t i = 0; status == 0 && i < count; i++) {
		struct report_row row =
		    row_of(check, &check->result->rows[finding->first_row + i], finding);

		json_begin_object(json, NULL);
		status = report_row_json(json, check->grouping, &row);
		json_end(json);
	}
	json_end(json);
	if (status == 0)
		status = example_json(json, check, finding);
	json_end(json);
	return status;
}

int report_check_json(
    FILE *out, const struct report_check *check, const struct report_options *options)
{
	struct json_writer json;
	int status = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "check");
	json_bool(&json, "ok", check->result->finding_count == 0 && check->unseen == NULL);
	json_text_or_null(&json, "unseen", check->unseen);
	if (check->grouping->input_count == 2)
		report_file_json(&json, "before", check->grouping->inputs[0].heap->snapshot);
	report_file_json(
	    &json, check->grouping->input_count == 2 ? "after" : "file", last_snapshot(check));
	json_sampled(&json, last_snapshot(check));
	json_begin_array(&json, "findings");
	for (size_t i = 0; status == 0 && i < check->result->finding_count; i++)
		status = finding_json(&json, check, &check->result->findings[i], options);
	json_end(&json);
	return status != 0 ? status : json_end_document(&json);
}
