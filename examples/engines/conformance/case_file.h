/*
 * The conformance cases as a file (cases.txt): title, script and the expected trace of each engine version.
 *
 *	case 10 B cut-off: middle unchanged, downstream not run (pull)
 *		S a=1; C b{log 'b'; a>0}; ...
 *		=> ALL: c b | b | b c
 *
 * A line that begins with # is a comment. A script may go over several lines. A case has one or more expectations, each
 * for the columns that it names, joined with +.
 */
#ifndef CONFORMANCE_CASE_FILE_H
#define CONFORMANCE_CASE_FILE_H

#include "engines/conformance/script.h"

#include <stdbool.h>
#include <stdio.h>

struct expectation {
	struct expectation *next;
	const char *columns; /* "L+P1.11" */
	const char *trace;   /* "n/a": the engine does not offer what the case needs */
};

struct conformance_case {
	struct conformance_case *next;
	unsigned number, line;
	const char *title;
	const char *script;
	struct expectation *expectations;
};

/* All cases of FILE in order, in the arena; NULL after a message to stderr. */
struct conformance_case *case_file_read(struct arena *arena, FILE *file, const char *path);

/* The trace expected in the first of COLUMNS (NULL-terminated, most particular first) that the case names, or NULL. */
const char *case_expected(const struct conformance_case *test, const char *const *columns);

#endif
