#include "report/report_stack.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/short_name.h"

/* Functions of the C library that call the outermost function that anybody wrote. */
static bool is_start_code(const struct heap *heap, const struct site_frame *frame)
{
	static const char *const names[] = {"__libc_start_main", "__libc_start_call_main",
	    "__libc_start_main_impl", "start_thread", "clone", "clone3", "__clone", "__clone3"};
	const char *module = site_module_name(heap, frame->module);

	if (frame->name == NULL || frame->name->function == NULL ||
	    (strncmp(module, "libc", 4) != 0 && strncmp(module, "libpthread", 10) != 0))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(frame->name->function, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_main(const struct site_frame *frame)
{
	return frame->name != NULL && frame->name->function != NULL &&
	       strcmp(frame->name->function, "main") == 0;
}

static void choose_shown(const struct heap *heap, struct report_stack *stack, bool all)
{
	stack->first = 0;
	stack->end = stack->count;
	if (all)
		return;
	while (stack->first < stack->count && stack->frames[stack->first].wrapper)
		stack->first++;
	if (stack->first == stack->count) /* nothing but wrappers */
		stack->first = 0;
	for (size_t i = stack->first + 1; i < stack->count; i++) {
		if (is_start_code(heap, &stack->frames[i])) {
			stack->end = i;
			return;
		}
	}
	for (size_t i = stack->count; i-- > stack->first;) { /* a libc without symbols */
		if (is_main(&stack->frames[i])) {
			stack->end = i + 1;
			return;
		}
	}
}

int report_stack_open(
    const struct group_input *input, uint32_t stack, struct report_stack *ret_stack)
{
	struct report_stack opened = {0};

	opened.count = site_frames(input->heap, input->names, input->rules, stack, NULL, 0);
	opened.frames = malloc((opened.count + 1) * sizeof *opened.frames);
	if (opened.frames == NULL)
		return STATUS_NO_MEMORY;
	(void)site_frames(
	    input->heap, input->names, input->rules, stack, opened.frames, opened.count);
	opened.is_cut = (input->heap->stacks[stack].flags & SNAPSHOT_STACK_CUT) != 0;
	choose_shown(input->heap, &opened, input->rules != NULL && input->rules->show_all_frames);
	*ret_stack = opened;
	return 0;
}

void report_stack_release(struct report_stack *stack)
{
	free(stack->frames);
	*stack = (struct report_stack){0};
}

void report_frame_function(
    const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes)
{
	if (frame->name != NULL && frame->name->function != NULL)
		(void)snprintf(text, bytes, "%s", frame->name->function);
	else
		(void)site_text(heap, frame, text, bytes);
}

static void frame_json(
    struct json_writer *json, const struct heap *heap, const struct site_frame *frame)
{
	const struct frame_name *name = frame->name;
	char text[REPORT_TEXT_BYTES];

	report_frame_function(heap, frame, text, sizeof text);
	json_begin_object(json, NULL);
	json_text(json, "function", text);
	json_text_or_null(json, "file", name != NULL ? name->file : NULL);
	if (name != NULL && name->line != 0)
		json_unsigned(json, "line", name->line);
	else
		json_null(json, "line");
	json_text_or_null(json, "module", site_module_name(heap, frame->module));
	json_unsigned(json, "offset", frame->offset);
	json_bool(json, "inlined", name != NULL && name->inlined);
	json_end(json);
}

static void functions_json(struct json_writer *json, const char *key, const struct heap *heap,
    const struct report_stack *stack)
{
	char text[REPORT_TEXT_BYTES];

	json_begin_array(json, key);
	for (size_t i = stack->first; i < stack->end; i++) {
		report_frame_function(heap, &stack->frames[i], text, sizeof text);
		json_text(json, NULL, text);
	}
	json_end(json);
}

int report_functions_json(
    struct json_writer *json, const char *key, const struct group_input *input, uint32_t stack)
{
	struct report_stack opened = {0};
	int status = stack != HEAP_NONE ? report_stack_open(input, stack, &opened) : 0;

	if (status == 0)
		functions_json(json, key, input->heap, &opened);
	report_stack_release(&opened);
	return status;
}

int report_stack_json(
    struct json_writer *json, const struct grouping *grouping, const struct group_key *key)
{
	const struct group_input *input = &grouping->inputs[key->input];
	struct report_stack stack = {0};
	int status = key->stack != HEAP_NONE ? report_stack_open(input, key->stack, &stack) : 0;

	if (status != 0)
		return status;
	functions_json(json, "stack", input->heap, &stack);
	json_begin_array(json, "frames");
	for (size_t i = stack.first; i < stack.end; i++)
		frame_json(json, input->heap, &stack.frames[i]);
	json_end(json);
	report_stack_release(&stack);
	return 0;
}

void report_site_text_for(const struct report_options *options, const struct heap *heap,
    const struct site_frame *frame, char *text, size_t bytes)
{
	const struct frame_name *name = frame->name;

	if (options->full_names || name == NULL || name->function == NULL) {
		(void)site_text(heap, frame, text, bytes);
		return;
	}
	short_name_with_place(&(struct short_name_place){.function = name->function,
				  .file = name->file,
				  .line = name->line,
				  .module = site_module_name(heap, frame->module)},
	    text, bytes);
}

int report_stack_below(struct text_table *table, const struct group_input *input, uint32_t number,
    const struct report_options *options, const char *lead)
{
	struct report_stack stack;
	char text[REPORT_TEXT_BYTES];
	char line[REPORT_TEXT_BYTES + 64];
	size_t first = 0, end = 0;
	int status = 0;

	if (number == HEAP_NONE || options->frames == 0)
		return 0;
	status = report_stack_open(input, number, &stack);
	if (status != 0)
		return status;
	first = stack.first + (lead == NULL && stack.first < stack.end);
	end = stack.end - first > options->frames ? first + options->frames : stack.end;
	for (size_t i = first; i < end; i++) {
		report_site_text_for(options, input->heap, &stack.frames[i], text, sizeof text);
		(void)snprintf(line, sizeof line, "      %s %s",
		    lead != NULL && i == first ? lead : "from", text);
		text_table_below(table, line);
	}
	if (end < stack.end) {
		(void)snprintf(line, sizeof line, "      ... %zu more (--frames %zu)",
		    stack.end - end, stack.end - first);
		text_table_below(table, line);
	} else if (stack.is_cut) {
		text_table_below(table, "      ... cut when recorded (max_frames)");
	}
	report_stack_release(&stack);
	return 0;
}
