/*
 * pump-test [CASES]: does the engine behave as its original, and keep its ledger?
 *
 * In order: what a resolution of each graph does (a table), which blocks the benchmarks' operations are made of (a
 * table), the pools, threads, every scenario in a process of its own, random graphs beside a model, and the cases of
 * behaviour in the file CASES.
 * Ends with "N passed, N failed"; exit status 1 if any failed.
 */
#include "engines/pump/pg_cases_test.h"
#include "engines/pump/pg_internal.h"
#include "engines/pump/pg_random_test.h"
#include "engines/pump/pg_scenarios.h"
#include "engines/pump/pg_shapes.h"

#include <inttypes.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { KINDS_MAX = 16, CHAIN = 20, WIDTH = 50, FLOWS = 10, THREADS = 100, RANDOM_GRAPHS = 250 };

static unsigned passed;
static unsigned failed;

static void verdict(bool ok, const char *promise, const char *subject)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAILED: %s (%s)\n", promise, subject);
}

static void expect_count(
    uint64_t actual, uint64_t expected, const char *promise, const char *subject)
{
	if (actual != expected)
		printf("  %" PRIu64 ", expected %" PRIu64 "\n", actual, expected);
	verdict(actual == expected, promise, subject);
}

static uint64_t live(void)
{
	return ledger_totals(&pg_ledger).live_blocks;
}

static uint64_t allocs(void)
{
	return ledger_totals(&pg_ledger).allocs;
}

static int64_t resolve(struct pg_scope *scope, struct pg_executor *executor)
{
	struct value value = value_undefined();

	if (!pg_resolve(scope, executor, &value, NULL))
		return -1;
	pg_value_release(value);
	return value_is(value, VALUE_INTEGER) ? value.as.integer : 0;
}

static int64_t execute_last(struct pg_scope *scope, const struct pg_shape *shape)
{
	struct value value = value_undefined();

	return pg_exec(scope, NULL, shape->flows[shape->flow_count - 1], &value, NULL, NULL)
		   ? value.as.integer
		   : -1;
}

/* --- what a resolution does --- */

static struct pg_shape chain_of_two(void)
{
	return pg_shape_chain(2);
}

static struct pg_shape chain_of_three(void)
{
	return pg_shape_chain(3);
}

static struct pg_shape chain_of_twenty(void)
{
	return pg_shape_chain(CHAIN);
}

static struct pg_shape wide_of_seven(void)
{
	return pg_shape_wide(7);
}

static struct pg_shape wide_of_fifty(void)
{
	return pg_shape_wide(WIDTH);
}

static struct pg_shape ten_flows(void)
{
	return pg_shape_flow_chain(FLOWS);
}

/* Its last executor, or its last flow, or all that stand on the first. */
enum order { LAST, ALL_BUT_FIRST, FLOW };

static const struct {
	const char *subject;
	struct pg_shape (*make)(void);
	enum order order;
	int64_t result; /* of the last */
	uint64_t resolves, hits, runs, operations, controllers, stores;
} resolutions[] = {
    {"one", pg_shape_simple, LAST, 42, 1, 0, 1, 1, 0, 1},
    {"chain of 2", chain_of_two, LAST, 2, 2, 0, 3, 2, 1, 2},
    {"chain of 3", chain_of_three, LAST, 3, 4, 1, 5, 3, 3, 3},
    {"chain of 20", chain_of_twenty, LAST, 20, 38, 18, 39, 20, 37, 20},
    {"7 on one", wide_of_seven, ALL_BUT_FIRST, 8, 14, 6, 15, 8, 7, 8},
    {"50 on one", wide_of_fifty, ALL_BUT_FIRST, 51, 100, 49, 101, 51, 50, 51},
    {"complex graph", pg_shape_complex, LAST, 36, 46, 35, 32, 11, 45, 11},
    {"three texts", pg_shape_texts, LAST, 0, 4, 1, 5, 3, 3, 3},
    {"one flow", pg_shape_flow, FLOW, 84, 1, 0, 2, 1, 1, 1},
    {"ten flows", ten_flows, FLOW, 56, 10, 0, 20, 10, 10, 10},
};

static int64_t run_shape(struct pg_scope *scope, const struct pg_shape *shape, enum order order)
{
	int64_t result = 0;

	if (order == FLOW)
		return execute_last(scope, shape);
	for (uint32_t i = order == LAST ? shape->executor_count - 1 : 1; i < shape->executor_count;
	     i++)
		result = resolve(scope, shape->executors[i]);
	return result;
}

static void test_resolutions(void)
{
	for (size_t i = 0; i < COUNT(resolutions); i++) {
		const char *subject = resolutions[i].subject;
		const uint64_t before = live();
		struct pg_scope *scope = pg_scope_open(NULL, NULL);
		struct pg_shape shape = resolutions[i].make();

		pg_counts = (struct pg_counts){0};
		verdict(run_shape(scope, &shape, resolutions[i].order) == resolutions[i].result,
		    "result", subject);
		expect_count(pg_counts.resolves, resolutions[i].resolves, "resolves", subject);
		expect_count(pg_counts.hits, resolutions[i].hits, "hits", subject);
		expect_count(pg_counts.runs, resolutions[i].runs, "runs of factories", subject);
		expect_count(
		    pg_counts.operations, resolutions[i].operations, "operations", subject);
		expect_count(
		    pg_counts.controllers, resolutions[i].controllers, "controllers", subject);
		expect_count(pg_counts.stores, resolutions[i].stores, "stores", subject);
		if (resolutions[i].order == FLOW) {
			expect_count(pg_counts.executions, shape.flow_count, "executions", subject);
			expect_count(pg_counts.nodes, shape.flow_count, "nodes", subject);
			expect_count(
			    pg_counts.data_sets, 5 * shape.flow_count, "data set", subject);
			expect_count(
			    pg_counts.node_tags, 4 * shape.flow_count, "tags of nodes", subject);
		}
		pg_scope_free(scope);
		pg_shape_free(&shape);
		expect_count(live(), before, "nothing is left", subject);
	}
}

/* --- which blocks an operation is made of --- */

struct kind_count {
	enum pg_block kind;
	uint64_t count;
};

static const struct {
	const char *subject;
	struct pg_shape (*make)(void);
	enum order order;
	uint64_t total; /* of opening a scope, making the shape, running it */
	struct kind_count kinds[KINDS_MAX];
} operations[] = {
    {"one", pg_shape_simple, LAST, 14,
	{{PG_EXECUTOR, 1}, {PG_EXECUTOR_TAGS_HEADER, 1}, {PG_OPERATION, 1}, {PG_NEXT, 1},
	    {PG_RESOLVE_CONTEXT, 1}, {PG_CACHE_ENTRY, 1}, {PG_CACHE_TABLE, 1}}},
    {"chain of 20", chain_of_twenty, LAST, 224,
	{{PG_EXECUTOR, 20}, {PG_EXECUTOR_TAGS_HEADER, 20}, {PG_DEPENDENCIES, 19}, {PG_CLOSURE, 19},
	    {PG_OPERATION, 20}, {PG_NEXT, 20}, {PG_RESOLVE_CONTEXT, 39}, {PG_CONTROLLER, 37},
	    {PG_CACHE_ENTRY, 20}, {PG_CACHE_TABLE, 3}}},
    {"50 on one", wide_of_fifty, ALL_BUT_FIRST, 567,
	{{PG_EXECUTOR, 51}, {PG_EXECUTOR_TAGS_HEADER, 51}, {PG_DEPENDENCIES, 50}, {PG_CLOSURE, 50},
	    {PG_USER_ENV, 50}, {PG_OPERATION, 51}, {PG_NEXT, 51}, {PG_RESOLVE_CONTEXT, 101},
	    {PG_CONTROLLER, 50}, {PG_CACHE_ENTRY, 51}, {PG_CACHE_TABLE, 4}}},
    {"one flow", pg_shape_flow, FLOW, 32,
	{{PG_EXECUTOR, 1}, {PG_EXECUTOR_TAGS_HEADER, 1}, {PG_FLOW, 1}, {PG_FLOW_CONFIG, 1},
	    {PG_FLOW_TAGS_HEADER, 1}, {PG_DEPENDENCIES, 1}, {PG_CLOSURE, 1},
	    {PG_RESOLVE_CONTEXT, 3}, {PG_EXECUTION_ID, 1}, {PG_EXECUTION, 1}, {PG_DATA_TABLE, 1},
	    {PG_RESULT_SLOT, 1}, {PG_CONTROLLER, 1}, {PG_NODE, 1}, {PG_NODES_TABLE, 1},
	    {PG_ROOTS, 1}}},
    {"ten flows", ten_flows, FLOW, 279,
	{{PG_FLOW, 10}, {PG_USER_ENV, 18}, {PG_EXECUTION, 10}, {PG_NODE, 10}, {PG_NODE_PARENT, 9},
	    {PG_BY_PARENT_KEY, 9}, {PG_CHILDREN, 9}, {PG_BY_PARENT_TABLE, 2}, {PG_NODES_TABLE, 2},
	    {PG_CACHE_TABLE, 2}, {PG_ROOTS, 1}, {PG_RESOLVE_CONTEXT, 30}}},
};

static const enum pg_block scope_blocks[] = {PG_SCOPE, PG_EXECTREE, PG_DOWNSTREAM_HEADER,
    PG_PRESETS_HEADER, PG_REGISTRY_HEADER, PG_NODES_HEADER, PG_BY_PARENT_HEADER};

static uint64_t made(enum pg_block kind)
{
	return pg_books[kind].count.allocs;
}

static void test_operations(void)
{
	for (size_t i = 0; i < COUNT(operations); i++) {
		const char *subject = operations[i].subject;
		const uint64_t before = allocs();
		uint64_t made_before[PG_BLOCK_COUNT];
		struct pg_scope *scope = NULL;
		struct pg_shape shape;

		for (int kind = 0; kind < PG_BLOCK_COUNT; kind++)
			made_before[kind] = made((enum pg_block)kind);
		scope = pg_scope_open(NULL, NULL);
		for (size_t k = 0; k < COUNT(scope_blocks); k++)
			expect_count(made(scope_blocks[k]) - made_before[scope_blocks[k]], 1,
			    pg_books[scope_blocks[k]].name, subject);
		expect_count(allocs() - before, COUNT(scope_blocks), "blocks of a scope", subject);
		shape = operations[i].make();
		run_shape(scope, &shape, operations[i].order);
		expect_count(allocs() - before, operations[i].total, "blocks in all", subject);
		for (size_t k = 0; k < KINDS_MAX && operations[i].kinds[k].count > 0; k++) {
			const struct kind_count *row = &operations[i].kinds[k];

			expect_count(made(row->kind) - made_before[row->kind], row->count,
			    pg_books[row->kind].name, subject);
		}
		pg_scope_free(scope);
		pg_shape_free(&shape);
	}
}

/* One block less for each run of an executor's factory, three less for each execution, whatever the graph. */
static void test_saving_of_pools(void)
{
	for (size_t i = 0; i < COUNT(resolutions); i++) {
		uint64_t blocks[2] = {0};

		for (uint32_t pooled = 0; pooled < 2; pooled++) {
			pg_options.pooled = pooled;
			for (int warm = 0; warm < 2; warm++) {
				struct pg_scope *scope = pg_scope_open(NULL, NULL);
				struct pg_shape shape = resolutions[i].make();
				const uint64_t before = allocs();

				pg_counts = (struct pg_counts){0};
				run_shape(scope, &shape, resolutions[i].order);
				blocks[pooled] = allocs() - before;
				pg_scope_free(scope);
				pg_shape_free(&shape);
			}
		}
		expect_count(blocks[0] - blocks[1], pg_counts.runs + 3 * pg_counts.executions,
		    "what pools save", resolutions[i].subject);
		pg_options = pg_options_upstream();
		pg_pools_release();
	}
	expect_count(live(), 0, "nothing is left", "pools");
}

/* --- pools --- */

static void test_pool_statistics(void)
{
	struct pg_pool_statistics runs;
	struct pg_pool_statistics executions;

	pg_options.pooled = 1;
	pg_pool_reset_statistics();
	for (int i = 0; i < 10; i++) {
		struct pg_scope *scope = pg_scope_open(NULL, NULL);
		struct pg_shape shape = pg_shape_flow_chain(FLOWS);

		execute_last(scope, &shape);
		pg_scope_free(scope);
		pg_shape_free(&shape);
	}
	runs = pg_pool_statistics(PG_POOL_RESOLVE_CONTEXTS);
	executions = pg_pool_statistics(PG_POOL_EXECUTIONS);
	verdict(runs.size == 1 && runs.hits + runs.misses == 10 * 2 * FLOWS,
	    "a context is taken for each run of an executor", "pools");
	verdict(executions.size == FLOWS && executions.created >= FLOWS &&
		    executions.hits + executions.misses == 10 * FLOWS,
	    "an execution for each level of flows", "pools");
	expect_count(live(), 2 * runs.size + 3 * executions.size,
	    "two blocks for a pooled context, three for an execution", "pools");
	expect_count(pg_pool_statistics(PG_POOL_EXTENSION_LISTS).misses +
			 pg_pool_statistics(PG_POOL_CLEANUP_LISTS).misses,
	    0, "two lists are used by nobody", "pools");
	pg_pool_reset_statistics();
	runs = pg_pool_statistics(PG_POOL_RESOLVE_CONTEXTS);
	verdict(runs.hits == 0 && runs.misses == 0 && runs.size == 1 && runs.created > 0,
	    "a reset forgets hits and misses only", "pools");
	pg_options = pg_options_upstream();
	pg_pools_release();
	expect_count(live(), 0, "released pools hold nothing", "pools");
}

static bool refuse(struct pg_extension *self, struct pg_execution *execution, struct pg_flow *flow,
    struct pg_error *ret_error)
{
	(void)self;
	(void)execution;
	(void)flow;
	return pg_fail_constant(ret_error, "refused");
}

/* What ends early is lost to its pool, which must make another for the next. */
static void test_early_ends(uint32_t give_back)
{
	static struct pg_extension extension = {.name = "gate", .on_flow_start = refuse};
	static struct pg_extension *list[] = {&extension};
	const struct pg_scope_config config = {.extensions = list, .extension_count = 1};
	struct pg_execution *lost[10];
	struct pg_shape shape = pg_shape_flow();
	struct pg_scope *scope = pg_scope_open(&config, NULL);
	const uint64_t before = pg_pool_statistics(PG_POOL_EXECUTIONS).created;
	struct value value;

	pg_options.pooled = 1;
	pg_options.give_back_early = give_back;
	for (size_t i = 0; i < COUNT(lost); i++)
		verdict(!pg_exec(scope, NULL, shape.flows[0], &value, &lost[i], NULL) &&
			    lost[i] != NULL,
		    "a refused flow has an execution", "pools");
	expect_count(pg_pool_statistics(PG_POOL_EXECUTIONS).created - before,
	    give_back != 0 ? 1 : COUNT(lost), "executions that were made for ten",
	    give_back != 0 ? "given back" : "lost");
	for (size_t i = 0; i < COUNT(lost); i++)
		pg_execution_free(lost[i]);
	pg_scope_free(scope);
	pg_shape_free(&shape);
	pg_options = pg_options_upstream();
	pg_pools_release();
	expect_count(live(), 0, "nothing is left", "early ends");
}

/* --- one list of extensions for all that walk it --- */

static void test_shared_extensions(void)
{
	static struct pg_extension extension = {.name = "one"};
	static struct pg_extension *list[] = {&extension};
	const struct pg_scope_config config = {.extensions = list, .extension_count = 1};

	for (uint32_t shared = 0; shared < 2; shared++) {
		struct pg_scope *scope = NULL;
		struct pg_shape shape = pg_shape_flow();
		uint64_t before = 0;

		pg_options.share_extensions = shared;
		scope = pg_scope_open(&config, NULL);
		execute_last(scope, &shape);
		before = made(PG_EXTENSIONS_COPY);
		for (int i = 0; i < 10; i++)
			execute_last(scope, &shape);
		expect_count(made(PG_EXTENSIONS_COPY) - before, shared != 0 ? 0 : 10,
		    "copies of the extensions in ten executions",
		    shared != 0 ? "shared" : "copied");
		pg_scope_free(scope);
		pg_shape_free(&shape);
	}
	pg_options = pg_options_upstream();
	expect_count(live(), 0, "nothing is left", "extensions");
}

/* --- threads --- */

static struct pg_scope *shared_scope;
static struct pg_executor *slow_executor;
static pthread_barrier_t barrier;
static _Atomic unsigned runs_of_slow;

static struct value slow_factory(struct pg_call *call)
{
	(void)call;
	runs_of_slow++;
	usleep(1000);
	return pg_string("the same for all");
}

static void *resolve_slowly(void *unused)
{
	struct value value = value_undefined();
	bool ok = false;

	(void)unused;
	pthread_barrier_wait(&barrier);
	ok = pg_resolve(shared_scope, slow_executor, &value, NULL) &&
	     strcmp(value.as.string, "the same for all") == 0;
	pg_value_release(value);
	return ok ? &barrier : NULL;
}

/* 37: no flight is shared, so the factory may run more than once. */
static void test_threads(uint32_t pooled)
{
	pthread_t threads[THREADS];
	unsigned right = 0;

	pg_options.pooled = pooled;
	runs_of_slow = 0;
	shared_scope = pg_scope_open(NULL, NULL);
	slow_executor = pg_provide((struct pg_factory){.run = slow_factory});
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < COUNT(threads); i++)
		if (pthread_create(&threads[i], NULL, resolve_slowly, NULL) != 0)
			abort();
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *ok = NULL;

		pthread_join(threads[i], &ok);
		right += ok != NULL;
	}
	expect_count(right, THREADS, "37 all threads get the same value", "threads");
	verdict(runs_of_slow >= 1 && runs_of_slow <= THREADS,
	    "37 the factory runs at least once, at most once each", "threads");
	pthread_barrier_destroy(&barrier);
	pg_scope_free(shared_scope);
	pg_executor_free(slow_executor);
	pg_pools_release();
	pg_options = pg_options_upstream();
	expect_count(live(), 0, "nothing is left", "threads");
}

/* --- every scenario, in a child: leaky rows leave things behind, all others must not --- */

static bool row_holds(const struct driver_scenario *row, const char *more_switches)
{
	const struct driver_run run = {
	    .iterations = row->promise.limit != 0 ? row->promise.limit + 10 : 30,
	    .warmup = 2,
	    .promised = true};
	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		char switches[128];
		unsigned broken = 0;

		(void)snprintf(switches, sizeof(switches), "%s %s", row->switches, more_switches);
		broken += !driver_set_switches(&pg_engine, switches);
		broken += driver_run_scenario(&pg_engine, row, &run);
		broken += row->variant != DRIVER_LEAKY && live() != 0;
		_exit(broken != 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void test_rows(void)
{
	const enum driver_variant disposed = DRIVER_DISPOSED;

	for (size_t i = 0; i < pg_engine.scenario_count; i++)
		verdict(row_holds(&pg_engine.scenarios[i], ""), pg_engine.scenarios[i].name,
		    driver_variant_name(pg_engine.scenarios[i].variant));
	verdict(row_holds(driver_find(&pg_engine, "StressTest", &disposed), "threads"),
	    "100 threads make the blocks that one makes", "StressTest");
}

int main(int argc, char **argv)
{
	test_rows();
	test_resolutions();
	test_operations();
	test_saving_of_pools();
	test_pool_statistics();
	test_early_ends(0);
	test_early_ends(1);
	test_shared_extensions();
	test_threads(0);
	test_threads(1);
	pg_run_random(RANDOM_GRAPHS, &passed, &failed);
	if (argc > 1)
		pg_run_cases(argv[1], &passed, &failed);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 ? 1 : 0;
}
