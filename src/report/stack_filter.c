#include "report/stack_filter.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/report_stack.h"

static bool frame_matches(
    const struct heap *heap, const struct site_frame *frame, const regex_t *regex)
{
	char text[REPORT_TEXT_BYTES * 2];

	if (frame->name != NULL && frame->name->function != NULL) {
		(void)snprintf(text, sizeof text, "%s (%s:%" PRIu32 ")", frame->name->function,
		    frame->name->file != NULL ? frame->name->file : "", frame->name->line);
		if (regexec(regex, text, 0, NULL, 0) == 0)
			return true;
	}
	return regexec(regex, site_module_name(heap, frame->module), 0, NULL, 0) == 0;
}

static bool any_frame_matches(
    const struct heap *heap, const struct site_frame *frames, size_t count, const regex_t *regex)
{
	for (size_t i = 0; i < count; i++) {
		if (frame_matches(heap, &frames[i], regex))
			return true;
	}
	return false;
}

static bool thread_matches(const struct heap *heap, uint32_t stack, const char *pattern)
{
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t row = heap->stacks[stack].thread;
	char number[16];

	if (row == HEAP_NONE || row >= snapshot->thread_count)
		return false;
	(void)snprintf(number, sizeof number, "%" PRIu32, snapshot->threads[row].tid);
	return strcmp(number, pattern) == 0 ||
	       fnmatch(pattern, snapshot_string(snapshot, snapshot->threads[row].name), 0) == 0;
}

static bool module_matches(const struct group_input *input, uint32_t stack, const char *pattern)
{
	const struct heap *heap = input->heap;
	struct site_frame site;

	if (!site_of_stack(heap, input->names, input->rules, stack, &site))
		return false;
	return fnmatch(pattern, site_module_name(heap, site.module), 0) == 0 ||
	       strcmp(pattern,
		   snapshot_string(heap->snapshot, heap->snapshot->modules[site.module].path)) == 0;
}

static int is_hidden(const struct stack_filter *filter, const struct group_input *input,
    uint32_t stack, bool *ret_hidden)
{
	struct report_stack frames;
	int status = 0;

	*ret_hidden = true;
	if (filter->thread_pattern != NULL &&
	    !thread_matches(input->heap, stack, filter->thread_pattern))
		return 0;
	if (filter->module_pattern != NULL && !module_matches(input, stack, filter->module_pattern))
		return 0;
	if (filter->focus == NULL && filter->hide == NULL) {
		*ret_hidden = false;
		return 0;
	}
	status = report_stack_open(input, stack, &frames);
	if (status != 0)
		return status;
	*ret_hidden = (filter->focus != NULL && !any_frame_matches(input->heap, frames.frames,
						    frames.count, filter->focus)) ||
		      (filter->hide != NULL && any_frame_matches(input->heap, frames.frames,
						   frames.count, filter->hide));
	report_stack_release(&frames);
	return 0;
}

int stack_filter_apply(
    const struct stack_filter *filter, const struct group_input *input, uint8_t **ret_hidden)
{
	size_t count = input->heap->stack_count;
	uint8_t *hidden = calloc(count + 1, 1);
	int status = hidden != NULL ? 0 : STATUS_NO_MEMORY;

	for (size_t i = 0; status == 0 && i < count; i++) {
		bool one = false;

		status = is_hidden(filter, input, (uint32_t)i, &one);
		hidden[i] = one;
	}
	if (status != 0) {
		free(hidden);
		return status;
	}
	*ret_hidden = hidden;
	return 0;
}
