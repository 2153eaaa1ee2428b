#include "report/report_info.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "report/json_writer.h"
#include "report/report_file.h"
#include "report/report_graph.h"
#include "report/report_row.h"
#include "report/text_estimate.h"
#include "report/text_number.h"
#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_verify.h"

#define SECTION_TEXT_BYTES 32

/* "block_address": the section's name in small letters, into TEXT. */
static const char *section_text(uint32_t id, char text[SECTION_TEXT_BYTES])
{
	const char *name = section_name(id);
	size_t length = 0;

	for (; name[length] != '\0' && length + 1 < SECTION_TEXT_BYTES; length++)
		text[length] =
		    (char)(name[length] >= 'A' && name[length] <= 'Z' ? name[length] - 'A' + 'a'
								      : name[length]);
	text[length] = '\0';
	return text;
}

struct cost {
	const char *name;
	uint64_t bytes;
};
#define COST_COUNT 10

static uint64_t costs_of(const struct snapshot *snapshot, struct cost ret_costs[COST_COUNT])
{
	const struct snapshot_costs *c = &snapshot->run->costs;
	const struct cost costs[COST_COUNT] = {{"live_table", c->live_table},
	    {"large_table", c->large_table}, {"stack_index", c->stack_index}, {"nodes", c->nodes},
	    {"stacks", c->stacks}, {"counters", c->counters}, {"survival", c->survival},
	    {"iterations", c->iterations}, {"threads", c->threads}, {"other", c->other}};
	uint64_t sum = 0;

	for (size_t i = 0; i < COST_COUNT; i++) {
		ret_costs[i] = costs[i];
		sum += costs[i].bytes;
	}
	return sum;
}

/* --- text --- */

static void line(FILE *out, const struct text_style *style, const char *label, const char *text)
{
	char padded[24];

	(void)snprintf(padded, sizeof padded, "%-16s", label);
	text_put(out, style, TEXT_BOLD, padded);
	text_put(out, style, TEXT_PLAIN, text);
	fputc('\n', out);
}

static void write_flags(FILE *out, const struct text_style *style, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *words;
	} meanings[] = {
	    {SNAPSHOT_RUN_APPROXIMATE, "approximate: a thread could not be held at the cut"},
	    {SNAPSHOT_RUN_JOURNALLED,
		"the heap at the end of the last iteration: later frees were taken back"},
	    {SNAPSHOT_RUN_FORKED, "this process began as a copy of its parent's heap"},
	    {SNAPSHOT_RUN_THREAD_SCOPE, "iterations tag only the thread that began them"},
	    {SNAPSHOT_RUN_IN_ITERATION, "an iteration was open at the cut"},
	};

	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if ((flags & meanings[i].flag) != 0)
			line(out, style, "note", meanings[i].words);
	}
}

static void write_run(FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	const struct snapshot_run *run = snapshot->run;
	const uint64_t mean = estimate_mean(snapshot);
	const struct spread live = estimate_live(snapshot);
	char text[REPORT_GRAPH_TEXT_BYTES];
	char moment[REPORT_TIME_BYTES];

	line(out, style, "file", snapshot->path);
	(void)snprintf(text, sizeof text, "%s%s%s%s", text_bytes(snapshot->disk_bytes).text,
	    snapshot->disk_bytes != snapshot->file_bytes ? ", compressed from " : "",
	    snapshot->disk_bytes != snapshot->file_bytes ? text_bytes(snapshot->file_bytes).text
							 : "",
	    snapshot->name_count != 0 ? ", with names" : "");
	line(out, style, "size", text);
	line(out, style, "program", snapshot_string(snapshot, run->executable));
	line(out, style, "arguments", snapshot_string(snapshot, run->arguments));
	line(out, style, "directory", snapshot_string(snapshot, run->directory));
	(void)snprintf(text, sizeof text, "%" PRIu32 " (parent %" PRIu32 "), %s seen", run->pid,
	    run->parent_pid, text_plural(run->thread_count, "thread", "threads").text);
	line(out, style, "process", text);
	line(out, style, "host", snapshot_string(snapshot, run->host));
	report_time(run->start_time_ns, moment);
	line(out, style, "started", moment);
	report_time(run->time_ns, moment);
	(void)snprintf(text, sizeof text, "%s, %s after the start, trigger %s", moment,
	    text_duration(run->elapsed_ns).text, report_trigger(snapshot));
	line(out, style, "taken", text);
	line(out, style, "host paused", text_duration(run->pause_ns).text);
	if (snapshot_has_graph(snapshot)) {
		report_graph_reading(snapshot, text);
		line(out, style, "graph", text);
		report_graph_stopping(snapshot, text);
		line(out, style, "  threads", text);
	}
	line(out, style, "allocscope", snapshot_string(snapshot, run->version));
	report_run_id(run->run_id, text);
	line(out, style, "run", text);
	(void)snprintf(text, sizeof text,
	    "%s ended, %s counted, %" PRIu32 " of warm-up; generation %" PRIu32,
	    text_count(run->iterations_ended).text, text_count(run->iterations_counted).text,
	    run->warmup, run->generation);
	line(out, style, "iterations", text);
	(void)snprintf(text, sizeof text, "%s, %s",
	    text_estimate_plural(mean, run->totals.live_blocks, live.blocks, "block", "blocks")
		.text,
	    text_estimate_bytes(mean, run->totals.live_bytes, live.bytes).text);
	line(out, style, "live", text);
	if (mean != 0) {
		text_estimate_legend(snapshot, text, sizeof text);
		line(out, style, "sampled", text + strlen("Sampled: "));
		(void)snprintf(text, sizeof text, "%s of %s (realloc is not in them), %s",
		    text_plural(snapshot->sampling->allocs, "allocation", "allocations").text,
		    text_bytes(snapshot->sampling->bytes).text,
		    text_plural(snapshot->sampling->frees, "free", "frees").text);
		line(out, style, "exact", text);
	}
	write_flags(out, style, run->flags);
}

static void write_counters(
    FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	struct report_loss losses[REPORT_LOSS_COUNT];
	uint64_t lost = 0;
	char text[320];

	report_losses_of(snapshot, losses);
	for (size_t i = 0; i < REPORT_LOSS_COUNT; i++)
		lost += losses[i].is_loss ? losses[i].count : 0;
	line(out, style, "dropped",
	    lost == 0 ? "nothing" : "something: the numbers are not complete");
	for (size_t i = 0; i < REPORT_LOSS_COUNT; i++) {
		if (losses[i].count == 0)
			continue;
		(void)snprintf(text, sizeof text, "%s %s", text_count(losses[i].count).text,
		    losses[i].meaning);
		line(out, style, losses[i].is_loss ? "  lost" : "  seen", text);
	}
}

/* Each table of the recorder: what is there, and for how much there is room. */
static void write_own_memory(
    FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	for (size_t i = 0; i < snapshot->own_memory_count; i++) {
		const struct snapshot_own_memory *row = &snapshot->own_memory[i];
		char label[24];
		char text[200];

		if (row->mapped_bytes == 0)
			continue;
		(void)snprintf(
		    label, sizeof label, "  %.13s", snapshot_string(snapshot, row->table));
		(void)snprintf(text, sizeof text, "%s of %s mapped",
		    text_bytes(row->resident_bytes).text, text_bytes(row->mapped_bytes).text);
		line(out, style, label, text);
	}
}

static void write_gate(FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	char text[320];

	if (snapshot->gate_count == 0)
		return;
	(void)snprintf(text, sizeof text,
	    "closed %s; all hooks had ended after %s at most; a thread stood there for %s at most",
	    text_plural(snapshot->gate->closings, "time", "times").text,
	    text_duration(snapshot->gate->longest_wait_ns).text,
	    text_duration(snapshot->gate->longest_stand_ns).text);
	line(out, style, "gate", text);
}

static void write_costs(FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	struct cost costs[COST_COUNT];
	uint64_t sum = costs_of(snapshot, costs);
	uint64_t blocks = snapshot->run->totals.live_blocks;
	char text[320];

	if (blocks != 0)
		(void)snprintf(text, sizeof text, "%s of memory (%s per live block)",
		    text_bytes(sum).text, text_rate_bytes((double)sum / (double)blocks).text);
	else
		(void)snprintf(text, sizeof text, "%s of memory", text_bytes(sum).text);
	line(out, style, "own cost", text);
	if (snapshot->own_memory_count != 0) {
		write_own_memory(out, snapshot, style);
		return;
	}
	for (size_t i = 0; i < COST_COUNT; i++) {
		char label[24];

		if (costs[i].bytes == 0)
			continue;
		(void)snprintf(label, sizeof label, "  %s", costs[i].name);
		line(out, style, label, text_bytes(costs[i].bytes).text);
	}
}

static int write_sections(
    FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	struct text_table table;
	int status = 0;

	text_table_init(&table);
	text_table_column(&table, "section", TEXT_LEFT);
	text_table_column(&table, "id", TEXT_RIGHT);
	text_table_column(&table, "rows", TEXT_RIGHT);
	text_table_column(&table, "bytes", TEXT_RIGHT);
	text_table_column(&table, "offset", TEXT_RIGHT);
	for (uint32_t i = 0; i < snapshot->section_count; i++) {
		const struct snapshot_section *section = &snapshot->sections[i];
		char text[SECTION_TEXT_BYTES];

		text_table_row(&table);
		text_table_cell(&table, section_text(section->id, text));
		text_table_cell(&table, text_count(section->id).text);
		text_table_cell(&table,
		    text_count(section->row_bytes != 0 ? section->bytes / section->row_bytes : 0)
			.text);
		text_table_cell(&table, text_bytes(section->bytes).text);
		text_table_cell(&table, text_count(section->offset).text);
	}
	fputc('\n', out);
	status = text_table_write(&table, out, style);
	text_table_release(&table);
	return status;
}

int report_info_text(FILE *out, const struct snapshot *snapshot, const struct text_style *style)
{
	int status = 0;

	write_run(out, snapshot, style);
	write_counters(out, snapshot, style);
	write_costs(out, snapshot, style);
	write_gate(out, snapshot, style);
	status = write_sections(out, snapshot, style);
	return status != 0 ? status : report_finish(out);
}

/* --- JSON --- */

static void run_json(struct json_writer *json, const struct snapshot *snapshot)
{
	const struct snapshot_run *run = snapshot->run;
	char text[33];
	char moment[REPORT_TIME_BYTES];

	json_unsigned(json, "pid", run->pid);
	json_unsigned(json, "parent_pid", run->parent_pid);
	json_text(json, "program", snapshot_string(snapshot, run->program));
	json_text(json, "executable", snapshot_string(snapshot, run->executable));
	json_text(json, "arguments", snapshot_string(snapshot, run->arguments));
	json_text(json, "directory", snapshot_string(snapshot, run->directory));
	report_time(run->start_time_ns, moment);
	json_text(json, "start_time", moment);
	json_unsigned(json, "start_time_ns", run->start_time_ns);
	json_unsigned(json, "elapsed_ns", run->elapsed_ns);
	json_unsigned(json, "pause_ns", run->pause_ns);
	json_text(json, "host", snapshot_string(snapshot, run->host));
	json_begin_object(json, "versions");
	json_text(json, "allocscope", snapshot_string(snapshot, run->version));
	json_unsigned(json, "format", SNAPSHOT_VERSION);
	json_end(json);
	report_run_id(run->run_id, text);
	json_text(json, "run_id", text);
	report_run_id(run->parent_run_id, text);
	json_text(json, "parent_run_id", text);
	json_unsigned(json, "threads", run->thread_count);
	json_unsigned(json, "iterations_ended", run->iterations_ended);
	json_unsigned(json, "iterations_counted", run->iterations_counted);
	json_unsigned(json, "warmup", run->warmup);
	json_unsigned(json, "max_frames", run->max_frames);
	json_unsigned(json, "sample_bytes", run->sample_bytes);
	json_bool(json, "approximate", (run->flags & SNAPSHOT_RUN_APPROXIMATE) != 0);
	json_bool(json, "journalled", (run->flags & SNAPSHOT_RUN_JOURNALLED) != 0);
	json_bool(json, "forked", (run->flags & SNAPSHOT_RUN_FORKED) != 0);
	json_bool(json, "in_iteration", (run->flags & SNAPSHOT_RUN_IN_ITERATION) != 0);
}

static void totals_json(struct json_writer *json, const struct snapshot *snapshot)
{
	const struct snapshot_totals *totals = &snapshot->run->totals;
	const struct spread allocs = estimate_allocs(snapshot);
	const struct spread live = estimate_live(snapshot);
	const struct spread frees = spread_without(&allocs, &live);
	const uint64_t mean = estimate_mean(snapshot);

	json_begin_object(json, "totals");
	json_unsigned(json, "allocs", totals->allocs);
	json_unsigned(json, "bytes", totals->bytes);
	json_unsigned(json, "frees", totals->frees);
	json_unsigned(json, "freed_bytes", totals->freed_bytes);
	json_unsigned(json, "reallocs", totals->reallocs);
	json_unsigned(json, "live_blocks", totals->live_blocks);
	json_unsigned(json, "live_bytes", totals->live_bytes);
	json_unsigned(json, "peak_bytes", totals->peak_bytes);
	json_unsigned(json, "peak_error_bytes", totals->peak_error_bytes);
	json_estimate_error(json, "allocs", mean, allocs.blocks);
	json_estimate_error(json, "bytes", mean, allocs.bytes);
	json_estimate_error(json, "frees", mean, frees.blocks);
	json_estimate_error(json, "freed_bytes", mean, frees.bytes);
	json_estimate_error(json, "live_blocks", mean, live.blocks);
	json_estimate_error(json, "live_bytes", mean, live.bytes);
	json_estimate_error(json, "peak_bytes", mean,
	    estimate_like(totals->peak_bytes, totals->bytes, allocs.bytes));
	json_end(json);
}

static void counters_json(struct json_writer *json, const struct snapshot *snapshot)
{
	struct report_loss losses[REPORT_LOSS_COUNT];
	struct cost costs[COST_COUNT];
	uint64_t sum = costs_of(snapshot, costs);

	report_losses_of(snapshot, losses);
	json_begin_object(json, "dropped");
	for (size_t i = 0; i < REPORT_LOSS_COUNT; i++) {
		if (losses[i].is_loss)
			json_unsigned(json, losses[i].name, losses[i].count);
	}
	json_end(json);
	json_begin_object(json, "seen");
	for (size_t i = 0; i < REPORT_LOSS_COUNT; i++) {
		if (!losses[i].is_loss)
			json_unsigned(json, losses[i].name, losses[i].count);
	}
	json_end(json);
	json_begin_object(json, "cost_bytes");
	for (size_t i = 0; i < COST_COUNT; i++)
		json_unsigned(json, costs[i].name, costs[i].bytes);
	json_unsigned(json, "total", sum);
	json_end(json);
}

static void own_costs_json(struct json_writer *json, const struct snapshot *snapshot)
{
	json_begin_array(json, "own_memory");
	for (size_t i = 0; i < snapshot->own_memory_count; i++) {
		const struct snapshot_own_memory *row = &snapshot->own_memory[i];

		json_begin_object(json, NULL);
		json_text(json, "table", snapshot_string(snapshot, row->table));
		json_unsigned(json, "resident_bytes", row->resident_bytes);
		json_unsigned(json, "mapped_bytes", row->mapped_bytes);
		json_end(json);
	}
	json_end(json);
	if (snapshot->gate_count == 0)
		return;
	json_begin_object(json, "gate");
	json_unsigned(json, "closings", snapshot->gate->closings);
	json_unsigned(json, "longest_wait_ns", snapshot->gate->longest_wait_ns);
	json_unsigned(json, "longest_stand_ns", snapshot->gate->longest_stand_ns);
	json_end(json);
}

int report_info_json(FILE *out, const struct snapshot *snapshot)
{
	struct json_writer json;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "info");
	report_file_json(&json, "file", snapshot);
	json_unsigned(&json, "file_bytes", snapshot->file_bytes);
	json_unsigned(&json, "disk_bytes", snapshot->disk_bytes);
	run_json(&json, snapshot);
	json_sampled(&json, snapshot);
	totals_json(&json, snapshot);
	counters_json(&json, snapshot);
	own_costs_json(&json, snapshot);
	if (snapshot_has_graph(snapshot))
		report_graph_json(&json, snapshot);
	json_begin_array(&json, "sections");
	for (uint32_t i = 0; i < snapshot->section_count; i++) {
		const struct snapshot_section *section = &snapshot->sections[i];
		char text[SECTION_TEXT_BYTES];

		json_begin_object(&json, NULL);
		json_unsigned(&json, "id", section->id);
		json_text(&json, "name", section_text(section->id, text));
		json_bool(&json, "required", (section->flags & SNAPSHOT_SECTION_REQUIRED) != 0);
		json_unsigned(&json, "rows",
		    section->row_bytes != 0 ? section->bytes / section->row_bytes : 0);
		json_unsigned(&json, "offset", section->offset);
		json_unsigned(&json, "bytes", section->bytes);
		json_end(&json);
	}
	json_end(&json);
	return json_end_document(&json);
}

/* --- verify --- */

struct text_findings {
	FILE *out;
	const struct text_style *style;
};

static void print_finding(void *context, const char *rule, const char *sentence)
{
	const struct text_findings *to = context;

	text_put(to->out, to->style, TEXT_BAD, rule);
	fputs(": ", to->out);
	text_put(to->out, to->style, TEXT_PLAIN, sentence);
	fputc('\n', to->out);
}

static size_t rule_count(void)
{
	size_t count = 0;

	while (snapshot_verify_rule(count) != NULL)
		count++;
	return count;
}

int report_verify_text(FILE *out, const struct snapshot *snapshot, const struct text_style *style,
    uint64_t *ret_findings)
{
	struct text_findings to = {out, style};
	uint64_t findings = snapshot_verify(snapshot, print_finding, &to);

	text_put(out, style, TEXT_PLAIN, snapshot->path);
	if (findings != 0)
		fprintf(out, ": %s\n", text_plural(findings, "finding", "findings").text);
	else
		fprintf(out, ": ok, %zu rules hold%s\n", rule_count(),
		    snapshot_books_are_exact(snapshot)
			? " and the books balance"
			: "; the books cannot balance (see `allocscope info`)");
	*ret_findings = findings;
	return report_finish(out);
}

static void add_finding(void *context, const char *rule, const char *sentence)
{
	struct json_writer *json = context;

	json_begin_object(json, NULL);
	json_text(json, "rule", rule);
	json_text(json, "sentence", sentence);
	json_end(json);
}

int report_verify_json(FILE *out, const struct snapshot *snapshot, uint64_t *ret_findings)
{
	struct json_writer json;
	uint64_t findings = 0;

	json_begin_document(&json, out);
	json_unsigned(&json, "version", 1);
	json_text(&json, "command", "verify");
	report_file_json(&json, "file", snapshot);
	json_begin_array(&json, "findings");
	findings = snapshot_verify(snapshot, add_finding, &json);
	json_end(&json);
	json_bool(&json, "ok", findings == 0);
	json_bool(&json, "books_are_exact", snapshot_books_are_exact(snapshot));
	json_unsigned(&json, "finding_count", findings);
	*ret_findings = findings;
	return json_end_document(&json);
}
