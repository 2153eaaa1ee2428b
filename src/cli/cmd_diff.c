/* `allocscope diff BEFORE AFTER`: the main job. */
#include "analysis/diff.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_diff.h"

struct diff_settings {
	struct general_settings general;
	struct output_settings output;
	struct name_settings names;
	struct filter_settings filters;
	int by;	  /* enum group_by */
	int sort; /* enum diff_sort */
	bool retained;
	bool exit_code;
	bool no_graph;
	struct argument_number error_exitcode;
};

static const struct argument_option diff_options[] = {
    {ARGUMENT_CHOICE, 0, "by", "site|stack|type|module|thread|born",
	"What a row stands for: the function that allocated (site, the default), the whole call chain, the type, "
	"the library, the thread, or the iteration of birth.",
	offsetof(struct diff_settings, by), NULL},
    {ARGUMENT_CHOICE, 0, "sort", "bytes|blocks|retained|died|grown",
	"Order of the rows (default bytes).", offsetof(struct diff_settings, sort), NULL},
    {ARGUMENT_FLAG, 0, "retained", NULL,
	"Only blocks that outlived their iteration: born in a counted iteration that ended.",
	offsetof(struct diff_settings, retained), NULL},
    {ARGUMENT_FLAG, 0, "exit-code", NULL,
	"Exit with 1 when the table has rows of born or grown blocks.",
	offsetof(struct diff_settings, exit_code), NULL},
    {ARGUMENT_COUNT, 0, "error-exitcode", "N", "With --exit-code: exit with N instead of 1.",
	offsetof(struct diff_settings, error_exitcode), NULL},
    {ARGUMENT_FLAG, 0, "no-graph", NULL,
	"No verdicts and holders: do not ask who holds what, which takes seconds in large heaps.",
	offsetof(struct diff_settings, no_graph), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Comparing", diff_options, 0},
    {"Filters", filter_options, offsetof(struct diff_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct diff_settings, names)},
    {"Output", output_options, offsetof(struct diff_settings, output)},
    {"General", general_options, offsetof(struct diff_settings, general)},
    {.title = NULL},
};

/* Anything new that stayed: born (or retained) blocks, or kept blocks that grew. */
static bool has_finding(const struct diff *diff, const struct diff_settings *settings)
{
	uint64_t born = settings->retained ? diff->total.retained_blocks : diff->total.born_blocks;

	if (born != 0)
		return true;
	for (size_t i = 0; i < diff->row_count; i++) {
		if (diff->rows[i].grown_bytes > 0)
			return true;
	}
	return false;
}

static int diff_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct diff_settings *settings = settings_void;
	struct loaded_files files;
	struct report_options options = load_report_options(
	    &settings->general, settings->output.json, &settings->names, &settings->filters);
	enum diff_sort sort = settings->retained && settings->sort == DIFF_SORT_BYTES
				  ? DIFF_SORT_RETAINED
				  : (enum diff_sort)settings->sort;
	struct diff *diff = NULL;
	int code = EXIT_CLEAN;

	load_files(&files, operands, (size_t)count, &settings->names, &settings->filters);
	if (!settings->no_graph)
		load_graph(&files);
	load_types(&files, (enum group_by)settings->by);
	options.view = files.view;
	const struct group_input inputs[2] = {files.files[0].input, files.files[1].input};

	(void)self;
	load_or_die(diff_open(inputs, (enum group_by)settings->by, sort, true, &diff));
	code = load_exit_code(settings->output.json
				  ? report_diff_json(stdout, diff, &options, settings->retained)
				  : report_diff_text(stdout, diff, &options, settings->retained));
	if (code == EXIT_CLEAN && settings->exit_code && has_finding(diff, settings)) {
		code = settings->error_exitcode.given ? (int)(settings->error_exitcode.value & 0xff)
						      : EXIT_FINDING;
	} else if (code == EXIT_CLEAN && settings->exit_code &&
		   (diff->sampled[0] != 0 || diff->sampled[1] != 0)) {
		message("nothing new was sampled, which does not prove that nothing is new");
		code = EXIT_USAGE;
	}
	diff_close(diff);
	load_files_release(&files);
	return code;
}

const struct command cmd_diff = {
    .syntax = {.command = "diff",
	.operands = "BEFORE AFTER",
	.summary = "what was born, died and grew between two snapshots",
	.description =
	    "Compares two snapshots: what was allocated after BEFORE and is alive in AFTER, what died, what "
	    "stayed and grew. Blocks are told by identity, never by address, when both files come from one "
	    "run; files of different runs are compared by normalised sites.",
	.groups = groups},
    .settings_bytes = sizeof(struct diff_settings),
    .operands_min = 2,
    .operands_max = 2,
    .run = diff_run,
};
