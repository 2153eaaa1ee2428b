/*
 * print-graph FILE: the reference graph of a snapshot, a line per fact, for tests and for people who debug it.
 *
 *   graph method=single threads=0 running=0 interrupted=0 scanned=N absent=N unreadable=N lost=N pause=N
 *   range NUMBER KIND 0xSTART 0xEND tid=N MODULE "NAME"
 *   frame RANGE 0xLOW 0xPC MODULE
 *   root KIND MODULE "NAME" tid=N 0xADDRESS -> ROW+INTO SIZE LABEL
 *   edge ROW+OFFSET SIZE LABEL -> ROW+INTO SIZE LABEL
 *   lone ROW SIZE LABEL          reached from no root, whatever the evidence
 *
 * LABEL is what allocscope_label said, or "-". Exit: 0, 1 the file has no graph, 2 it cannot be read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot_reader.h"

static const struct snapshot *snapshot;

static const char *const methods[] = {"?", "single", "forked", "stopped"};
static const char *const kinds[] = {"?", "data", "tls", "stack", "registers", "given", "mapping"};

static const char *module_name(uint32_t row)
{
	const char *path = snapshot_string(snapshot, snapshot->modules[row].path);
	const char *slash = strrchr(path, '/');

	return row == 0 ? "-" : slash != NULL ? slash + 1 : path;
}

static const char *label(uint32_t block)
{
	for (size_t i = 0; i < snapshot->extra_count; i++)
		if (snapshot->extras[i].block == block && snapshot->extras[i].label != 0)
			return snapshot_string(snapshot, snapshot->extras[i].label);
	return "-";
}

static void print_block(uint32_t block, uint64_t offset)
{
	(void)printf("%" PRIu32 "+%" PRIu64 " %" PRIu64 " %s", block, offset,
	    snapshot->block_size[block], label(block));
}

static void print_head(void)
{
	const struct snapshot_graph *graph = snapshot->graph;

	(void)printf("graph method=%s threads=%" PRIu32 " running=%" PRIu32 " interrupted=%" PRIu32
		     " scanned=%" PRIu64 " absent=%" PRIu64 " unreadable=%" PRIu64 " lost=%" PRIu64
		     " stop=%" PRIu64 " pause=%" PRIu64 " scan=%" PRIu64 "\n",
	    methods[graph->method & 3], graph->threads, graph->threads_running,
	    graph->interrupted_calls, graph->scanned_bytes, graph->absent_bytes,
	    graph->unreadable_bytes, graph->lost_edges, graph->stop_ns, graph->pause_ns,
	    graph->scan_ns);
}

static void print_roots(void)
{
	for (size_t i = 0; i < snapshot->root_range_count; i++) {
		const struct snapshot_root_range *range = &snapshot->root_ranges[i];

		(void)printf("range %zu %s 0x%" PRIx64 " 0x%" PRIx64 " tid=%" PRIu32 " %s \"%s\"\n",
		    i, kinds[range->kind], range->start, range->end, range->tid,
		    module_name(range->module), snapshot_string(snapshot, range->name));
	}
	for (size_t i = 0; i < snapshot->stack_frame_count; i++) {
		const struct snapshot_stack_frame *frame = &snapshot->stack_frames[i];

		(void)printf("frame %" PRIu32 " 0x%" PRIx64 " 0x%" PRIx64 " %s\n", frame->range,
		    frame->low, frame->pc, module_name(frame->module));
	}
	for (size_t i = 0; i < snapshot->root_edge_count; i++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[i];
		const struct snapshot_root_range *range = &snapshot->root_ranges[edge->range];

		(void)printf("root %s %s \"%s\" tid=%" PRIu32 " 0x%" PRIx64 " -> ",
		    kinds[range->kind], module_name(range->module),
		    snapshot_string(snapshot, range->name), range->tid, edge->address);
		print_block(edge->target, edge->into);
		(void)putchar('\n');
	}
}

static void print_edges(void)
{
	for (size_t block = 0; block < snapshot->block_count; block++)
		for (uint64_t i = snapshot->edge_first[block]; i < snapshot->edge_first[block + 1];
		     i++) {
			(void)printf("edge ");
			print_block((uint32_t)block, 8 * (uint64_t)snapshot->edge_word[i]);
			(void)printf(" -> ");
			print_block(snapshot->edge_target[i], snapshot->edge_into[i]);
			(void)putchar('\n');
		}
}

/* Blocks that no way leads to. */
static void print_lone(void)
{
	unsigned char *reached = calloc(snapshot->block_count + 1, 1);
	uint32_t *waiting = calloc(snapshot->block_count + 1, sizeof *waiting);
	size_t count = 0;

	if (reached == NULL || waiting == NULL)
		exit(2);
	for (size_t i = 0; i < snapshot->root_edge_count; i++) {
		uint32_t target = snapshot->root_edges[i].target;

		if (reached[target]++ == 0)
			waiting[count++] = target;
		reached[target] = 1;
	}
	while (count > 0) {
		uint32_t block = waiting[--count];

		for (uint64_t i = snapshot->edge_first[block]; i < snapshot->edge_first[block + 1];
		     i++) {
			uint32_t target = snapshot->edge_target[i];

			if (reached[target] == 0)
				waiting[count++] = target;
			reached[target] = 1;
		}
	}
	for (size_t block = 0; block < snapshot->block_count; block++)
		if (reached[block] == 0)
			(void)printf("lone %zu %" PRIu64 " %s\n", block,
			    snapshot->block_size[block], label((uint32_t)block));
	free(reached);
	free(waiting);
}

int main(int count, char **arguments)
{
	struct snapshot *opened;
	struct status_error error;

	if (count != 2) {
		(void)fprintf(stderr, "usage: %s FILE\n", arguments[0]);
		return 2;
	}
	if (snapshot_open(arguments[1], &opened, &error) != 0) {
		(void)fprintf(stderr, "%s: %s\n", arguments[1], error.sentence);
		return 2;
	}
	snapshot = opened;
	if (!snapshot_has_graph(snapshot))
		return 1;
	print_head();
	print_roots();
	print_edges();
	print_lone();
	snapshot_close(opened);
	return 0;
}
