/* `allocscope check`: the gate. */
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/gate.h"
#include "cli/load.h"
#include "cli/options_shared.h"

struct check_settings {
	struct general_settings general;
	struct output_settings output;
	struct name_settings names;
	struct filter_settings filters;
	struct gate_settings gate;
};

static const struct argument_option check_options[] = {
    {ARGUMENT_CHOICE, 0, "format", "text|json|junit|github",
	"How the findings are written (default text): for CI systems as JUnit XML, or as annotations of GitHub Actions.",
	offsetof(struct check_settings, gate.format), NULL},
    {ARGUMENT_FLAG, 0, "no-graph", NULL,
	"Do not ask who holds what is found, which takes seconds in large heaps.",
	offsetof(struct check_settings, gate.no_graph), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Limits", gate_options, offsetof(struct check_settings, gate)},
    {"Check", check_options, 0},
    {"Filters", filter_options, offsetof(struct check_settings, filters)},
    {"Stacks and names", name_options, offsetof(struct check_settings, names)},
    {"Output", output_options, offsetof(struct check_settings, output)},
    {"General", general_options, offsetof(struct check_settings, general)},
    {.title = NULL},
};

static int check_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct check_settings *settings = settings_void;
	struct report_options options = load_report_options(&settings->general,
	    settings->output.json || settings->gate.format == GATE_JSON, &settings->names,
	    &settings->filters);

	if (!gate_has_rule(&settings->gate))
		arguments_die(
		    &self->syntax, "no limit given: a check without a rule would always pass");
	return gate_judge(stdout, operands, (size_t)count, &settings->gate, &settings->names,
	    &settings->filters, &options);
}

const struct command cmd_check = {
    .syntax = {.command = "check",
	.operands = "[BEFORE] FILE",
	.summary = "a gate for CI: exit 1 when a limit is broken",
	.description =
	    "Judges one snapshot (what is retained from its counted iterations) or two (what was born after "
	    "BEFORE and is retained in AFTER). Exit codes: 0 all limits hold, 1 a limit is broken, 2 wrong use "
	    "or the files cannot tell, 3 a file cannot be read. A check that cannot see never passes.",
	.groups = groups},
    .settings_bytes = sizeof(struct check_settings),
    .operands_min = 1,
    .operands_max = 2,
    .run = check_run,
};
