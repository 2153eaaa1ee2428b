/*
 * The eleven benchmarks of the original: one operation each.
 *
 * Five and the stress test open a scope in the operation; "leak" does what a program does that disposes and leaves the
 * rest to a collector which isn't there. The others keep their scope and graph from setup to teardown.
 */
#include "engines/pump/pg_world.h"

#include <pthread.h>

enum {
	CHAIN = 20,
	WIDTH = 50,
	FLOWS = 10,
	EXTENSIONS = 10,
	STRESS_SCOPES = 100,
	STRESS_EXECUTORS = 50,
	STRESS_ROUNDS = 10
};

static int64_t execute(struct pg_scope *scope, struct pg_flow *flow)
{
	struct value value = value_undefined();
	struct pg_error error = {0};

	pg_expect(pg_exec(scope, NULL, flow, &value, NULL, &error), error.message);
	return value.as.integer;
}

/* --- operations with a scope of their own --- */

static void simple(struct pg_scope *scope, struct pg_shape *shape)
{
	*shape = pg_shape_simple();
	pg_expect(pg_world_resolve(scope, pg_shape_last(shape)) == 42, "simple resolution");
}

static void deep(struct pg_scope *scope, struct pg_shape *shape)
{
	*shape = pg_shape_chain(CHAIN);
	pg_expect(pg_world_resolve(scope, pg_shape_last(shape)) == CHAIN, "deep chain");
}

static void wide(struct pg_scope *scope, struct pg_shape *shape)
{
	*shape = pg_shape_wide(WIDTH);
	for (uint32_t i = 1; i <= WIDTH; i++)
		pg_expect(pg_world_resolve(scope, shape->executors[i]) == 1 + i, "wide graph");
}

static void one_flow(struct pg_scope *scope, struct pg_shape *shape)
{
	*shape = pg_shape_flow();
	pg_expect(execute(scope, shape->flows[0]) == 84, "flow");
}

static void many_flows(struct pg_scope *scope, struct pg_shape *shape)
{
	*shape = pg_shape_flow_chain(FLOWS);
	pg_expect(execute(scope, shape->flows[FLOWS - 1]) == 56, "flow chain");
}

static void in_scope(
    void (*operation)(struct pg_scope *scope, struct pg_shape *shape), bool free_it)
{
	struct pg_scope *scope = pg_world_scope();
	struct pg_shape shape;

	operation(scope, &shape);
	pg_expect(pg_dispose(scope, NULL), "dispose");
	if (!free_it)
		return;
	pg_scope_free(scope);
	pg_shape_free(&shape);
}

#define SCOPED(workload, operation)                                                                \
	static void operation##_freed(uint64_t n)                                                  \
	{                                                                                          \
		(void)n;                                                                           \
		in_scope(operation, true);                                                         \
	}                                                                                          \
	static void operation##_kept(uint64_t n)                                                   \
	{                                                                                          \
		(void)n;                                                                           \
		in_scope(operation, false);                                                        \
	}                                                                                          \
	const struct driver_workload workload = {                                                  \
	    .setup = pg_setup_nothing, .iterate = operation##_freed, .teardown = pg_world_end};    \
	const struct driver_workload workload##_leak = {                                           \
	    .setup = pg_setup_nothing, .iterate = operation##_kept}

SCOPED(pg_simple_resolution, simple);
SCOPED(pg_deep_chain, deep);
SCOPED(pg_wide_graph, wide);
SCOPED(pg_flow_execution, one_flow);
SCOPED(pg_flow_chain, many_flows);

/* --- the stress test: 100 scopes, one after the other or each in a thread --- */

static void stress(uint32_t number, bool free_it)
{
	struct pg_scope *scope = pg_world_scope();
	struct pg_shape shape = pg_shape_stress(number, STRESS_EXECUTORS);

	for (int round = 0; round < STRESS_ROUNDS; round++)
		for (uint32_t i = 0; i < STRESS_EXECUTORS; i++)
			pg_world_resolve(scope, shape.executors[i]);
	pg_expect(pg_dispose(scope, NULL), "dispose");
	if (!free_it)
		return;
	pg_scope_free(scope);
	pg_shape_free(&shape);
}

static void *stress_thread(void *number)
{
	stress((uint32_t)(uintptr_t)number, true);
	return NULL;
}

static void stress_in_threads(void)
{
	pthread_t threads[STRESS_SCOPES];

	for (uintptr_t i = 0; i < STRESS_SCOPES; i++)
		pg_expect(
		    pthread_create(&threads[i], NULL, stress_thread, (void *)i) == 0, "thread");
	for (int i = 0; i < STRESS_SCOPES; i++)
		pg_expect(pthread_join(threads[i], NULL) == 0, "join");
}

static void stress_freed(uint64_t n)
{
	(void)n;
	if (pg_settings.threads != 0) {
		stress_in_threads();
		return;
	}
	for (uint32_t i = 0; i < STRESS_SCOPES; i++)
		stress(i, true);
}

static void stress_kept(uint64_t n)
{
	(void)n;
	for (uint32_t i = 0; i < STRESS_SCOPES; i++)
		stress(i, false);
}

const struct driver_workload pg_stress = {
    .setup = pg_setup_nothing, .iterate = stress_freed, .teardown = pg_world_end};
const struct driver_workload pg_stress_leak = {.setup = pg_setup_nothing, .iterate = stress_kept};

/* --- operations on a scope that lives on --- */

static void setup_texts(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_texts();
}

const struct driver_workload pg_resolve_contexts = {
    .setup = setup_texts, .iterate = pg_resolve_last_anew, .teardown = pg_world_end};

static void execute_flow(uint64_t n)
{
	(void)n;
	pg_expect(execute(g_retained_scope, g_retained_shape.flows[0]) == 84, "flow");
}

const struct driver_workload pg_executions = {
    .setup = pg_setup_flow, .iterate = execute_flow, .teardown = pg_world_end};

static void setup_extensions(const struct driver_run *run)
{
	static struct pg_extension extensions[EXTENSIONS];
	static struct pg_extension *list[EXTENSIONS];

	pg_setup_nothing(run);
	for (int i = 0; i < EXTENSIONS; i++) {
		extensions[i] = (struct pg_extension){.name = "extension", .order = i};
		list[i] = &extensions[i];
	}
	g_retained_scope = pg_scope_open(
	    &(struct pg_scope_config){.extensions = list, .extension_count = EXTENSIONS}, NULL);
	g_retained_shape = pg_shape_pair();
}

static void resolve_pair(uint64_t n)
{
	if (pg_settings.uncached != 0)
		pg_resolve_last_anew(n);
	else
		pg_world_resolve(g_retained_scope, pg_shape_last(&g_retained_shape));
}

const struct driver_workload pg_extension_copying = {
    .setup = setup_extensions, .iterate = resolve_pair, .teardown = pg_world_end};

static void update_base(uint64_t n)
{
	pg_expect(pg_update(g_retained_scope, g_retained_shape.executors[0],
		      value_integer((int64_t)n), NULL),
	    "update");
}

/* Everything has been resolved once, and forgotten: so each update finds the same. */
static void setup_reactive(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_reactive();
	pg_world_resolve_level_two();
	update_base(0);
}

const struct driver_workload pg_reactive_tracking = {
    .setup = setup_reactive, .iterate = update_base, .teardown = pg_world_end};

static void setup_complex(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_complex();
}

static void resolve_complex(uint64_t n)
{
	(void)n;
	pg_scope_reset_cache(g_retained_scope);
	pg_expect(pg_world_resolve(g_retained_scope, pg_shape_last(&g_retained_shape)) == 36,
	    "complex graph");
}

const struct driver_workload pg_complex_graph = {
    .setup = setup_complex, .iterate = resolve_complex, .teardown = pg_world_end};
