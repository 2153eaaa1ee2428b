/* `allocscope report FILE`: one snapshot. */
#include "analysis/group.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_site.h"
#include "report/report_tree.h"

enum tree_choice { TREE_NONE, TREE_TOP_DOWN, TREE_CALLERS };

struct report_settings {
	struct general_settings general;
	struct output_settings output;
	struct name_settings names;
	struct filter_settings filters;
	int by;	  /* enum group_by */
	int sort; /* enum group_sort */
	int tree; /* enum tree_choice */
	bool no_graph;
};

static const struct argument_option report_command_options[] = {
    {ARGUMENT_CHOICE, 0, "by", "site|stack|type|module|thread|born",
	"What a row stands for: the function that allocated (site, the default), the whole call chain, the type, "
	"the library, the thread, or the iteration of birth.",
	offsetof(struct report_settings, by), NULL},
    {ARGUMENT_CHOICE, 0, "sort", "bytes|blocks|retained|allocs|temporary|peak",
	"Order of the rows, and what a tree adds up: live bytes (default), live blocks, what is retained, allocations, "
	"those freed in the same iteration, or bytes alive at the peak.",
	offsetof(struct report_settings, sort), NULL},
    {ARGUMENT_CHOICE, 0, "tree", "none|top-down|callers",
	"A tree of calls instead of rows: from main down (--tree), or from the sites to their callers (--tree=callers).",
	offsetof(struct report_settings, tree), "top-down"},
    {ARGUMENT_FLAG, 0, "no-graph", NULL,
	"No verdicts and holders: do not ask who holds what, which takes seconds in large heaps.",
	offsetof(struct report_settings, no_graph), NULL},
    {ARGUMENT_RANGE, 0, "epochs", "A..B",
	"Only what was born in the epochs A to B and is alive, without the totals of the run: the survivors of an "
	"assertion. An epoch is the number behind the dot of a block's id.",
	offsetof(struct report_settings, filters) + offsetof(struct filter_settings, epochs), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Report", report_command_options, 0},
    {"Filters", filter_options, offsetof(struct report_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct report_settings, names)},
    {"Output", output_options, offsetof(struct report_settings, output)},
    {"General", general_options, offsetof(struct report_settings, general)},
    {.title = NULL},
};

static int write_report(const struct grouping *grouping, const struct group_table *table,
    const struct report_settings *settings, const struct report_options *options)
{
	enum group_sort sort = (enum group_sort)settings->sort;
	enum report_tree_order order =
	    settings->tree == TREE_CALLERS ? REPORT_TREE_CALLERS : REPORT_TREE_TOP_DOWN;

	if (settings->tree != TREE_NONE)
		return options->json
			   ? report_tree_json(stdout, grouping, table, sort, order, options)
			   : report_tree_text(stdout, grouping, table, sort, order, options);
	return options->json ? report_site_json(stdout, grouping, table, sort, options)
			     : report_site_text(stdout, grouping, table, sort, options);
}

static int report_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct report_settings *settings = settings_void;
	struct report_options options = load_report_options(
	    &settings->general, settings->output.json, &settings->names, &settings->filters);
	enum group_by by =
	    settings->tree != TREE_NONE ? GROUP_BY_STACK : (enum group_by)settings->by;
	struct loaded_files files;
	struct grouping *grouping = NULL;
	struct group_table *table = NULL;
	int code = EXIT_CLEAN;

	if (settings->tree != TREE_NONE && settings->by != GROUP_BY_SITE)
		arguments_die(
		    &self->syntax, "--tree shows stacks; it cannot be combined with --by");
	load_files(&files, operands, (size_t)count, &settings->names, &settings->filters);
	if (settings->tree == TREE_NONE && !settings->no_graph)
		load_graph(&files);
	load_types(&files, by);
	options.view = files.view;
	load_or_die(grouping_open(&files.files[0].input, 1, by, false, &grouping));
	load_or_die(group_table_open(
	    grouping, (enum group_sort)settings->sort, settings->tree == TREE_NONE, &table));
	code = load_exit_code(write_report(grouping, table, settings, &options));
	group_table_close(table);
	grouping_close(grouping);
	load_files_release(&files);
	return code;
}

const struct command cmd_report = {
    .syntax = {.command = "report",
	.operands = "FILE",
	.summary = "one snapshot: totals and where the memory goes",
	.description =
	    "Shows one snapshot: what was allocated in the whole run, what is alive, what is retained from "
	    "the iterations, and which functions are behind it.",
	.groups = groups},
    .settings_bytes = sizeof(struct report_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = report_run,
};
