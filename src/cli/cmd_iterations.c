/* `allocscope iterations FILE`: a row per iteration, and what survived. */
#include "analysis/group.h"
#include "analysis/iterations_view.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_iterations.h"

#define ROWS_MAX   4096
#define ROWS_TEXT  24
#define SITES_TEXT 10

struct iterations_settings {
	struct general_settings general;
	struct output_settings output;
	struct name_settings names;
	struct filter_settings filters;
	struct argument_number rows;
};

static const struct argument_option iterations_options[] = {
    {ARGUMENT_COUNT, 0, "rows", "N",
	"At most N rows per benchmark; neighbouring iterations are merged (default 24; 4096 in JSON and at most).",
	offsetof(struct iterations_settings, rows), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Iterations", iterations_options, 0},
    {"Filters (of the sites)", filter_options, offsetof(struct iterations_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct iterations_settings, names)},
    {"Output", output_options, offsetof(struct iterations_settings, output)},
    {"General", general_options, offsetof(struct iterations_settings, general)},
    {.title = NULL},
};

static size_t rows_wanted(const struct iterations_settings *settings)
{
	uint64_t rows = settings->output.json ? ROWS_MAX : ROWS_TEXT;

	if (settings->rows.given && settings->rows.value != 0)
		rows = settings->rows.value;
	return rows < ROWS_MAX ? (size_t)rows : ROWS_MAX;
}

static int iterations_run(
    const struct command *self, void *settings_void, int count, char **operands)
{
	const struct iterations_settings *settings = settings_void;
	struct report_options options = load_report_options(
	    &settings->general, settings->output.json, &settings->names, &settings->filters);
	struct loaded_files files;
	struct grouping *grouping = NULL;
	struct group_table *table = NULL;
	struct iterations_view *view = NULL;
	int code = EXIT_CLEAN;

	(void)self;
	if (!options.json && !settings->filters.top.given)
		options.top = SITES_TEXT;
	load_files(&files, operands, (size_t)count, &settings->names, &settings->filters);
	load_or_die(iterations_view_open(files.files[0].heap, &view));
	load_or_die(iterations_view_limit(view, rows_wanted(settings)));
	load_or_die(grouping_open(&files.files[0].input, 1, GROUP_BY_SITE, false, &grouping));
	load_or_die(group_table_open(grouping, GROUP_SORT_RETAINED, true, &table));
	code = load_exit_code(
	    options.json ? report_iterations_json(stdout, view, grouping, table, &options)
			 : report_iterations_text(stdout, view, grouping, table, &options));
	group_table_close(table);
	grouping_close(grouping);
	iterations_view_close(view);
	load_files_release(&files);
	return code;
}

const struct command cmd_iterations = {
    .syntax = {.command = "iterations",
	.operands = "FILE",
	.summary = "a row per iteration, and what survived of each site",
	.description =
	    "Shows what each iteration allocated, freed and left behind, and for each site that left "
	    "anything when it was born and how long it stayed.",
	.groups = groups},
    .settings_bytes = sizeof(struct iterations_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = iterations_run,
};
