/*
 * A row as every report shows it: the members that diff, report and check have in common. The JSON keys are a
 * promise; additions are allowed, renames never.
 */
#ifndef REPORT_REPORT_ROW_H
#define REPORT_REPORT_ROW_H

#include "analysis/diff.h"
#include "analysis/group.h"
#include "report/graph_view.h"
#include "report/json_writer.h"
#include "report/report_options.h"
#include "report/text_number.h"
#include "report/text_table.h"

struct report_row {
	const struct group_key *key;
	uint64_t blocks, bytes; /* what the report is about: born, or alive */
	uint64_t died_blocks, died_bytes;
	uint64_t retained_blocks, retained_bytes;
	int64_t grown_bytes;
	uint64_t mean; /* bytes between samples; 0 exact, and the variances are 0 */
	struct spread spread, died_spread, retained_spread;
	double grown_variance;
	uint64_t iterations; /* that the rates are per */
	double blocks_per_iteration, bytes_per_iteration;
	const struct growth *growth;
	const struct hold *hold;       /* who holds it; empty without a graph */
	const struct graph_view *view; /* names for its holders; NULL: none are shown */
	uint32_t
	    resized_in; /* logical stack of the last input; HEAP_NONE: none, or not asked for */
};

/* The row of a diff; with RETAINED what is shown are the retained of the born. */
struct report_row report_row_of_diff(
    const struct diff *diff, const struct diff_row *row, bool retained);
/* The row of a single file; COUNTED is its number of counted iterations. */
struct report_row report_row_of_group(
    const struct grouping *grouping, const struct group_row *row, uint64_t counted);

/* The common members into the object that is open. Returns 0 or STATUS_NO_MEMORY. */
int report_row_json(
    struct json_writer *json, const struct grouping *grouping, const struct report_row *row);
/* Blocks or bytes per iteration, for people. */
struct text_number report_row_rate(const struct report_row *row, bool bytes);
/* The verdict of HOLD as a cell. */
void report_verdict_cell(struct text_table *table, const struct hold *hold);
/* How a shape is coloured. */
enum text_tint report_shape_tint(enum growth_shape shape);
/* The name of a row as text shows it: a site's function is short unless options say otherwise. */
void report_key_text(const struct report_options *options, const struct grouping *grouping,
    const struct group_key *key, char *text, size_t bytes);
/* The row's name as the last cell, its stack and where it was resized below. */
int report_row_name(struct text_table *table, const struct grouping *grouping,
    const struct report_row *row, const struct report_options *options);
/* What follows a table that leaves out LEFT_OUT rows of a kind, if any. */
void report_left_out(FILE *out, size_t left_out, const char *singular, const char *plural);
/* 0, or a status with a message for STATUS_IO left to the caller: flushes OUT. */
int report_finish(FILE *out);

#endif
