/*
 * What a run of the harness says: results in groups, as a table, as lines that Go's benchstat reads, or as JSON.
 *
 *	harness_report_begin(&report, stdout, HARNESS_TABLE, &floor);
 *	harness_report_group(&report, "computed-chain");
 *	harness_report_add(&report, "lattice:fixed", &result);       // once for each benchmark of the group
 *	harness_report_end(&report);
 *
 * In a group of several the first that was added with is_baseline, else the fastest, is what the others are compared
 * with: times faster or slower, times more or fewer allocations and bytes.
 */
#ifndef HARNESS_HARNESS_REPORT_H
#define HARNESS_HARNESS_REPORT_H

#include <stdio.h>

#include "harness/harness.h"

enum harness_format { HARNESS_TABLE, HARNESS_BENCHMEM, HARNESS_JSON };

#define HARNESS_NAME_BYTES 128
#define HARNESS_GROUP_MAX  256 /* results of a group; more are written and not compared */

struct harness_entry {
	char name[HARNESS_NAME_BYTES];
	struct harness_result result;
	bool is_baseline;
};

struct harness_report {
	FILE *out;
	enum harness_format format;
	struct harness_result floor; /* of an empty iteration */
	bool has_floor;
	char group[HARNESS_NAME_BYTES];
	struct harness_entry entries[HARNESS_GROUP_MAX];
	size_t count; /* of the group */
	size_t total;
};

/* FLOOR may be NULL: not measured. */
void harness_report_begin(struct harness_report *report, FILE *out, enum harness_format format,
    const struct harness_result *floor);
/* The results that follow belong to NAME; ends the group before. */
void harness_report_group(struct harness_report *report, const char *name);
void harness_report_add(struct harness_report *report, const char *name,
    const struct harness_result *result, bool is_baseline);
/* 0, or -1 when the output could not be written. */
int harness_report_end(struct harness_report *report);

/* ---- each format, for harness_report.c ---- */

void harness_table_header(const struct harness_report *report);
void harness_table_group(const struct harness_report *report);
void harness_table_row(const struct harness_report *report, const struct harness_entry *entry);
void harness_table_summary(const struct harness_report *report);
void harness_json_begin(const struct harness_report *report);
void harness_json_row(const struct harness_report *report, const struct harness_entry *entry);
void harness_json_end(const struct harness_report *report);
void harness_benchmem_row(const struct harness_report *report, const struct harness_entry *entry);

#endif
