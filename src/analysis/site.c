#include "analysis/site.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/text_pool.h"
#include "analysis/wrapper_names.h"

#define BARE_NAME_BYTES 512

bool site_is_wrapper(const struct site_rules *rules, const char *function)
{
	char bare[BARE_NAME_BYTES];

	if (function == NULL)
		return false;
	wrapper_names_bare(function, bare, sizeof(bare));
	if (wrapper_names_hold(bare))
		return true;
	for (size_t i = 0; rules != NULL && i < rules->skip_count; i++) {
		if (wrapper_names_match(rules->skip[i], function) ||
		    wrapper_names_match(rules->skip[i], bare))
			return true;
	}
	return false;
}

/* --- frames of a node --- */

static bool node_is_shown(const struct snapshot *snapshot, uint32_t node)
{
	const struct snapshot_node *row = &snapshot->nodes[node];

	/* A root node has no caller and holds a thread, not an address. */
	return row->parent != 0 &&
	       (snapshot->modules[row->module].flags & SNAPSHOT_MODULE_SELF) == 0;
}

static const struct frame_name *names_of_node(
    const struct frame_names *names, uint32_t node, size_t *ret_count)
{
	*ret_count = 0;
	if (names == NULL)
		return NULL;
	return names->frames_of_node(names->context, node, ret_count);
}

/* The DEPTH-th frame of NODE, 0 the innermost inlined one. */
static struct site_frame frame_of_node(
    const struct heap *heap, const struct frame_names *names, uint32_t node, size_t depth)
{
	const struct snapshot_node *row = &heap->snapshot->nodes[node];
	size_t count;
	const struct frame_name *name = names_of_node(names, node, &count);
	struct site_frame frame = {.node = node,
	    .module = heap->canonical_module[row->module],
	    .inline_depth = (uint32_t)depth};

	frame.offset = row->pc - (row->module != 0 ? heap->snapshot->modules[row->module].bias : 0);
	if (depth < count && name[depth].function != NULL && name[depth].function[0] != '\0')
		frame.name = &name[depth];
	return frame;
}

/* A node without names is one frame all the same. */
static size_t frames_in_node(const struct frame_names *names, uint32_t node)
{
	size_t count;

	names_of_node(names, node, &count);
	return count != 0 ? count : 1;
}

static bool frame_is_wrapper(const struct site_rules *rules, const struct site_frame *frame)
{
	return frame->name != NULL && site_is_wrapper(rules, frame->name->function);
}

size_t site_frames(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, struct site_frame *frames, size_t capacity)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t count = 0;

	for (uint32_t node = heap->stacks[stack].leaf; node != 0;
	     node = snapshot->nodes[node].parent) {
		if (!node_is_shown(snapshot, node))
			continue;
		size_t in_node = frames_in_node(names, node);

		for (size_t depth = 0; depth < in_node; depth++, count++) {
			if (count >= capacity)
				continue;
			frames[count] = frame_of_node(heap, names, node, depth);
			frames[count].wrapper = frame_is_wrapper(rules, &frames[count]);
		}
	}
	return count;
}

/* --- the site --- */

/* What is remembered of a node: 0 nothing yet; 1 no frame of it can be a site; n + 2 its n-th
 * frame is one. */
enum { DECISION_NONE = 0, DECISION_SKIP = 1, DECISION_FIRST = 2, DECISION_LAST = UINT8_MAX };

static uint8_t decide(const struct site_finder *finder, uint32_t node)
{
	if (!node_is_shown(finder->heap->snapshot, node))
		return DECISION_SKIP;
	if (finder->rules != NULL && finder->rules->show_all_frames)
		return DECISION_FIRST;
	size_t in_node = frames_in_node(finder->names, node);

	for (size_t depth = 0; depth < in_node && depth <= DECISION_LAST - DECISION_FIRST;
	     depth++) {
		struct site_frame frame = frame_of_node(finder->heap, finder->names, node, depth);

		if (!frame_is_wrapper(finder->rules, &frame))
			return (uint8_t)(DECISION_FIRST + depth);
	}
	return DECISION_SKIP;
}

/* FINDER without memory of decisions works, too. */
static bool find_site(struct site_finder *finder, uint32_t stack, struct site_frame *ret_site)
{
	const struct snapshot *snapshot = finder->heap->snapshot;
	uint32_t innermost = 0;

	for (uint32_t node = finder->heap->stacks[stack].leaf; node != 0;
	     node = snapshot->nodes[node].parent) {
		uint8_t decision =
		    finder->decisions != NULL ? finder->decisions[node] : DECISION_NONE;

		if (decision == DECISION_NONE) {
			decision = decide(finder, node);
			if (finder->decisions != NULL)
				finder->decisions[node] = decision;
		}
		if (decision >= DECISION_FIRST) {
			*ret_site = frame_of_node(
			    finder->heap, finder->names, node, decision - DECISION_FIRST);
			return true;
		}
		if (innermost == 0 && node_is_shown(snapshot, node))
			innermost = node;
	}
	if (innermost == 0) {
		*ret_site = (struct site_frame){0};
		return false;
	}
	*ret_site = frame_of_node(finder->heap, finder->names, innermost, 0);
	ret_site->wrapper = true;
	return true;
}

bool site_of_stack(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, struct site_frame *ret_site)
{
	struct site_finder finder = {.heap = heap, .names = names, .rules = rules};

	return find_site(&finder, stack, ret_site);
}

int site_finder_open(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, struct site_finder *ret_finder)
{
	uint8_t *decisions = calloc(heap->snapshot->node_count + 1, sizeof(uint8_t));

	if (decisions == NULL)
		return STATUS_NO_MEMORY;
	*ret_finder = (struct site_finder){
	    .heap = heap, .names = names, .rules = rules, .decisions = decisions};
	return STATUS_OK;
}

void site_finder_release(struct site_finder *finder)
{
	free(finder->decisions);
	finder->decisions = NULL;
}

bool site_finder_find(struct site_finder *finder, uint32_t stack, struct site_frame *ret_site)
{
	return find_site(finder, stack, ret_site);
}

/* --- texts --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

const char *site_module_name(const struct heap *heap, uint32_t module)
{
	if (module == 0)
		return "";
	return base_name(snapshot_string(heap->snapshot, heap->snapshot->modules[module].path));
}

static void add_address(
    struct text_line *line, const struct heap *heap, const struct site_frame *frame)
{
	if (frame->module != 0) {
		text_line_add(line, site_module_name(heap, frame->module));
		text_line_add(line, "+");
	}
	text_line_add_hexadecimal(line, frame->offset);
}

size_t site_text(const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes)
{
	struct text_line line = text_line_begin(text, bytes);
	const struct frame_name *name = frame->name;

	if (frame->node == 0) {
		text_line_add(&line, "[unknown]");
		return line.length;
	}
	if (name == NULL) {
		add_address(&line, heap, frame);
		return line.length;
	}
	text_line_add(&line, name->function);
	if (name->file != NULL && name->file[0] != '\0') {
		text_line_add(&line, " (");
		text_line_add(&line, base_name(name->file));
		if (name->line != 0) {
			text_line_add(&line, ":");
			text_line_add_decimal(&line, name->line);
		}
		text_line_add(&line, ")");
	} else if (frame->module != 0) {
		text_line_add(&line, " (");
		text_line_add(&line, site_module_name(heap, frame->module));
		text_line_add(&line, ")");
	}
	return line.length;
}

static void add_normalised(
    struct text_line *line, const struct heap *heap, const struct site_frame *frame)
{
	if (frame->name != NULL)
		text_line_add(line, frame->name->function);
	else if (frame->module != 0)
		add_address(line, heap, frame);
	else
		text_line_add(line, "[unknown]");
}

size_t site_text_normalised(
    const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes)
{
	struct text_line line = text_line_begin(text, bytes);

	add_normalised(&line, heap, frame);
	return line.length;
}

/* Wrappers inside the site are left out, wrappers outside of it (xmalloc called through a
 * callback) stay. */
size_t site_stack_text_normalised(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, char *text, size_t bytes)
{
	const struct snapshot *snapshot = heap->snapshot;
	struct text_line line = text_line_begin(text, bytes);
	struct site_frame site;
	bool inside = site_of_stack(heap, names, rules, stack, &site);

	for (uint32_t node = heap->stacks[stack].leaf; node != 0;
	     node = snapshot->nodes[node].parent) {
		if (!node_is_shown(snapshot, node))
			continue;
		size_t in_node = frames_in_node(names, node);

		for (size_t depth = 0; depth < in_node; depth++) {
			struct site_frame frame = frame_of_node(heap, names, node, depth);

			if (inside && (frame.node != site.node || frame.name != site.name))
				continue;
			inside = false;
			if (line.length != 0)
				text_line_add(&line, ";");
			add_normalised(&line, heap, &frame);
		}
	}
	if (line.length == 0)
		text_line_add(&line, "[unknown]");
	return line.length;
}
