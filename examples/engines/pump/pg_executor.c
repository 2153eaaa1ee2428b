/*
 * Executors and flows: a factory, what it depends on, and tags.
 *
 *     executor ---> tags header
 *        |--------> dependencies: executor, wrapper (reactive or lazy) | ...
 *        '--------> closure ---> what the user's function captured
 *
 * Without dependencies the closure stands in the executor. An executor counts who holds it and goes with the last.
 */
#include "engines/pump/pg_internal.h"

enum { TAGS_FIRST_CAPACITY = 8 };

static const struct pg_map_kind executor_tags_kind = {PG_EXECUTOR_TAGS_HEADER,
    {.table = &pg_books[PG_EXECUTOR_TAGS_TABLE], .first_capacity = TAGS_FIRST_CAPACITY}};
static const struct pg_map_kind flow_tags_kind = {PG_FLOW_TAGS_HEADER,
    {.table = &pg_books[PG_FLOW_TAGS_TABLE], .first_capacity = TAGS_FIRST_CAPACITY}};

const struct pg_tag pg_tag_flow_name = {"flow.name"};

/* --- dependencies --- */

static struct pg_dependency wrapped(struct pg_executor *executor, enum pg_mode mode)
{
	struct pg_wrapper *wrapper = NULL;

	pg_enter();
	wrapper = pg_wrapper_new(sizeof(*wrapper));
	*wrapper = (struct pg_wrapper){.executor = executor, .mode = mode};
	pg_leave();
	return (struct pg_dependency){.executor = executor, .wrapper = wrapper};
}

struct pg_dependency pg_reactive(struct pg_executor *executor)
{
	return wrapped(executor, PG_REACTIVE);
}

struct pg_dependency pg_lazy(struct pg_executor *executor)
{
	return wrapped(executor, PG_LAZY);
}

enum pg_mode pg_dependency_mode(const struct pg_dependency *dependency)
{
	return dependency->wrapper != NULL ? dependency->wrapper->mode : PG_STATIC;
}

/* --- closures --- */

static struct pg_closure capture(struct pg_factory factory)
{
	struct pg_closure closure = {
	    .run = factory.run, .environment_bytes = factory.captured_bytes};

	if (factory.captured_bytes > 0) {
		closure.environment = pg_user_env_new(factory.captured_bytes);
		memcpy(closure.environment, factory.captured, factory.captured_bytes);
	}
	return closure;
}

static void closure_release(const struct pg_closure *closure)
{
	pg_free(PG_USER_ENV, closure->environment, closure->environment_bytes);
}

static struct pg_inputs inputs_of(
    const struct pg_dependency *dependencies, uint32_t count, struct pg_factory factory)
{
	struct pg_inputs inputs = {.count = count};

	if (count > PG_DEPENDENCIES_MAX) {
		fprintf(stderr, "pump: more than %d dependencies\n", PG_DEPENDENCIES_MAX);
		abort();
	}
	if (count > 0) {
		inputs.dependencies = pg_dependencies_new(count * sizeof(*dependencies));
		memcpy(inputs.dependencies, dependencies, count * sizeof(*dependencies));
	}
	for (uint32_t i = 0; i < count; i++)
		pg_executor_hold(inputs.dependencies[i].executor);
	inputs.closure = pg_closure_new(sizeof(*inputs.closure));
	*inputs.closure = capture(factory);
	return inputs;
}

static void inputs_release(struct pg_inputs *inputs)
{
	for (uint32_t i = 0; i < inputs->count; i++) {
		pg_free(PG_WRAPPER, inputs->dependencies[i].wrapper, sizeof(struct pg_wrapper));
		pg_executor_drop(inputs->dependencies[i].executor);
	}
	pg_free(
	    PG_DEPENDENCIES, inputs->dependencies, inputs->count * sizeof(*inputs->dependencies));
	if (inputs->closure == NULL)
		return;
	closure_release(inputs->closure);
	pg_free(PG_CLOSURE, inputs->closure, sizeof(*inputs->closure));
}

bool pg_run_closure(const struct pg_closure *closure, const struct pg_inputs *inputs,
    struct pg_call *call, const char *name, struct value *ret_value)
{
	bool ok = false;

	for (uint32_t i = 0; i < inputs->count; i++) {
		call->controllers[i] = pg_controller_new(sizeof(*call->controllers[i]));
		*call->controllers[i] =
		    pg_controller(call->scope, inputs->dependencies[i].executor);
	}
	pg_counts.controllers += inputs->count;
	call->controller_count = inputs->count;
	call->captured = closure->environment;
	ok = pg_run_user(closure->run, call, name, ret_value);
	for (uint32_t i = 0; i < inputs->count; i++)
		pg_free(PG_CONTROLLER, call->controllers[i], sizeof(*call->controllers[i]));
	return ok;
}

/* --- executors --- */

static struct pg_executor *new_executor(void)
{
	struct pg_executor *executor = pg_executor_new(sizeof(*executor));

	*executor = (struct pg_executor){.references = 1};
	pg_map_open(&executor->tags, &executor_tags_kind);
	return executor;
}

struct pg_executor *pg_provide(struct pg_factory factory)
{
	struct pg_executor *executor = NULL;

	pg_enter();
	executor = new_executor();
	executor->own = capture(factory);
	pg_leave();
	return executor;
}

struct pg_executor *pg_derive(
    const struct pg_dependency *dependencies, uint32_t count, struct pg_factory factory)
{
	struct pg_executor *executor = NULL;

	pg_enter();
	executor = new_executor();
	executor->inputs = inputs_of(dependencies, count, factory);
	pg_leave();
	return executor;
}

void pg_executor_hold(struct pg_executor *executor)
{
	executor->references++;
}

void pg_executor_drop(struct pg_executor *executor)
{
	if (--executor->references > 0)
		return;
	pg_tags_free(&executor->tags, &executor_tags_kind);
	inputs_release(&executor->inputs);
	closure_release(&executor->own);
	pg_free(PG_EXECUTOR, executor, sizeof(*executor));
}

void pg_executor_free(struct pg_executor *executor)
{
	if (executor == NULL)
		return;
	pg_enter();
	pg_executor_drop(executor);
	pg_leave();
}

void pg_executor_set_tag(struct pg_executor *executor, const struct pg_tag *tag, struct value value)
{
	pg_enter();
	pg_tags_set(&executor->tags, &executor_tags_kind, tag, value);
	pg_leave();
}

bool pg_executor_tag(
    const struct pg_executor *executor, const struct pg_tag *tag, struct value *ret_value)
{
	bool found = false;

	pg_enter();
	found = pg_tags_get(executor->tags, tag, ret_value);
	pg_leave();
	return found;
}

bool pg_executor_must_tag(const struct pg_executor *executor, const struct pg_tag *tag,
    struct value *ret_value, struct pg_error *ret_error)
{
	return pg_executor_tag(executor, tag, ret_value) ||
	       pg_fail(ret_error, "tag %s not found", tag->key);
}

const char *pg_name_of(const struct omap *tags)
{
	const struct value *name = pg_map_find(tags, pg_tag_value(&pg_tag_flow_name));

	return name != NULL && value_is(*name, VALUE_STRING) ? name->as.string : "?";
}

/* --- flows --- */

struct pg_flow *pg_flow_create(
    const struct pg_dependency *dependencies, uint32_t count, struct pg_factory factory)
{
	struct pg_flow *flow = NULL;
	struct omap *config = NULL;

	pg_enter();
	config = pg_flow_config_new(sizeof(*config)); /* where the original collects options */
	flow = pg_flow_new(sizeof(*flow));
	*flow = (struct pg_flow){.inputs = inputs_of(dependencies, count, factory)};
	pg_map_open(&flow->tags, &flow_tags_kind);
	pg_free(PG_FLOW_CONFIG, config, sizeof(*config));
	pg_leave();
	return flow;
}

void pg_flow_free(struct pg_flow *flow)
{
	if (flow == NULL)
		return;
	pg_enter();
	pg_tags_free(&flow->tags, &flow_tags_kind);
	inputs_release(&flow->inputs);
	pg_free(PG_FLOW, flow, sizeof(*flow));
	pg_leave();
}

void pg_flow_set_tag(struct pg_flow *flow, const struct pg_tag *tag, struct value value)
{
	pg_enter();
	pg_tags_set(&flow->tags, &flow_tags_kind, tag, value);
	pg_leave();
}

bool pg_flow_tag(const struct pg_flow *flow, const struct pg_tag *tag, struct value *ret_value)
{
	bool found = false;

	pg_enter();
	found = pg_tags_get(flow->tags, tag, ret_value);
	pg_leave();
	return found;
}
