/* `allocscope retainers FILE`: who holds it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_dominators.h"
#include "report/report_edges.h"
#include "report/report_retainers.h"
#include "report/report_stack.h"
#include "report/short_name.h"

struct retainers_settings {
	struct general_settings general;
	struct output_settings output;
	struct name_settings names;
	struct filter_settings filters;
	const char *site, *address, *id, *type;
	bool dominators, roots, cycles, edges;
};

static const struct argument_option block_options[] = {
    {ARGUMENT_TEXT, 0, "site", "SITE",
	"The blocks that a function allocated: its name, or the site as reports show it.",
	offsetof(struct retainers_settings, site), NULL},
    {ARGUMENT_TEXT, 0, "address", "ADDRESS",
	"The block that holds this address (hexadecimal with 0x).",
	offsetof(struct retainers_settings, address), NULL},
    {ARGUMENT_TEXT, 0, "id", "ID",
	"The block with this id, as JSON gives it; the same in all snapshots of a run.",
	offsetof(struct retainers_settings, id), NULL},
    {ARGUMENT_TEXT, 0, "type", "TYPE",
	"The blocks of a type: the label that the program gave, or the type that reports show.",
	offsetof(struct retainers_settings, type), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_option view_options[] = {
    {ARGUMENT_FLAG, 0, "dominators", NULL,
	"The dominator tree with retained sizes: what would go if a block or a root went. Below the chosen blocks, or "
	"the whole heap.",
	offsetof(struct retainers_settings, dominators), NULL},
    {ARGUMENT_FLAG, 0, "roots", NULL, "The roots, with what each retains.",
	offsetof(struct retainers_settings, roots), NULL},
    {ARGUMENT_FLAG, 0, "cycles", NULL,
	"The circles of blocks that hold each other, and who holds them.",
	offsetof(struct retainers_settings, cycles), NULL},
    {ARGUMENT_FLAG, 0, "edges", NULL,
	"Which pointer grew: from whom to whom by which field, with the gain per iteration.",
	offsetof(struct retainers_settings, edges), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Which blocks", block_options, 0},
    {"Views", view_options, 0},
    {"Filters", filter_options, offsetof(struct retainers_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct retainers_settings, names)},
    {"Output", output_options, offsetof(struct retainers_settings, output)},
    {"General", general_options, offsetof(struct retainers_settings, general)},
    {.title = NULL},
};

/* ---- which blocks ---- */

struct chooser {
	const struct graph_view *view;
	const struct grouping *grouping;
	uint8_t *chosen;
	size_t count;
};

static void choose(struct chooser *chooser, uint32_t block)
{
	if (!heap_filter_passes(chooser->view->input->heap, chooser->view->input->filter, block))
		return;
	chooser->count += chooser->chosen[block] == 0;
	chooser->chosen[block] = 1;
}

/* SITE is the function, its short name, or the whole text of a row. */
static bool is_site(const struct group_key *key, const char *site)
{
	char text[REPORT_TEXT_BYTES];

	if (strcmp(key->text, site) == 0 ||
	    (key->function != NULL && strcmp(key->function, site) == 0))
		return true;
	short_name_of_site(key->text, text, sizeof text);
	if (strcmp(text, site) == 0)
		return true;
	if (key->function == NULL)
		return false;
	short_name(key->function, text, sizeof text);
	return strcmp(text, site) == 0;
}

static void choose_site(struct chooser *chooser, const char *site)
{
	const struct grouping *grouping = chooser->grouping;
	uint8_t *wanted = xcalloc(grouping->key_count + 1, 1);

	for (size_t key = 0; key < grouping->key_count; key++)
		wanted[key] = is_site(&grouping->keys[key], site);
	for (uint32_t block = 0; block < chooser->view->graph->block_count; block++)
		if (wanted[grouping_key_of_block(grouping, 0, block)] != 0)
			choose(chooser, block);
	free(wanted);
}

static void choose_type(struct chooser *chooser, const char *type)
{
	for (uint32_t block = 0; block < chooser->view->graph->block_count; block++) {
		const char *found = block_types_of(chooser->view->types, block);

		if (found != NULL && strcmp(found, type) == 0)
			choose(chooser, block);
	}
}

static uint64_t number_or_die(const char *option, const char *text, char **ret_end)
{
	errno = 0;
	uint64_t number = strtoull(text, ret_end, 16);

	if (*ret_end == text || errno != 0)
		die(EXIT_USAGE, "--%s '%s' is not a hexadecimal number", option, text);
	return number;
}

/* The innermost block around the address: pool blocks lie inside others and stand behind them. */
static void choose_address(struct chooser *chooser, const char *text)
{
	const struct snapshot *snapshot = chooser->view->graph->snapshot;
	char *end;
	const uint64_t address = number_or_die("address", text, &end);

	if (*end != '\0')
		die(EXIT_USAGE, "--address '%s' is not a hexadecimal number", text);
	for (uint32_t block = chooser->view->graph->block_count; block-- > 0;) {
		uint64_t start = snapshot->block_address[block];
		uint64_t bytes = snapshot->block_size[block];

		if (address >= start && (address - start < bytes || address == start)) {
			choose(chooser, block);
			return;
		}
	}
}

static void choose_id(struct chooser *chooser, const char *wanted)
{
	const struct heap *heap = chooser->view->input->heap;
	char text[64];

	for (uint32_t block = 0; block < chooser->view->graph->block_count; block++) {
		graph_view_id_text(heap, block, text, sizeof text);
		if (strcmp(text, wanted) == 0)
			choose(chooser, block);
	}
}

static const char *describe(const struct retainers_settings *settings, char *text, size_t bytes)
{
	const char *const kinds[] = {"site", "address", "id", "type"};
	const char *const values[] = {
	    settings->site, settings->address, settings->id, settings->type};

	for (size_t i = 0; i < 4; i++)
		if (values[i] != NULL)
			(void)snprintf(text, bytes, "%s %s", kinds[i], values[i]);
	return text;
}

static size_t questions(const struct retainers_settings *settings)
{
	return (size_t)(settings->site != NULL) + (settings->address != NULL) +
	       (settings->id != NULL) + (settings->type != NULL);
}

static void choose_all(struct chooser *chooser, const struct retainers_settings *settings)
{
	char text[512];

	if (settings->site != NULL)
		choose_site(chooser, settings->site);
	if (settings->type != NULL)
		choose_type(chooser, settings->type);
	if (settings->address != NULL)
		choose_address(chooser, settings->address);
	if (settings->id != NULL)
		choose_id(chooser, settings->id);
	if (chooser->count == 0)
		die(EXIT_USAGE, "no block matches %s", describe(settings, text, sizeof text));
}

/* ---- running ---- */

static int show_holders(struct graph_view *view, const struct grouping *grouping,
    const struct retainers_settings *settings, const struct report_options *options)
{
	struct chooser chooser = {.view = view,
	    .grouping = grouping,
	    .chosen = xcalloc((size_t)view->graph->block_count + 1, 1)};
	char what[512];
	int code;

	choose_all(&chooser, settings);
	const struct retainers_question question = {.view = view,
	    .grouping = grouping,
	    .chosen = chooser.chosen,
	    .chosen_count = chooser.count,
	    .longest = !options->json,
	    .what = describe(settings, what, sizeof what)};

	if (settings->dominators)
		code = load_exit_code(
		    options->json ? report_dominators_json(stdout, view, chooser.chosen, options)
				  : report_dominators_text(stdout, view, chooser.chosen, options));
	else
		code = load_exit_code(options->json
					  ? report_retainers_json(stdout, &question, options)
					  : report_retainers_text(stdout, &question, options));
	free(chooser.chosen);
	return code;
}

static int show_heap(struct graph_view *view, const struct grouping *grouping,
    const struct retainers_settings *settings, const struct report_options *options)
{
	const bool json = options->json;

	if (settings->roots)
		return load_exit_code(json ? report_roots_json(stdout, view, options)
					   : report_roots_text(stdout, view, options));
	if (settings->cycles)
		return load_exit_code(json ? report_cycles_json(stdout, view, options)
					   : report_cycles_text(stdout, view, options));
	if (settings->edges)
		return load_exit_code(json ? report_edges_json(stdout, view, grouping, options)
					   : report_edges_text(stdout, view, grouping, options));
	return load_exit_code(json ? report_dominators_json(stdout, view, NULL, options)
				   : report_dominators_text(stdout, view, NULL, options));
}

static void check_usage(const struct command *self, const struct retainers_settings *settings)
{
	size_t count = questions(settings);
	int views = settings->dominators + settings->roots + settings->cycles + settings->edges;

	if (views > 1)
		arguments_die(
		    &self->syntax, "--dominators, --roots, --cycles and --edges: one of them");
	if (count > 0 && views > settings->dominators)
		arguments_die(&self->syntax,
		    "--roots, --cycles and --edges are views of the whole heap: no blocks to choose");
	if (count > 1)
		arguments_die(&self->syntax, "--site, --address, --id and --type: one of them");
	if (count == 0 && views == 0)
		arguments_die(&self->syntax,
		    "which blocks? --site, --address, --id or --type; or a view of the whole heap");
}

static int retainers_run(
    const struct command *self, void *settings_void, int count, char **operands)
{
	const struct retainers_settings *settings = settings_void;
	struct report_options options = load_report_options(
	    &settings->general, settings->output.json, &settings->names, &settings->filters);
	struct loaded_files files;
	struct grouping *grouping = NULL;
	struct graph_view *view = NULL;
	int code;

	check_usage(self, settings);
	load_files(&files, operands, (size_t)count, &settings->names, &settings->filters);
	if (!snapshot_has_graph(files.files[0].snapshot))
		die(EXIT_USAGE,
		    "%s has no reference graph: who holds a block is not known (graph=0, or a snapshot "
		    "of the last iteration or the peak; take one with allocscope_snapshot or at exit)",
		    operands[0]);
	load_or_die(grouping_open(&files.files[0].input, 1, GROUP_BY_SITE, false, &grouping));
	load_or_die(graph_view_open(&files.files[0].input, files.symbolizer, &view));
	code = questions(settings) != 0 ? show_holders(view, grouping, settings, &options)
					: show_heap(view, grouping, settings, &options);
	graph_view_close(view);
	grouping_close(grouping);
	load_files_release(&files);
	return code;
}

const struct command cmd_retainers = {
    .syntax = {.command = "retainers",
	.operands = "FILE",
	.summary = "who holds a block: the paths from roots to it",
	.description =
	    "Shows why blocks are alive: the chain of pointers from a root (a variable, a stack, a register) "
	    "to them, with the allocation site of every holder and the field that points on. Blocks that are "
	    "held for the same reason are shown by one path.",
	.groups = groups},
    .settings_bytes = sizeof(struct retainers_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = retainers_run,
};
