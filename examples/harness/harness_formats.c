/* The report for programs: lines as `go test -bench . -benchmem` prints them, and JSON. */
#include "harness/harness_report.h"

#include <inttypes.h>

/* ---- Go ---- */

/* BenchmarkGroup/name-1, then N, ns/op, B/op, allocs/op: benchstat compares two such files. */
void harness_benchmem_row(const struct harness_report *report, const struct harness_entry *entry)
{
	const struct harness_result *result = &entry->result;
	FILE *out = report->out;
	char name[2 * HARNESS_NAME_BYTES];

	snprintf(name, sizeof(name), "%s%s%s", report->group, report->group[0] != '\0' ? "/" : "",
	    entry->name);
	for (char *at = name; *at != '\0'; at++)
		if (*at == ' ' || *at == '\t')
			*at = '_';
	fprintf(out, "Benchmark%s-1\t%8" PRIu64 "\t%12.1f ns/op", name,
	    result->samples * result->calls_per_sample, result->avg_ns);
	if (result->has_heap)
		fprintf(out, "\t%8.0f B/op\t%8.0f allocs/op\t%8.0f retained-B/op\t%8.0f peak-B/op",
		    result->bytes, result->allocs, result->retained_bytes, result->peak_bytes);
	fputc('\n', out);
}

/* ---- JSON ---- */

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void put_heap(FILE *out, const struct harness_result *result)
{
	if (!result->has_heap) {
		fputs("\"heap\":null", out);
		return;
	}
	fprintf(out,
	    "\"heap\":{\"allocs\":%.17g,\"bytes\":%.17g,\"peak_bytes\":%.17g,"
	    "\"retained_blocks\":%.17g,\"retained_bytes\":%.17g,"
	    "\"setup\":{\"allocs\":%.17g,\"bytes\":%.17g},\"first\":{\"allocs\":%.17g,\"bytes\":%.17g}}",
	    result->allocs, result->bytes, result->peak_bytes, result->retained_blocks,
	    result->retained_bytes, result->setup.allocs, result->setup.bytes, result->first.allocs,
	    result->first.bytes);
}

static void put_stats(FILE *out, const struct harness_result *result)
{
	fprintf(out,
	    "\"samples\":%" PRIu64 ",\"ticks\":%" PRIu64 ",\"warmup_calls\":%" PRIu64
	    ",\"ns\":{\"avg\":%.17g,\"min\":%.17g,\"p25\":%.17g,\"p50\":%.17g,\"p75\":%.17g,"
	    "\"p99\":%.17g,\"max\":%.17g},",
	    result->samples, result->samples * result->calls_per_sample, result->warmup_calls,
	    result->avg_ns, result->min_ns, result->p25_ns, result->p50_ns, result->p75_ns,
	    result->p99_ns, result->max_ns);
	put_heap(out, result);
}

void harness_json_begin(const struct harness_report *report)
{
	fputs("{\"version\":1,\"floor\":", report->out);
	if (report->has_floor) {
		fputc('{', report->out);
		put_stats(report->out, &report->floor);
		fputc('}', report->out);
	} else {
		fputs("null", report->out);
	}
	fputs(",\"benchmarks\":[", report->out);
}

void harness_json_row(const struct harness_report *report, const struct harness_entry *entry)
{
	FILE *out = report->out;

	fputs(report->total != 0 ? ",\n{\"group\":" : "\n{\"group\":", out);
	put_string(out, report->group);
	fputs(",\"name\":", out);
	put_string(out, entry->name);
	fprintf(out, ",\"baseline\":%s,", entry->is_baseline ? "true" : "false");
	put_stats(out, &entry->result);
	fputc('}', out);
}

void harness_json_end(const struct harness_report *report)
{
	fputs("\n]}\n", report->out);
}
