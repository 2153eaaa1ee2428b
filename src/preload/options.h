/* What the user set: ALLOCSCOPE_OUTPUT, ALLOCSCOPE_OPTIONS and others. One table of keys (options.c);
 * read once at start, constant afterwards. */
#ifndef PRELOAD_OPTIONS_H
#define PRELOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_PATH_BYTES     4096
#define OPTIONS_POINTS_MAX     16
#define OPTIONS_FRAMES_MAX     4096
#define OPTIONS_FUNCTION_BYTES 512
#define OPTIONS_SIGNAL_BYTES   32
#define OPTIONS_EVERY_MS_MAX   86400000u /* a day */

enum options_point_kind {
	POINT_EXIT,
	POINT_FIRST,
	POINT_LAST,
	POINT_ITERATION, /* value = generation */
	POINT_EVERY,	 /* value = iterations */
	POINT_PEAK,
	POINT_GROWTH, /* value = bytes */
};

struct options_point {
	enum options_point_kind kind;
	uint64_t value;
};

enum options_unwinder {
	UNWINDER_LIBUNWIND,
	UNWINDER_VALIDATED,
	UNWINDER_CHECK /* for ourselves: every stack by several ways, differences are counted */
};

struct options {
	uint64_t enabled, force, quiet, graph, follow_fork, follow_exec, track_mmap, symbols;
	uint64_t max_frames, warmup, sample;
	uint64_t iterate_every_allocs, iterate_every_ns; /* one of them, or 0 */
	int64_t mark_fd;				 /* ALLOCSCOPE_MARK_FD, or -1 */
	bool thread_scope;
	bool optional; /* ALLOCSCOPE_OPTIONAL=1: assertions that cannot see may pass */
	enum options_unwinder unwinder;
	uint32_t point_count;
	struct options_point points[OPTIONS_POINTS_MAX]; /* snapshot_at */
	char output[OPTIONS_PATH_BYTES];
	char directory[OPTIONS_PATH_BYTES];
	char manifest[OPTIONS_PATH_BYTES];
	char signal[OPTIONS_SIGNAL_BYTES];
	char iterate_on[OPTIONS_FUNCTION_BYTES];
	char iterate_on_signal[OPTIONS_SIGNAL_BYTES];
	char tool[OPTIONS_PATH_BYTES]; /* ALLOCSCOPE_TOOL; "": to be found */
	bool no_tool;		       /* ALLOCSCOPE_TOOL= */
};

extern struct options options;

/* Read ENVIRONMENT ("NAME=value" strings, NULL at the end). Problems are kept for options_report. */
void options_read(char *const *environment);
/* One warning per problem found while reading. */
void options_report(void);
bool options_has_point(enum options_point_kind kind);

static inline bool options_iterate_every(void)
{
	return (options.iterate_every_allocs | options.iterate_every_ns) != 0;
}

#endif
