/*
 * Any bytes at all: the reader refuses them, or gives a snapshot that can be walked and verified safely.
 * Built with FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION checksums are not compared, so that the fuzzer gets past them.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "snapshot/snapshot_reader.h"
#include "snapshot/snapshot_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void use_finding(void *context, const char *rule, const char *sentence)
{
	size_t *length = context;

	*length += strlen(rule) + strlen(sentence);
}

/* Every edge of every block, every root and frame, to what it names. */
static size_t walk_graph(const struct snapshot *snapshot)
{
	size_t sum = 0;

	for (size_t block = 0; snapshot_has_graph(snapshot) && block < snapshot->block_count;
	     block++)
		for (uint64_t i = snapshot->edge_first[block]; i < snapshot->edge_first[block + 1];
		     i++)
			sum += snapshot->edge_word[i] + snapshot->edge_into[i] +
			       snapshot->block_size[snapshot->edge_target[i]];
	for (size_t i = 0; i < snapshot->root_edge_count; i++) {
		const struct snapshot_root_range *range =
		    &snapshot->root_ranges[snapshot->root_edges[i].range];

		sum += snapshot->block_size[snapshot->root_edges[i].target] +
		       snapshot->modules[range->module].bias +
		       strlen(snapshot_string(snapshot, range->name));
	}
	for (size_t i = 0; i < snapshot->stack_frame_count; i++)
		sum += snapshot->modules[snapshot->stack_frames[i].module].bias +
		       snapshot->root_ranges[snapshot->stack_frames[i].range].start;
	return sum;
}

/* Follow what readers follow: strings to their ends, stacks to their roots. */
static size_t walk(const struct snapshot *snapshot)
{
	size_t sum = strlen(snapshot_string(snapshot, snapshot->run->program));

	for (size_t i = 0; i < snapshot->block_count; i++) {
		uint32_t node = snapshot->stacks[snapshot->block_stack[i]].leaf;

		for (; node != 0; node = snapshot->nodes[node].parent)
			sum += snapshot->modules[snapshot->nodes[node].module].bias;
		sum += snapshot->block_size[i] + snapshot->block_born[i] + snapshot->block_epoch[i];
		uint32_t table = snapshot_virtual_table_of(snapshot, i);

		if (table != 0)
			sum += snapshot->modules[snapshot->virtual_tables[table].module].bias;
	}
	for (size_t i = 0; i < snapshot->extra_count; i++)
		sum += strlen(snapshot_string(snapshot, snapshot->extras[i].label));
	for (size_t i = 0; i < snapshot->own_memory_count; i++)
		sum += strlen(snapshot_string(snapshot, snapshot->own_memory[i].table));
	for (size_t i = 0; i < snapshot->name_count; i++)
		sum += strlen(snapshot_string(snapshot, snapshot->names[i].function));
	return sum + walk_graph(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct snapshot *snapshot;
	struct status_error error;
	volatile size_t sum = 0;
	size_t length = 0;

	if (snapshot_open_memory(bytes, count, &snapshot, &error) != 0)
		return 0;
	(void)snapshot_verify(snapshot, use_finding, &length);
	sum += walk(snapshot) + length;
	snapshot_close(snapshot);
	return 0;
}
