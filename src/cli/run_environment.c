#include "cli/run_environment.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fatal.h"

#define LIBRARY "liballocscope.so"

#define ROW(kind, letter, name, member, value, help)                                               \
	{                                                                                          \
		kind, letter, name, value, help, offsetof(struct recording_settings, member), NULL \
	}
const struct argument_option recording_options[] = {
    ROW(ARGUMENT_LIST, 0, "snapshot-at", snapshot_at, "WHEN,...",
	"When snapshots are taken: exit (default), first (end of the last warm-up iteration), last (end of the last "
	"iteration), iteration=N, every=N, peak, growth=BYTES; several with commas."),
    ROW(ARGUMENT_TEXT, 0, "iterate-on", iterate_on, "FUNCTION",
	"Each entry into FUNCTION begins an iteration: for programs whose source cannot be changed."),
    ROW(ARGUMENT_TEXT, 0, "iterate-on-signal", iterate_on_signal, "SIGNAL",
	"Each SIGNAL that the program receives begins an iteration."),
    ROW(ARGUMENT_COUNT, 0, "iterate-every", iterate_every, "N",
	"Each N-th allocation begins an iteration."),
    ROW(ARGUMENT_COUNT, 0, "warmup", warmup, "N",
	"The first N iterations of a benchmark are warm-up and left out of every judgement (default 2)."),
    ROW(ARGUMENT_TEXT, 0, "scope", scope, "process|thread",
	"An iteration tags the allocations of the whole process (default) or of the thread that began it."),
    ROW(ARGUMENT_COUNT, 0, "max-frames", max_frames, "N",
	"Keep at most N innermost frames of a stack (default 512); deeper stacks are cut, marked and counted."),
    ROW(ARGUMENT_TEXT, 0, "unwinder", unwinder, "validated|libunwind", "How stacks are taken."),
    ROW(ARGUMENT_BYTES, 0, "sample", sample, "BYTES",
	"Record one allocation per BYTES on average; 0 records all of them exactly (default)."),
    ROW(ARGUMENT_SWITCH, 0, "graph", graph, NULL, "Record who points to whom (default on)."),
    ROW(ARGUMENT_SWITCH, 0, "track-mmap", track_mmap, NULL,
	"Record mmap, munmap and mremap too (default off)."),
    ROW(ARGUMENT_SWITCH, 0, "follow-fork", follow_fork, NULL,
	"Children of fork write snapshots of their own (default on)."),
    ROW(ARGUMENT_SWITCH, 0, "follow-exec", follow_exec, NULL,
	"Programs that it executes are recorded too (default on)."),
    ROW(ARGUMENT_SWITCH, 0, "symbols", symbols, NULL,
	"Put the names of functions into the snapshots, so that they can be read on another machine."),
    ROW(ARGUMENT_TEXT, 0, "directory", directory, "DIR",
	"Where files go, also those of programs that change their directory (default: the working directory)."),
    ROW(ARGUMENT_SWITCH, 0, "enabled", enabled, NULL,
	"Load the shared object but record nothing with --no-enabled (to measure what loading costs)."),
    ROW(ARGUMENT_SWITCH, 'f', "force", force, NULL,
	"Replace a file that exists instead of choosing a new name."),
    {.kind = ARGUMENT_END},
};
#undef ROW

const struct argument_option start_options[] = {
    {ARGUMENT_TEXT, 'o', "output", "FILE",
	"File or pattern of the snapshots (default allocscope.%e.%p.snap): %p process, %e program, %h host, %t start "
	"time, %n sequence, %i iteration, %%.",
	offsetof(struct start_settings, output), NULL},
    {ARGUMENT_TEXT, 0, "library", "PATH",
	"The shared object (default: liballocscope.so beside this tool or in ../lib).",
	offsetof(struct start_settings, library), NULL},
    {ARGUMENT_TEXT, 0, "signal", "SIGNAL",
	"The program takes a snapshot when it receives SIGNAL (default none).",
	offsetof(struct start_settings, signal), NULL},
    {ARGUMENT_FLAG, 'q', "quiet", NULL, "No summary at the end; warnings remain.",
	offsetof(struct start_settings, quiet), NULL},
    {ARGUMENT_FLAG, 0, "anyway", NULL, "Start the program even when nothing can be recorded in it.",
	offsetof(struct start_settings, anyway), NULL},
    {.kind = ARGUMENT_END},
};

static void set_variable(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		die(EXIT_USAGE, "cannot set %s: %s", name, strerror(errno));
}

/* "key=value" of one option, or NULL when it was not given. */
static char *option_setting(
    const struct argument_option *option, const void *target, const char *key)
{
	const struct argument_number *number = target;
	const struct argument_list *list = target;
	enum argument_switch answer = ARGUMENT_UNSET;
	const char *text = NULL;
	char *joined = NULL;

	switch (option->kind) {
	case ARGUMENT_SWITCH:
		answer = *(const enum argument_switch *)target;
		return answer != ARGUMENT_UNSET ? xformat("%s=%d", key, answer == ARGUMENT_ON)
						: NULL;
	case ARGUMENT_TEXT:
		text = *(const char *const *)target;
		return text != NULL ? xformat("%s=%s", key, text) : NULL;
	case ARGUMENT_LIST:
		for (size_t i = 0; i < list->count; i++) {
			char *longer = joined == NULL ? xformat("%s=%s", key, list->texts[i])
						      : xformat("%s,%s", joined, list->texts[i]);

			free(joined);
			joined = longer;
		}
		return joined;
	default: /* numbers */
		return number->given ? xformat("%s=%" PRIu64, key, number->value) : NULL;
	}
}

static char *key_of(const struct argument_option *option)
{
	char *key = xstrdup(option->name);

	for (char *letter = key; *letter != '\0'; letter++) {
		if (*letter == '-')
			*letter = '_';
	}
	return key;
}

static char *directory_of_self(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path);

	while (length > 0 && path[length - 1] != '/')
		length--;
	return xformat("%.*s", length > 1 ? (int)length - 1 : 1, length > 0 ? path : ".");
}

/* Where the shared object lies relative to the tool: built, then installed. */
static const char *const library_places[] = {".", "../lib", "../lib/allocscope", "../lib64",
    "../lib/x86_64-linux-gnu", "../lib/aarch64-linux-gnu"};

static char *find_library(const char *given)
{
	char resolved[PATH_MAX];
	char *directory = NULL;

	if (given != NULL) {
		if (realpath(given, resolved) == NULL)
			die(EXIT_USAGE, "--library %s: %s", given, strerror(errno));
		return xstrdup(resolved);
	}
	directory = directory_of_self();
	for (size_t i = 0; i < sizeof library_places / sizeof library_places[0]; i++) {
		char *path = xformat("%s/%s/" LIBRARY, directory, library_places[i]);
		bool found = realpath(path, resolved) != NULL;

		free(path);
		if (found) {
			free(directory);
			return xstrdup(resolved);
		}
	}
	die(EXIT_USAGE,
	    LIBRARY " is neither in %s nor in ../lib of it; name it with --library PATH",
	    directory);
}

static void set_preload(const char *library)
{
	const char *old = getenv("LD_PRELOAD");
	char *value = NULL;

	if (strpbrk(library, ": \t") != NULL)
		die(EXIT_USAGE,
		    "the loader cannot preload '%s': LD_PRELOAD has no way to write a path with ':' or blanks",
		    library);
	value = old != NULL && old[0] != '\0' ? xformat("%s:%s", library, old) : xstrdup(library);
	set_variable("LD_PRELOAD", value);
	free(value);
}

static void set_options(const struct recording_settings *recording)
{
	const char *old = getenv("ALLOCSCOPE_OPTIONS");
	/* quiet: we print the summary; what the user set in the environment comes after and wins over it */
	char *value =
	    old != NULL && old[0] != '\0' ? xformat("quiet=1:%s", old) : xstrdup("quiet=1");

	for (const struct argument_option *option = recording_options; option->kind != ARGUMENT_END;
	     option++) {
		char *key = key_of(option);
		char *setting =
		    option_setting(option, (const char *)recording + option->offset, key);

		if (setting != NULL) {
			char *longer = xformat("%s:%s", value, setting);

			if (strchr(setting, ':') != NULL)
				die(EXIT_USAGE,
				    "--%s: the value cannot contain ':' (it ends an option)",
				    option->name);
			free(value);
			value = longer;
		}
		free(setting);
		free(key);
	}
	set_variable("ALLOCSCOPE_OPTIONS", value);
	free(value);
}

void run_environment_set(const struct start_settings *start,
    const struct recording_settings *recording, const char *manifest)
{
	char *library = find_library(start->library);

	set_preload(library);
	free(library);
	set_options(recording);
	if (start->output != NULL)
		set_variable("ALLOCSCOPE_OUTPUT", start->output);
	if (start->signal != NULL)
		set_variable("ALLOCSCOPE_SIGNAL", start->signal);
	set_variable("ALLOCSCOPE_MANIFEST", manifest);
}

void run_environment_clear(void)
{
	static const char *const names[] = {"LD_PRELOAD", "ALLOCSCOPE_OPTIONS", "ALLOCSCOPE_OUTPUT",
	    "ALLOCSCOPE_SIGNAL", "ALLOCSCOPE_MANIFEST"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unsetenv(names[i]);
}
