/* The report as a table for people: times first, then what the profiler counted; below a group who is better. */
#include "harness/harness_report.h"

#include <math.h>

enum { CELL_CHARS = 24 };

/* An average below so many times that of an empty iteration measures the harness. */
#define DOUBTFUL 1.42

static void format_time(char cell[CELL_CHARS], double ns)
{
	if (ns < 1e3)
		snprintf(cell, CELL_CHARS, "%.2f ns", ns);
	else if (ns < 1e6)
		snprintf(cell, CELL_CHARS, "%.2f us", ns / 1e3);
	else if (ns < 1e9)
		snprintf(cell, CELL_CHARS, "%.2f ms", ns / 1e6);
	else
		snprintf(cell, CELL_CHARS, "%.2f s", ns / 1e9);
}

/* A mean of counts: exact when it is whole. */
static void format_count(char cell[CELL_CHARS], bool known, double count)
{
	if (!known)
		snprintf(cell, CELL_CHARS, "-");
	else if (count == floor(count))
		snprintf(cell, CELL_CHARS, "%.0f", count);
	else
		snprintf(cell, CELL_CHARS, "%.2f", count);
}

static void put_cost(FILE *out, const char *what, const struct harness_cost *cost)
{
	char allocs[CELL_CHARS];
	char bytes[CELL_CHARS];

	format_count(allocs, true, cost->allocs);
	format_count(bytes, true, cost->bytes);
	fprintf(out, "%s %s allocs, %s B", what, allocs, bytes);
}

void harness_table_header(const struct harness_report *report)
{
	if (report->has_floor) {
		const struct harness_cost cost = {report->floor.allocs, report->floor.bytes};
		char cell[CELL_CHARS];

		format_time(cell, report->floor.avg_ns);
		fprintf(report->out, "an empty iteration: %s", cell);
		if (report->floor.has_heap)
			put_cost(report->out, ",", &cost);
		fputs("; times below 1.42 of it carry a !\n", report->out);
	}
	fprintf(report->out, "%-44s %11s %11s %11s %11s %11s %11s %12s %14s %16s %16s\n",
	    "benchmark", "avg/iter", "min", "p75", "p99", "max", "peak/iter", "allocs/iter",
	    "bytes/iter", "retained/iter", "retained bytes");
}

void harness_table_group(const struct harness_report *report)
{
	fprintf(report->out, "* %s\n", report->group);
}

void harness_table_row(const struct harness_report *report, const struct harness_entry *entry)
{
	const struct harness_result *result = &entry->result;
	const double times_ns[] = {
	    result->avg_ns, result->min_ns, result->p75_ns, result->p99_ns, result->max_ns};
	const double counts[] = {result->peak_bytes, result->allocs, result->bytes,
	    result->retained_blocks, result->retained_bytes};
	static const int widths[] = {11, 12, 14, 16, 16};
	const bool doubtful = report->has_floor && result->avg_ns < DOUBTFUL * report->floor.avg_ns;
	FILE *out = report->out;
	char cell[CELL_CHARS];

	fprintf(out, "%-44s", entry->name);
	for (size_t i = 0; i < sizeof(times_ns) / sizeof(times_ns[0]); i++) {
		format_time(cell, times_ns[i]);
		fprintf(out, "%c%11s", doubtful && i == 0 ? '!' : ' ', cell);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		format_count(cell, result->has_heap, counts[i]);
		fprintf(out, " %*s", widths[i], cell);
	}
	fputc('\n', out);
	/* what happens once is told apart from what happens each time */
	if (report->group[0] != '\0' && result->has_heap &&
	    (result->setup.allocs != 0 || result->first.allocs != result->allocs)) {
		put_cost(out, "    once: setup", &result->setup);
		put_cost(out, "; first call", &result->first);
		fputc('\n', out);
	}
}

/* ---- who is better ---- */

static const struct harness_entry *find_base(const struct harness_report *report)
{
	const struct harness_entry *base = &report->entries[0];

	for (size_t i = 0; i < report->count; i++) {
		if (report->entries[i].is_baseline)
			return &report->entries[i];
		if (report->entries[i].result.avg_ns < base->result.avg_ns)
			base = &report->entries[i];
	}
	return base;
}

/* "2.50 times more bytes"; what is nothing has no ratio. */
static void put_ratio(FILE *out, double value, double base, const char *what)
{
	if (value == base)
		fprintf(out, "as many %s", what);
	else if (base == 0 || value == 0)
		fprintf(out, "%.0f %s, not %.0f", value, what, base);
	else if (value > base)
		fprintf(out, "%.2f times more %s", value / base, what);
	else
		fprintf(out, "%.2f times fewer %s", base / value, what);
}

static void put_speed(FILE *out, double value, double base)
{
	if (value >= base)
		fprintf(out, "%.2f times slower", base > 0 ? value / base : 1);
	else
		fprintf(out, "%.2f times faster", value > 0 ? base / value : 1);
}

void harness_table_summary(const struct harness_report *report)
{
	const struct harness_entry *base = find_base(report);
	FILE *out = report->out;

	for (size_t i = 0; i < report->count; i++) {
		const struct harness_entry *entry = &report->entries[i];

		if (entry == base)
			continue;
		fprintf(out, "  %s: ", entry->name);
		if (entry->result.has_heap && base->result.has_heap) {
			put_ratio(out, entry->result.bytes, base->result.bytes, "bytes");
			fputs("; ", out);
			put_ratio(out, entry->result.allocs, base->result.allocs, "allocations");
			fputs("; ", out);
			put_ratio(out, entry->result.retained_bytes, base->result.retained_bytes,
			    "retained bytes");
			fputs("; ", out);
		}
		put_speed(out, entry->result.avg_ns, base->result.avg_ns);
		fprintf(out, " than %s (%s)\n", base->name,
		    base->is_baseline ? "the baseline" : "the fastest");
	}
}
