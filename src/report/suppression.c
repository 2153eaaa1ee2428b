#include "report/suppression.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/report_stack.h"

/* Found in programs that free all they can; each is allocated once, whatever the program does. */
static const char built_in[] = "leak:^_IO_file_doallocate$\n"
			       "leak:^_IO_wfile_doallocate$\n"
			       "leak:^tzset_internal$\n"
			       "leak:^__tzfile_read$\n"
			       "leak:^setlocale$\n"
			       "leak:^_nl_intern_locale_data$\n"
			       "leak:^__gconv_*\n"
			       "leak:^_dl_*\n"
			       "leak:^dl_open_worker*\n"
			       "leak:^allocate_dtv*\n"
			       "leak:^__cxa_thread_atexit_impl$\n"
			       "leak:^__new_exitfn$\n"
			       "leak:^__libc_dynarray_*\n"
			       "leak:*anonymous namespace*::pool::pool\n";

/* ---- patterns ---- */

/* COUNT bytes of PART in TEXT: the first place, or the only one that is allowed; NULL: none. */
static const char *find_part(
    const char *text, const char *part, size_t count, bool at_start, bool at_end)
{
	size_t length = strlen(text);

	if (length < count)
		return NULL;
	for (size_t at = at_end ? length - count : 0; at <= (at_start ? 0 : length - count); at++)
		if (memcmp(text + at, part, count) == 0)
			return text + at;
	return NULL;
}

bool suppression_matches(const char *pattern, const char *text)
{
	bool at_start = pattern[0] == '^', at_end = false;
	const char *end = NULL;

	pattern += at_start;
	end = pattern + strlen(pattern);
	at_end = end != pattern && end[-1] == '$';
	end -= at_end;
	if (text == NULL || text[0] == '\0')
		return false;
	for (;;) {
		const char *star = memchr(pattern, '*', (size_t)(end - pattern));
		size_t count = (size_t)((star != NULL ? star : end) - pattern);

		text = find_part(text, pattern, count, at_start, star == NULL && at_end);
		if (text == NULL || star == NULL)
			return text != NULL;
		if (star + 1 == end)
			return true;
		text += count;
		pattern = star + 1;
		at_start = false;
	}
}

bool suppression_matches_frame(
    const char *pattern, const struct heap *heap, const struct site_frame *frame)
{
	if (frame->name != NULL && (suppression_matches(pattern, frame->name->function) ||
				       suppression_matches(pattern, frame->name->file)))
		return true;
	return suppression_matches(pattern, site_module_name(heap, frame->module));
}

/* ---- the list ---- */

static int add_row(struct suppression_list *list, const struct suppression *row)
{
	struct suppression *rows = reallocarray(list->rows, list->count + 1, sizeof *list->rows);

	if (rows == NULL)
		return STATUS_NO_MEMORY;
	list->rows = rows;
	rows[list->count++] = *row;
	return 0;
}

/* LINE, which ends in '\0', without the blanks around it. */
static char *trim(char *line)
{
	size_t length = 0;

	line += strspn(line, " \t\r");
	length = strlen(line);
	while (length != 0 && strchr(" \t\r", line[length - 1]) != NULL)
		line[--length] = '\0';
	return line;
}

static int add_line(struct suppression_list *list, char *line, const char *origin, uint32_t number)
{
	static const char kind[] = "leak:";
	char *colon = NULL;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (strncmp(line, kind, sizeof kind - 1) == 0 && line[sizeof kind - 1] != '\0')
		return add_row(
		    list, &(struct suppression){
			      .pattern = line + sizeof kind - 1, .origin = origin, .line = number});
	colon = strchr(line, ':');
	return colon != NULL && colon != line && colon[1] != '\0' &&
		       strncmp(line, kind, sizeof kind - 1) != 0
		   ? 0
		   : STATUS_BAD_ARGUMENT;
}

int suppressions_add(struct suppression_list *list, const char *text, size_t bytes,
    const char *origin, bool has_lines, uint32_t *ret_line)
{
	char **texts = reallocarray(list->texts, list->text_count + 1, sizeof *texts);
	char *copy = NULL, *rest = NULL;
	int status = 0;

	if (texts == NULL)
		return STATUS_NO_MEMORY;
	list->texts = texts;
	copy = strndup(text, bytes);
	if (copy == NULL)
		return STATUS_NO_MEMORY;
	texts[list->text_count++] = copy;
	rest = copy;
	*ret_line = 0;
	for (uint32_t number = 1; status == 0 && rest != NULL; number++) {
		char *line = strsep(&rest, "\n");

		*ret_line = number;
		status = add_line(list, line, origin, has_lines ? number : 0);
	}
	return status;
}

int suppressions_add_built_in(struct suppression_list *list)
{
	uint32_t line = 0;

	return suppressions_add(list, built_in, sizeof built_in - 1, "built in", false, &line);
}

void suppressions_release(struct suppression_list *list)
{
	for (size_t i = 0; i < list->text_count; i++)
		free(list->texts[i]);
	free(list->texts);
	free(list->rows);
}

/* ---- stacks ---- */

static uint32_t row_of_stack(
    const struct suppression_list *list, const struct heap *heap, const struct report_stack *stack)
{
	for (size_t row = 0; row < list->count; row++)
		for (size_t i = 0; i < stack->count; i++)
			if (suppression_matches_frame(
				list->rows[row].pattern, heap, &stack->frames[i]))
				return (uint32_t)row;
	return SUPPRESSION_NONE;
}

int suppressions_apply(const struct suppression_list *list, const struct group_input *input,
    uint8_t *hidden, uint32_t **ret_rows)
{
	size_t count = input->heap->stack_count;
	uint32_t *rows = malloc((count + 1) * sizeof *rows);
	int status = rows != NULL ? 0 : STATUS_NO_MEMORY;

	for (size_t i = 0; status == 0 && i < count; i++) {
		struct report_stack stack;

		rows[i] = SUPPRESSION_NONE;
		if (hidden[i] != 0) /* by a filter: not looked at in any case */
			continue;
		status = report_stack_open(input, (uint32_t)i, &stack);
		if (status != 0)
			break;
		rows[i] = row_of_stack(list, input->heap, &stack);
		hidden[i] = rows[i] != SUPPRESSION_NONE;
		report_stack_release(&stack);
	}
	if (status != 0) {
		free(rows);
		return status;
	}
	*ret_rows = rows;
	return 0;
}

static bool counts(const struct group_input *input, size_t block, enum suppression_scope scope)
{
	return scope == SUPPRESSION_EVERYTHING ||
	       heap_birth_of_block(input->heap, block) == HEAP_BIRTH_COUNTED ||
	       (scope == SUPPRESSION_LEAKED && input->reach != NULL &&
		   reachability_is_leaked(input->reach, (uint32_t)block));
}

void suppressions_count(struct suppression_list *list, const struct group_input *input,
    const uint32_t *rows, enum suppression_scope scope)
{
	const struct snapshot *snapshot = input->heap->snapshot;

	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t row = rows[heap_stack_of_block(input->heap, block)];
		uint32_t weight = snapshot_block_weight(snapshot, block);

		if (row == SUPPRESSION_NONE || !counts(input, block, scope))
			continue;
		list->rows[row].blocks += weight;
		list->rows[row].bytes += weight * snapshot->block_size[block];
	}
}
