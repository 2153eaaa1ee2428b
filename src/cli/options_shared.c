#include "cli/options_shared.h"

#include <stdlib.h>
#include <unistd.h>

const struct argument_option general_options[] = {
    {ARGUMENT_FLAG, 'h', "help", NULL, "Show this text.", offsetof(struct general_settings, help),
	NULL},
    {ARGUMENT_CHOICE, 0, "color", "auto|always|never",
	"Colour the text: auto (on a terminal, unless NO_COLOR is set), always or never.",
	offsetof(struct general_settings, colour), "always"},
    {.kind = ARGUMENT_END},
};

const struct argument_option output_options[] = {
    {ARGUMENT_FLAG, 0, "json", NULL, "Write JSON instead of text: exact integers, stable keys.",
	offsetof(struct output_settings, json), NULL},
    {.kind = ARGUMENT_END},
};

const struct argument_option name_options[] = {
    {ARGUMENT_COUNT, 0, "frames", "N",
	"Frames of a stack shown below a row of text (default 6; 0 shows none).",
	offsetof(struct name_settings, frames), NULL},
    {ARGUMENT_FLAG, 0, "show-all-frames", NULL,
	"Show whole stacks, with the frames of allocation wrappers, and no limit of rows.",
	offsetof(struct name_settings, show_all_frames), NULL},
    {ARGUMENT_FLAG, 0, "full-names", NULL,
	"Show C++ names with their template arguments, parameters and return types (JSON always does).",
	offsetof(struct name_settings, full_names), NULL},
    {ARGUMENT_LIST, 0, "skip", "PATTERN",
	"A further wrapper: functions that match PATTERN (* and ? as in a shell) are never the site of a "
	"block; their caller is. May be given several times.",
	offsetof(struct name_settings, skip), NULL},
    {ARGUMENT_LIST, 0, "debug-directory", "DIR",
	"Look for separate debug files in DIR instead of /usr/lib/debug. May be given several times.",
	offsetof(struct name_settings, debug_directories), NULL},
    {ARGUMENT_TEXT, 0, "sysroot", "DIR", "Look for programs and libraries below DIR.",
	offsetof(struct name_settings, sysroot), NULL},
    {ARGUMENT_FLAG, 0, "no-cache", NULL,
	"Do not use or write the cache of names (~/.cache/allocscope).",
	offsetof(struct name_settings, no_cache), NULL},
    {.kind = ARGUMENT_END},
};

const struct argument_option filter_options[] = {
    {ARGUMENT_COUNT, 0, "top", "N",
	"At most N rows (default 20; 0 shows all). JSON has all rows by default.",
	offsetof(struct filter_settings, top), NULL},
    {ARGUMENT_BYTES, 0, "min-bytes", "N",
	"Only rows of at least N bytes; N may end in K, M or G (times 1024).",
	offsetof(struct filter_settings, min_bytes), NULL},
    {ARGUMENT_TEXT, 0, "focus", "REGEX",
	"Only stacks with a frame that matches the extended regular expression (function, file or module).",
	offsetof(struct filter_settings, focus), NULL},
    {ARGUMENT_TEXT, 0, "hide", "REGEX", "Leave out stacks with a frame that matches.",
	offsetof(struct filter_settings, hide), NULL},
    {ARGUMENT_RANGE, 0, "born", "A..B",
	"Only blocks born in the generations A to B (a generation is a process-wide number of an iteration; "
	"0 is outside of iterations). N, A.. and ..B work too.",
	offsetof(struct filter_settings, born), NULL},
    {ARGUMENT_TEXT, 0, "thread", "T", "Only blocks born on threads of that name or number.",
	offsetof(struct filter_settings, thread), NULL},
    {ARGUMENT_TEXT, 0, "module", "M",
	"Only stacks whose site lies in the program or library of that name (file name, * and ? allowed).",
	offsetof(struct filter_settings, module), NULL},
    {.kind = ARGUMENT_END},
};

struct text_style style_for(const struct general_settings *general, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (general->colour != COLOUR_AUTO)
		return (struct text_style){.colour = general->colour == COLOUR_ALWAYS};
	if (no_colour != NULL && no_colour[0] != '\0')
		return (struct text_style){.colour = false};
	if (terminal != NULL && terminal[0] == 'd' && terminal[1] == 'u') /* dumb */
		return (struct text_style){.colour = false};
	return (struct text_style){.colour = isatty(fileno(out)) == 1};
}
