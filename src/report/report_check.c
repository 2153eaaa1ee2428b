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

const struct snapshot *report_check_snapshot(const struct report_checks *checks)
{
	return last_snapshot(&checks->parts[0]);
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
static struct report_row row_of(const struct report_checks *checks,
    const struct report_check *check, const struct diff_row *row,
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
	    .view = checks->view,
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

void report_check_limit_name(FILE *out, const struct report_check *part, enum check_rule rule)
{
	fputs(check_rule_name(rule), out);
	if (part->site != NULL)
		fprintf(out, " of sites '%s'", part->site);
}

static void write_baseline(FILE *out, const struct report_checks *checks)
{
	fputs(checks->baseline_path, out);
	if (checks->comparison->tolerance != 0)
		fprintf(out, " (tolerance %" PRIu64 " %%)", checks->comparison->tolerance);
}

void report_check_sentence(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding)
{
	const struct snapshot *snapshot = last_snapshot(part);

	report_check_limit_name(out, part, finding->rule);
	fputs(": ", out);
	if (finding->rule == CHECK_NO_GROWTH) {
		fprintf(out, "%s with every stretch of the iterations",
		    text_plural(finding->actual, "row grows", "rows grow").text);
	} else if (finding->rule == CHECK_BASELINE) {
		fprintf(out, "%s more than in ",
		    text_plural(finding->actual, "stack retains", "stacks retain").text);
		write_baseline(out, checks);
	} else {
		write_amounts(out, finding, mean_of(part));
	}
	if (finding->iteration != HEAP_NONE && finding->iteration < snapshot->iteration_count) {
		const struct snapshot_iteration *iteration =
		    &snapshot->iterations[finding->iteration];

		fprintf(out, " in iteration %" PRIu64, iteration->first);
		if (iteration->count > 1)
			fprintf(out, "-%" PRIu64, iteration->first + iteration->count - 1);
		fputs(" of ", out);
		text_put(out, &(struct text_style){0}, TEXT_PLAIN,
		    snapshot_string(snapshot, snapshot->benchmarks[iteration->benchmark].name));
	}
}

/* What the stack of ROW retained in the baseline; nothing when it was not there. */
static struct baseline_row was_of(const struct report_checks *checks,
    const struct report_check *check, const struct report_row *row)
{
	struct baseline_row was = {0};

	(void)baseline_was(checks->comparison, check->grouping, row->key, &was);
	return was;
}

static int write_finding_rows(FILE *out, const struct report_checks *checks,
    const struct report_check *check, const struct check_finding *finding,
    const struct report_options *options)
{
	size_t count = report_shown(options, finding->row_count);
	struct text_table table;
	int status = 0;

	text_table_init(&table);
	text_table_column(&table, "  blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	if (finding->rule == CHECK_BASELINE) {
		text_table_column(&table, "were", TEXT_RIGHT);
		text_table_column(&table, "bytes", TEXT_RIGHT);
	}
	text_table_column(&table, "blocks/iter", TEXT_RIGHT);
	text_table_column(&table, "bytes/iter", TEXT_RIGHT);
	text_table_column(&table, "shape", TEXT_LEFT);
	if (checks->view != NULL)
		text_table_column(&table, "verdict", TEXT_LEFT);
	text_table_column(&table, "grown", TEXT_RIGHT);
	text_table_column(&table, group_by_name(check->grouping->by), TEXT_LEFT);
	for (size_t i = 0; status == 0 && i < count; i++) {
		struct report_row row =
		    row_of(checks, check, &check->result->rows[finding->first_row + i], finding);

		text_table_row(&table);
		text_table_cell(
		    &table, text_estimate(row.mean, row.blocks, row.spread.blocks).text);
		text_table_cell(
		    &table, text_estimate_bytes(row.mean, row.bytes, row.spread.bytes).text);
		if (finding->rule == CHECK_BASELINE) {
			const struct baseline_row was = was_of(checks, check, &row);

			text_table_cell(&table, text_count(was.blocks).text);
			text_table_cell(&table, text_bytes(was.bytes).text);
		}
		text_table_cell(&table,
		    iterations_of(check, finding) != 0 ? report_row_rate(&row, false).text : "-");
		text_table_cell(&table,
		    iterations_of(check, finding) != 0 ? report_row_rate(&row, true).text : "-");
		text_table_cell_tinted(&table, report_shape_tint(row.growth->shape),
		    growth_shape_name(row.growth->shape));
		if (checks->view != NULL)
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
static uint32_t example_of(const struct report_checks *checks, const struct report_check *check,
    const struct check_finding *finding)
{
	uint32_t block = HEAP_NONE;

	for (size_t i = 0; checks->view != NULL && is_of_survivors(finding->rule) &&
			   block == HEAP_NONE && i < finding->row_count;
	     i++)
		block = hold_example(&check->result->rows[finding->first_row + i].hold);
	return block;
}

static int write_path(FILE *out, const struct report_checks *checks,
    const struct report_check *check, const struct check_finding *finding,
    const struct report_options *options)
{
	const uint32_t block = example_of(checks, check, finding);
	struct retaining_path path;

	if (block == HEAP_NONE)
		return 0;
	if (retaining_path_open(checks->view->reach, block, &path) != 0)
		return STATUS_NO_MEMORY;
	fputs("  the path to the largest block of the first row:\n", out);
	path_text(out, checks->view, &path, options, 4);
	retaining_path_release(&path);
	return 0;
}

int report_check_details(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding,
    const struct report_options *options)
{
	int status = write_finding_rows(out, checks, part, finding, options);

	return status != 0 ? status : write_path(out, checks, part, finding, options);
}

static void write_clean(
    FILE *out, const struct report_checks *checks, const struct text_style *style)
{
	const char *separator = "";

	text_put(out, style, TEXT_GOOD, "ok");
	fputs(": ", out);
	for (size_t i = 0; i < checks->count; i++) {
		const struct report_check *part = &checks->parts[i];

		for (enum check_rule rule = 0; rule < CHECK_RULE_COUNT; rule++) {
			if (!report_check_has(part, rule))
				continue;
			fputs(separator, out);
			if (rule == CHECK_BASELINE) {
				fputs("no more than in ", out);
				write_baseline(out, checks);
			} else {
				report_check_limit_name(out, part, rule);
			}
			if (rule != CHECK_NO_GROWTH && rule != CHECK_BASELINE)
				fprintf(out, " %s", amount(rule, part->limits->limit[rule]).text);
			separator = ", ";
		}
	}
	fputc('\n', out);
}

/* Stacks of the baseline that retain nothing now. */
static void write_fixed(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	const struct baseline *was = checks->comparison->was;
	size_t count = 0;

	for (size_t i = 0; i < was->count; i++)
		count += !was->rows[i].is_there;
	if (count == 0)
		return;
	text_put(out, &options->style, TEXT_GOOD, "fixed");
	fprintf(out, ": %s of the baseline retain%s nothing any more\n",
	    text_plural(count, "stack", "stacks").text, count == 1 ? "s" : "");
	for (size_t i = 0, shown = 0; i < was->count; i++) {
		if (was->rows[i].is_there || (options->top != 0 && shown++ >= options->top))
			continue;
		fprintf(out, "  %s, %s  ", text_plural(was->rows[i].blocks, "block", "blocks").text,
		    text_bytes(was->rows[i].bytes).text);
		text_put(out, &options->style, TEXT_PLAIN, was->rows[i].stack);
		fputc('\n', out);
	}
}

/* What was left out, and which lines of the user's files leave nothing out. */
static void write_suppressed(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	const struct suppression_list *list = checks->suppressions;
	uint64_t blocks = 0, bytes = 0;

	for (size_t i = 0; i < list->count; i++) {
		blocks += list->rows[i].blocks;
		bytes += list->rows[i].bytes;
	}
	if (blocks != 0)
		fprintf(out, "suppressed: %s, %s\n", text_plural(blocks, "block", "blocks").text,
		    text_bytes(bytes).text);
	for (size_t i = 0; i < list->count; i++) {
		const struct suppression *row = &list->rows[i];

		if (row->blocks == 0 && row->line == 0)
			continue;
		if (row->blocks == 0)
			fputs("  unused: ", out);
		else
			fprintf(out, "  %s, %s  ", text_plural(row->blocks, "block", "blocks").text,
			    text_bytes(row->bytes).text);
		fputs("leak:", out);
		text_put(out, &options->style, TEXT_PLAIN, row->pattern);
		fprintf(out, " (%s", row->origin);
		if (row->line != 0)
			fprintf(out, ":%" PRIu32, row->line);
		fputs(")\n", out);
	}
}

static int write_findings(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct report_options *options)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < part->result->finding_count; i++) {
		text_put(out, &options->style, TEXT_BAD, "FAIL");
		fputc(' ', out);
		report_check_sentence(out, checks, part, &part->result->findings[i]);
		fputc('\n', out);
		status =
		    report_check_details(out, checks, part, &part->result->findings[i], options);
	}
	return status;
}

static size_t finding_count(const struct report_checks *checks)
{
	size_t count = 0;

	for (size_t i = 0; i < checks->count; i++)
		count += checks->parts[i].result->finding_count;
	return count;
}

int report_check_text(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	const struct report_check *first = &checks->parts[0];
	int status = 0;

	for (size_t i = 0; i < first->grouping->input_count; i++)
		report_file_line(out, &options->style,
		    first->grouping->input_count == 1 ? ""
		    : i == 0			      ? "BEFORE  "
						      : "AFTER   ",
		    first->grouping->inputs[i].heap->snapshot);
	report_losses(out, &options->style, last_snapshot(first));
	if (first->result->counted_everything)
		fputs("No iteration ended: all that was born after BEFORE counts.\n", out);
	if (checks->unseen != NULL) {
		text_put(out, &options->style, TEXT_WARN, "unknown");
		fprintf(out, ": %s\n", checks->unseen);
	} else if (finding_count(checks) == 0) {
		write_clean(out, checks, &options->style);
	}
	for (size_t i = 0; status == 0 && i < checks->count; i++)
		status = write_findings(out, checks, &checks->parts[i], options);
	if (checks->comparison != NULL)
		write_fixed(out, checks, options);
	write_suppressed(out, checks, options);
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

/* The member "path", null where no survivor or no graph is. */
static int example_json(struct json_writer *json, const struct report_checks *checks,
    const struct report_check *check, const struct check_finding *finding)
{
	const uint32_t block = example_of(checks, check, finding);
	struct retaining_path path;
	int status = 0;

	if (block == HEAP_NONE) {
		json_null(json, "path");
		return 0;
	}
	if (retaining_path_open(checks->view->reach, block, &path) != 0)
		return STATUS_NO_MEMORY;
	json_begin_object(json, "path");
	status = path_json(json, checks->view, &path);
	json_end(json);
	retaining_path_release(&path);
	return status;
}

static int finding_json(struct json_writer *json, const struct report_checks *checks,
    const struct report_check *check, const struct check_finding *finding,
    const struct report_options *options)
{
	const struct snapshot *snapshot = last_snapshot(check);
	size_t count = report_shown(options, finding->row_count);
	int status = 0;

	json_begin_object(json, NULL);
	json_text(json, "rule", check_rule_name(finding->rule));
	json_text_or_null(json, "site", check->site);
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
		    row_of(checks, check, &check->result->rows[finding->first_row + i], finding);

		json_begin_object(json, NULL);
		status = report_row_json(json, check->grouping, &row);
		if (finding->rule == CHECK_BASELINE) {
			const struct baseline_row was = was_of(checks, check, &row);

			json_unsigned(json, "baseline_blocks", was.blocks);
			json_unsigned(json, "baseline_bytes", was.bytes);
		}
		json_end(json);
	}
	json_end(json);
	if (status == 0)
		status = example_json(json, checks, check, finding);
	json_end(json);
	return status;
}

static void fixed_json(struct json_writer *json, const struct baseline *was)
{
	json_begin_array(json, "fixed");
	for (size_t i = 0; i < was->count; i++) {
		if (was->rows[i].is_there)
			continue;
		json_begin_object(json, NULL);
		json_text(json, "stack", was->rows[i].stack);
		json_unsigned(json, "blocks", was->rows[i].blocks);
		json_unsigned(json, "bytes", was->rows[i].bytes);
		json_end(json);
	}
	json_end(json);
}

/* Those that left something out, and those of files that did not. */
static void suppressions_json(struct json_writer *json, const struct suppression_list *list)
{
	json_begin_array(json, "suppressions");
	for (size_t i = 0; i < list->count; i++) {
		const struct suppression *row = &list->rows[i];

		if (row->blocks == 0 && row->line == 0)
			continue;
		json_begin_object(json, NULL);
		json_text(json, "pattern", row->pattern);
		json_text(json, "origin", row->origin);
		if (row->line != 0)
			json_unsigned(json, "line", row->line);
		else
			json_null(json, "line");
		json_unsigned(json, "blocks", row->blocks);
		json_unsigned(json, "bytes", row->bytes);
		json_end(json);
	}
	json_end(json);
}

int report_check_json(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	const struct grouping *grouping = checks->parts[0].grouping;
	const struct snapshot *last = report_check_snapshot(checks);
	struct json_writer json;
	int status = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "check");
	json_bool(&json, "ok", finding_count(checks) == 0 && checks->unseen == NULL);
	json_text_or_null(&json, "unseen", checks->unseen);
	if (grouping->input_count == 2)
		report_file_json(&json, "before", grouping->inputs[0].heap->snapshot);
	report_file_json(&json, grouping->input_count == 2 ? "after" : "file", last);
	json_sampled(&json, last);
	json_begin_array(&json, "findings");
	for (size_t i = 0; i < checks->count; i++)
		for (size_t j = 0; status == 0 && j < checks->parts[i].result->finding_count; j++)
			status = finding_json(&json, checks, &checks->parts[i],
			    &checks->parts[i].result->findings[j], options);
	json_end(&json);
	if (checks->comparison != NULL)
		fixed_json(&json, checks->comparison->was);
	suppressions_json(&json, checks->suppressions);
	return status != 0 ? status : json_end_document(&json);
}
