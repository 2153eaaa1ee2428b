/*
 * One command of the tool: main.c holds the list, each cmd_*.c defines one entry. A command's settings
 * struct begins with struct general_settings, so that main.c can answer --help for all of them.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "cli/arguments.h"

struct command {
	struct argument_syntax syntax;
	size_t settings_bytes; /* zeroed before parsing: 0 is every option's default */
	int operands_min;
	int operands_max; /* -1: any number */
	/* Returns the exit code of the tool. */
	int (*run)(const struct command *command, void *settings, int count, char **operands);
};

extern const struct command cmd_run, cmd_diff, cmd_report, cmd_iterations, cmd_check, cmd_snapshot,
    cmd_info, cmd_verify, cmd_help, cmd_retainers, cmd_baseline;

/* All commands, closed by NULL. */
extern const struct command *const command_list[];
/* NULL when there is none of that name. */
const struct command *command_find(const char *name);
/* The overview that `allocscope` and `allocscope --help` print. */
void command_print_overview(FILE *out);
/* Die with exit code 2, naming the nearest command. */
_Noreturn void command_die_unknown(const char *name);

#endif
