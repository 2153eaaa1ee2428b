/*
 * `allocscope run`: starts a program under the shared object, tells what it recorded, and judges it with
 * --check. The exit code is the program's own, as a shell gives it, unless a gate fails.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/child_process.h"
#include "cli/command.h"
#include "cli/fatal.h"
#include "cli/gate.h"
#include "cli/load.h"
#include "cli/options_shared.h"
#include "cli/program_check.h"
#include "cli/run_environment.h"
#include "cli/run_files.h"
#include "snapshot/snapshot_compress.h"

#define EXIT_NOT_FOUND	    127 /* as shells do */
#define EXIT_NOT_EXECUTABLE 126
#define ZSTD_LEVEL_MAX	    19

struct run_settings {
	struct general_settings general;
	struct start_settings start;
	struct recording_settings recording;
	struct gate_settings gate;
	struct name_settings names;
	struct argument_number compress;
	bool check;
};

static const struct argument_option after_options[] = {
    {ARGUMENT_COUNT, 0, "compress", "LEVEL",
	"Compress the snapshots with zstd when the program has ended (default level 3).",
	offsetof(struct run_settings, compress), "3"},
    {ARGUMENT_FLAG, 0, "check", NULL,
	"Judge the snapshots by the limits below; a broken one makes the exit code 1, unless the program failed "
	"itself. Any limit implies it.",
	offsetof(struct run_settings, check), NULL},
    {.kind = ARGUMENT_END},
};

static const struct argument_group groups[] = {
    {"Start", start_options, offsetof(struct run_settings, start)},
    {"Recording", recording_options, offsetof(struct run_settings, recording)},
    {"Afterwards", after_options, 0},
    {"Limits", gate_options, offsetof(struct run_settings, gate)},
    {"Stacks and names", name_options, offsetof(struct run_settings, names)},
    {"General", general_options, offsetof(struct run_settings, general)},
    {.title = NULL},
};

/* The program's path, or exit as a shell would. */
static char *find_program_or_exit(const char *name)
{
	int error = 0;
	char *path = program_find(name, &error);

	if (path != NULL)
		return path;
	message("%s: %s", name, error == ENOENT ? "program not found" : strerror(error));
	exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static void check_obstacle(const char *path, bool anyway)
{
	char *obstacle = program_obstacle(path);

	if (obstacle == NULL)
		return;
	if (!anyway)
		die(EXIT_USAGE, "%s. Nothing would be recorded; --anyway starts it all the same",
		    obstacle);
	message("%s. Nothing will be recorded", obstacle);
	free(obstacle);
}

static void tell_nothing_written(
    const struct child_result *child, const struct run_settings *settings)
{
	if (settings->recording.enabled == ARGUMENT_OFF)
		return;
	if (child->signal != 0)
		message(
		    "no snapshot was written: signal %d (%s) ended the program; --snapshot-at every=N, --signal or "
		    "`allocscope snapshot -p PID` take one earlier",
		    child->signal, strsignal(child->signal));
	else
		message("no snapshot was written");
}

/* The gate over what the run left; returns the exit code of the tool. */
static int judge(const struct run_files *files, const struct child_result *child,
    const struct run_settings *settings)
{
	struct report_options options =
	    load_report_options(&settings->general, false, &settings->names, NULL);
	size_t *indices = xcalloc(files->count + 1, sizeof *indices);
	size_t count = run_files_to_judge(files, (uint32_t)child->pid, indices);
	int worst = EXIT_CLEAN;

	options.style = style_for(&settings->general, stderr);
	if (count == 0) {
		message("there is no snapshot to check; a check that cannot see does not pass");
		worst = EXIT_USAGE;
	}
	for (size_t i = 0; i < count; i++) {
		int code = gate_judge(stderr, &files->files[indices[i]].path, 1, &settings->gate,
		    &settings->names, NULL, &options);

		if (worst == EXIT_CLEAN || code == EXIT_USAGE)
			worst = code;
	}
	free(indices);
	return worst;
}

static int finish(const struct child_result *child, const char *manifest,
    const struct run_settings *settings, bool gated)
{
	struct run_files files;
	int code = child->exit_code;

	run_files_collect(&files, manifest);
	if (settings->recording.symbols == ARGUMENT_ON)
		run_files_embed_names(&files, &settings->names);
	if (settings->compress.given)
		run_files_compress(&files, (int)settings->compress.value);
	if (files.count == 0)
		tell_nothing_written(child, settings);
	else if (!settings->start.quiet)
		run_files_tell(&files, (uint32_t)child->pid);
	if (gated) {
		int judged = judge(&files, child, settings);

		code = code != 0 ? code : judged;
	}
	run_files_release(&files);
	return code;
}

static int run_run(const struct command *self, void *settings_void, int count, char **operands)
{
	const struct run_settings *settings = settings_void;
	bool gated = gate_has_rule(&settings->gate);
	char **arguments = xcalloc((size_t)count + 1, sizeof *arguments);
	char *program = NULL;
	char *manifest = NULL;
	struct child_result child;
	int code = EXIT_CLEAN;

	if (settings->check && !gated)
		arguments_die(&self->syntax,
		    "--check needs a limit: a check without a rule would always pass");
	if (settings->compress.given &&
	    (settings->compress.value < 1 || settings->compress.value > ZSTD_LEVEL_MAX))
		arguments_die(&self->syntax, "--compress takes a level of 1 to %d", ZSTD_LEVEL_MAX);
	if (settings->start.mark_fd.given && settings->start.mark_fd.value > INT_MAX)
		arguments_die(&self->syntax, "--mark-fd takes the number of a descriptor");
	run_environment_check(&self->syntax, &settings->recording);
	program = find_program_or_exit(operands[0]);
	check_obstacle(program, settings->start.anyway);
	memcpy(arguments, operands, (size_t)count * sizeof *arguments);
	manifest = run_files_new_manifest();
	run_environment_set(&settings->start, &settings->recording, manifest);
	child = child_run(program, arguments,
	    settings->start.mark_fd.given ? (int)settings->start.mark_fd.value : -1);
	run_environment_clear();
	free(arguments);
	if (child.exec_errno != 0) {
		message("%s: %s", program, strerror(child.exec_errno));
		(void)unlink(manifest);
		return child.exec_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	free(program);
	code = finish(&child, manifest, settings, gated);
	free(manifest);
	return code;
}

const struct command cmd_run = {
    .syntax = {.command = "run",
	.operands = "[--] PROGRAM [ARGUMENT...]",
	.summary = "run a program and record its heap",
	.description =
	    "Runs PROGRAM with liballocscope.so preloaded. The snapshots that it and its children write are listed "
	    "at the end with the next command. The exit code is the program's own (128 + signal when one ended "
	    "it); 127 program not found, 126 not executable, 2 wrong use, 1 a limit was broken (see --check).",
	.groups = groups,
	.stops_at_operand = true},
    .settings_bytes = sizeof(struct run_settings),
    .operands_min = 1,
    .operands_max = -1,
    .run = run_run,
};
