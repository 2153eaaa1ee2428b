/* The harness's table: a row per benchmark, times first, then what the profiler counted. */
#include "harness/harness.h"

#include <math.h>

enum { CELL_CHARS = 24 };

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

void harness_print_header(FILE *out)
{
	fprintf(out, "%-44s %11s %11s %11s %11s %11s %12s %14s %16s %16s\n", "benchmark",
	    "avg/iter", "min", "p75", "p99", "max", "allocs/iter", "bytes/iter", "retained/iter",
	    "retained bytes");
}

void harness_print_result(FILE *out, const char *name, const struct harness_result *result)
{
	const double times_ns[] = {
	    result->avg_ns, result->min_ns, result->p75_ns, result->p99_ns, result->max_ns};
	const double counts[] = {
	    result->allocs, result->bytes, result->retained_blocks, result->retained_bytes};
	static const int widths[] = {12, 14, 16, 16};
	char cell[CELL_CHARS];

	fprintf(out, "%-44s", name);
	for (size_t i = 0; i < sizeof(times_ns) / sizeof(times_ns[0]); i++) {
		format_time(cell, times_ns[i]);
		fprintf(out, " %11s", cell);
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		format_count(cell, result->has_heap, counts[i]);
		fprintf(out, " %*s", widths[i], cell);
	}
	fputc('\n', out);
}
