#include "report/report_dominators.h"

#include <stdlib.h>

#include "base/status.h"
#include "report/report_file.h"
#include "report/report_graph.h"
#include "report/report_retainers.h"
#include "report/report_row.h"
#include "report/report_stack.h"
#include "report/text_number.h"

#define CHILDREN_MAX 256 /* of one node, that are looked at for showing */
#define DEPTH_MAX    24
#define SHARE_MIN    200 /* text shows what retains at least 1/SHARE_MIN of the whole */

/* ---- names of nodes ---- */

static void node_text(const struct graph_view *view, uint32_t node, char *text, size_t bytes)
{
	const struct reference_graph *graph = view->graph;
	char born[192], what[REPORT_TEXT_BYTES / 2];

	if (node == reference_top_node(graph)) {
		(void)snprintf(text, bytes, "[all roots]");
	} else if (node == reference_lost_node(graph)) {
		(void)snprintf(text, bytes, "[nothing: leaked]");
	} else if (!reference_is_block(graph, node)) {
		root_text(&view->roots->roots[node - graph->block_count], 0, text, bytes);
	} else {
		graph_view_block_text(view, node, what, sizeof what);
		graph_view_born_text(view, node, born, sizeof born);
		(void)snprintf(text, bytes, "%s (%s, %s)", what,
		    text_bytes(graph->snapshot->block_size[node]).text, born);
	}
}

static bool is_shown(const struct dominators *dominators, uint32_t node, uint64_t whole)
{
	return dominators->retained_blocks[node] != 0 &&
	       dominators->retained_bytes[node] >= whole / SHARE_MIN;
}

/* ---- text ---- */

static void put_line(FILE *out, struct retained retained, uint64_t whole, int depth,
    const char *text, const struct text_style *style)
{
	fprintf(out, "%10s %9s %8s  %*s", text_bytes(retained.bytes).text,
	    text_count(retained.blocks).text, text_percent(retained.bytes, whole).text, 2 * depth,
	    "");
	text_put(out, style, depth == 0 ? TEXT_BOLD : TEXT_PLAIN, text);
	fputc('\n', out);
}

/* The COUNT children of a node that are too small for lines of their own, together. */
static void put_others(FILE *out, struct retained retained, size_t count, uint64_t whole, int depth,
    const struct text_style *style)
{
	char text[192];

	if (count == 0 || retained.blocks == 0)
		return;
	(void)snprintf(text, sizeof text, "... %s with all below",
	    text_plural(count, "smaller one", "smaller ones").text);
	put_line(out, retained, whole, depth, text, style);
}

/* NODE and what it dominates, most first; recursion is bounded by DEPTH_MAX. */
static void put_tree(FILE *out, const struct graph_view *view, uint32_t node, uint64_t whole,
    int depth, const struct report_options *options)
{
	const struct dominators *dominators = view->dominators;
	const size_t limit = report_shown(options, CHILDREN_MAX);
	uint32_t children[CHILDREN_MAX];
	char text[REPORT_TEXT_BYTES];
	struct retained rest = {
	    .bytes = dominators->retained_bytes[node], .blocks = dominators->retained_blocks[node]};
	size_t count, shown = 0;

	node_text(view, node, text, sizeof text);
	put_line(out, rest, whole, depth, text, &options->style);
	if (reference_is_block(view->graph, node)) {
		rest.bytes -= view->graph->snapshot->block_size[node];
		rest.blocks--;
	}
	count = dominators_largest(dominators, node, children, limit);
	for (; depth < DEPTH_MAX && shown < count && shown < limit; shown++) {
		const uint32_t child = children[shown];

		if (options->top != 0 && !is_shown(dominators, child, whole))
			break;
		put_tree(out, view, child, whole, depth + 1, options);
		rest.bytes -= dominators->retained_bytes[child];
		rest.blocks -= dominators->retained_blocks[child];
	}
	put_others(out, rest, count - shown, whole, depth + 1, &options->style);
}

static uint64_t whole_bytes(const struct graph_view *view)
{
	return view->dominators->retained_bytes[reference_top_node(view->graph)];
}

/* CHOSEN blocks that no other chosen one dominates, largest first, at most LIMIT into NODES. Returns how many. */
static size_t outermost(
    const struct graph_view *view, const uint8_t *chosen, uint32_t *nodes, size_t limit)
{
	const uint64_t *retained = view->dominators->retained_bytes;
	size_t count = 0;

	for (uint32_t block = 0; block < view->graph->block_count; block++) {
		uint32_t above = view->dominators->immediate[block];
		size_t at;

		if (chosen[block] == 0 ||
		    (reference_is_block(view->graph, above) && chosen[above] != 0))
			continue;
		if (count == limit && retained[nodes[count - 1]] >= retained[block])
			continue;
		for (at = count < limit ? count++ : count - 1;
		     at > 0 && retained[nodes[at - 1]] < retained[block]; at--)
			nodes[at] = nodes[at - 1];
		nodes[at] = block;
	}
	return count;
}

int report_dominators_text(
    FILE *out, struct graph_view *view, const uint8_t *chosen, const struct report_options *options)
{
	uint32_t nodes[CHILDREN_MAX] = {reference_top_node(view->graph)};
	size_t count = 1;
	int status = graph_view_dominators(view);

	if (status != STATUS_OK)
		return status;
	report_file_line(out, &options->style, "", view->graph->snapshot);
	report_graph_notes(out, view->graph->snapshot);
	fprintf(out, "\n%10s %9s %8s  dominates, with all that goes with it\n", "retained",
	    "blocks", "of all");
	if (chosen != NULL)
		count = outermost(view, chosen, nodes, report_shown(options, CHILDREN_MAX));
	for (size_t i = 0; i < count; i++)
		put_tree(out, view, nodes[i], whole_bytes(view), 0, options);
	return report_finish(out);
}

/* ---- JSON ---- */

static void node_json(struct json_writer *json, const struct graph_view *view, uint32_t node)
{
	const struct dominators *dominators = view->dominators;
	char text[REPORT_TEXT_BYTES], id[64];

	node_text(view, node, text, sizeof text);
	json_text(json, "name", text);
	if (reference_is_block(view->graph, node)) {
		graph_view_id_text(view->input->heap, node, id, sizeof id);
		json_text(json, "id", id);
		json_text_or_null(json, "type", block_types_of(view->types, node));
		json_unsigned(json, "bytes", view->graph->snapshot->block_size[node]);
		json_unsigned(json, "born", view->graph->snapshot->block_born[node]);
	} else {
		json_null(json, "id");
	}
	json_unsigned(json, "retained_bytes", dominators->retained_bytes[node]);
	json_unsigned(json, "retained_blocks", dominators->retained_blocks[node]);
}

static void tree_json(struct json_writer *json, const struct graph_view *view, uint32_t node,
    int depth, const struct report_options *options)
{
	uint32_t children[CHILDREN_MAX];
	const size_t limit = report_shown(options, CHILDREN_MAX);
	size_t count = dominators_largest(view->dominators, node, children, limit);

	json_begin_object(json, NULL);
	node_json(json, view, node);
	json_unsigned(json, "children_count", count);
	json_begin_array(json, "children");
	for (size_t i = 0; depth < DEPTH_MAX && i < count && i < limit; i++)
		if (view->dominators->retained_blocks[children[i]] != 0)
			tree_json(json, view, children[i], depth + 1, options);
	json_end(json);
	json_end(json);
}

int report_dominators_json(
    FILE *out, struct graph_view *view, const uint8_t *chosen, const struct report_options *options)
{
	uint32_t nodes[CHILDREN_MAX] = {reference_top_node(view->graph)};
	struct json_writer json;
	size_t count = 1;
	int status = graph_view_dominators(view);

	if (status != STATUS_OK)
		return status;
	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "retainers");
	json_text(&json, "view", "dominators");
	report_file_json(&json, "file", view->graph->snapshot);
	report_graph_json(&json, view->graph->snapshot);
	json_begin_array(&json, "tree");
	if (chosen != NULL)
		count = outermost(view, chosen, nodes, report_shown(options, CHILDREN_MAX));
	for (size_t i = 0; i < count; i++)
		tree_json(&json, view, nodes[i], 0, options);
	json_end(&json);
	return json_end_document(&json);
}

/* ---- roots ---- */

struct root_row {
	uint32_t root;
	uint64_t retained_bytes;
};

static int by_retained(const void *left, const void *right)
{
	const struct root_row *a = left, *b = right;

	if (a->retained_bytes != b->retained_bytes)
		return a->retained_bytes < b->retained_bytes ? 1 : -1;
	return a->root < b->root ? -1 : a->root > b->root;
}

/* All roots, most retained bytes first; free() them. NULL when memory is short. */
static struct root_row *sorted_roots(const struct graph_view *view)
{
	const uint32_t count = view->graph->root_count;
	struct root_row *rows = malloc(((size_t)count + 1) * sizeof *rows);

	for (uint32_t root = 0; rows != NULL && root < count; root++)
		rows[root] = (struct root_row){.root = root,
		    .retained_bytes =
			view->dominators->retained_bytes[reference_root_node(view->graph, root)]};
	if (rows != NULL)
		qsort(rows, count, sizeof *rows, by_retained);
	return rows;
}

static uint64_t root_words(const struct graph_view *view, uint32_t root)
{
	return view->graph->root_first[root + 1] - view->graph->root_first[root];
}

int report_roots_text(FILE *out, struct graph_view *view, const struct report_options *options)
{
	const uint32_t count = view->graph->root_count;
	struct text_table table;
	char text[REPORT_TEXT_BYTES];
	int status = graph_view_dominators(view);
	struct root_row *rows = status == STATUS_OK ? sorted_roots(view) : NULL;

	if (rows == NULL)
		return status != STATUS_OK ? status : STATUS_NO_MEMORY;
	report_file_line(out, &options->style, "", view->graph->snapshot);
	report_graph_notes(out, view->graph->snapshot);
	fputs("\nroots, by what each alone retains:\n", out);
	text_table_init(&table);
	text_table_column(&table, "retained", TEXT_RIGHT);
	text_table_column(&table, "blocks", TEXT_RIGHT);
	text_table_column(&table, "pointers", TEXT_RIGHT);
	text_table_column(&table, "kind", TEXT_LEFT);
	text_table_column(&table, "root", TEXT_LEFT);
	for (uint32_t i = 0; i < report_shown(options, count); i++) {
		const struct root_name *root = &view->roots->roots[rows[i].root];
		uint32_t node = reference_root_node(view->graph, rows[i].root);

		root_text(root, 0, text, sizeof text);
		text_table_row(&table);
		text_table_cell(&table, text_bytes(rows[i].retained_bytes).text);
		text_table_cell(&table, text_count(view->dominators->retained_blocks[node]).text);
		text_table_cell(&table, text_count(root_words(view, rows[i].root)).text);
		text_table_cell(&table, root_kind_name(root->kind));
		text_table_cell(&table, text);
	}
	free(rows);
	status = text_table_write(&table, out, &options->style);
	text_table_release(&table);
	report_left_out(out, count - report_shown(options, count), "root", "roots");
	return status != STATUS_OK ? status : report_finish(out);
}

int report_roots_json(FILE *out, struct graph_view *view, const struct report_options *options)
{
	const uint32_t count = view->graph->root_count;
	struct json_writer json;
	int status = graph_view_dominators(view);
	struct root_row *rows = status == STATUS_OK ? sorted_roots(view) : NULL;

	if (rows == NULL)
		return status != STATUS_OK ? status : STATUS_NO_MEMORY;
	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "retainers");
	json_text(&json, "view", "roots");
	report_file_json(&json, "file", view->graph->snapshot);
	report_graph_json(&json, view->graph->snapshot);
	json_begin_array(&json, "roots");
	for (uint32_t i = 0; i < report_shown(options, count); i++) {
		const struct root_name *root = &view->roots->roots[rows[i].root];
		uint32_t node = reference_root_node(view->graph, rows[i].root);

		json_begin_object(&json, NULL);
		json_text(&json, "kind", root_kind_name(root->kind));
		json_text(&json, "name", root->name);
		json_text_or_null(&json, "module", root->module);
		json_text_or_null(&json, "detail", root->detail);
		json_unsigned(&json, "tid", root->tid);
		json_unsigned(&json, "pointers", root_words(view, rows[i].root));
		json_unsigned(&json, "retained_bytes", rows[i].retained_bytes);
		json_unsigned(&json, "retained_blocks", view->dominators->retained_blocks[node]);
		json_end(&json);
	}
	json_end(&json);
	free(rows);
	return json_end_document(&json);
}
