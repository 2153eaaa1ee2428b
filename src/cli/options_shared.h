/* Groups of options that several commands share, and what they mean for the libraries. */
#ifndef CLI_OPTIONS_SHARED_H
#define CLI_OPTIONS_SHARED_H

#include <stdbool.h>

#include "cli/arguments.h"
#include "report/text_table.h"

/* First member of every command's settings. */
struct general_settings {
	bool help;
	int colour; /* enum colour_choice */
};
enum colour_choice { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
extern const struct argument_option general_options[];

/* Of every command that reads snapshots. */
struct output_settings {
	bool json;
};
extern const struct argument_option output_options[];

/* How addresses get names and stacks are shown. */
struct name_settings {
	struct argument_number frames;
	bool show_all_frames;
	bool full_names;
	struct argument_list skip;
	struct argument_list debug_directories;
	const char *sysroot;
	bool no_cache;
};
extern const struct argument_option name_options[];

/* Which blocks and rows are looked at. */
struct filter_settings {
	struct argument_number top, min_bytes;
	const char *focus, *hide, *thread, *module;
	struct argument_range born;
	struct argument_range epochs; /* report only: what an assertion asks */
};
extern const struct argument_option filter_options[];

/* Text for OUT: colour only on a terminal, unless told otherwise. */
struct text_style style_for(const struct general_settings *general, FILE *out);

#endif
