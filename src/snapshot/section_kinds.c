#include "snapshot/section_kinds.h"

#include "snapshot/format.h"
#include "snapshot/snapshot_reader.h"

enum need { OPTIONAL, REQUIRED };

/* Rows of a struct that later versions may lengthen. */
#define ROWS(id_, need, type, rows, count)                                                         \
	{                                                                                          \
		.id = SNAPSHOT_##id_, .row_bytes = sizeof(type), .required = (need) == REQUIRED,   \
		.name = #id_, .rows_member = offsetof(struct snapshot, rows),                      \
		.count_member = offsetof(struct snapshot, count)                                   \
	}
/* One column of the live blocks or of the edges, or the strings. */
#define COLUMN(id_, need, type, rows, count)                                                       \
	{                                                                                          \
		.id = SNAPSHOT_##id_, .row_bytes = sizeof(type), .required = (need) == REQUIRED,   \
		.fixed = true, .name = #id_, .rows_member = offsetof(struct snapshot, rows),       \
		.count_member = (count)                                                            \
	}

static const struct section_kind kinds[] = {
    {.id = SNAPSHOT_RUN,
	.row_bytes = sizeof(struct snapshot_run),
	.required = true,
	.name = "RUN",
	.rows_member = offsetof(struct snapshot, run)},
    COLUMN(STRINGS, REQUIRED, char, strings, offsetof(struct snapshot, string_bytes)),
    ROWS(MODULES, REQUIRED, struct snapshot_module, modules, module_count),
    ROWS(NODES, REQUIRED, struct snapshot_node, nodes, node_count),
    ROWS(STACKS, REQUIRED, struct snapshot_stack, stacks, stack_count),
    ROWS(THREADS, REQUIRED, struct snapshot_thread, threads, thread_count),
    ROWS(BENCHMARKS, OPTIONAL, struct snapshot_benchmark, benchmarks, benchmark_count),
    ROWS(ITERATIONS, OPTIONAL, struct snapshot_iteration, iterations, iteration_count),
    COLUMN(
	BLOCK_ADDRESS, REQUIRED, uint64_t, block_address, offsetof(struct snapshot, block_count)),
    COLUMN(BLOCK_SIZE, REQUIRED, uint64_t, block_size, 0),
    COLUMN(BLOCK_STACK, REQUIRED, uint32_t, block_stack, 0),
    COLUMN(BLOCK_EPOCH, REQUIRED, uint32_t, block_epoch, 0),
    COLUMN(BLOCK_BORN, REQUIRED, uint32_t, block_born, 0),
    COLUMN(BLOCK_WEIGHT, OPTIONAL, uint32_t, block_weight, offsetof(struct snapshot, weight_count)),
    ROWS(BLOCK_EXTRAS, OPTIONAL, struct snapshot_block_extra, extras, extra_count),
    ROWS(BORN_RANGES, OPTIONAL, struct snapshot_born_range, born_ranges, born_range_count),
    ROWS(SAMPLES, OPTIONAL, struct snapshot_sample, samples, sample_count),
    ROWS(SERIES, OPTIONAL, struct snapshot_series_point, series, series_count),
    ROWS(DEATHS, OPTIONAL, struct snapshot_deaths, deaths, deaths_count),
    ROWS(SURVIVAL, OPTIONAL, struct snapshot_survival, survival, survival_count),
    ROWS(ROOTS, OPTIONAL, struct snapshot_root, roots, root_count),
    ROWS(POOLS, OPTIONAL, struct snapshot_pool, pools, pool_count),
    COLUMN(
	SUPPRESSIONS, OPTIONAL, char, suppressions, offsetof(struct snapshot, suppression_bytes)),
    ROWS(SAMPLING, OPTIONAL, struct snapshot_sampling, sampling, sampling_count),
    ROWS(STACK_VARIANCES, OPTIONAL, struct snapshot_stack_variance, stack_variances,
	stack_variance_count),
    ROWS(OWN_MEMORY, OPTIONAL, struct snapshot_own_memory, own_memory, own_memory_count),
    ROWS(GATE, OPTIONAL, struct snapshot_gate, gate, gate_count),
    ROWS(NAMES, OPTIONAL, struct snapshot_name, names, name_count),
    ROWS(SYMBOLS, OPTIONAL, struct snapshot_symbol, symbols, symbol_count),
    ROWS(GRAPH, OPTIONAL, struct snapshot_graph, graph, graph_count),
    COLUMN(EDGE_FIRST, OPTIONAL, uint64_t, edge_first, offsetof(struct snapshot, edge_first_count)),
    COLUMN(EDGE_WORD, OPTIONAL, uint32_t, edge_word, offsetof(struct snapshot, edge_count)),
    COLUMN(EDGE_TARGET, OPTIONAL, uint32_t, edge_target, 0),
    COLUMN(EDGE_INTO, OPTIONAL, uint32_t, edge_into, 0),
    ROWS(ROOT_RANGES, OPTIONAL, struct snapshot_root_range, root_ranges, root_range_count),
    ROWS(ROOT_EDGES, OPTIONAL, struct snapshot_root_edge, root_edges, root_edge_count),
    ROWS(STACK_FRAMES, OPTIONAL, struct snapshot_stack_frame, stack_frames, stack_frame_count),
    ROWS(VIRTUAL_TABLES, OPTIONAL, struct snapshot_virtual_table, virtual_tables,
	virtual_table_count),
    COLUMN(BLOCK_VIRTUAL_TABLE, OPTIONAL, uint32_t, block_virtual_table,
	offsetof(struct snapshot, block_virtual_table_count)),
};

const struct section_kind *section_kinds(size_t *ret_count)
{
	*ret_count = sizeof kinds / sizeof kinds[0];
	return kinds;
}

const struct section_kind *section_kind(uint32_t id)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].id == id)
			return &kinds[i];
	return NULL;
}

const char *section_name(uint32_t id)
{
	const struct section_kind *kind = section_kind(id);

	return kind != NULL ? kind->name : "unknown";
}
