#include "report/report_retainers.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/path_cluster.h"
#include "base/status.h"
#include "report/report_file.h"
#include "report/report_graph.h"
#include "report/report_path.h"
#include "report/report_row.h"
#include "report/report_stack.h"
#include "report/text_number.h"

#define PATHS_OF_ONE_BLOCK 16

/* What the chosen blocks are, counted. */
struct chosen_totals {
	uint64_t blocks, bytes, leaked_blocks, leaked_bytes, weak_blocks;
	uint64_t indirect_blocks, indirect_bytes; /* of the leaked those that leaked blocks hold */
};

static bool is_chosen(const void *context, uint32_t block)
{
	const struct retainers_question *question = context;

	return question->chosen[block] != 0;
}

static struct chosen_totals count_chosen(const struct retainers_question *question)
{
	const struct graph_view *view = question->view;
	struct chosen_totals totals = {0};

	for (uint32_t block = 0; block < view->graph->block_count; block++) {
		uint64_t bytes = view->graph->snapshot->block_size[block];

		if (question->chosen[block] == 0)
			continue;
		totals.blocks++;
		totals.bytes += bytes;
		if (reachability_is_leaked(view->reach, block)) {
			totals.leaked_blocks++;
			totals.leaked_bytes += bytes;
		}
		if (view->reach->state[block] == REACH_LOST_INDIRECTLY) {
			totals.indirect_blocks++;
			totals.indirect_bytes += bytes;
		}
		totals.weak_blocks += view->reach->state[block] == REACH_WEAK;
	}
	return totals;
}

static uint32_t first_chosen(const struct retainers_question *question)
{
	uint32_t block = 0;

	while (question->chosen[block] == 0)
		block++;
	return block;
}

/* ---- the paths, whatever they are of ---- */

/* One way in which chosen blocks are held. */
struct way {
	struct retaining_path path;
	uint64_t blocks, bytes;
	struct retained retained;
	uint64_t same; /* paths of one block that run through the same sites */
};

struct ways {
	struct way *rows;
	size_t count;
	uint64_t more; /* that are not shown */
};

static void ways_release(struct ways *ways)
{
	for (size_t i = 0; i < ways->count; i++)
		retaining_path_release(&ways->rows[i].path);
	free(ways->rows);
	*ways = (struct ways){0};
}

/* For people the longest path of each cluster: of a list it shows the list, and runs are shortened. */
static void find_deepest(
    const struct graph_view *view, const struct path_clusters *clusters, uint32_t *examples)
{
	const uint32_t *distance = view->reach->distance;

	for (size_t i = 0; i < clusters->count; i++)
		examples[i] = clusters->rows[i].example;
	for (uint32_t block = 0; block < view->graph->block_count; block++) {
		uint32_t row = clusters->of_block[block];

		if (row != HEAP_NONE && distance[block] > distance[examples[row]])
			examples[row] = block;
	}
}

static int ways_of_clusters(const struct retainers_question *question,
    const struct path_clusters *clusters, size_t limit, struct ways *ret_ways)
{
	size_t shown = limit != 0 && limit < clusters->count ? limit : clusters->count;
	struct ways ways = {.rows = calloc(shown + 1, sizeof *ways.rows)};
	uint32_t *examples = calloc(clusters->count + 1, sizeof *examples);
	int status = ways.rows != NULL && examples != NULL ? STATUS_OK : STATUS_NO_MEMORY;

	if (status == STATUS_OK && question->longest)
		find_deepest(question->view, clusters, examples);
	for (size_t i = 0; status == STATUS_OK && i < shown; i++) {
		const struct path_cluster *cluster = &clusters->rows[i];

		status = retaining_path_open(question->view->reach,
		    question->longest ? examples[i] : cluster->example, &ways.rows[i].path);
		if (status != STATUS_OK)
			break;
		ways.rows[i].blocks = cluster->blocks;
		ways.rows[i].bytes = cluster->bytes;
		ways.rows[i].retained = cluster->retained;
		ways.count++;
	}
	free(examples);
	ways.more = clusters->count - shown;
	if (status != STATUS_OK)
		ways_release(&ways);
	*ret_ways = ways;
	return status;
}

/* Many blocks: put together where they are held alike. */
static int ways_of_many(const struct retainers_question *question, struct edge_fields *fields,
    size_t limit, struct ways *ret_ways)
{
	struct path_clusters clusters;
	int status = path_clusters_open(question->view->reach, fields, question->view->dominators,
	    is_chosen, question, &clusters);

	if (status != STATUS_OK)
		return status;
	status = ways_of_clusters(question, &clusters, limit, ret_ways);
	path_clusters_release(&clusters);
	return status;
}

/* One block: each distinct path. */
static int ways_of_one(const struct retainers_question *question, const struct edge_fields *fields,
    size_t limit, struct ways *ret_ways)
{
	const struct graph_view *view = question->view;
	const uint32_t block = first_chosen(question);
	struct retaining_paths paths;
	int status = retaining_paths_open(view->graph, view->reach, block,
	    limit != 0 ? limit : PATHS_OF_ONE_BLOCK, edge_fields_key, fields, &paths);

	if (status != STATUS_OK)
		return status;
	struct ways ways = {.rows = calloc(paths.count + 1, sizeof *ways.rows), .more = paths.more};

	for (size_t i = 0; ways.rows != NULL && i < paths.count; i++) {
		ways.rows[ways.count++] = (struct way){.path = paths.paths[i],
		    .blocks = 1,
		    .bytes = view->graph->snapshot->block_size[block],
		    .retained = {.bytes = view->dominators->retained_bytes[block],
			.blocks = view->dominators->retained_blocks[block]},
		    .same = paths.paths[i].same};
		paths.paths[i] = (struct retaining_path){0}; /* moved */
	}
	retaining_paths_release(&paths);
	*ret_ways = ways;
	return ways.rows != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static int find_ways(const struct retainers_question *question, size_t limit, struct ways *ret_ways)
{
	struct edge_fields fields;
	int status = graph_view_dominators(question->view);

	if (status == STATUS_OK)
		status = edge_fields_open(question->view->graph, question->grouping, 0, &fields);
	if (status != STATUS_OK)
		return status;
	status = question->chosen_count == 1 ? ways_of_one(question, &fields, limit, ret_ways)
					     : ways_of_many(question, &fields, limit, ret_ways);
	edge_fields_release(&fields);
	return status;
}

/* ---- text ---- */

static void put_summary(FILE *out, const struct retainers_question *question)
{
	const struct chosen_totals totals = count_chosen(question);

	fprintf(out, "\n%s (%s) of %s: ", text_plural(totals.blocks, "block", "blocks").text,
	    text_bytes(totals.bytes).text, question->what);
	if (totals.leaked_blocks == totals.blocks)
		fputs("leaked, no root reaches ", out);
	else
		fputs("reachable", out);
	if (totals.leaked_blocks == totals.blocks)
		fputs(totals.blocks == 1 ? "it" : "them", out);
	else if (totals.leaked_blocks != 0)
		fprintf(out, " but for %s (%s), which %s leaked",
		    text_plural(totals.leaked_blocks, "block", "blocks").text,
		    text_bytes(totals.leaked_bytes).text, totals.leaked_blocks == 1 ? "is" : "are");
	if (totals.weak_blocks != 0)
		fprintf(
		    out, "; %s held on weak evidence only", text_count(totals.weak_blocks).text);
	fputs("\n", out);
}

static void put_way(FILE *out, const struct retainers_question *question, const struct way *way,
    const struct report_options *options)
{
	if (question->chosen_count > 1)
		fprintf(out, "\n%s (%s), retaining %s:\n",
		    text_plural(way->blocks, "block", "blocks").text, text_bytes(way->bytes).text,
		    text_bytes(way->retained.bytes).text);
	else
		fprintf(out, "\nretaining %s in %s%s:\n", text_bytes(way->retained.bytes).text,
		    text_plural(way->retained.blocks, "block", "blocks").text,
		    way->same > 1 ? ", by several words like this one" : "");
	path_text(out, question->view, &way->path, options, 2);
}

int report_retainers_text(
    FILE *out, const struct retainers_question *question, const struct report_options *options)
{
	const struct snapshot *snapshot = question->view->graph->snapshot;
	struct ways ways;
	int status = find_ways(question, options->top, &ways);

	if (status != STATUS_OK)
		return status;
	report_file_line(out, &options->style, "", snapshot);
	report_losses(out, &options->style, snapshot);
	report_graph_notes(out, snapshot);
	put_summary(out, question);
	for (size_t i = 0; i < ways.count; i++)
		put_way(out, question, &ways.rows[i], options);
	if (ways.more != 0)
		fprintf(out, "\n... %s more; --top 0 shows all\n",
		    text_plural(ways.more, "path", "paths").text);
	ways_release(&ways);
	return report_finish(out);
}

/* ---- JSON ---- */

static void target_json(struct json_writer *json, const struct retainers_question *question)
{
	const struct chosen_totals totals = count_chosen(question);
	const struct heap *heap = question->view->input->heap;
	const uint32_t block = first_chosen(question);
	char id[64], function[REPORT_TEXT_BYTES];
	struct site_frame frame;

	(void)site_of_stack(heap, question->view->input->names, question->view->input->rules,
	    heap_stack_of_block(heap, block), &frame);
	report_frame_function(heap, &frame, function, sizeof function);
	graph_view_id_text(heap, block, id, sizeof id);
	json_begin_object(json, "target");
	json_text(json, "text", question->what);
	json_text(json, "function", function);
	json_text_or_null(json, "file", frame.name != NULL ? frame.name->file : NULL);
	json_unsigned(json, "line", frame.name != NULL ? frame.name->line : 0);
	json_text_or_null(json, "type", block_types_of(question->view->types, block));
	json_text_or_null(json, "id", question->chosen_count == 1 ? id : NULL);
	json_unsigned(json, "blocks", totals.blocks);
	json_unsigned(json, "bytes", totals.bytes);
	json_unsigned(json, "leaked_blocks", totals.leaked_blocks);
	json_unsigned(json, "leaked_bytes", totals.leaked_bytes);
	json_unsigned(json, "indirectly_leaked_blocks", totals.indirect_blocks);
	json_unsigned(json, "indirectly_leaked_bytes", totals.indirect_bytes);
	json_unsigned(json, "weak_blocks", totals.weak_blocks);
	json_end(json);
}

static int way_json(
    struct json_writer *json, const struct retainers_question *question, const struct way *way)
{
	json_begin_object(json, NULL);
	json_unsigned(json, "blocks", way->blocks);
	json_unsigned(json, "bytes", way->bytes);
	json_unsigned(json, "retained_blocks", way->retained.blocks);
	json_unsigned(json, "retained_bytes", way->retained.bytes);
	int status = path_json(json, question->view, &way->path);

	json_end(json);
	return status;
}

int report_retainers_json(
    FILE *out, const struct retainers_question *question, const struct report_options *options)
{
	const struct snapshot *snapshot = question->view->graph->snapshot;
	struct json_writer json;
	struct ways ways;
	int status = find_ways(question, options->top, &ways);

	if (status != STATUS_OK)
		return status;
	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "retainers");
	report_file_json(&json, "file", snapshot);
	report_graph_json(&json, snapshot);
	target_json(&json, question);
	json_begin_array(&json, "paths");
	for (size_t i = 0; status == STATUS_OK && i < ways.count; i++)
		status = way_json(&json, question, &ways.rows[i]);
	json_end(&json);
	json_unsigned(&json, "more_paths", ways.more);
	ways_release(&ways);
	return status != STATUS_OK ? status : json_end_document(&json);
}
