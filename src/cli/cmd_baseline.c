/* `allocscope baseline`: what a run retained, for `check --baseline` of later runs. */
#include "cli/baseline_file.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/gate.h"
#include "cli/load.h"
#include "cli/options_shared.h"

struct baseline_settings {
	struct general_settings general;
	struct name_settings names;
	struct filter_settings filters;
	const char *output;
};

static const struct argument_option baseline_options[] = {
    {ARGUMENT_TEXT, 'o', "output", "FILE", "Where it is written (default standard output).",
	offsetof(struct baseline_settings, output), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Baseline", baseline_options, 0},
    {"Filters", filter_options, offsetof(struct baseline_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct baseline_settings, names)},
    {"General", general_options, offsetof(struct baseline_settings, general)},
    {.title = NULL},
};

static int baseline_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct baseline_settings *settings = settings_void;
	struct loaded_files files;
	struct baseline baseline;

	(void)self;
	(void)count;
	load_files(&files, operands, 1, &settings->names, &settings->filters);
	gate_baseline(&files, &baseline);
	baseline_file_write(settings->output, &baseline);
	baseline_release(&baseline);
	load_files_release(&files);
	return EXIT_CLEAN;
}

const struct command cmd_baseline = {
    .syntax = {.command = "baseline",
	.operands = "FILE",
	.summary = "the numbers of a run, for `check --baseline` later",
	.description =
	    "Writes what the counted iterations of a run retained, by stack, and the most that one of them "
	    "allocated. Stacks are named by functions and modules, without addresses and lines, so that runs of other builds can "
	    "be compared. Keep the file in version control; `check --baseline FILE --update` renews it.",
	.groups = groups},
    .settings_bytes = sizeof(struct baseline_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = baseline_run,
};
