/* `allocscope verify FILE`: every rule of the format. */
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "report/report_info.h"

struct verify_settings {
	struct general_settings general;
	struct output_settings output;
};

static const struct argument_group groups[] = {
    {"Output", output_options, offsetof(struct verify_settings, output)},
    {"General", general_options, offsetof(struct verify_settings, general)},
    {.title = NULL},
};

static int verify_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct verify_settings *settings = settings_void;
	struct text_style style = style_for(&settings->general, stdout);
	struct snapshot *snapshot = load_snapshot(operands[0]);
	uint64_t findings = 0;
	int code = load_exit_code(settings->output.json
				      ? report_verify_json(stdout, snapshot, &findings)
				      : report_verify_text(stdout, snapshot, &style, &findings));

	(void)self;
	(void)count;
	snapshot_close(snapshot);
	return code == EXIT_CLEAN && findings != 0 ? EXIT_DAMAGED : code;
}

const struct command cmd_verify = {
    .syntax = {.command = "verify",
	.operands = "FILE",
	.summary = "check a snapshot by every rule of the format",
	.description =
	    "Checks every rule of allocscope-snapshot(5): that the file is safe to read, that its parts agree, "
	    "and that its books balance. Exits with 3 when a rule is broken.",
	.groups = groups},
    .settings_bytes = sizeof(struct verify_settings),
    .operands_min = 1,
    .operands_max = 1,
    .run = verify_run,
};
