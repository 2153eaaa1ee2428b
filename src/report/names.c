#include "report/names.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "base/status.h"

static const struct frame_name *frames_of_node(void *context, uint32_t node, size_t *ret_count)
{
	const struct names *names = context;
	uint32_t entry = node < names->node_count ? names->entry_of_node[node] : 0;

	if (entry == 0) {
		*ret_count = 0;
		return NULL;
	}
	*ret_count = names->first[entry] - names->first[entry - 1];
	return names->list + names->first[entry - 1];
}

void names_close(struct names *names)
{
	if (names == NULL)
		return;
	free(names->problems);
	free(names->entry_of_node);
	free(names->first);
	free(names->list);
	free(names);
}

/* A list that grows; frames are appended entry by entry. */
struct frame_list {
	size_t count, capacity;
	uint32_t entry_count;
};

static int frame_list_add(
    struct names *names, struct frame_list *list, const struct frame_name *frame)
{
	struct frame_name *grown =
	    room_for(names->list, &list->capacity, list->count + 1, sizeof *grown);

	if (grown == NULL)
		return STATUS_NO_MEMORY;
	names->list = grown;
	names->list[list->count++] = *frame;
	return 0;
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* --- names that the file carries --- */

static int take_embedded(struct names *names, const struct snapshot *snapshot)
{
	struct frame_list list = {0};

	for (size_t i = 0; i < snapshot->name_count;) {
		uint32_t node = snapshot->names[i].node;

		for (; i < snapshot->name_count && snapshot->names[i].node == node; i++) {
			const struct snapshot_name *row = &snapshot->names[i];
			struct frame_name frame = {
			    .function = text_or_null(snapshot_string(snapshot, row->function)),
			    .file = text_or_null(snapshot_string(snapshot, row->file)),
			    .line = row->line,
			    .column = row->column,
			    .inlined =
				i + 1 < snapshot->name_count && snapshot->names[i + 1].node == node,
			};

			if (frame.function != NULL && frame_list_add(names, &list, &frame) != 0)
				return STATUS_NO_MEMORY;
		}
		names->first[++list.entry_count] = list.count;
		names->entry_of_node[node] = list.entry_count;
	}
	return 0;
}

/* --- names that the symbolizer knows --- */

struct question {
	uint32_t module, node;
	uint64_t pc;
};

static int by_module_and_pc(const void *a_void, const void *b_void)
{
	const struct question *a = a_void;
	const struct question *b = b_void;

	if (a->module != b->module)
		return a->module < b->module ? -1 : 1;
	return a->pc < b->pc ? -1 : a->pc > b->pc;
}

/* All nodes with an address in a module that is not ours, by module and address. */
static struct question *collect_questions(const struct snapshot *snapshot, size_t *ret_count)
{
	struct question *questions = malloc((snapshot->node_count + 1) * sizeof *questions);
	size_t count = 0;

	for (size_t i = 1; questions != NULL && i < snapshot->node_count; i++) {
		const struct snapshot_node *node = &snapshot->nodes[i];

		if (node->parent == 0 || node->module == 0 ||
		    (snapshot->modules[node->module].flags & SNAPSHOT_MODULE_SELF) != 0)
			continue;
		questions[count++] = (struct question){node->module, (uint32_t)i, node->pc};
	}
	if (questions != NULL)
		qsort(questions, count, sizeof *questions, by_module_and_pc);
	*ret_count = count;
	return questions;
}

/* Frames of one address as a new entry; entry 0 when nothing is known. */
static int answer(struct names *names, struct frame_list *list, struct symbolizer *symbolizer,
    int module, uint64_t elf_address, uint32_t *ret_entry)
{
	struct symbol_frames found;
	size_t before = list->count;

	*ret_entry = 0;
	symbolizer_lookup(symbolizer, module, elf_address, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct symbol_frame *symbol = &found.frames[i];
		struct frame_name frame = {
		    .function = text_or_null(symbol->function),
		    .file = text_or_null(symbol->file),
		    .line = symbol->line,
		    .column = symbol->column,
		    .inlined = symbol->inlined,
		};

		if (frame.function != NULL && frame_list_add(names, list, &frame) != 0)
			return STATUS_NO_MEMORY;
	}
	if (list->count == before)
		return 0;
	names->first[++list->entry_count] = list->count;
	*ret_entry = list->entry_count;
	return 0;
}

static int prefetch(
    struct symbolizer *symbolizer, int module, const struct question *questions, size_t count)
{
	uint64_t *addresses = malloc(count * sizeof *addresses);
	int status = STATUS_NO_MEMORY;

	if (addresses == NULL)
		return status;
	for (size_t i = 0; i < count; i++)
		addresses[i] = symbolizer_elf_address(symbolizer, module, questions[i].pc);
	status = symbolizer_prefetch(symbolizer, module, addresses, count);
	free(addresses);
	return status;
}

static int note_problem(struct names *names, struct symbolizer *symbolizer, int module,
    const char *path, uint64_t unnamed)
{
	enum symbolizer_status status = symbolizer_module_status(symbolizer, module);
	struct names_problem *grown = NULL;

	if (unnamed == 0 || path[0] != '/' || status == SYMBOLIZER_OK ||
	    status == SYMBOLIZER_UNVERIFIED)
		return 0;
	grown = realloc(names->problems, (names->problem_count + 1) * sizeof *grown);
	if (grown == NULL)
		return STATUS_NO_MEMORY;
	names->problems = grown;
	grown[names->problem_count++] =
	    (struct names_problem){path, symbolizer_status_text(status), unnamed};
	return 0;
}

/* All questions of one module, which lie side by side. */
static int answer_module(struct names *names, struct frame_list *list,
    struct symbolizer *symbolizer, const struct snapshot *snapshot,
    const struct question *questions, size_t count)
{
	const struct snapshot_module *row = &snapshot->modules[questions[0].module];
	const char *path = snapshot_string(snapshot, row->path);
	int module = symbolizer_add_module(
	    symbolizer, path, snapshot_string(snapshot, row->build_id), row->bias);
	uint64_t unnamed = 0;
	uint32_t entry = 0;
	int status = module < 0 ? module : prefetch(symbolizer, module, questions, count);

	for (size_t i = 0; status == 0 && i < count; i++) {
		if (i == 0 || questions[i].pc != questions[i - 1].pc) {
			status = answer(names, list, symbolizer, module,
			    symbolizer_elf_address(symbolizer, module, questions[i].pc), &entry);
			unnamed += entry == 0;
		}
		names->entry_of_node[questions[i].node] = entry;
	}
	return status != 0 ? status : note_problem(names, symbolizer, module, path, unnamed);
}

static int ask_symbolizer(struct names *names, struct symbolizer *symbolizer,
    const struct snapshot *snapshot, const struct report_progress *progress)
{
	struct frame_list list = {0};
	size_t count = 0;
	struct question *questions = collect_questions(snapshot, &count);
	int status = questions != NULL ? 0 : STATUS_NO_MEMORY;

	for (size_t first = 0, last = 0; status == 0 && first < count; first = last) {
		if (progress != NULL)
			progress->tick(progress->context, "looking up names", first, count);
		while (last < count && questions[last].module == questions[first].module)
			last++;
		status = answer_module(
		    names, &list, symbolizer, snapshot, questions + first, last - first);
	}
	if (progress != NULL && status == 0)
		progress->tick(progress->context, "looking up names", count, count);
	free(questions);
	return status;
}

int names_open(struct symbolizer *symbolizer, const struct snapshot *snapshot,
    const struct report_progress *progress, struct names **ret_names)
{
	struct names *names = calloc(1, sizeof *names);
	int status = STATUS_NO_MEMORY;

	if (names != NULL) {
		names->frames =
		    (struct frame_names){.frames_of_node = frames_of_node, .context = names};
		names->node_count = snapshot->node_count;
		names->entry_of_node =
		    calloc(snapshot->node_count + 1, sizeof *names->entry_of_node);
		names->first = calloc(snapshot->node_count + 1, sizeof *names->first);
		if (names->entry_of_node != NULL && names->first != NULL)
			status = snapshot->name_count != 0
				     ? take_embedded(names, snapshot)
				     : ask_symbolizer(names, symbolizer, snapshot, progress);
	}
	if (status != 0) {
		names_close(names);
		return status;
	}
	*ret_names = names;
	return 0;
}
