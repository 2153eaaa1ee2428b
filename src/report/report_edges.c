#include "report/report_edges.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cycles.h"
#include "analysis/edge_growth.h"
#include "base/status.h"
#include "report/report_file.h"
#include "report/report_graph.h"
#include "report/report_retainers.h"
#include "report/report_row.h"
#include "report/report_stack.h"
#include "report/short_name.h"
#include "report/text_number.h"

/* ---- edges ---- */

struct edges_report {
	struct graph_view *view;
	const struct grouping *grouping;
	struct edge_fields fields;
	struct edge_growth growth;
	uint32_t *example; /* by row of growth: a holder, a block or a root's node */
	uint32_t *row_of_field;
};

static void edges_release(struct edges_report *edges)
{
	free(edges->example);
	free(edges->row_of_field);
	edge_growth_release(&edges->growth);
	edge_fields_release(&edges->fields);
}

static int note_example(void *context, const struct edge_visit *edge)
{
	struct edges_report *edges = context;
	uint32_t number =
	    edge_fields_number(&edges->fields, edge_fields_key(&edges->fields, edge->node),
		edge_fields_key(&edges->fields, edge->target), edge->offset);
	uint32_t row = edges->row_of_field[number];

	if (row != HEAP_NONE && edges->example[row] == HEAP_NONE)
		edges->example[row] = edge->node;
	return STATUS_OK;
}

/* A holder for each row: its type names the field. */
static int find_examples(struct edges_report *edges)
{
	uint32_t fields = 1;

	for (size_t i = 0; i < edges->growth.count; i++)
		if (edges->growth.rows[i].field >= fields)
			fields = edges->growth.rows[i].field + 1;
	/* room for fields that the walk numbers and no row has: the tables are complete by now */
	edges->row_of_field = malloc(((size_t)fields + EDGE_FIELDS_MAX) * sizeof(uint32_t));
	edges->example = malloc((edges->growth.count + 1) * sizeof(uint32_t));
	if (edges->row_of_field == NULL || edges->example == NULL)
		return STATUS_NO_MEMORY;
	memset(edges->row_of_field, 0xff, ((size_t)fields + EDGE_FIELDS_MAX) * sizeof(uint32_t));
	memset(edges->example, 0xff, (edges->growth.count + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < edges->growth.count; i++)
		edges->row_of_field[edges->growth.rows[i].field] = (uint32_t)i;
	return edge_fields_each(edges->view->graph, note_example, edges);
}

static int edges_open(
    struct graph_view *view, const struct grouping *grouping, struct edges_report *ret_edges)
{
	struct edges_report edges = {.view = view, .grouping = grouping};
	int status = edge_fields_open(view->graph, grouping, 0, &edges.fields);

	if (status == STATUS_OK)
		status = edge_growth_open(&edges.fields, &edges.growth);
	*ret_edges = edges; /* fields is pointed to by growth no longer */
	if (status == STATUS_OK)
		status = find_examples(ret_edges);
	if (status != STATUS_OK)
		edges_release(ret_edges);
	return status;
}

/* What a key stands for: a site, a root, or nothing. */
static void key_text(const struct edges_report *edges, uint32_t key, char *text, size_t bytes)
{
	uint32_t root;

	if (key < edges->grouping->key_count) {
		short_name_of_site(edges->grouping->keys[key].text, text, bytes);
		return;
	}
	root = edge_fields_root_of_key(&edges->fields, key);
	if (root == HEAP_NONE)
		(void)snprintf(text, bytes, "[nothing]");
	else
		root_text(&edges->view->roots->roots[root], 0, text, bytes);
}

/* ".subscribers", "+8", "[]" of an array. */
static void field_text(const struct edges_report *edges, size_t row, char *text, size_t bytes)
{
	const struct edge_field field =
	    edge_fields_at(&edges->fields, edges->growth.rows[row].field);
	const uint32_t example = edges->example[row];

	if (field.offset == EDGE_FIELD_ARRAY)
		(void)snprintf(text, bytes, "[]");
	else if (example != HEAP_NONE && reference_is_block(edges->view->graph, example))
		block_types_field(edges->view->types, example, field.offset, text, bytes);
	else
		(void)snprintf(text, bytes, "+%" PRIu64, field.offset);
}

static const char *growth_word(const struct edge_growth_row *row)
{
	return row->takes_in ? "takes in" : row->grows ? "grows" : "";
}

static void edge_cells(struct text_table *table, const struct edges_report *edges, size_t i)
{
	const struct edge_growth_row *row = &edges->growth.rows[i];
	const struct edge_field field = edge_fields_at(&edges->fields, row->field);
	char holder[REPORT_TEXT_BYTES], held[REPORT_TEXT_BYTES], name[TYPE_PATH_BYTES];
	char whole[3 * REPORT_TEXT_BYTES];

	key_text(edges, field.holder, holder, sizeof holder);
	key_text(edges, field.held, held, sizeof held);
	field_text(edges, i, name, sizeof name);
	text_table_row(table);
	text_table_cell(table, text_count(row->edges).text);
	text_table_cell(table, text_rate(row->per_iteration).text);
	text_table_cell_tinted(table, row->grows ? TEXT_BAD : TEXT_PLAIN, growth_word(row));
	text_table_cell(table, text_count(row->ages.older).text);
	text_table_cell(table, text_count(row->ages.same).text);
	text_table_cell(table, text_count(row->ages.younger).text);
	(void)snprintf(whole, sizeof whole, "%s  %s -> %s", holder, name, held);
	text_table_cell(table, whole);
}

int report_edges_text(FILE *out, struct graph_view *view, const struct grouping *grouping,
    const struct report_options *options)
{
	struct edges_report edges;
	struct text_table table;
	int status = edges_open(view, grouping, &edges);
	size_t shown;

	if (status != STATUS_OK)
		return status;
	report_file_line(out, &options->style, "", view->graph->snapshot);
	report_graph_notes(out, view->graph->snapshot);
	fputs(
	    "\nwhich pointers lead from whom to whom, those that grow with the iterations first:\n",
	    out);
	text_table_init(&table);
	text_table_column(&table, "pointers", TEXT_RIGHT);
	text_table_column(&table, "per iteration", TEXT_RIGHT);
	text_table_column(&table, "", TEXT_LEFT);
	text_table_column(&table, "older", TEXT_RIGHT);
	text_table_column(&table, "same", TEXT_RIGHT);
	text_table_column(&table, "younger", TEXT_RIGHT);
	text_table_column(&table, "holder, field -> held", TEXT_LEFT);
	shown = report_shown(options, edges.growth.count);
	for (size_t i = 0; i < shown; i++)
		edge_cells(&table, &edges, i);
	status = text_table_write(&table, out, &options->style);
	text_table_release(&table);
	report_left_out(out, edges.growth.count - shown, "field", "fields");
	fputs(
	    "older: the holder was there before what it holds was born; same: born in one iteration; "
	    "younger: the holder came later.\n",
	    out);
	edges_release(&edges);
	return status != STATUS_OK ? status : report_finish(out);
}

static void ages_json(struct json_writer *json, const char *key, const struct edge_ages *ages)
{
	json_begin_object(json, key);
	json_unsigned(json, "older", ages->older);
	json_unsigned(json, "same", ages->same);
	json_unsigned(json, "younger", ages->younger);
	json_end(json);
}

static void edge_json(struct json_writer *json, const struct edges_report *edges, size_t i)
{
	const struct edge_growth_row *row = &edges->growth.rows[i];
	const struct edge_field field = edge_fields_at(&edges->fields, row->field);
	char text[REPORT_TEXT_BYTES];

	json_begin_object(json, NULL);
	key_text(edges, field.holder, text, sizeof text);
	json_text(json, "holder", text);
	json_bool(json, "holder_is_root", field.holder >= edges->grouping->key_count);
	field_text(edges, i, text, sizeof text);
	json_text(json, "field", text);
	if (field.offset == EDGE_FIELD_ARRAY)
		json_null(json, "offset");
	else
		json_unsigned(json, "offset", field.offset);
	key_text(edges, field.held, text, sizeof text);
	json_text(json, "held", text);
	json_unsigned(json, "edges", row->edges);
	json_unsigned(json, "counted_edges", row->counted_edges);
	json_double(json, "edges_per_iteration", row->per_iteration);
	json_bool(json, "grows", row->grows);
	json_bool(json, "takes_in", row->takes_in);
	ages_json(json, "ages", &row->ages);
	ages_json(json, "counted_ages", &row->counted_ages);
	json_end(json);
}

int report_edges_json(FILE *out, struct graph_view *view, const struct grouping *grouping,
    const struct report_options *options)
{
	struct edges_report edges;
	struct json_writer json;
	int status = edges_open(view, grouping, &edges);

	if (status != STATUS_OK)
		return status;
	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "retainers");
	json_text(&json, "view", "edges");
	report_file_json(&json, "file", view->graph->snapshot);
	report_graph_json(&json, view->graph->snapshot);
	ages_json(&json, "totals", &edges.growth.total);
	json_begin_array(&json, "rows");
	for (size_t i = 0; i < report_shown(options, edges.growth.count); i++)
		edge_json(&json, &edges, i);
	json_end(&json);
	edges_release(&edges);
	return json_end_document(&json);
}

/* ---- circles ---- */

static void holder_text(
    const struct graph_view *view, const struct cycle *cycle, char *text, size_t bytes)
{
	if (cycle->example_holder == HEAP_NONE)
		(void)snprintf(text, bytes, "nothing outside: they keep each other");
	else if (reference_is_block(view->graph, cycle->example_holder))
		graph_view_block_text(view, cycle->example_holder, text, bytes);
	else
		root_text(&view->roots->roots[cycle->example_holder - view->graph->block_count], 0,
		    text, bytes);
}

#define MEMBERS_SHOWN	4
#define KINDS_MAX	16
#define MEMBERS_ASKED	4096 /* of a larger circle, the others are of the same kinds as a rule */
#define KIND_TEXT_BYTES (REPORT_TEXT_BYTES / 4)

struct member_kind {
	char text[KIND_TEXT_BYTES];
	size_t count;
};

/* The most frequent first; never by address, which differs from run to run. */
static int compare_kinds(const void *a, const void *b)
{
	const struct member_kind *left = a;
	const struct member_kind *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->text, right->text);
}

static size_t count_kinds(const struct graph_view *view, const struct cycles *cycles,
    const struct cycle *cycle, struct member_kind ret_kinds[KINDS_MAX])
{
	size_t kinds = 0;

	for (size_t i = 0; i < cycle->member_count && i < MEMBERS_ASKED; i++) {
		char text[KIND_TEXT_BYTES];
		size_t kind = 0;

		graph_view_block_text(
		    view, cycles->members[cycle->first_member + i], text, sizeof text);
		while (kind < kinds && strcmp(ret_kinds[kind].text, text) != 0)
			kind++;
		if (kind == KINDS_MAX)
			continue;
		if (kind == kinds) {
			memcpy(ret_kinds[kind].text, text, sizeof text);
			ret_kinds[kinds++].count = 0;
		}
		ret_kinds[kind].count++;
	}
	qsort(ret_kinds, kinds, sizeof *ret_kinds, compare_kinds);
	return kinds;
}

/* The kinds of members, each once: "link", "edge, node". */
static void members_text(const struct graph_view *view, const struct cycles *cycles,
    const struct cycle *cycle, char *text, size_t bytes)
{
	struct member_kind kinds[KINDS_MAX];
	size_t count = count_kinds(view, cycles, cycle, kinds);
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && i < MEMBERS_SHOWN; i++) {
		int added = snprintf(
		    text + length, bytes - length, "%s%s", i > 0 ? ", " : "", kinds[i].text);

		length += added > 0 && (size_t)added < bytes - length ? (size_t)added : 0;
	}
}

int report_cycles_text(FILE *out, struct graph_view *view, const struct report_options *options)
{
	struct cycles cycles;
	struct text_table table;
	char text[REPORT_TEXT_BYTES];
	int status = cycles_open(view->reach, &cycles);

	if (status != STATUS_OK)
		return status;
	report_file_line(out, &options->style, "", view->graph->snapshot);
	report_graph_notes(out, view->graph->snapshot);
	fprintf(out, "\n%s of blocks that hold each other%s\n",
	    text_plural(cycles.count, "circle", "circles").text,
	    cycles.count > 0 ? ", largest first:" : "");
	text_table_init(&table);
	text_table_column(&table, "blocks", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "", TEXT_LEFT);
	text_table_column(&table, "members", TEXT_LEFT);
	text_table_column(&table, "held by", TEXT_LEFT);
	for (size_t i = 0; i < report_shown(options, cycles.count); i++) {
		const struct cycle *cycle = &cycles.rows[i];

		text_table_row(&table);
		text_table_cell(&table, text_count(cycle->member_count).text);
		text_table_cell(&table, text_bytes(cycle->bytes).text);
		text_table_cell_tinted(&table, TEXT_BAD, cycle->leaked ? "leaked" : "");
		members_text(view, &cycles, cycle, text, sizeof text);
		text_table_cell(&table, text);
		holder_text(view, cycle, text, sizeof text);
		text_table_cell(&table, text);
	}
	if (cycles.count > 0)
		status = text_table_write(&table, out, &options->style);
	text_table_release(&table);
	cycles_release(&cycles);
	return status != STATUS_OK ? status : report_finish(out);
}

int report_cycles_json(FILE *out, struct graph_view *view, const struct report_options *options)
{
	struct cycles cycles;
	struct json_writer json;
	char text[REPORT_TEXT_BYTES];
	int status = cycles_open(view->reach, &cycles);

	if (status != STATUS_OK)
		return status;
	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "retainers");
	json_text(&json, "view", "cycles");
	report_file_json(&json, "file", view->graph->snapshot);
	report_graph_json(&json, view->graph->snapshot);
	json_begin_array(&json, "cycles");
	for (size_t i = 0; i < report_shown(options, cycles.count); i++) {
		const struct cycle *cycle = &cycles.rows[i];

		json_begin_object(&json, NULL);
		json_unsigned(&json, "blocks", cycle->member_count);
		json_unsigned(&json, "bytes", cycle->bytes);
		json_bool(&json, "leaked", cycle->leaked);
		members_text(view, &cycles, cycle, text, sizeof text);
		json_text(&json, "members", text);
		json_unsigned(&json, "held_by_blocks", cycle->held_by_blocks);
		json_unsigned(&json, "held_by_roots", cycle->held_by_roots);
		holder_text(view, cycle, text, sizeof text);
		json_text_or_null(
		    &json, "held_by", cycle->example_holder != HEAP_NONE ? text : NULL);
		json_end(&json);
	}
	json_end(&json);
	cycles_release(&cycles);
	return json_end_document(&json);
}
