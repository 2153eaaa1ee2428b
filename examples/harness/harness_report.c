/* The order of a report: header, groups with their rows, a summary below each. */
#include "harness/harness_report.h"

#include <string.h>

void harness_report_begin(struct harness_report *report, FILE *out, enum harness_format format,
    const struct harness_result *floor)
{
	memset(report, 0, sizeof(*report));
	report->out = out;
	report->format = format;
	report->has_floor = floor != NULL;
	if (floor != NULL)
		report->floor = *floor;
	if (format == HARNESS_TABLE)
		harness_table_header(report);
	else if (format == HARNESS_JSON)
		harness_json_begin(report);
}

static void end_group(struct harness_report *report)
{
	if (report->format == HARNESS_TABLE && report->count > 1)
		harness_table_summary(report);
	report->count = 0;
}

void harness_report_group(struct harness_report *report, const char *name)
{
	end_group(report);
	snprintf(report->group, sizeof(report->group), "%s", name);
	if (report->format == HARNESS_TABLE)
		harness_table_group(report);
}

void harness_report_add(struct harness_report *report, const char *name,
    const struct harness_result *result, bool is_baseline)
{
	struct harness_entry entry = {.result = *result, .is_baseline = is_baseline};

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	switch (report->format) {
	case HARNESS_TABLE:
		harness_table_row(report, &entry);
		break;
	case HARNESS_BENCHMEM:
		harness_benchmem_row(report, &entry);
		break;
	case HARNESS_JSON:
		harness_json_row(report, &entry);
		break;
	}
	report->total++;
	if (report->count < HARNESS_GROUP_MAX)
		report->entries[report->count++] = entry;
}

int harness_report_end(struct harness_report *report)
{
	end_group(report);
	if (report->format == HARNESS_JSON)
		harness_json_end(report);
	return fflush(report->out) == 0 && !ferror(report->out) ? 0 : -1;
}
