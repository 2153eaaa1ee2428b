#include "report/report_path.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "report/report_stack.h"
#include "report/text_number.h"

#define RUN_SHOWN 2 /* hops of a run that are shown before the rest is counted */

/* "interior", "from a stack, one past the end"; "" of a strong pointer. */
static void grade_text(uint8_t grade, char *text, size_t bytes)
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned bit = 1; bit < REFERENCE_TO_ITSELF && length < bytes; bit <<= 1) {
		if ((grade & bit) == 0)
			continue;
		int added = snprintf(text + length, bytes - length, "%s%s", length > 0 ? ", " : "",
		    reference_doubt_name((enum reference_doubt)bit));

		if (added > 0)
			length += (size_t)added;
	}
}

static bool has_root(const struct retaining_path *path)
{
	return path->hops[0].root_edge != HEAP_NONE;
}

static const struct root_name *root_of(
    const struct graph_view *view, const struct retaining_path *path)
{
	return &view->roots->roots[view->roots->root_of_edge[path->hops[0].root_edge]];
}

static bool is_around(const struct retaining_hop *hop)
{
	return hop->doubts == REFERENCE_AROUND;
}

static void field_text(
    const struct graph_view *view, const struct retaining_hop *hop, char *text, size_t bytes)
{
	if (is_around(hop))
		(void)snprintf(text, bytes, "lies in");
	else
		block_types_field(view->types, hop->node, hop->offset, text, bytes);
}

/* Whoever called it: the same allocating call. */
static bool is_of_same_site(const struct group_input *input, uint32_t left, uint32_t right)
{
	const uint32_t stacks[] = {
	    heap_stack_of_block(input->heap, left), heap_stack_of_block(input->heap, right)};
	struct site_frame frames[2];

	if (stacks[0] == stacks[1])
		return true;
	for (int i = 0; i < 2; i++)
		if (!site_of_stack(input->heap, input->names, input->rules, stacks[i], &frames[i]))
			return false;
	return frames[0].module == frames[1].module && frames[0].offset == frames[1].offset &&
	       frames[0].inline_depth == frames[1].inline_depth;
}

/* Hop I points on as hop I - 1 does: the same site, the same field. */
static bool is_repeated(const struct graph_view *view, const struct retaining_path *path, size_t i)
{
	const struct retaining_hop *hop = &path->hops[i];

	return i > 1 && i + 1 < path->hop_count && hop->offset == hop[-1].offset &&
	       is_around(hop) == is_around(hop - 1) &&
	       is_of_same_site(view->input, hop->node, hop[-1].node);
}

/* Hops from I on that repeat hop I - 1. */
static size_t run_length(const struct graph_view *view, const struct retaining_path *path, size_t i)
{
	size_t length = 0;

	while (is_repeated(view, path, i + length))
		length++;
	return length;
}

static void put_hop(FILE *out, const struct graph_view *view, const struct retaining_path *path,
    size_t i, const struct report_options *options)
{
	const struct group_input *input = view->input;
	const uint32_t block = path->hops[i].node;
	const char *type = block_types_of(view->types, block);
	char site[REPORT_TEXT_BYTES], born[192], doubts[160];
	struct site_frame frame;

	(void)site_of_stack(input->heap, input->names, input->rules,
	    heap_stack_of_block(input->heap, block), &frame);
	report_site_text_for(options, input->heap, &frame, site, sizeof site);
	graph_view_born_text(view, block, born, sizeof born);
	if (type != NULL) {
		text_put(out, &options->style, TEXT_BOLD, type);
		fprintf(out, " (%s, %s), ",
		    text_bytes(input->heap->snapshot->block_size[block]).text, born);
		text_put(out, &options->style, TEXT_PLAIN, site);
	} else {
		text_put(out, &options->style, TEXT_BOLD, site);
		fprintf(out, " (%s, %s)", text_bytes(input->heap->snapshot->block_size[block]).text,
		    born);
	}
	if (i > 1) {
		grade_text(path->hops[i - 1].doubts, doubts, sizeof doubts);
		if (doubts[0] != '\0' && !is_around(&path->hops[i - 1]))
			fprintf(out, "  [%s]", doubts);
	}
	fputc('\n', out);
}

static void put_root(FILE *out, const struct graph_view *view, const struct retaining_path *path,
    const struct report_options *options, int indent)
{
	char text[REPORT_TEXT_BYTES], doubts[160] = "";

	if (has_root(path)) {
		root_text(root_of(view, path), path->hops[0].offset, text, sizeof text);
		grade_text(path->hops[0].doubts, doubts, sizeof doubts);
	} else {
		(void)snprintf(text, sizeof text, "no root");
	}
	fprintf(out, "%*s", indent, "");
	text_put(out, &options->style, has_root(path) ? TEXT_PLAIN : TEXT_BAD, text);
	if (doubts[0] != '\0')
		fprintf(out, "  [%s]", doubts);
	fputc('\n', out);
}

void path_text(FILE *out, const struct graph_view *view, const struct retaining_path *path,
    const struct report_options *options, int indent)
{
	char field[TYPE_PATH_BYTES];

	put_root(out, view, path, options, indent);
	for (size_t i = 1; i < path->hop_count; i++) {
		size_t run = run_length(view, path, i);

		indent += indent < 40 ? 2 : 0;
		if (i > 1)
			field_text(view, &path->hops[i - 1], field, sizeof field);
		if (run > RUN_SHOWN) {
			fprintf(out, "%*s%s -> ... %s like it\n", indent, "", field,
			    text_plural(run, "more", "more").text);
			i += run - 1;
			continue;
		}
		fprintf(out, "%*s", indent, "");
		if (i > 1) {
			text_put(out, &options->style, TEXT_WARN, field);
			fputc(' ', out);
		}
		fputs("-> ", out);
		put_hop(out, view, path, i, options);
	}
}

static void root_json(
    struct json_writer *json, const struct graph_view *view, const struct retaining_path *path)
{
	char doubts[160];

	if (!has_root(path)) {
		json_null(json, "root");
		return;
	}
	const struct root_name *root = root_of(view, path);

	grade_text(path->hops[0].doubts, doubts, sizeof doubts);
	json_begin_object(json, "root");
	json_text(json, "kind", root_kind_name(root->kind));
	json_text(json, "name", root->name);
	json_text_or_null(json, "module", root->module);
	json_unsigned(json, "offset", path->hops[0].offset);
	json_text_or_null(json, "detail", root->detail);
	if (root->tid != 0)
		json_unsigned(json, "tid", root->tid);
	else
		json_null(json, "tid");
	json_text(json, "edge", doubts[0] != '\0' ? doubts : "exact");
	json_end(json);
}

static int hop_json(struct json_writer *json, const struct graph_view *view,
    const struct retaining_path *path, size_t i)
{
	const struct group_input *input = view->input;
	const struct snapshot *snapshot = input->heap->snapshot;
	const struct retaining_hop *hop = &path->hops[i];
	const bool is_target = i + 1 == path->hop_count;
	char id[64], function[REPORT_TEXT_BYTES], text[TYPE_PATH_BYTES];
	struct site_frame frame;

	(void)site_of_stack(input->heap, input->names, input->rules,
	    heap_stack_of_block(input->heap, hop->node), &frame);
	graph_view_id_text(input->heap, hop->node, id, sizeof id);
	report_frame_function(input->heap, &frame, function, sizeof function);
	json_begin_object(json, NULL);
	json_text(json, "id", id);
	json_unsigned(json, "address", snapshot->block_address[hop->node]);
	json_text(json, "function", function);
	json_text_or_null(json, "file", frame.name != NULL ? frame.name->file : NULL);
	json_unsigned(json, "line", frame.name != NULL ? frame.name->line : 0);
	json_text_or_null(json, "type", block_types_of(view->types, hop->node));
	json_unsigned(json, "bytes", snapshot->block_size[hop->node]);
	json_unsigned(json, "born", snapshot->block_born[hop->node]);
	if (is_target || is_around(hop)) {
		json_null(json, "offset");
		json_null(json, "field");
	} else {
		json_unsigned(json, "offset", hop->offset);
		field_text(view, hop, text, sizeof text);
		json_text(json, "field", text);
	}
	grade_text(hop->doubts, text, sizeof text);
	json_text_or_null(json, "edge", is_target ? NULL : text[0] != '\0' ? text : "exact");
	json_end(json);
	return STATUS_OK;
}

int path_json(
    struct json_writer *json, const struct graph_view *view, const struct retaining_path *path)
{
	int status = STATUS_OK;

	root_json(json, view, path);
	json_begin_array(json, "hops");
	for (size_t i = 1; status == STATUS_OK && i < path->hop_count; i++)
		status = hop_json(json, view, path, i);
	json_end(json);
	return status;
}

int path_holders_json(struct json_writer *json, const char *key, const struct graph_view *view,
    const struct retaining_path *path)
{
	char text[REPORT_TEXT_BYTES], field[TYPE_PATH_BYTES], line[REPORT_TEXT_BYTES * 2];

	json_begin_array(json, key);
	if (has_root(path)) {
		root_text(root_of(view, path), path->hops[0].offset, text, sizeof text);
		json_text(json, NULL, text);
	}
	for (size_t i = 1; i + 1 < path->hop_count; i++) {
		if (is_repeated(view, path, i))
			continue;
		graph_view_block_text(view, path->hops[i].node, text, sizeof text);
		field_text(view, &path->hops[i], field, sizeof field);
		(void)snprintf(line, sizeof line, "%s%s%s", text,
		    field[0] == '.' || field[0] == '[' || field[0] == '+' ? "" : " ", field);
		json_text(json, NULL, line);
	}
	json_end(json);
	return STATUS_OK;
}

void path_line(
    const struct graph_view *view, const struct retaining_path *path, char *text, size_t bytes)
{
	char part[REPORT_TEXT_BYTES], field[TYPE_PATH_BYTES];
	size_t length = 0;

	if (has_root(path))
		root_text(root_of(view, path), path->hops[0].offset, part, sizeof part);
	else
		(void)snprintf(part, sizeof part, "nothing");
	(void)snprintf(text, bytes, "%s", part);
	for (size_t i = 1; i + 1 < path->hop_count; i++) {
		if (is_repeated(view, path, i))
			continue;
		length = strlen(text);
		graph_view_block_text(view, path->hops[i].node, part, sizeof part);
		field_text(view, &path->hops[i], field, sizeof field);
		(void)snprintf(text + length, bytes - length, " -> %s%s%s", part,
		    field[0] == '.' || field[0] == '[' || field[0] == '+' ? "" : " ", field);
	}
}
