/*
 * What the scenarios B1 to B12 do; pg_scenario_table.c says with which switches, and what must come of it.
 *
 * What a scenario keeps hangs on a global called g_retained_... Workloads that end in _leak have no teardown.
 */
#include "engines/pump/pg_internal.h"
#include "engines/pump/pg_world.h"

#include <stdlib.h>

enum { FLOWS = 10, FAILS_EVERY = 10, RESOURCE_BYTES = 64 };

static struct pg_scope **g_retained_scopes;	    /* by iteration; made in advance */
static struct pg_execution **g_retained_executions; /* and this */
static struct pg_tag *drv_tags;			    /* of the driver's */

#define WORKLOAD(name, setup_function, iterate_function)                                           \
	const struct driver_workload name = {                                                      \
	    .setup = (setup_function), .iterate = (iterate_function), .teardown = pg_world_end};   \
	const struct driver_workload name##_leak = {                                               \
	    .setup = (setup_function), .iterate = (iterate_function)}

/* The driver's own: one pointer for each iteration to come. */
static void *drv_slots(const struct driver_run *run, size_t item_bytes)
{
	void *slots = calloc(run->warmup + run->iterations + 1, item_bytes);

	pg_expect(slots != NULL, "no memory");
	return slots;
}

/* --- B1, B2: the execution tree --- */

static void setup_flow_and_slots(const struct driver_run *run)
{
	pg_setup_flow(run);
	g_retained_executions = drv_slots(run, sizeof(struct pg_execution *));
}

static struct pg_execution *execute_last(void)
{
	struct value value = value_undefined();
	struct pg_execution *execution = NULL;
	struct pg_error error = {0};

	pg_expect(
	    pg_exec(g_retained_scope, NULL, g_retained_shape.flows[g_retained_shape.flow_count - 1],
		&value, &execution, &error),
	    error.message);
	return execution;
}

static void execute_and_free(uint64_t n)
{
	(void)n;
	pg_execution_free(execute_last());
}

static void execute_and_keep(uint64_t n)
{
	g_retained_executions[n] = execute_last();
}

static void setup_flow_chain(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_flow_chain(FLOWS);
}

const struct driver_workload pg_exec_keep_leak = {
    .setup = setup_flow_and_slots, .iterate = execute_and_keep};
const struct driver_workload pg_exec_unlimited_leak = {
    .setup = pg_setup_flow, .iterate = execute_and_free};
const struct driver_workload pg_exec_chain = {
    .setup = setup_flow_chain, .iterate = execute_and_free, .teardown = pg_world_end};

/* --- B3: executors that only the cache remembers --- */

/* The number stands in the function, as the description counts it: nothing is captured. */
static struct value some_number(struct pg_call *call)
{
	(void)call;
	return value_integer(42);
}

static void resolve_and_forget(uint64_t n)
{
	struct pg_executor *executor = pg_provide((struct pg_factory){.run = some_number});

	(void)n;
	pg_world_resolve(g_retained_scope, executor);
	pg_executor_free(executor);
}

static void resolve_and_release(uint64_t n)
{
	struct pg_executor *executor = pg_provide((struct pg_factory){.run = some_number});

	(void)n;
	pg_world_resolve(g_retained_scope, executor);
	pg_controller_release(pg_controller(g_retained_scope, executor));
	pg_executor_free(executor);
}

WORKLOAD(pg_forget_executor, pg_setup_scope, resolve_and_forget);
const struct driver_workload pg_release_executor = {
    .setup = pg_setup_scope, .iterate = resolve_and_release, .teardown = pg_world_end};

/* --- B4, B7: cleanups --- */

static bool do_nothing(void *argument, struct pg_error *ret_error)
{
	(void)argument;
	(void)ret_error;
	return true;
}

static struct value with_cleanup(struct pg_call *call)
{
	pg_call_on_cleanup(call, do_nothing, NULL);
	return value_integer(1);
}

static void release_with_cleanup(uint64_t n)
{
	struct pg_executor *executor = pg_provide((struct pg_factory){.run = with_cleanup});

	(void)n;
	pg_world_resolve(g_retained_scope, executor);
	pg_controller_release(pg_controller(g_retained_scope, executor));
	pg_executor_free(executor);
}

WORKLOAD(pg_forget_cleanup, pg_setup_scope, release_with_cleanup);

static void setup_scopes(const struct driver_run *run)
{
	pg_setup_nothing(run);
	g_retained_scopes = drv_slots(run, sizeof(struct pg_scope *));
}

static void keep_scope_of(uint64_t n, pg_function run, bool dispose)
{
	struct pg_executor *executor = pg_provide((struct pg_factory){.run = run});
	struct pg_scope *scope = pg_world_scope();

	pg_world_resolve(scope, executor);
	if (dispose)
		pg_expect(pg_dispose(scope, NULL), "dispose");
	pg_executor_free(executor);
	g_retained_scopes[n] = scope;
}

static void keep_scope(uint64_t n)
{
	keep_scope_of(n, some_number, false);
}

static void dispose_and_keep_scope(uint64_t n)
{
	keep_scope_of(n, with_cleanup, true);
}

const struct driver_workload pg_keep_scope_leak = {.setup = setup_scopes, .iterate = keep_scope};
const struct driver_workload pg_dispose_and_keep_leak = {
    .setup = setup_scopes, .iterate = dispose_and_keep_scope};

/* --- B5: edges --- */

static void setup_reactive(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_reactive();
	pg_world_resolve_level_two();
}

static void update_and_resolve(uint64_t n)
{
	pg_expect(pg_update(g_retained_scope, g_retained_shape.executors[0],
		      value_integer((int64_t)n), NULL),
	    "update");
	pg_world_resolve_level_two();
}

WORKLOAD(pg_resolve_again, setup_reactive, update_and_resolve);

/* --- B8, B9 --- */

static void whole_scope(uint64_t n)
{
	struct pg_executor *executor = pg_provide((struct pg_factory){.run = some_number});
	struct pg_scope *scope = pg_world_scope();

	(void)n;
	pg_world_resolve(scope, executor);
	pg_expect(pg_dispose(scope, NULL), "dispose");
	pg_scope_free(scope);
	pg_executor_free(executor);
}

const struct driver_workload pg_whole_scope = {
    .setup = pg_setup_nothing, .iterate = whole_scope, .teardown = pg_world_end};

static void setup_numbers(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_chain(3);
}

const struct driver_workload pg_numbers_again = {
    .setup = setup_numbers, .iterate = pg_resolve_last_anew, .teardown = pg_world_end};

/* --- B10: executions that end early --- */

static uint64_t starts;

static bool fail_now_and_then(struct pg_extension *self, struct pg_execution *execution,
    struct pg_flow *flow, struct pg_error *ret_error)
{
	(void)self;
	(void)execution;
	(void)flow;
	return ++starts % FAILS_EVERY != 0 || pg_fail_constant(ret_error, "not now");
}

static void setup_failing_start(const struct driver_run *run)
{
	static struct pg_extension extension = {.name = "gate", .on_flow_start = fail_now_and_then};
	static struct pg_extension *list[] = {&extension};

	pg_setup_nothing(run);
	starts = 0;
	g_retained_scope = pg_scope_open(
	    &(struct pg_scope_config){.extensions = list, .extension_count = 1}, NULL);
	g_retained_shape = pg_shape_flow();
}

/* As with a pool: nobody frees what comes back. */
static void execute_or_fail(uint64_t n)
{
	struct value value = value_undefined();
	struct pg_execution *execution = NULL;
	const bool ok =
	    pg_exec(g_retained_scope, NULL, g_retained_shape.flows[0], &value, &execution, NULL);

	pg_expect(ok == (n % FAILS_EVERY != 0), "every tenth start fails");
}

WORKLOAD(pg_failing_start, setup_failing_start, execute_or_fail);

/* --- B11: tags --- */

static void setup_tags(const struct driver_run *run)
{
	pg_setup_scope(run);
	drv_tags = drv_slots(run, sizeof(*drv_tags));
}

static void set_new_tag(uint64_t n)
{
	drv_tags[n].key = "new";
	pg_scope_set_tag(g_retained_scope, &drv_tags[n], value_integer((int64_t)n));
}

const struct driver_workload pg_tag_scope_leak = {.setup = setup_tags, .iterate = set_new_tag};

/* --- B12: a cleanup that another replaces --- */

static bool close_resource(void *resource, struct pg_error *ret_error)
{
	(void)ret_error;
	pg_enter();
	pg_free(PG_USER_RESOURCE, resource, RESOURCE_BYTES);
	pg_leave();
	return true;
}

static struct value open_resource(struct pg_call *call)
{
	void *resource = NULL;

	pg_enter();
	resource = pg_user_resource_new(RESOURCE_BYTES);
	pg_leave();
	pg_call_on_cleanup(call, close_resource, resource);
	return value_object(resource);
}

static struct value use_resource(struct pg_call *call)
{
	return value_boolean(value_is(pg_call_get(call, 0), VALUE_OBJECT));
}

static void use_and_dispose(uint64_t n)
{
	struct pg_executor *resource = pg_provide((struct pg_factory){.run = open_resource});
	const struct pg_dependency dependency = pg_static(resource);
	struct pg_executor *user =
	    pg_derive(&dependency, 1, (struct pg_factory){.run = use_resource});
	struct pg_scope *scope = pg_world_scope();

	(void)n;
	pg_world_resolve(scope, user);
	pg_expect(pg_dispose(scope, NULL), "dispose");
	pg_scope_free(scope);
	pg_executor_free(user);
	pg_executor_free(resource);
}

WORKLOAD(pg_lose_cleanup, pg_setup_nothing, use_and_dispose);
