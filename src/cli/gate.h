/* The gate that `check` and `run --check` share: limits as options, the judgement, its exit code. */
#ifndef CLI_GATE_H
#define CLI_GATE_H

#include <stdbool.h>

#include "cli/arguments.h"
#include "cli/load.h"
#include "report/baseline.h"

enum gate_format { GATE_TEXT, GATE_JSON, GATE_JUNIT, GATE_GITHUB };

struct gate_settings {
	struct argument_number max_retained, max_per_iteration, max_leaked; /* bytes or blocks */
	struct argument_number max_allocs_per_iteration, max_bytes_per_iteration;
	bool no_growth, accept_estimates;
	bool no_graph; /* of `check` alone: never ask who holds what */
	struct argument_number error_exitcode;
	struct argument_list suppressions; /* files */
	bool no_default_suppressions;
	const char *budget, *baseline, *tolerance;
	bool update;
	int format; /* enum gate_format */
};
extern const struct argument_option gate_options[];

bool gate_has_rule(const struct gate_settings *settings);
/* Judge COUNT (1 or 2) files and write the report to OUT. Returns the exit code: clean, finding (or
 * --error-exitcode), or 2 with a message when the files cannot tell. Dies when a file cannot be read. */
int gate_judge(FILE *out, char **paths, size_t count, const struct gate_settings *settings,
    const struct name_settings *names, const struct filter_settings *filters,
    const struct report_options *options);

/* What the one file of FILES retains, as --baseline compares it. Dies when the file cannot tell. */
void gate_baseline(const struct loaded_files *files, struct baseline *ret_baseline);

#endif
