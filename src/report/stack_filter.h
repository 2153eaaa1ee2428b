/*
 * Which logical stacks the user wants to see: --focus, --hide, --thread, --module. The answer is the
 * stack_hidden array of analysis' heap_filter.
 */
#ifndef REPORT_STACK_FILTER_H
#define REPORT_STACK_FILTER_H

#include <regex.h>

#include "analysis/group.h"

struct stack_filter {
	const regex_t *focus; /* a frame must match; NULL: none */
	const regex_t *hide;  /* no frame may match; NULL: none */
	const char
	    *thread_pattern; /* name (shell pattern) or number of the birth thread; NULL: all */
	const char *module_pattern; /* file name of the site's module (shell pattern); NULL: all */
};

/* One byte per logical stack of INPUT's heap, 1 = hidden; free() it. Frames are matched as
 * "function (path:line)" and "module". Returns 0 or STATUS_NO_MEMORY. */
int stack_filter_apply(
    const struct stack_filter *filter, const struct group_input *input, uint8_t **ret_hidden);

#endif
