/*
 * The table: each scenario and benchmark, its switches, and the numbers that it must give. They are the ledger of
 * README.md; the engine's books, the profiler and this table must agree.
 *
 * A pool's first misses stay: two blocks for each level at which factories run inside each other, three for each level of
 * flows. LEVELS of a row says how many of each, as 2 x factories + 3 x flows.
 */
#include "engines/ledger/vec.h"
#include "engines/pump/pg_internal.h"
#include "engines/pump/pg_world.h"

#define COUNT(array)		 (sizeof(array) / sizeof((array)[0]))
#define LEVELS(factories, flows) (2 * (factories) + 3 * (flows))

enum {
	TABLE = 8, /* the first capacity of a map */
	EXEC = 11, /* blocks that an execution of one flow makes when its dependency is cached */
	POOLED_EXEC = 7, /* and with pools */
	NODE = 4,	 /* that the tree keeps of it: node, tags (2), id */
	EDGES = 11,	 /* of the reactive graph */
	EDGE_WORK = 87,	 /* of resolving its second level again */
	FLOWS = 10,
	FAILS_EVERY = 10,
	LIMIT = PG_TREE_LIMIT
};

/* Of a table or list that gets PUSHES more in each iteration, up to the limit of the tree. */
static int64_t growths(
    uint64_t n, uint64_t pushes, uint32_t first_capacity, uint64_t last_iteration)
{
	int64_t count = 0;

	if (n > last_iteration)
		return 0;
	for (uint64_t push = (n - 1) * pushes + 1; push <= n * pushes; push++)
		count += vec_grows_at(push, first_capacity);
	return count;
}

/* B1: the first execution also resolves: operation, next, context, entry, table. */
static int64_t allocs_exec(uint64_t n)
{
	return EXEC + (n == 1 ? 5 : 0) + growths(n, 1, TABLE, LIMIT) + growths(n, 1, 1, LIMIT);
}

static int64_t allocs_exec_unlimited(uint64_t n)
{
	return EXEC + (n == 1 ? 5 : 0) + growths(n, 1, TABLE, UINT64_MAX) +
	       growths(n, 1, 1, UINT64_MAX);
}

/* The tree's header comes with its first node. */
static int64_t allocs_exec_lazy(uint64_t n)
{
	return allocs_exec(n) + (n == 1 ? 1 : 0);
}

/* The dependency is found in the cache, where its factory was run before. */
static int64_t allocs_exec_mended(uint64_t n)
{
	return allocs_exec(n) - 1;
}

/* The first makes two blocks of a context and three of an execution. */
static int64_t allocs_exec_pooled(uint64_t n)
{
	return allocs_exec(n) - EXEC + POOLED_EXEC + (n == 1 ? LEVELS(1, 1) - 1 : 0);
}

static int64_t allocs_exec_pooled_lazy(uint64_t n)
{
	return allocs_exec_pooled(n) + (n == 1 ? 1 : 0);
}

/* B2: ten executions, nine of them children: parent id, key and list of the children. */
static int64_t allocs_exec_chain(uint64_t n)
{
	const uint64_t full = LIMIT / FLOWS;
	const int64_t resolved = FLOWS * 4 + 2;

	return FLOWS * EXEC + (FLOWS - 1) * 3 + (n == 1 ? resolved : 0) +
	       growths(n, FLOWS, TABLE, full) + growths(n, FLOWS - 1, TABLE, full) +
	       growths(n, 1, 1, full);
}

/* B5: an edge more for each of the graph's in each iteration, all visited by the update. */
static int64_t allocs_edges(uint64_t n)
{
	return 4 + EDGE_WORK + growths(1, EDGES * n, 1, 1);
}

static int64_t allocs_edges_pooled(uint64_t n)
{
	return allocs_edges(n) - 22;
}

/* B10: every tenth start fails, behind the id; its execution isn't in the pool for the next. */
static int64_t allocs_failing(uint64_t n)
{
	const uint64_t succeeded = n - n / FAILS_EVERY;
	const int64_t first = n == 1 ? 5 - 2 + 2 + LEVELS(1, 1) : 0;

	if (n % FAILS_EVERY == 0)
		return 1 + 1;
	return POOLED_EXEC + 1 + first + (n > 1 && n % FAILS_EVERY == 1 ? 3 : 0) +
	       growths(succeeded, 1, TABLE, LIMIT) + growths(succeeded, 1, 1, LIMIT);
}

static int64_t allocs_failing_fixed(uint64_t n)
{
	return allocs_failing(n) - (n > 1 && n % FAILS_EVERY == 1 ? 3 : 0);
}

static int64_t retained_nodes(uint64_t succeeded)
{
	return NODE * (int64_t)(succeeded < LIMIT ? succeeded : LIMIT) + 4;
}

static int64_t retained_failing(uint64_t n)
{
	const uint64_t failed = n / FAILS_EVERY;

	return retained_nodes(n - failed) + 4 * (int64_t)failed + 2 +
	       (n % FAILS_EVERY != 0 ? 3 : 0);
}

static int64_t retained_failing_fixed(uint64_t n)
{
	return retained_nodes(n - n / FAILS_EVERY) + LEVELS(1, 1);
}

#define FLAT(count)                                                                                \
	{                                                                                          \
		.first_allocs = (count), .allocs = (count), .shape = "transient"                   \
	}
#define ONE_TIME(blocks, first, later, root)                                                       \
	{                                                                                          \
		.base = (blocks), .first_allocs = (first), .allocs = (later), .shape = "one-off",  \
		.holder = (root)                                                                   \
	}
/* A cache that each iteration empties and fills: its blocks die one iteration later. */
#define REPLACED(blocks, first, later)                                                             \
	{                                                                                          \
		.base = (blocks), .first_allocs = (first), .allocs = (later), .shape = "deferred", \
		.holder = "g_retained_scope"                                                       \
	}
#define LINEAR(blocks, count, root)                                                                \
	{                                                                                          \
		.per_iteration = (blocks), .first_allocs = (count), .allocs = (count),             \
		.shape = "linear", .holder = (root)                                                \
	}
/* And an entry in a table that grows; OTHER blocks are made once. */
#define TABLED(blocks, other, first, later)                                                        \
	{                                                                                          \
		.base = (other), .per_iteration = (blocks), .first_allocs = (first),               \
		.allocs = (later), .list_pushes = 1, .list_first_capacity = TABLE,                 \
		.shape = "linear", .holder = "g_retained_scope"                                    \
	}
#define POOLED(steady, levels) ONE_TIME(levels, (steady) + (levels), steady, "pg_pools")

/* A benchmark whose operation opens a scope: allocations as the original makes them, with lazy headers, with pools, with
 * both, mended; and what it leaves if nothing is freed. */
#define OPERATION(text, workload_name, all, lazy, pooled, pooled_lazy, mended, levels, left)       \
	{text, DRIVER_DISPOSED, "", "as the original", &(workload_name), FLAT(all)},               \
	    {text, DRIVER_POOLED, "pooled", "contexts from pools", &(workload_name),               \
		POOLED(pooled, levels)},                                                           \
	    {text, DRIVER_FIXED, "fixed", "all faults mended", &(workload_name), FLAT(mended)},    \
	    {text, DRIVER_LEAKY, "", "disposed, and nothing freed", &(workload_name##_leak),       \
		LINEAR(left, all, "nothing")},                                                     \
	    {text "-lazy", DRIVER_DISPOSED, "lazy", "headers at the first insert",                 \
		&(workload_name), FLAT(lazy)},                                                     \
	{                                                                                          \
		text "-lazy", DRIVER_POOLED, "lazy pooled", "both", &(workload_name),              \
		    POOLED(pooled_lazy, levels)                                                    \
	}

/* A benchmark on a scope that lives on and has all its headers: lazy ones make no difference. BLOCKS are those of the
 * cache, which LATER operations find (0) or replace. */
#define POOLED_ANEW(blocks, later, levels)                                                         \
	{                                                                                          \
		.base = (blocks) + (levels), .first_allocs = (later) + (levels),                   \
		.allocs = (later), .shape = "deferred one-off", .holder = "g_retained_scope"       \
	}
#define RESOLUTION(text, words, workload_name, blocks, all, pooled, mended, levels)                \
	{text, DRIVER_BASELINE, words, "resolved anew", &(workload_name),                          \
	    REPLACED(blocks, all, all)},                                                           \
	    {text, DRIVER_POOLED, words " pooled", "contexts from pools", &(workload_name),        \
		POOLED_ANEW(blocks, pooled, levels)},                                              \
	    {text, DRIVER_FIXED, words " fixed", "all faults mended", &(workload_name),            \
		REPLACED(blocks, mended, mended)},                                                 \
	    {text "-lazy", DRIVER_BASELINE, words " lazy", "headers at the first insert",          \
		&(workload_name), REPLACED(blocks, all, all)},                                     \
	{                                                                                          \
		text "-lazy", DRIVER_POOLED, words " lazy pooled", "both", &(workload_name),       \
		    POOLED_ANEW(blocks, pooled, levels)                                            \
	}

/* The tree of executions: OTHER blocks beside its nodes. */
#define TREE(other, allocations)                                                                   \
	{                                                                                          \
		.base = (other), .per_iteration = NODE, .limit = LIMIT,                            \
		.allocs_of = (allocations), .shape = "linear", .holder = "g_retained_scope"        \
	}

static const struct driver_scenario scenarios[] = {
    OPERATION("SimpleResolution", pg_simple_resolution, 14, 8, 13, 7, 14, LEVELS(1, 0), 11),
    OPERATION("DeepDependencyChain", pg_deep_chain, 224, 199, 185, 160, 187, LEVELS(11, 0), 106),
    OPERATION("WideDependencyGraph", pg_wide_graph, 567, 511, 466, 410, 517, LEVELS(2, 0), 311),
    OPERATION("FlowExecution", pg_flow_execution, 32, 26, 27, 21, 31, LEVELS(1, 1), 21),
    OPERATION("ComplexFlowChain", pg_flow_chain, 279, 256, 229, 206, 269, LEVELS(1, 10), 166),
    RESOLUTION("ResolveCtxAllocation", "", pg_resolve_contexts, 6, 21, 16, 17, LEVELS(2, 0)),
    {"ExecutionCtxAllocation", DRIVER_BASELINE, "", "executions, until the tree is full",
	&pg_executions, TREE(4, allocs_exec)},
    {"ExecutionCtxAllocation", DRIVER_POOLED, "pooled", "contexts from pools", &pg_executions,
	TREE(4 + LEVELS(1, 1), allocs_exec_pooled)},
    {"ExecutionCtxAllocation", DRIVER_FIXED, "fixed", "all faults mended", &pg_executions,
	TREE(4, allocs_exec_mended)},
    {"ExecutionCtxAllocation-lazy", DRIVER_BASELINE, "lazy", "headers at the first insert",
	&pg_executions, TREE(5, allocs_exec_lazy)},
    {"ExecutionCtxAllocation-lazy", DRIVER_POOLED, "lazy pooled", "both", &pg_executions,
	TREE(5 + LEVELS(1, 1), allocs_exec_pooled_lazy)},
    {"ExtensionCopying", DRIVER_BASELINE, "", "cached behind ten extensions: nothing is copied",
	&pg_extension_copying, ONE_TIME(3, 31, 0, "g_retained_scope")},
    {"ExtensionCopying", DRIVER_POOLED, "pooled", "contexts from pools", &pg_extension_copying,
	ONE_TIME(3 + LEVELS(2, 0), 28 + LEVELS(2, 0), 0, "g_retained_scope")},
    {"ExtensionCopying", DRIVER_FIXED, "fixed", "all faults mended", &pg_extension_copying,
	ONE_TIME(3, 30, 0, "g_retained_scope")},
    {"ExtensionCopying-lazy", DRIVER_BASELINE, "lazy", "headers at the first insert",
	&pg_extension_copying, ONE_TIME(3, 31, 0, "g_retained_scope")},
    {"ExtensionCopying-lazy", DRIVER_POOLED, "lazy pooled", "both", &pg_extension_copying,
	ONE_TIME(3 + LEVELS(2, 0), 28 + LEVELS(2, 0), 0, "g_retained_scope")},
    RESOLUTION(
	"ExtensionCopying-uncached", "uncached", pg_extension_copying, 3, 31, 28, 30, LEVELS(2, 0)),
    {"ReactiveDependencyTracking", DRIVER_BASELINE, "", "updates that walk 11 edges",
	&pg_reactive_tracking, FLAT(9)},
    {"ReactiveDependencyTracking", DRIVER_POOLED, "pooled", "contexts from pools",
	&pg_reactive_tracking, FLAT(9)},
    {"ReactiveDependencyTracking", DRIVER_FIXED, "fixed", "all faults mended",
	&pg_reactive_tracking, FLAT(9)},
    {"ReactiveDependencyTracking-lazy", DRIVER_BASELINE, "lazy", "headers at the first insert",
	&pg_reactive_tracking, FLAT(9)},
    {"ReactiveDependencyTracking-lazy", DRIVER_POOLED, "lazy pooled", "both", &pg_reactive_tracking,
	FLAT(9)},
    RESOLUTION("ComplexDependencyGraph", "", pg_complex_graph, 12, 112, 80, 67, LEVELS(3, 0)),
    OPERATION("StressTest", pg_stress, 41100, 35600, 36100, 30600, 41100, LEVELS(1, 0), 25800),

    {"B1", DRIVER_BASELINE, "", "executions: the tree keeps 1000", &pg_executions,
	TREE(4, allocs_exec)},
    {"B1p", DRIVER_POOLED, "pooled", "the same with pools", &pg_executions,
	TREE(4 + LEVELS(1, 1), allocs_exec_pooled)},
    {"B1k", DRIVER_LEAKY, "", "every execution is kept", &pg_exec_keep_leak,
	{.base = 4,
	    .per_iteration = NODE + 3,
	    .limit = LIMIT,
	    .beyond_limit = 3,
	    .allocs_of = allocs_exec,
	    .shape = "linear",
	    .holder = "g_retained_executions"}},
    {"B1l", DRIVER_LEAKY, "tree-limit=0", "the tree keeps all", &pg_exec_unlimited_leak,
	{.base = 4,
	    .per_iteration = NODE,
	    .allocs_of = allocs_exec_unlimited,
	    .shape = "linear",
	    .holder = "g_retained_scope"}},
    {"B2", DRIVER_BASELINE, "", "ten flows within each other: the tree keeps 100 of these",
	&pg_exec_chain,
	{.base = 14,
	    .per_iteration = 67,
	    .limit = LIMIT / FLOWS,
	    .allocs_of = allocs_exec_chain,
	    .shape = "amortised linear one-off",
	    .holder = "g_retained_scope"}},
    {"B3", DRIVER_LEAKY, "", "executors are forgotten; the cache keeps them",
	&pg_forget_executor_leak, TABLED(3, 0, 6, 6)},
    {"B3", DRIVER_POOLED, "pooled", "the same with pools", &pg_forget_executor,
	TABLED(3, LEVELS(1, 0), 5 + LEVELS(1, 0), 5)},
    {"B3f", DRIVER_FIXED, "", "they are released before", &pg_release_executor,
	ONE_TIME(1, 7, 6, "g_retained_scope")},
    {"B4", DRIVER_LEAKY, "", "they are released; the registry of cleanups keeps them",
	&pg_forget_cleanup_leak, TABLED(3, 1, 8, 7)},
    {"B4", DRIVER_POOLED, "pooled", "the same with pools", &pg_forget_cleanup,
	TABLED(3, 1 + LEVELS(1, 0), 7 + LEVELS(1, 0), 6)},
    {"B4f", DRIVER_FIXED, "release-runs-cleanups", "a release runs the cleanups",
	&pg_forget_cleanup, ONE_TIME(2, 9, 7, "g_retained_scope")},
    {"B5", DRIVER_LEAKY, "", "each resolution lists its dependents again", &pg_resolve_again_leak,
	{.per_iteration = EDGES,
	    .allocs_of = allocs_edges,
	    .shape = "linear deferred",
	    .holder = "g_retained_scope"}},
    {"B5", DRIVER_POOLED, "pooled", "the same with pools", &pg_resolve_again,
	{.per_iteration = EDGES,
	    .allocs_of = allocs_edges_pooled,
	    .shape = "linear deferred",
	    .holder = "g_retained_scope"}},
    {"B5f", DRIVER_FIXED, "edges=unique", "each dependent is listed once", &pg_resolve_again,
	{.first_allocs = 85, .allocs = 85, .shape = "deferred", .holder = "g_retained_scope"}},
    {"B5fp", DRIVER_FIXED, "edges=unique pooled", "the same with pools", &pg_resolve_again,
	{.first_allocs = 63, .allocs = 63, .shape = "deferred", .holder = "g_retained_scope"}},
    {"B6", DRIVER_LEAKY, "", "scopes are kept", &pg_keep_scope_leak,
	LINEAR(11, 14, "g_retained_scopes")},
    {"B7", DRIVER_LEAKY, "", "scopes are disposed and kept: dispose frees nothing",
	&pg_dispose_and_keep_leak, LINEAR(13, 16, "g_retained_scopes")},
    {"B7c", DRIVER_LEAKY, "dispose-clears", "dispose empties cache and registry",
	&pg_dispose_and_keep_leak, LINEAR(7, 16, "g_retained_scopes")},
    {"B8", DRIVER_DISPOSED, "", "a scope from its beginning to its end", &pg_whole_scope, FLAT(14)},
    {"B8", DRIVER_POOLED, "pooled", "the same with pools", &pg_whole_scope,
	POOLED(13, LEVELS(1, 0))},
    {"B9", DRIVER_BASELINE, "", "a chain of three numbers, resolved anew", &pg_numbers_again,
	REPLACED(4, 18, 18)},
    {"B9s", DRIVER_BASELINE, "", "a chain of three texts", &pg_resolve_contexts,
	REPLACED(6, 21, 21)},
    {"B10", DRIVER_LEAKY, "pooled", "every tenth start fails, and its execution is lost",
	&pg_failing_start_leak,
	{.retained = retained_failing,
	    .allocs_of = allocs_failing,
	    .shape = "linear",
	    .holder = "nothing"}},
    {"B10", DRIVER_FIXED, "pooled give-back-early", "every tenth start fails, and gives it back",
	&pg_failing_start,
	{.retained = retained_failing_fixed,
	    .allocs_of = allocs_failing_fixed,
	    .shape = "linear",
	    .holder = "g_retained_scope"}},
    {"B11", DRIVER_LEAKY, "", "a new tag on the scope each time", &pg_tag_scope_leak,
	TABLED(1, 0, 1, 1)},
    {"B12", DRIVER_LEAKY, "", "a cleanup replaces another, which is never run",
	&pg_lose_cleanup_leak, LINEAR(1, 29, "nothing")},
    {"B12f", DRIVER_FIXED, "run-replaced-cleanups", "what is replaced is run", &pg_lose_cleanup,
	FLAT(29)},
    {"B12c", DRIVER_FIXED, "pre-resolve=cached", "dependencies are resolved once", &pg_lose_cleanup,
	FLAT(26)},
    {"B12m", DRIVER_FIXED, "fixed", "all faults mended", &pg_lose_cleanup, FLAT(26)},
};

static const struct driver_switch switches[] = {
    {"pooled", NULL, &pg_options.pooled, 0, "contexts come from pools"},
    {"lazy", NULL, &pg_options.lazy_headers, 0, "a map's header is made at its first insert"},
    {"share-extensions", NULL, &pg_options.share_extensions, 0,
	"one list of extensions per scope, not a copy per execution"},
    {"tree-limit", "N", &pg_options.tree_limit, PG_TREE_LIMIT,
	"nodes of an execution tree; 0: no limit"},
    {"edges", "duplicate|unique", &pg_options.unique_edges, 0,
	"is a dependent listed again when it is resolved again?"},
    {"run-replaced-cleanups", NULL, &pg_options.run_replaced_cleanups, 0,
	"cleanups that others replace run first"},
    {"pre-resolve", "run|cached", &pg_options.pre_resolve_cached, 0,
	"dependencies before a resolution: past the cache, or through it"},
    {"release-runs-cleanups", NULL, &pg_options.release_runs_cleanups, 0,
	"a release runs the executor's cleanups"},
    {"dispose-clears", NULL, &pg_options.dispose_clears, 0,
	"dispose empties the cache and forgets the cleanups"},
    {"give-back-early", NULL, &pg_options.give_back_early, 0,
	"executions that end early go back to their pool"},
    {"fixed", NULL, &pg_settings.fixed, 0, "all six mended"},
    {"uncached", NULL, &pg_settings.uncached, 0, "ExtensionCopying: empty the cache before"},
    {"threads", NULL, &pg_settings.threads, 0, "StressTest: a thread for each scope"},
};

const struct driver_engine pg_engine = {
    .ledger = &pg_ledger,
    .scenarios = scenarios,
    .scenario_count = COUNT(scenarios),
    .switches = switches,
    .switch_count = COUNT(switches),
};
