/* `allocscope help [COMMAND]`: the man page, or the --help text where no man page is installed. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/options_shared.h"

struct help_settings {
	struct general_settings general;
};

static const struct argument_group groups[] = {
    {"Options", general_options, offsetof(struct help_settings, general)},
    {.title = NULL},
};

/* The page's file in a tree that was only built, not installed: build/<variant>/allocscope -> man/. */
static char *built_page(const char *page)
{
	static const char *const places[] = {"../../man", "../man"};
	char executable[4096];
	ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);

	if (length <= 0)
		return NULL;
	while (length > 0 && executable[length - 1] != '/')
		length--;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char *path = xformat("%.*s%s/%s.1", (int)length, executable, places[i], page);

		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* True when `man` showed PAGE. */
static int show_page(const char *page)
{
	char *file = built_page(page);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		/* where the page is not installed our own text follows, not man's complaint */
		int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (silence >= 0)
			(void)dup2(silence, STDERR_FILENO);
		if (file != NULL)
			execlp("man", "man", "-l", file, (char *)NULL);
		else
			execlp("man", "man", page, (char *)NULL);
		_exit(127);
	}
	free(file);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static int help_run(const struct command *self, void *settings, int count, char **operands)
{
	const struct command *command = NULL;
	char *page = NULL;

	(void)self;
	(void)settings;
	if (count == 0) {
		command_print_overview(stdout);
		return EXIT_CLEAN;
	}
	command = command_find(operands[0]);
	if (command == NULL)
		command_die_unknown(operands[0]);
	page = xformat("allocscope-%s", command->syntax.command);
	if (!isatty(STDOUT_FILENO) || !show_page(page))
		arguments_print_help(&command->syntax, stdout);
	free(page);
	return EXIT_CLEAN;
}

const struct command cmd_help = {
    .syntax = {.command = "help",
	.operands = "[COMMAND]",
	.summary = "the manual page of a command",
	.description =
	    "Opens the manual page of COMMAND; without a terminal, or where the page is not "
	    "installed, prints what `allocscope COMMAND --help` prints.",
	.groups = groups},
    .settings_bytes = sizeof(struct help_settings),
    .operands_max = 1,
    .run = help_run,
};
