/*
 * The bridge between a snapshot's addresses and analysis' frame names: takes the names embedded in the file
 * (SNAPSHOT_NAMES), or asks the symbolizer for every address once.
 *
 * Path of data: snapshot nodes -> names -> frame_names of analysis/site.h -> rows.
 *
 * Several snapshots of one run share a source, so that each module is read once.
 */
#ifndef REPORT_NAMES_H
#define REPORT_NAMES_H

#include <stdint.h>

#include "analysis/frame_names.h"
#include "snapshot/snapshot_reader.h"
#include "symbols/symbolizer.h"

/* Told now and then how far long work has come; may be NULL. */
struct report_progress {
	void (*tick)(void *context, const char *what, uint64_t done, uint64_t total);
	void *context;
};

/* A module whose addresses stay without names, and why. */
struct names_problem {
	const char *path;
	const char *reason; /* such as "build-id differs" */
	uint64_t addresses;
};

struct names {
	struct frame_names frames; /* for analysis; context is this struct */
	struct names_problem *problems;
	size_t problem_count;
	size_t node_count;
	uint32_t *entry_of_node; /* 0 = no names */
	size_t *first;		 /* frames of entry e: list[first[e - 1] .. first[e]) */
	struct frame_name *list;
};

/* Names for SNAPSHOT, which must outlive them, as must SYMBOLIZER. Returns 0 or a negative status. */
int names_open(struct symbolizer *symbolizer, const struct snapshot *snapshot,
    const struct report_progress *progress, struct names **ret_names);
/* NULL is fine. */
void names_close(struct names *names);

#endif
