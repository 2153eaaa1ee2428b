#include "report/report_graph.h"

#include <inttypes.h>

#include "report/text_number.h"

static const char *method_name(const struct snapshot_graph *graph)
{
	static const char *const names[] = {"unknown", "single", "forked", "stopped"};

	return graph->method < sizeof names / sizeof *names ? names[graph->method] : names[0];
}

static const char *method_words(const struct snapshot_graph *graph)
{
	static const char *const words[] = {"read in a way that is not known",
	    "read by the process itself", "read in a copy of the process, while it ran on",
	    "read by the process itself, while its other threads stood"};

	return graph->method < sizeof words / sizeof *words ? words[graph->method] : words[0];
}

void report_graph_reading(const struct snapshot *snapshot, char text[REPORT_GRAPH_TEXT_BYTES])
{
	const struct snapshot_graph *graph = snapshot->graph;
	/* bytes per nanosecond are gigabytes per second */
	double rate =
	    graph->scan_ns != 0 ? (double)graph->scanned_bytes / (double)graph->scan_ns : 0;

	(void)snprintf(text, REPORT_GRAPH_TEXT_BYTES, "%s: %s in %s (%.2f GB/s), %s not resident",
	    method_words(graph), text_bytes(graph->scanned_bytes).text,
	    text_duration(graph->scan_ns).text, rate, text_bytes(graph->absent_bytes).text);
}

void report_graph_stopping(const struct snapshot *snapshot, char text[REPORT_GRAPH_TEXT_BYTES])
{
	const struct snapshot_graph *graph = snapshot->graph;

	(void)snprintf(text, REPORT_GRAPH_TEXT_BYTES, "%s of %s stopped, in %s; %s interrupted",
	    text_count(graph->threads - graph->threads_running).text,
	    text_plural(graph->threads, "other thread", "other threads").text,
	    text_duration(graph->stop_ns).text,
	    text_plural(graph->interrupted_calls, "system call", "system calls").text);
}

void report_graph_notes(FILE *out, const struct snapshot *snapshot)
{
	const struct snapshot_graph *graph = snapshot->graph;

	if (graph->threads_running != 0)
		fprintf(out,
		    "%s could not be stopped while memory was read: the graph is approximate.\n",
		    text_plural(graph->threads_running, "thread", "threads").text);
	if (graph->lost_edges != 0)
		fprintf(out, "LOST: %s for which there was no memory.\n",
		    text_plural(graph->lost_edges, "pointer", "pointers").text);
	if (graph->unreadable_bytes != 0)
		fprintf(out, "%s of memory could not be read; a pointer there is not known.\n",
		    text_bytes(graph->unreadable_bytes).text);
}

void report_graph_json(struct json_writer *json, const struct snapshot *snapshot)
{
	const struct snapshot_graph *graph = snapshot->graph;

	json_begin_object(json, "graph");
	json_text(json, "method", method_name(graph));
	json_unsigned(json, "threads", graph->threads);
	json_unsigned(json, "threads_running", graph->threads_running);
	json_unsigned(json, "interrupted_calls", graph->interrupted_calls);
	json_unsigned(json, "stop_ns", graph->stop_ns);
	json_unsigned(json, "pause_ns", graph->pause_ns);
	json_unsigned(json, "scan_ns", graph->scan_ns);
	json_unsigned(json, "scanned_bytes", graph->scanned_bytes);
	json_unsigned(json, "absent_bytes", graph->absent_bytes);
	json_unsigned(json, "unreadable_bytes", graph->unreadable_bytes);
	json_unsigned(json, "lost_edges", graph->lost_edges);
	json_end(json);
}
