/* What the user asked all reports over rows for. */
#ifndef REPORT_REPORT_OPTIONS_H
#define REPORT_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/text_table.h"

struct graph_view;

struct report_options {
	const struct graph_view *view; /* of the last file; NULL: who holds what is not known */
	struct text_style style;
	bool json;
	bool full_names;    /* text keeps template arguments, parameters and return types */
	uint64_t top;	    /* rows at most; 0 all */
	uint64_t min_bytes; /* rows below are left out */
	size_t frames;	    /* of the stack below a row; 0 none, SIZE_MAX all */
};

/* How many of COUNT rows are shown. */
static inline size_t report_shown(const struct report_options *options, size_t count)
{
	return options->top != 0 && options->top < count ? (size_t)options->top : count;
}

#endif
