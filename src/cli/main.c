/*
 * allocscope, the tool: finds the command, parses its options by its own table, runs it.
 * The path of data goes on in cmd_*.c -> snapshot, symbols, analysis -> report.
 */
#define ALLOCSCOPE_IMPLEMENTATION /* no calls from here */
#include <allocscope/allocscope.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/nearest.h"
#include "cli/options_shared.h"

const struct command *const command_list[] = {&cmd_run, &cmd_diff, &cmd_report, &cmd_iterations,
    &cmd_retainers, &cmd_check, &cmd_baseline, &cmd_snapshot, &cmd_info, &cmd_verify, &cmd_help,
    NULL};

/* Promised for later versions: a clear word instead of "unknown". */
static const char *const planned[] = {"export", "merge", "live", NULL};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; command_list[i] != NULL; i++) {
		if (strcmp(command_list[i]->syntax.command, name) == 0)
			return command_list[i];
	}
	return NULL;
}

void command_print_overview(FILE *out)
{
	fputs("Usage: allocscope COMMAND [options]\n"
	      "\n"
	      "A heap profiler for native programs: what survives the iterations, where was it\n"
	      "allocated, how fast does it grow?\n"
	      "\n"
	      "Commands:\n",
	    out);
	for (size_t i = 0; command_list[i] != NULL; i++)
		fprintf(out, "  %-12s%s\n", command_list[i]->syntax.command,
		    command_list[i]->syntax.summary);
	fputs(
	    "\n"
	    "      --help        this text; `allocscope COMMAND --help` lists a command's options\n"
	    "      --version     the version\n"
	    "\n"
	    "First steps:\n"
	    "  allocscope run --snapshot-at first,last -o x.snap -- ./bench\n"
	    "  allocscope diff x.first.snap x.last.snap\n",
	    out);
}

void command_die_unknown(const char *name)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	for (size_t i = 0; planned[i] != NULL; i++) {
		if (strcmp(planned[i], name) == 0)
			die(EXIT_USAGE, "this version does not have the command '%s' yet", name);
	}
	for (size_t i = 0; command_list[i] != NULL; i++) {
		size_t distance = nearest_distance(name, command_list[i]->syntax.command);

		if (distance < best_distance) {
			best_distance = distance;
			best = command_list[i]->syntax.command;
		}
	}
	if (best != NULL && nearest_is_useful(name, best_distance))
		die(EXIT_USAGE, "unknown command '%s'; did you mean '%s'?", name, best);
	die(EXIT_USAGE, "unknown command '%s'; `allocscope --help` lists the commands", name);
}

static void check_operand_count(const struct command *command, int count)
{
	if (count < command->operands_min)
		arguments_die(&command->syntax, "missing operand: %s", command->syntax.operands);
	if (command->operands_max >= 0 && count > command->operands_max)
		arguments_die(&command->syntax, "too many operands: takes %s",
		    command->syntax.operands[0] != '\0' ? command->syntax.operands : "none");
}

static int run_command(const struct command *command, int count, char **arguments)
{
	struct general_settings *general = xcalloc(1, command->settings_bytes);
	int operands = arguments_parse(&command->syntax, general, count, arguments);
	int code = EXIT_CLEAN;

	if (general->help) {
		arguments_print_help(&command->syntax, stdout);
	} else {
		check_operand_count(command, operands);
		code = command->run(command, general, operands, arguments);
	}
	arguments_release(&command->syntax, general);
	free(general);
	return code;
}

/* Output that did not arrive (disk full) must not look like success. */
static int close_output(int code)
{
	int failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) != 0 || failed) {
		message("cannot write to standard output%s%s", errno != 0 ? ": " : "",
		    errno != 0 ? strerror(errno) : "");
		return EXIT_USAGE;
	}
	return code;
}

int main(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : NULL;
	const struct command *command = NULL;

	if (name == NULL) {
		command_print_overview(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		command_print_overview(stdout);
		return close_output(EXIT_CLEAN);
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("allocscope " ALLOCSCOPE_VERSION);
		return close_output(EXIT_CLEAN);
	}
	command = command_find(name);
	if (command == NULL && name[0] == '-')
		die(EXIT_USAGE,
		    "unknown option '%s': the command comes first, its options after it", name);
	if (command == NULL)
		command_die_unknown(name);
	return close_output(run_command(command, count - 2, arguments + 2));
}
