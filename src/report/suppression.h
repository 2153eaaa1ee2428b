/*
 * Suppressions: what a gate leaves out, in the syntax of LeakSanitizer's files. After it: cli/gate.c.
 *
 *   # a comment
 *   leak:pattern
 *
 * A pattern matches a stack when it matches the function, the source file or the module of one of its frames: as a
 * part of the name; `*` is any text, a leading `^` the start, a final `$` the end. Lines with other words before the
 * colon are those of other tools and are passed over. The first suppression that matches counts the block.
 */
#ifndef REPORT_SUPPRESSION_H
#define REPORT_SUPPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/group.h"

#define SUPPRESSION_NONE UINT32_MAX

struct suppression {
	const char *pattern; /* without "leak:" */
	const char *origin;  /* who gave it: a file's path, "built in", "the program" */
	uint32_t line;	     /* of that file, from 1; 0: no file */
	uint64_t blocks, bytes;
};

/* Zeroed: empty. Strings of ORIGIN must outlive it. */
struct suppression_list {
	struct suppression *rows;
	size_t count;
	char **texts; /* private: what the patterns point into */
	size_t text_count;
};

/* Does PATTERN match TEXT (NULL: no)? */
bool suppression_matches(const char *pattern, const char *text);
/* Does PATTERN match FRAME of HEAP: its function, source file or module? */
bool suppression_matches_frame(
    const char *pattern, const struct heap *heap, const struct site_frame *frame);

/* Add the lines of TEXT. Returns 0, STATUS_NO_MEMORY, or STATUS_BAD_ARGUMENT with *RET_LINE: a line that is neither
 * empty, a comment nor "word:pattern". */
int suppressions_add(struct suppression_list *list, const char *text, size_t bytes,
    const char *origin, bool has_lines, uint32_t *ret_line);
/* Add what every program's C and C++ run-time libraries keep for good. */
int suppressions_add_built_in(struct suppression_list *list);
/*
 * Hide the stacks of INPUT that a suppression matches: HIDDEN has a byte per logical stack. *RET_ROWS says which one
 * it was, by stack; free() it. Returns 0 or STATUS_NO_MEMORY.
 */
int suppressions_apply(const struct suppression_list *list, const struct group_input *input,
    uint8_t *hidden, uint32_t **ret_rows);
/* Which blocks a gate looks at, besides those from counted iterations. */
enum suppression_scope {
	SUPPRESSION_RETAINED,	/* none */
	SUPPRESSION_LEAKED,	/* what no root reaches, if INPUT has its reach */
	SUPPRESSION_EVERYTHING, /* all */
};
/* Add such blocks of INPUT's stacks to the rows that hide them. */
void suppressions_count(struct suppression_list *list, const struct group_input *input,
    const uint32_t *rows, enum suppression_scope scope);
void suppressions_release(struct suppression_list *list);

#endif
