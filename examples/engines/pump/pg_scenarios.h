/* The rows that the driver runs: what each does, with which switches, and what it must retain and allocate. */
#ifndef PUMP_PG_SCENARIOS_H
#define PUMP_PG_SCENARIOS_H

#include "harness/engine_driver.h"

extern const struct driver_engine pg_engine;

/* pg_benchmarks.c: the eleven benchmarks of the original. What ends in _leak frees nothing. */
extern const struct driver_workload pg_simple_resolution, pg_deep_chain, pg_wide_graph,
    pg_flow_execution, pg_flow_chain, pg_resolve_contexts, pg_executions, pg_extension_copying,
    pg_reactive_tracking, pg_complex_graph, pg_stress;
extern const struct driver_workload pg_simple_resolution_leak, pg_deep_chain_leak,
    pg_wide_graph_leak, pg_flow_execution_leak, pg_flow_chain_leak, pg_stress_leak;

/* pg_scenarios.c: lifetimes. Of each pair the second leaves what it keeps, for the profiler to find. */
extern const struct driver_workload pg_exec_chain;
extern const struct driver_workload pg_exec_keep_leak, pg_exec_unlimited_leak;
extern const struct driver_workload pg_forget_executor, pg_forget_executor_leak;
extern const struct driver_workload pg_release_executor;
extern const struct driver_workload pg_forget_cleanup, pg_forget_cleanup_leak;
extern const struct driver_workload pg_resolve_again, pg_resolve_again_leak;
extern const struct driver_workload pg_keep_scope_leak, pg_dispose_and_keep_leak;
extern const struct driver_workload pg_whole_scope, pg_numbers_again;
extern const struct driver_workload pg_failing_start, pg_failing_start_leak;
extern const struct driver_workload pg_tag_scope_leak;
extern const struct driver_workload pg_lose_cleanup, pg_lose_cleanup_leak;

/* Switches that are the scenarios', not the engine's. */
struct pg_settings {
	uint32_t fixed, uncached, threads;
};
extern struct pg_settings pg_settings;

#endif
