/*
 * What `allocscope run` tells the shared object: its options as flags, and the variables made of them. The
 * names of the flags are the keys of ALLOCSCOPE_OPTIONS with '-' for '_', so the table is the only list.
 */
#ifndef CLI_RUN_ENVIRONMENT_H
#define CLI_RUN_ENVIRONMENT_H

#include "cli/arguments.h"

struct recording_settings {
	enum argument_switch enabled, force, graph, follow_fork, follow_exec, track_mmap, symbols;
	struct argument_list snapshot_at;
	struct argument_number max_frames, warmup, sample;
	const char *iterate_on, *iterate_on_signal, *iterate_every, *directory;
	const char *scope, *unwinder;
};
extern const struct argument_option recording_options[];

struct start_settings {
	const char *output;
	const char *library;
	const char *signal;
	struct argument_number mark_fd;
	bool quiet;
	bool anyway;
};
extern const struct argument_option start_options[];

/* Die when a value cannot be, or is not in this version. */
void run_environment_check(
    const struct argument_syntax *syntax, const struct recording_settings *recording);
/* Set LD_PRELOAD and the ALLOCSCOPE_ variables of this process, which the program inherits; what the user has
 * set in them already is kept, flags win. MANIFEST is where the shared object lists the files it writes.
 * Dies when no shared object is found. */
void run_environment_set(const struct start_settings *start,
    const struct recording_settings *recording, const char *manifest);
/* Take them away again: the rest of this process (names, debuginfod) is not to be recorded. */
void run_environment_clear(void);

#endif
