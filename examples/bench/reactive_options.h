/* What reactive-bench was asked for. After it: reactive_bench.c. */
#ifndef BENCH_REACTIVE_OPTIONS_H
#define BENCH_REACTIVE_OPTIONS_H

#include "bench/scenario.h"
#include "bench/world.h"
#include "harness/harness_report.h"

struct reactive_settings {
	const char *engines, *scenarios, *variants; /* lists: reactive_options_want */
	struct world_options world;		    /* but for engine, scenario and variant */
	struct harness_options harness;
	enum harness_format format;
	const char *baseline;	       /* "engine:variant"; NULL: the fastest of a group */
	const char *counts_path;       /* at the end of the last iteration */
	const char *final_counts_path; /* after the teardown */
	const char *snapshot_path;
	bool floor;
};
extern struct reactive_settings reactive_settings;

/* 0; -1 after a sentence on standard error. Ends the program for --list and --help. */
int reactive_options_parse(int argc, char **argv);
/* Is this combination among those asked for? */
bool reactive_options_want(const char *engine, const char *scenario, enum variant variant);

#endif
