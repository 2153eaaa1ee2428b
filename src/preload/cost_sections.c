#include "preload/cost_sections.h"

#include "preload/arena.h"
#include "preload/gate.h"
#include "preload/snapshot_sections.h"

static const char *const table_names[ARENA_USES] = {
    [ARENA_LIVE_TABLE] = "live_table",
    [ARENA_LARGE_TABLE] = "large_table",
    [ARENA_STACK_INDEX] = "stack_index",
    [ARENA_NODES] = "nodes",
    [ARENA_STACKS] = "stacks",
    [ARENA_COUNTERS] = "counters",
    [ARENA_SURVIVAL] = "survival",
    [ARENA_ITERATIONS] = "iterations",
    [ARENA_THREADS] = "threads",
    [ARENA_RULES] = "rules",
    [ARENA_MODULES] = "modules",
    [ARENA_BUFFERS] = "buffers",
    [ARENA_OTHER] = "other",
};

struct snapshot_costs cost_sections_of_run(const struct snapshot_cut *cut)
{
	struct snapshot_costs costs = {
	    .live_table = cut->costs[ARENA_LIVE_TABLE].resident,
	    .large_table = cut->costs[ARENA_LARGE_TABLE].resident,
	    .stack_index = cut->costs[ARENA_STACK_INDEX].resident,
	    .nodes = cut->costs[ARENA_NODES].resident,
	    .stacks = cut->costs[ARENA_STACKS].resident,
	    .counters = cut->costs[ARENA_COUNTERS].resident,
	    .survival = cut->costs[ARENA_SURVIVAL].resident,
	    .iterations = cut->costs[ARENA_ITERATIONS].resident,
	    .threads = cut->costs[ARENA_THREADS].resident,
	};

	for (unsigned use = ARENA_RULES; use < ARENA_USES; use++)
		costs.other += cut->costs[use].resident;
	return costs;
}

void cost_sections_put(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	const struct gate_waits waits = gate_waits();
	const struct snapshot_gate gate = {
	    .closings = waits.closings,
	    .longest_wait_ns = waits.longest_wait_ns,
	    .longest_stand_ns = waits.longest_stand_ns,
	};

	snapshot_writer_section(writer, SNAPSHOT_OWN_MEMORY, sizeof(struct snapshot_own_memory), 0);
	for (unsigned use = 0; use < ARENA_USES; use++) {
		struct snapshot_own_memory row = {
		    .table = snapshot_sections_string(table_names[use]),
		    .resident_bytes = cut->costs[use].resident,
		    .mapped_bytes = cut->costs[use].mapped,
		};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
	snapshot_writer_section(writer, SNAPSHOT_GATE, sizeof gate, 0);
	snapshot_writer_put(writer, &gate, sizeof gate);
	snapshot_writer_end_section(writer);
}
