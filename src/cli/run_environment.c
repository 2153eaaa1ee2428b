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
	"Each entry into FUNCTION, exported or local, ends an iteration and begins the next: for programs whose source cannot be "
	"changed."),
    ROW(ARGUMENT_TEXT, 0, "iterate-on-signal", iterate_on_signal, "SIGNAL",
	"Each SIGNAL that the program receives ends an iteration and begins the next."),
    ROW(ARGUMENT_TEXT, 0, "iterate-every", iterate_every, "N|Nms",
	"Each N-th allocation, or the first one after N milliseconds, ends an iteration and begins the next."),
    ROW(ARGUMENT_COUNT, 0, "warmup", warmup, "N",
	"The first N iterations of a benchmark are warm-up and left out of every judgement (default 2)."),
    ROW(ARGUMENT_TEXT, 0, "scope", scope, "process|thread",
	"An iteration tags the allocations of the whole process (default) or of the thread that began it."),
    ROW(ARGUMENT_COUNT, 0, "max-frames", max_frames, "N",
	"Keep at most N innermost frames of a stack (default 512); deeper stacks are cut, marked and counted."),
    ROW(ARGUMENT_TEXT, 0, "unwinder", unwinder, "validated|libunwind",
	"How stacks are taken: by an unwinder of our own that checks what it remembers (default), or by libunwind."),
    ROW(ARGUMENT_BYTES, 0, "sample", sample, "BYTES",
	"Record one allocation per BYTES allocated, on average, and estimate the rest (512K suits production); 0 records all "
	"of them exactly (default)."),
    ROW(ARGUMENT_SWITCH, 0, "graph", graph, NULL,
	"Record who points to whom (default on), but for snapshots at last and peak."),
    ROW(ARGUMENT_SWITCH, 0, "track-mmap", track_mmap, NULL,
	"Record mmap, munmap and mremap too (default off). Not in this version yet."),
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
    {ARGUMENT_COUNT, 0, "mark-fd", "N",
	"The program, a script say, marks iterations by lines that it writes to descriptor N, which is taken from it for "
	"that: \"begin NAME\", \"end\"; see allocscope-preload(7).",
	offsetof(struct start_settings, mark_fd), NULL},
    {ARGUMENT_FLAG, 'q', "quiet", NULL, "No summary at the end; warnings remain.",
	offsetof(struct start_settings, quiet), NULL},
    {ARGUMENT_FLAG, 0, "anyway", NULL, "Start the program even when nothing can be recorded in it.",
	offsetof(struct start_settings, anyway), NULL},
    {.kind = ARGUMENT_END},
};

/* --- values that the shared object would have to refuse, refused before the program starts --- */

static bool is_word_of(const char *const *words, const char *text, size_t length)
{
	for (; *words != NULL; words++) {
		if (strlen(*words) == length && memcmp(*words, text, length) == 0)
			return true;
	}
	return false;
}

/* One of the words, or NAME=NUMBER with a number that is not 0. */
static bool is_moment(const char *text, size_t length)
{
	static const char *const words[] = {"exit", "first", "last", "peak", NULL};
	static const char *const names[] = {"iteration", "every", "growth", NULL};
	const char *equals = memchr(text, '=', length);
	struct argument_number number;
	char *value = NULL;
	bool good = false;

	if (equals == NULL)
		return is_word_of(words, text, length);
	if (!is_word_of(names, text, (size_t)(equals - text)))
		return false;
	value = xformat("%.*s", (int)(length - (size_t)(equals - text) - 1), equals + 1);
	good = arguments_size_of(value, false, &number) && number.value != 0;
	free(value);
	return good;
}

static void check_moments(const struct argument_syntax *syntax, const char *list)
{
	for (;;) {
		size_t length = strcspn(list, ",");

		if (!is_moment(list, length))
			arguments_die(syntax,
			    "--snapshot-at takes exit, first, last, iteration=N, every=N, peak or growth=BYTES, not '%.*s'",
			    (int)length, list);
		if (list[length] == '\0')
			return;
		list += length + 1;
	}
}

/* A number with K, M or G, or one with "ms". */
static void check_every(const struct argument_syntax *syntax, const char *every)
{
	size_t length = every != NULL ? strlen(every) : 0;
	bool is_time = length > 2 && strcmp(every + length - 2, "ms") == 0;
	struct argument_number number;
	char *value = NULL;

	if (every == NULL)
		return;
	value = xformat("%.*s", (int)(length - (is_time ? 2 : 0)), every);
	if (!arguments_size_of(value, false, &number))
		arguments_die(syntax,
		    "--iterate-every takes a number of allocations, or of milliseconds as in 100ms, not '%s'",
		    every);
	free(value);
}

static void check_word(const struct argument_syntax *syntax, const char *option, const char *value,
    const char *const *words, const char *expected)
{
	if (value != NULL && !is_word_of(words, value, strlen(value)))
		arguments_die(syntax, "--%s takes %s, not '%s'", option, expected, value);
}

/* Better refused than ignored: the run would not be what was asked for. */
static void check_later(
    const struct argument_syntax *syntax, const struct recording_settings *recording)
{
	const struct {
		const char *name;
		bool given;
	} later[] = {
	    {"track-mmap", recording->track_mmap == ARGUMENT_ON},
	};

	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		if (later[i].given)
			arguments_die(syntax, "this version does not have --%s yet", later[i].name);
	}
}

/* True when TEXT holds a colon that is not one of a pair. */
static bool has_single_colon(const char *text)
{
	for (; *text != '\0'; text++) {
		if (text[0] == ':' && text[1] != ':')
			return true;
		text += text[0] == ':';
	}
	return false;
}

/* ':' ends an option for the shared object, and there is no way to write it inside a value, but for the pairs in names
 * of functions. */
static void check_colons(
    const struct argument_syntax *syntax, const struct recording_settings *recording)
{
	for (const struct argument_option *option = recording_options; option->kind != ARGUMENT_END;
	     option++) {
		const char *text = NULL;

		if (option->kind == ARGUMENT_TEXT)
			text = *(const char *const *)((const char *)recording + option->offset);
		bool is_function = strcmp(option->name, "iterate-on") == 0;

		if (text != NULL &&
		    (is_function ? has_single_colon(text) : strchr(text, ':') != NULL))
			arguments_die(syntax,
			    "--%s: the value cannot contain ':' (it ends an option)", option->name);
	}
}

void run_environment_check(
    const struct argument_syntax *syntax, const struct recording_settings *recording)
{
	static const char *const scopes[] = {"process", "thread", NULL};
	static const char *const unwinders[] = {"validated", "libunwind", "check", NULL};

	for (size_t i = 0; i < recording->snapshot_at.count; i++)
		check_moments(syntax, recording->snapshot_at.texts[i]);
	check_word(syntax, "scope", recording->scope, scopes, "process or thread");
	check_word(
	    syntax, "unwinder", recording->unwinder, unwinders, "validated, libunwind or check");
	check_every(syntax, recording->iterate_every);
	check_later(syntax, recording);
	check_colons(syntax, recording);
}

/* --- the variables --- */

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
	if (start->mark_fd.given) {
		char *number = xformat("%" PRIu64, start->mark_fd.value);

		set_variable("ALLOCSCOPE_MARK_FD", number);
		free(number);
	}
	set_variable("ALLOCSCOPE_MANIFEST", manifest);
}

void run_environment_clear(void)
{
	static const char *const names[] = {"LD_PRELOAD", "ALLOCSCOPE_OPTIONS", "ALLOCSCOPE_OUTPUT",
	    "ALLOCSCOPE_SIGNAL", "ALLOCSCOPE_MARK_FD", "ALLOCSCOPE_MANIFEST"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unsetenv(names[i]);
}
