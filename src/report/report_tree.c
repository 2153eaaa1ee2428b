#include "report/report_tree.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "report/call_tree.h"
#include "report/report_file.h"
#include "report/report_site.h"
#include "report/report_stack.h"
#include "report/short_name.h"
#include "report/text_estimate.h"
#include "report/text_number.h"

struct weight {
	uint64_t blocks, bytes;
	struct spread spread;
};

static struct weight weight_of(const struct group_row *row, enum group_sort sort)
{
	switch (sort) {
	case GROUP_SORT_RETAINED:
		return (struct weight){
		    row->retained_objects, row->retained_space, row->retained_spread};
	case GROUP_SORT_ALLOCS:
		return (struct weight){row->alloc_objects, row->alloc_space, row->alloc_spread};
	case GROUP_SORT_TEMPORARY:
		return (struct weight){
		    row->temporary_objects, row->temporary_space, row->temporary_spread};
	case GROUP_SORT_PEAK:
		return (struct weight){0, row->peak_space,
		    {0, estimate_like(row->peak_space, row->alloc_space, row->alloc_spread.bytes)}};
	default:
		return (struct weight){row->inuse_objects, row->inuse_space, row->inuse_spread};
	}
}

static const char *weight_words(enum group_sort sort)
{
	switch (sort) {
	case GROUP_SORT_RETAINED:
		return "retained";
	case GROUP_SORT_ALLOCS:
		return "allocated (churn)";
	case GROUP_SORT_TEMPORARY:
		return "temporary (freed in the same iteration)";
	case GROUP_SORT_PEAK:
		return "alive at the peak";
	default:
		return "alive";
	}
}

/* Functions on the way are one node each, from whatever line they call; the site itself keeps its line. Text for people
 * is short, and instances of one template are one node there. */
static void node_text(const struct heap *heap, const struct site_frame *frame, bool is_site,
    bool full_names, char *text, size_t bytes)
{
	const struct report_options options = {.full_names = full_names};
	const char *file = frame->name != NULL ? frame->name->file : NULL;
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	size_t length = 0;

	if (is_site || frame->name == NULL || frame->name->function == NULL) {
		report_site_text_for(&options, heap, frame, text, bytes);
		return;
	}
	if (full_names)
		(void)snprintf(text, bytes, "%s", frame->name->function);
	else
		short_name(frame->name->function, text, bytes);
	length = strlen(text);
	(void)snprintf(text + length, bytes - length, " (%s)",
	    slash != NULL  ? slash + 1
	    : file != NULL ? file
			   : site_module_name(heap, frame->module));
}

static int add_frame(struct call_tree *tree, const char *text, struct weight weight, uint32_t *node)
{
	uint32_t number = 0;
	int status = call_tree_text(tree, text, &number);

	if (status == 0)
		status = call_tree_add(tree, *node, number, weight.blocks, weight.bytes, node);
	if (status == 0)
		spread_add(&tree->nodes[*node].spread, &weight.spread);
	return status;
}

static int add_stack(struct call_tree *tree, const struct group_input *input, uint32_t stack_number,
    struct weight weight, enum report_tree_order order, bool full_names)
{
	struct report_stack stack;
	char text[REPORT_TEXT_BYTES];
	uint32_t node = 0;
	int status = report_stack_open(input, stack_number, &stack);

	if (status != 0)
		return status;
	for (size_t i = 0; status == 0 && i < stack.end - stack.first; i++) {
		size_t frame = order == REPORT_TREE_CALLERS ? stack.first + i : stack.end - 1 - i;

		node_text(input->heap, &stack.frames[frame], frame == stack.first, full_names, text,
		    sizeof text);
		status = add_frame(tree, text, weight, &node);
	}
	report_stack_release(&stack);
	return status;
}

static int build(struct call_tree *tree, const struct grouping *grouping,
    const struct group_table *table, enum group_sort sort, enum report_tree_order order,
    bool full_names)
{
	int status = call_tree_init(tree);

	for (size_t i = 0; status == 0 && i < table->row_count; i++) {
		const struct group_key *key = &grouping->keys[table->rows[i].key];
		struct weight weight = weight_of(&table->rows[i], sort);

		if (weight.blocks == 0 && weight.bytes == 0)
			continue;
		tree->nodes[0].blocks += weight.blocks;
		tree->nodes[0].bytes += weight.bytes;
		spread_add(&tree->nodes[0].spread, &weight.spread);
		if (key->stack != HEAP_NONE)
			status = add_stack(tree, &grouping->inputs[key->input], key->stack, weight,
			    order, full_names);
	}
	if (status == 0)
		status =
		    call_tree_sort(tree, sort == GROUP_SORT_BLOCKS || sort == GROUP_SORT_ALLOCS ||
					     sort == GROUP_SORT_TEMPORARY);
	return status;
}

/* --- text --- */

struct printer {
	FILE *out;
	const struct call_tree *tree;
	const struct report_options *options;
	uint64_t top;
	bool by_blocks;
	uint64_t mean; /* bytes between samples; 0 exact */
};

static bool is_small(const struct printer *printer, const struct call_node *node)
{
	const struct call_node *root = &printer->tree->nodes[0];

	if (printer->options->min_bytes != 0)
		return node->bytes < printer->options->min_bytes;
	return printer->by_blocks ? node->blocks < root->blocks / 100
				  : node->bytes < root->bytes / 100;
}

static void print_line(
    const struct printer *printer, const struct call_node *node, int indent, const char *text)
{
	const struct call_node *root = &printer->tree->nodes[0];
	struct text_number percent = printer->by_blocks ? text_percent(node->blocks, root->blocks)
							: text_percent(node->bytes, root->bytes);

	fprintf(printer->out, printer->mean != 0 ? "%22s %22s %8s  %*s" : "%10s %12s %8s  %*s",
	    text_estimate_bytes(printer->mean, node->bytes, node->spread.bytes).text,
	    text_estimate(printer->mean, node->blocks, node->spread.blocks).text, percent.text,
	    indent, "");
	text_put(printer->out, &printer->options->style, TEXT_PLAIN, text);
	fputc('\n', printer->out);
}

/* A chain of only children is indented by one column a step, a choice by two. */
static void print_children(const struct printer *printer, uint32_t parent, int indent)
{
	const struct call_tree *tree = printer->tree;
	struct call_node rest = {.blocks = 0};
	uint64_t shown = 0, hidden = 0;
	int step = 0;

	for (uint32_t i = tree->nodes[parent].first_child; i != CALL_TREE_NONE;
	     i = tree->nodes[i].next_sibling) {
		const struct call_node *node = &tree->nodes[i];

		step = tree->nodes[tree->nodes[parent].first_child].next_sibling == CALL_TREE_NONE
			   ? 1
			   : 2;
		if ((printer->top != 0 && shown == printer->top) || is_small(printer, node)) {
			rest.blocks += node->blocks;
			rest.bytes += node->bytes;
			spread_add(&rest.spread, &node->spread);
			hidden++;
			continue;
		}
		shown++;
		print_line(printer, node, indent, call_tree_name(tree, i));
		print_children(printer, i, indent + step);
	}
	if (hidden != 0) {
		char text[128];

		(void)snprintf(text, sizeof text, "... %s",
		    text_plural(hidden, "smaller one", "smaller ones").text);
		print_line(printer, &rest, indent, text);
	}
}

int report_tree_text(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, enum report_tree_order order, const struct report_options *options)
{
	struct call_tree tree;
	struct printer printer = {out, &tree, options, options->top,
	    sort == GROUP_SORT_BLOCKS || sort == GROUP_SORT_ALLOCS || sort == GROUP_SORT_TEMPORARY,
	    estimate_mean(grouping->inputs[0].heap->snapshot)};
	int status =
	    build(&tree, grouping, table, sort, order, options->json || options->full_names);

	if (status == 0) {
		report_file_line(out, &options->style, "", grouping->inputs[0].heap->snapshot);
		report_losses(out, &options->style, grouping->inputs[0].heap->snapshot);
		fprintf(out, "%s, %s\n\n", weight_words(sort),
		    order == REPORT_TREE_CALLERS ? "by site, callers below" : "from main down");
		fprintf(out, printer.mean != 0 ? "%22s %22s %8s  %s\n" : "%10s %12s %8s  %s\n",
		    "bytes", "blocks", "", "function");
		print_line(&printer, &tree.nodes[0], 0, "all");
		print_children(&printer, 0, 0);
		if (tree.nodes[0].bytes == 0 && tree.nodes[0].blocks == 0)
			fputs(
			    "Nothing to add up here; --sort allocs shows what was allocated and freed again.\n",
			    out);
	}
	call_tree_release(&tree);
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

static void node_json(
    struct json_writer *json, const struct call_tree *tree, uint64_t mean, uint32_t number)
{
	const struct call_node *node = &tree->nodes[number];

	json_begin_object(json, NULL);
	json_text(json, "name", call_tree_name(tree, number));
	json_unsigned(json, "blocks", node->blocks);
	json_unsigned(json, "bytes", node->bytes);
	json_estimate_error(json, "blocks", mean, node->spread.blocks);
	json_estimate_error(json, "bytes", mean, node->spread.bytes);
	json_begin_array(json, "children");
	/* deeper than any stack that is recorded by default; the numbers above stay right */
	if (json->depth + 4 < JSON_DEPTH_MAX) {
		for (uint32_t i = node->first_child; i != CALL_TREE_NONE;
		     i = tree->nodes[i].next_sibling)
			node_json(json, tree, mean, i);
	}
	json_end(json);
	json_end(json);
}

int report_tree_json(FILE *out, const struct grouping *grouping, const struct group_table *table,
    enum group_sort sort, enum report_tree_order order, const struct report_options *options)
{
	const uint64_t mean = estimate_mean(grouping->inputs[0].heap->snapshot);
	struct json_writer json;
	struct call_tree tree;
	int status =
	    build(&tree, grouping, table, sort, order, options->json || options->full_names);

	if (status == 0) {
		json_begin_document(&json, out);
		json_unsigned(&json, "version", 1);
		json_text(&json, "command", "report");
		json_text(&json, "tree", order == REPORT_TREE_CALLERS ? "callers" : "top-down");
		report_file_json(&json, "file", grouping->inputs[0].heap->snapshot);
		report_totals_json(&json, grouping->inputs[0].heap);
		json_unsigned(&json, "blocks", tree.nodes[0].blocks);
		json_unsigned(&json, "bytes", tree.nodes[0].bytes);
		json_estimate_error(&json, "blocks", mean, tree.nodes[0].spread.blocks);
		json_estimate_error(&json, "bytes", mean, tree.nodes[0].spread.bytes);
		json_sampled(&json, grouping->inputs[0].heap->snapshot);
		json_begin_array(&json, "children");
		for (uint32_t i = tree.nodes[0].first_child; i != CALL_TREE_NONE;
		     i = tree.nodes[i].next_sibling)
			node_json(&json, &tree, mean, i);
		json_end(&json);
		status = json_end_document(&json);
	}
	call_tree_release(&tree);
	return status;
}
