/* `allocscope info FILE`: the file itself. */
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_info.h"

struct info_settings {
	struct general_settings general;
	struct output_settings output;
};

static const struct argument_group groups[] = {
    {"Output", output_options, offsetof(struct info_settings, output)},
    {"General", general_options, offsetof(struct info_settings, general)},
    {.title = NULL},
};

static int info_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct info_settings *settings = settings_void;
	struct text_style style = style_for(&settings->general, stdout);
	struct snapshot *snapshot = load_snapshot(operands[0]);
	int code =
	    load_exit_code(settings->output.json ? report_info_json(stdout, snapshot)
						 : report_info_text(stdout, snapshot, &style));

	(void)self;
	(void)count;
	snapshot_close(snapshot);
	return code;
}

const struct command cmd_info = {
    .syntax = {.command = "info",
	.operands = "FILE",
	.summary = "header and sections of a snapshot, losses, own cost",
	.description =
	    "Shows where a snapshot comes from, when and why it was taken, what was dropped while recording "
	    "(nothing, in a healthy run), what the recording cost, and the sections of the file.",
	.groups = groups},
    .settings_bytes = sizeof(struct info_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = info_run,
};
