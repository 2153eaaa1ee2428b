/*
 * Any file that the reader lets through: the analysis of its graph ends, stays inside its arrays and agrees with
 * itself. Small files only, so that what is quadratic in contrived graphs cannot look like a loop without an end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "analysis/cycles.h"
#include "analysis/edge_growth.h"
#include "analysis/path_cluster.h"
#include "analysis/retaining_path.h"
#include "snapshot/snapshot_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define BLOCKS_MAX 4096
#define PATHS_MAX  5

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool is_any(const void *context, uint32_t block)
{
	(void)context;
	return block % 2 == 0;
}

static void use_fields(const struct reachability *reach, const struct dominators *dominators,
    const struct grouping *grouping)
{
	struct edge_fields fields;
	struct edge_growth growth;
	struct path_clusters clusters;

	if (edge_fields_open(reach->graph, grouping, 0, &fields) != STATUS_OK)
		return;
	if (edge_growth_open(&fields, &growth) == STATUS_OK) {
		for (size_t i = 0; i < growth.count; i++)
			must(edge_fields_at(&fields, growth.rows[i].field).holder <
			     fields.key_count);
		edge_growth_release(&growth);
	}
	if (path_clusters_open(reach, &fields, dominators, is_any, NULL, &clusters) == STATUS_OK)
		path_clusters_release(&clusters);
	edge_fields_release(&fields);
}

static void use_graph(struct reference_graph *graph, const struct grouping *grouping)
{
	struct reachability *reach;
	struct dominators *dominators;
	struct cycles cycles;
	struct retaining_paths paths;

	must(reachability_open(graph, &reach) == STATUS_OK);
	must(dominators_open(reach, &dominators) == STATUS_OK);
	must(dominators->retained_blocks[reference_top_node(graph)] == graph->block_count);
	must(cycles_open(reach, &cycles) == STATUS_OK);
	for (uint32_t block = 0; block < graph->block_count && block < PATHS_MAX; block++) {
		must(retaining_paths_open(graph, reach, block, PATHS_MAX, NULL, NULL, &paths) ==
		     STATUS_OK);
		retaining_paths_release(&paths);
	}
	use_fields(reach, dominators, grouping);
	cycles_release(&cycles);
	dominators_close(dominators);
	reachability_close(reach);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct snapshot *snapshot;
	struct status_error error;
	struct heap *heap;
	struct grouping *grouping;
	struct reference_graph *graph;

	if (snapshot_open_memory(bytes, count, &snapshot, &error) != 0)
		return 0;
	if (snapshot_has_graph(snapshot) && snapshot->block_count <= BLOCKS_MAX &&
	    heap_open(snapshot, &heap) == STATUS_OK) {
		const struct group_input input = {.heap = heap};

		must(grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping) == STATUS_OK);
		if (reference_graph_open(heap, NULL, &graph) == STATUS_OK) {
			use_graph(graph, grouping);
			reference_graph_close(graph);
		}
		grouping_close(grouping);
		heap_close(heap);
	}
	snapshot_close(snapshot);
	return 0;
}
