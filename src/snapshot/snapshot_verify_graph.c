/* Verify's rules about the reference graph: words and pointers lie where they are said to, roots are what they
 * claim to be, virtual tables are some module's. */
#include <inttypes.h>
#include <stdlib.h>

#include "snapshot/snapshot_verify_internal.h"

#define WORD_BYTES 8
#define FRAME_NEXT 1u /* flag of struct snapshot_stack_frame: pc is the next instruction */

void verify_graph(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_graph *graph = snapshot->graph;

	if (!snapshot_has_graph(snapshot))
		return;
	if (graph->method < SNAPSHOT_GRAPH_SINGLE || graph->method > SNAPSHOT_GRAPH_STOPPED)
		verifier_found(verifier, "method %" PRIu32 " is unknown", graph->method);
	if (graph->threads_running > graph->threads)
		verifier_found(verifier,
		    "%" PRIu32 " threads could not be stopped, but there were only %" PRIu32,
		    graph->threads_running, graph->threads);
	if (graph->interrupted_calls > graph->threads)
		verifier_found(verifier,
		    "%" PRIu32 " calls were interrupted in only %" PRIu32 " threads",
		    graph->interrupted_calls, graph->threads);
}

/* By block: where the next block begins that is not a pool's; what belongs to a block lies before that. A pool's
 * blocks lie inside others, so this is found from the end backwards. NULL without memory. */
static uint64_t *ends_of_room(const struct snapshot *snapshot)
{
	uint64_t *ends = malloc((snapshot->block_count + 1) * sizeof *ends);
	uint64_t end = UINT64_MAX;
	size_t extra = snapshot->extra_count;

	for (size_t block = snapshot->block_count; ends != NULL && block-- > 0;) {
		ends[block] = end;
		while (extra > 0 && snapshot->extras[extra - 1].block > block)
			extra--;
		if (extra == 0 || snapshot->extras[extra - 1].block != block ||
		    (snapshot->extras[extra - 1].flags & SNAPSHOT_BLOCK_POOLED) == 0)
			end = snapshot->block_address[block];
	}
	return ends;
}

static void check_pointer(struct verifier *verifier, const char *from, uint64_t number,
    uint32_t target, uint32_t into, const uint64_t *ends)
{
	uint64_t address = verifier->snapshot->block_address[target];

	if (address + into < address || address + into >= ends[target])
		verifier_found(verifier,
		    "%s %" PRIu64 " points %" PRIu32 " bytes into block %" PRIu32
		    ", beyond the next block",
		    from, number, into, target);
}

static void check_edges_of(struct verifier *verifier, size_t block, const uint64_t *ends)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint64_t first = snapshot->edge_first[block];
	uint64_t last = snapshot->edge_first[block + 1];

	for (uint64_t i = first; i < last; i++)
		check_pointer(
		    verifier, "edge", i, snapshot->edge_target[i], snapshot->edge_into[i], ends);
	/* Words ascend: the last one is the highest. */
	if (last > first) {
		uint64_t word = snapshot->edge_word[last - 1];
		uint64_t address = snapshot->block_address[block] + word * WORD_BYTES;

		if (address >= ends[block])
			verifier_found(verifier,
			    "word %" PRIu64 " of block %zu lies beyond the next block", word,
			    block);
	}
}

void verify_edge_places(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	/* Put-back blocks and losses leave two blocks where there was one after the other. */
	if (!snapshot_has_graph(snapshot) || !verifier->exact)
		return;

	uint64_t *ends = ends_of_room(snapshot);

	if (ends == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	for (size_t block = 0; block < snapshot->block_count; block++)
		check_edges_of(verifier, block, ends);
	for (size_t i = 0; i < snapshot->root_edge_count; i++)
		check_pointer(verifier, "root edge", i, snapshot->root_edges[i].target,
		    snapshot->root_edges[i].into, ends);
	free(ends);
}

void verify_root_ranges(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->root_range_count; i++) {
		const struct snapshot_root_range *range = &snapshot->root_ranges[i];
		bool of_module =
		    range->kind == SNAPSHOT_ROOT_DATA || range->kind == SNAPSHOT_ROOT_TLS;
		bool of_thread = range->kind == SNAPSHOT_ROOT_TLS ||
				 range->kind == SNAPSHOT_ROOT_STACK ||
				 range->kind == SNAPSHOT_ROOT_REGISTERS;

		if (of_module && range->module == 0)
			verifier_found(verifier, "range %zu is of no module", i);
		if (of_thread && range->thread == UINT32_MAX && range->tid == 0)
			verifier_found(verifier, "range %zu is of no thread", i);
		if (range->start == range->end && range->kind != SNAPSHOT_ROOT_REGISTERS)
			verifier_found(verifier, "range %zu is empty", i);
		if (range->reserved != 0)
			verifier_found(verifier, "the reserved member of range %zu is not 0", i);
	}
}

void verify_root_edges(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->root_edge_count; i++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[i];
		const struct snapshot_root_range *range = &snapshot->root_ranges[edge->range];

		/* The address of a register is its number. */
		if (range->kind != SNAPSHOT_ROOT_REGISTERS &&
		    (edge->address < range->start || edge->address >= range->end))
			verifier_found(verifier,
			    "root edge %zu at 0x%" PRIx64 " lies outside its range %" PRIu32, i,
			    edge->address, edge->range);
		if (edge->reserved != 0)
			verifier_found(
			    verifier, "the reserved member of root edge %zu is not 0", i);
	}
}

void verify_stack_frames(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->stack_frame_count; i++) {
		const struct snapshot_stack_frame *frame = &snapshot->stack_frames[i];
		const struct snapshot_root_range *range = &snapshot->root_ranges[frame->range];

		if (range->kind != SNAPSHOT_ROOT_STACK)
			verifier_found(verifier,
			    "frame %zu is in range %" PRIu32 ", which is no stack", i,
			    frame->range);
		else if (frame->low < range->start || frame->low >= range->end)
			verifier_found(verifier,
			    "frame %zu at 0x%" PRIx64 " lies outside its stack", i, frame->low);
		if ((frame->flags & ~FRAME_NEXT) != 0 || frame->reserved != 0)
			verifier_found(verifier, "frame %zu has unknown flags", i);
	}
}

void verify_virtual_tables(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->virtual_table_count; i++) {
		const struct snapshot_virtual_table *table = &snapshot->virtual_tables[i];
		const struct snapshot_module *module = &snapshot->modules[table->module];

		if (i == 0 && (table->address != 0 || table->module != 0))
			verifier_found(verifier, "row 0 is not empty");
		if (table->module == 0
			? table->address != 0
			: table->address < module->start || table->address >= module->end)
			verifier_found(verifier,
			    "table %zu at 0x%" PRIx64 " lies outside its module %" PRIu32, i,
			    table->address, table->module);
		if (table->address % WORD_BYTES != 0)
			verifier_found(verifier, "table %zu at 0x%" PRIx64 " is not aligned", i,
			    table->address);
		if (table->reserved != 0)
			verifier_found(verifier, "the reserved member of table %zu is not 0", i);
	}
}
