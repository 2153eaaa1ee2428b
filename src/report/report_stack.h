/*
 * A stack as it is shown: from the site outwards, without the frames that every program has outside of main
 * (unless all frames are wanted).
 */
#ifndef REPORT_REPORT_STACK_H
#define REPORT_REPORT_STACK_H

#include "analysis/group.h"
#include "report/json_writer.h"
#include "report/report_options.h"
#include "report/text_table.h"

#define REPORT_TEXT_BYTES 1024 /* of one frame; longer C++ names are cut */

struct report_stack {
	struct site_frame *frames; /* the whole stack, innermost first */
	size_t count;
	size_t first, end; /* the part that is shown */
	bool is_cut;	   /* deeper than max_frames when recorded */
};

/* Returns 0 or STATUS_NO_MEMORY; release with report_stack_release. */
int report_stack_open(
    const struct group_input *input, uint32_t stack, struct report_stack *ret_stack);
void report_stack_release(struct report_stack *stack);

/* Function of a frame, or module+0xoffset, into TEXT. */
void report_frame_function(
    const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes);
/* Members "stack" and "frames" of a row: the stack that stands for KEY. Empty arrays when there is none. */
int report_stack_json(
    struct json_writer *json, const struct grouping *grouping, const struct group_key *key);
/* Member KEY: the functions of STACK, innermost first; HEAP_NONE gives an empty array. */
int report_functions_json(
    struct json_writer *json, const char *key, const struct group_input *input, uint32_t stack);
/* `function (file:line)` of a frame as text shows it, short unless options say otherwise. */
void report_site_text_for(const struct report_options *options, const struct heap *heap,
    const struct site_frame *frame, char *text, size_t bytes);
/* Lines below the row: at most options->frames frames of logical stack NUMBER (HEAP_NONE: none). LEAD ("in")
 * stands before the site; NULL leaves the site out, since the row names it. */
int report_stack_below(struct text_table *table, const struct group_input *input, uint32_t number,
    const struct report_options *options, const char *lead);

#endif
