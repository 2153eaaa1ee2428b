#include "report/report_row.h"

#include <string.h>

#include "base/status.h"
#include "report/report_path.h"
#include "report/report_stack.h"
#include "report/short_name.h"
#include "report/text_estimate.h"

static double per(uint64_t amount, uint64_t iterations)
{
	return iterations != 0 ? (double)amount / (double)iterations : 0;
}

struct report_row report_row_of_diff(
    const struct diff *diff, const struct diff_row *row, bool retained)
{
	uint64_t blocks = retained ? row->retained_blocks : row->born_blocks;
	uint64_t bytes = retained ? row->retained_bytes : row->born_bytes;

	return (struct report_row){
	    .key = &diff->grouping->keys[row->key],
	    .blocks = blocks,
	    .bytes = bytes,
	    .died_blocks = row->died_blocks,
	    .died_bytes = row->died_bytes,
	    .retained_blocks = row->retained_blocks,
	    .retained_bytes = row->retained_bytes,
	    .grown_bytes = row->grown_bytes,
	    .mean = diff->sampled[0] > diff->sampled[1] ? diff->sampled[0] : diff->sampled[1],
	    .spread = retained ? row->retained_spread : row->born_spread,
	    .died_spread = row->died_spread,
	    .retained_spread = row->retained_spread,
	    .grown_variance = row->grown_variance,
	    .iterations = diff->iterations_between,
	    .blocks_per_iteration = per(blocks, diff->iterations_between),
	    .bytes_per_iteration = per(bytes, diff->iterations_between),
	    .growth = &row->growth,
	    .hold = &row->hold,
	    .resized_in = HEAP_NONE,
	};
}

struct report_row report_row_of_group(
    const struct grouping *grouping, const struct group_row *row, uint64_t counted)
{
	return (struct report_row){
	    .key = &grouping->keys[row->key],
	    .blocks = row->inuse_objects,
	    .bytes = row->inuse_space,
	    .retained_blocks = row->retained_objects,
	    .retained_bytes = row->retained_space,
	    .mean = estimate_mean(grouping->inputs[grouping->input_count - 1].heap->snapshot),
	    .spread = row->inuse_spread,
	    .retained_spread = row->retained_spread,
	    .iterations = counted,
	    .blocks_per_iteration = per(row->retained_objects, counted),
	    .bytes_per_iteration = per(row->retained_space, counted),
	    .growth = &row->growth,
	    .hold = &row->hold,
	    .resized_in = HEAP_NONE,
	};
}

/* Who holds it; null without a graph of references. */
static int hold_json(struct json_writer *json, const struct report_row *row)
{
	const bool is_known = row->view != NULL && row->hold != NULL && row->hold->blocks != 0;
	struct retaining_path path;
	int status = 0;

	if (!is_known) {
		json_null(json, "verdict");
		json_null(json, "leaked_blocks");
		json_null(json, "leaked_bytes");
		json_null(json, "indirectly_leaked_blocks");
		json_null(json, "indirectly_leaked_bytes");
		json_begin_array(json, "held_by");
		json_end(json);
		return 0;
	}
	json_text_or_null(json, "verdict", verdict_name(row->hold->verdict));
	json_unsigned(json, "leaked_blocks", row->hold->leaked_blocks);
	json_unsigned(json, "leaked_bytes", row->hold->leaked_bytes);
	json_unsigned(json, "indirectly_leaked_blocks", row->hold->indirect_blocks);
	json_unsigned(json, "indirectly_leaked_bytes", row->hold->indirect_bytes);
	json_unsigned(json, "doubtful_blocks", row->hold->doubtful_blocks);
	status = retaining_path_open(row->view->reach, hold_example(row->hold), &path);
	if (status != 0)
		return status;
	status = path_holders_json(json, "held_by", row->view, &path);
	retaining_path_release(&path);
	return status;
}

/* How inexact each number of a sampled file is. */
static void errors_json(struct json_writer *json, const struct report_row *row)
{
	double per = row->iterations != 0 ? 1 / (double)row->iterations : 0;

	if (row->mean == 0)
		return;
	json_estimate_error(json, "blocks", row->mean, row->spread.blocks);
	json_estimate_error(json, "bytes", row->mean, row->spread.bytes);
	json_estimate_error(json, "died_blocks", row->mean, row->died_spread.blocks);
	json_estimate_error(json, "died_bytes", row->mean, row->died_spread.bytes);
	json_estimate_error(json, "grown_bytes", row->mean, row->grown_variance);
	json_estimate_error(json, "retained_blocks", row->mean, row->retained_spread.blocks);
	json_estimate_error(json, "retained_bytes", row->mean, row->retained_spread.bytes);
	json_double(json, "blocks_per_iteration_error", estimate_error(row->spread.blocks) * per);
	json_double(json, "bytes_per_iteration_error", estimate_error(row->spread.bytes) * per);
}

int report_row_json(
    struct json_writer *json, const struct grouping *grouping, const struct report_row *row)
{
	const struct group_key *key = row->key;

	json_text(json, "key", key->text);
	json_text_or_null(json, "function", key->function);
	json_text_or_null(json, "file", key->file);
	if (key->line != 0)
		json_unsigned(json, "line", key->line);
	else
		json_null(json, "line");
	json_text_or_null(json, "module",
	    key->module != NULL && strrchr(key->module, '/') != NULL ? strrchr(key->module, '/') + 1
								     : key->module);
	json_text_or_null(json, "type", key->type);
	json_unsigned(json, "blocks", row->blocks);
	json_unsigned(json, "bytes", row->bytes);
	json_unsigned(json, "died_blocks", row->died_blocks);
	json_unsigned(json, "died_bytes", row->died_bytes);
	json_signed(json, "grown_bytes", row->grown_bytes);
	json_unsigned(json, "retained_blocks", row->retained_blocks);
	json_unsigned(json, "retained_bytes", row->retained_bytes);
	json_double(json, "blocks_per_iteration", row->blocks_per_iteration);
	json_double(json, "bytes_per_iteration", row->bytes_per_iteration);
	errors_json(json, row);
	json_text(json, "shape", growth_shape_name(row->growth->shape));
	json_text_or_null(json, "shape_reason", row->growth->reason);
	if (hold_json(json, row) != 0)
		return STATUS_NO_MEMORY;
	if (report_functions_json(json, "resized_in", &grouping->inputs[grouping->input_count - 1],
		row->resized_in) != 0)
		return STATUS_NO_MEMORY;
	return report_stack_json(json, grouping, key);
}

void report_verdict_cell(struct text_table *table, const struct hold *hold)
{
	const char *name = hold != NULL ? verdict_name(hold->verdict) : NULL;
	bool is_bad =
	    hold != NULL && (hold->verdict == VERDICT_LEAKED || hold->verdict == VERDICT_ABANDONED);

	text_table_cell_tinted(table, is_bad ? TEXT_BAD : TEXT_PLAIN, name != NULL ? name : "");
}

enum text_tint report_shape_tint(enum growth_shape shape)
{
	switch (shape) {
	case GROWTH_LINEAR:
		return TEXT_BAD;
	case GROWTH_IRREGULAR:
		return TEXT_WARN;
	case GROWTH_UNKNOWN:
		return TEXT_DIM;
	default:
		return TEXT_PLAIN;
	}
}

struct text_number report_row_rate(const struct report_row *row, bool bytes)
{
	double per = row->iterations != 0 ? 1 / (double)row->iterations : 0;

	return bytes ? text_estimate_rate_bytes(
			   row->mean, row->bytes_per_iteration, row->spread.bytes * per * per)
		     : text_estimate_rate(
			   row->mean, row->blocks_per_iteration, row->spread.blocks * per * per);
}

void report_key_text(const struct report_options *options, const struct grouping *grouping,
    const struct group_key *key, char *text, size_t bytes)
{
	const char *slash = key->module != NULL ? strrchr(key->module, '/') : NULL;

	if (options->full_names || grouping->by != GROUP_BY_SITE)
		(void)snprintf(text, bytes, "%s", key->text);
	else if (key->function == NULL ||
		 grouping->normalised) /* nothing to shorten, or no place to show */
		short_name_of_site(key->text, text, bytes);
	else
		short_name_with_place(&(struct short_name_place){.function = key->function,
					  .file = key->file,
					  .line = key->line,
					  .module = slash != NULL ? slash + 1 : key->module},
		    text, bytes);
}

/* The first cell of a name: with --by stack the site stands for the stack that follows below it. */
static void add_name_cell(struct text_table *table, const struct grouping *grouping,
    const struct group_key *key, const struct report_options *options)
{
	const struct group_input *input = &grouping->inputs[key->input];
	struct site_frame site;
	char text[REPORT_TEXT_BYTES];

	if (grouping->by == GROUP_BY_STACK && options->frames != 0 && key->stack != HEAP_NONE &&
	    site_of_stack(input->heap, input->names, input->rules, key->stack, &site)) {
		report_site_text_for(options, input->heap, &site, text, sizeof text);
		text_table_cell(table, text);
	} else {
		report_key_text(options, grouping, key, text, sizeof text);
		text_table_cell(table, options->full_names ? key->text : text);
	}
}

/* Whether a root reaches them, or other leaked blocks do. */
static void leaked_text(const struct hold *hold, char *text, size_t bytes)
{
	char indirect[160] = "";

	if (hold->indirect_blocks == hold->leaked_blocks)
		(void)snprintf(indirect, sizeof indirect, ", only other leaked blocks hold %s",
		    hold->leaked_blocks == 1 ? "it" : "them");
	else if (hold->indirect_blocks != 0)
		(void)snprintf(indirect, sizeof indirect,
		    ", %s of them held by other leaked blocks",
		    text_count(hold->indirect_blocks).text);
	if (hold->leaked_blocks == hold->blocks)
		(void)snprintf(text, bytes, "     leaked: no root reaches %s%s",
		    hold->blocks == 1 ? "it" : "them", indirect);
	else
		(void)snprintf(text, bytes, "     leaked: %s (%s)%s",
		    text_plural(hold->leaked_blocks, "block", "blocks").text,
		    text_bytes(hold->leaked_bytes).text, indirect);
}

/* A line below the row: by whom, and how much of it is held by nobody. */
static int hold_below(struct text_table *table, const struct report_row *row)
{
	char text[REPORT_TEXT_BYTES], line[REPORT_TEXT_BYTES + 64];
	struct retaining_path path;
	int status;

	if (row->view == NULL || row->hold == NULL || row->hold->blocks == 0)
		return 0;
	if (row->hold->leaked_blocks != 0) {
		leaked_text(row->hold, line, sizeof line);
		text_table_below(table, line);
		return 0;
	}
	status = retaining_path_open(row->view->reach, hold_example(row->hold), &path);
	if (status != 0)
		return status;
	path_line(row->view, &path, text, sizeof text);
	retaining_path_release(&path);
	(void)snprintf(line, sizeof line, "     held by %s", text);
	text_table_below(table, line);
	return 0;
}

int report_row_name(struct text_table *table, const struct grouping *grouping,
    const struct report_row *row, const struct report_options *options)
{
	const struct group_key *key = row->key;
	bool site_shown = grouping->by == GROUP_BY_SITE || grouping->by == GROUP_BY_STACK;
	int status = 0;

	add_name_cell(table, grouping, key, options);
	status = report_stack_below(
	    table, &grouping->inputs[key->input], key->stack, options, site_shown ? NULL : "in");
	if (status == 0 && row->grown_bytes != 0 && row->resized_in != key->stack)
		status = report_stack_below(table, &grouping->inputs[grouping->input_count - 1],
		    row->resized_in, options, "resized in");
	if (status == 0)
		status = hold_below(table, row);
	return status;
}

void report_left_out(FILE *out, size_t left_out, const char *singular, const char *plural)
{
	if (left_out != 0)
		fprintf(out, "... %s more; --top 0 shows all\n",
		    text_plural(left_out, singular, plural).text);
}

int report_finish(FILE *out)
{
	return fflush(out) == 0 && !ferror(out) ? 0 : STATUS_IO;
}
