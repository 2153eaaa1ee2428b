/*
 * Flows: an execution of one from its dependencies to its node in the tree.
 *
 *     cancelled? -> dependencies are run, past the cache -> execution -> on_flow_start -> cancelled? -> factory
 *                -> status -> on_flow_end -> node -> back to the pool
 *
 * Three exits leave early and make no node: cancelled before, on_flow_start failed, cancelled after it. As in the
 * original the latter two never give the execution back to its pool (pg_options.give_back_early mends it).
 */
#include "engines/pump/pg_internal.h"

#include <time.h>

static const char cancelled_message[] = "context canceled";

const struct pg_tag pg_tag_start_time = {"exec.start_time"};
const struct pg_tag pg_tag_end_time = {"exec.end_time"};
const struct pg_tag pg_tag_status = {"exec.status"};
const struct pg_tag pg_tag_error = {"exec.error"};
const struct pg_tag pg_tag_output = {"exec.output"};
const struct pg_tag pg_tag_panic_stack = {"exec.panic_stack"};

/* --- data --- */

void pg_execution_set(struct pg_execution *execution, const struct pg_tag *tag, struct value value)
{
	pg_enter();
	pg_counts.data_sets++;
	pg_tags_set(&execution->data, &pg_data_kind, tag, value);
	pg_leave();
}

bool pg_execution_get(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value)
{
	bool found = false;

	pg_enter();
	found = pg_tags_get(execution->data, tag, ret_value);
	pg_leave();
	return found;
}

bool pg_execution_get_from_parent(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value)
{
	for (const struct pg_execution *at = execution->parent; at != NULL; at = at->parent)
		if (pg_execution_get(at, tag, ret_value))
			return true;
	return false;
}

bool pg_execution_get_from_scope(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value)
{
	return pg_scope_tag(execution->scope, tag, ret_value);
}

bool pg_execution_lookup(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value)
{
	return pg_execution_get(execution, tag, ret_value) ||
	       pg_execution_get_from_parent(execution, tag, ret_value) ||
	       pg_execution_get_from_scope(execution, tag, ret_value);
}

const char *pg_execution_name(const struct pg_execution *execution, char text[PG_ID_BYTES])
{
	text[0] = '\0';
	if (execution->number != 0)
		(void)snprintf(text, PG_ID_BYTES, "exec-%ju", (uintmax_t)execution->number);
	return text;
}

static struct value now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	return value_number((double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6);
}

static void set_end(struct pg_execution *execution, const char *status)
{
	pg_execution_set(execution, &pg_tag_end_time, now());
	pg_execution_set(execution, &pg_tag_status, value_string(status));
}

static void set_error(struct pg_execution *execution, const struct pg_error *error)
{
	pg_execution_set(execution, &pg_tag_error,
	    error->constant != NULL ? value_string(error->constant)
				    : pg_string("%s", error->message));
}

static bool set_cancelled(struct pg_execution *execution, struct pg_error *error)
{
	(void)pg_fail_constant(error, cancelled_message);
	set_end(execution, "cancelled");
	set_error(execution, error);
	return false;
}

/* --- an execution --- */

/* What an execution is made from. */
struct order {
	struct pg_scope *scope;
	struct pg_execution *parent; /* NULL: none */
	const struct pg_cancellation *cancellation;
	struct pg_flow *flow;
};

static bool is_cancelled(const struct order *order)
{
	return order->cancellation != NULL && order->cancellation->cancelled;
}

static struct pg_execution *new_execution(const struct order *order)
{
	struct pg_execution *execution = pg_take_execution();
	char text[PG_ID_BYTES];
	size_t size_bytes = 0;

	execution->number = ++order->scope->last_execution;
	execution->parent = order->parent;
	execution->scope = order->scope;
	execution->cancellation = order->cancellation;
	size_bytes = strlen(pg_execution_name(execution, text)) + 1;
	execution->id = memcpy(pg_execution_id_new(size_bytes), text, size_bytes);
	pg_counts.executions++;
	return execution;
}

/* As the original: the outermost has an execution to say so, a flow within another writes it to its caller's. */
static bool end_before(
    const struct order *order, struct pg_execution **ret_execution, struct pg_error *error)
{
	struct pg_execution *execution = order->parent;

	if (execution == NULL) {
		execution = new_execution(order);
		*ret_execution = execution;
	}
	(void)set_cancelled(execution, error);
	if (order->parent == NULL)
		(void)pg_give_back_execution(execution);
	return false;
}

static bool run_dependencies(
    const struct order *order, struct pg_execution **ret_execution, struct pg_error *ret_error)
{
	const struct pg_inputs *inputs = &order->flow->inputs;
	struct pg_error error = {0};

	if (is_cancelled(order))
		return end_before(order, ret_execution, ret_error);
	for (uint32_t i = 0; i < inputs->count; i++) {
		if (is_cancelled(order))
			return end_before(order, ret_execution, ret_error);
		if (!pg_resolve_dependency_before(order->scope, &inputs->dependencies[i], &error))
			return pg_fail(ret_error, "resolving dependency: %.160s", error.message);
	}
	return true;
}

static bool tell_start(const struct pg_extension_list *list, struct pg_execution *execution,
    struct pg_flow *flow, struct pg_error *ret_error)
{
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		struct pg_extension *extension = list->items[i];
		const unsigned taken = pg_leave_all();
		const bool ok = extension->on_flow_start == NULL ||
				extension->on_flow_start(extension, execution, flow, ret_error);

		pg_enter_again(taken);
		if (!ok)
			return false;
	}
	return true;
}

static bool start(struct pg_execution *execution, const struct order *order,
    const struct pg_extension_list *list, struct pg_error *error)
{
	struct value name = value_undefined();

	if (pg_tags_get(order->flow->tags, &pg_tag_flow_name, &name))
		pg_execution_set(execution, &pg_tag_flow_name, name);
	pg_execution_set(execution, &pg_tag_start_time, now());
	pg_execution_set(execution, &pg_tag_status, value_string("running"));
	if (!tell_start(list, execution, order->flow, error)) {
		pg_execution_set(execution, &pg_tag_status, value_string("failed"));
		set_error(execution, error);
		return false;
	}
	return !is_cancelled(order) || set_cancelled(execution, error);
}

static void tell_panic(struct pg_execution *execution, const char *message)
{
	struct pg_extension_list *list = pg_extensions_take(execution->scope);

	pg_execution_set(execution, &pg_tag_panic_stack, pg_string("%s", pg_panic_stack()));
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		struct pg_extension *extension = list->items[i];
		const unsigned taken = pg_leave_all();

		if (extension->on_flow_panic != NULL)
			extension->on_flow_panic(extension, execution, message);
		pg_enter_again(taken);
	}
	pg_extensions_give_back(list);
}

/* The factory; its context is never a pooled one, and what it registers for cleanup is lost. */
static bool run_factory(struct pg_execution *execution, const struct order *order,
    struct value *ret_value, struct pg_error *ret_error)
{
	struct pg_resolve_context *context = pg_resolvectx_new(sizeof(*context));
	struct value *slot = pg_result_slot_new(sizeof(*slot)); /* the original's channel */
	struct pg_call call = {.scope = order->scope, .context = context, .execution = execution};
	bool ok = false;

	*context = (struct pg_resolve_context){.scope = order->scope};
	*slot = value_undefined();
	ok = pg_run_closure(order->flow->inputs.closure, &order->flow->inputs, &call,
	    pg_name_of(order->flow->tags), slot);
	if (!ok && call.error.panicked) {
		tell_panic(execution, call.error.message);
		(void)pg_fail(ret_error, "panic in flow: %.170s", call.error.message);
	} else if (is_cancelled(order)) {
		if (ok)
			pg_value_release(*slot);
		ok = pg_fail_constant(ret_error, cancelled_message);
	} else if (!ok) {
		*ret_error = call.error;
	} else {
		*ret_value = *slot;
	}
	pg_free(PG_RESULT_SLOT, slot, sizeof(*slot));
	vec_release(&context->cleanups, &pg_cleanups_kind);
	pg_free(PG_RESOLVE_CONTEXT, context, sizeof(*context));
	return ok;
}

/* In reverse. An extension that fails makes the flow fail, if it hasn't. */
static bool tell_end(const struct pg_extension_list *list, struct pg_execution *execution, bool ok,
    struct pg_error *error)
{
	for (uint32_t i = list != NULL ? list->count : 0; i > 0; i--) {
		struct pg_extension *extension = list->items[i - 1];
		const unsigned taken = pg_leave_all();
		struct pg_error own = {0};

		if (extension->on_flow_end != NULL &&
		    !extension->on_flow_end(extension, execution, ok ? NULL : error, &own) && ok) {
			*error = own;
			ok = false;
		}
		pg_enter_again(taken);
	}
	return ok;
}

static void set_outcome(
    struct pg_execution *execution, bool ok, struct value output, const struct pg_error *error)
{
	if (!ok) {
		set_end(execution, error->constant == cancelled_message ? "cancelled" : "failed");
		set_error(execution, error);
		return;
	}
	set_end(execution, "success");
	pg_execution_set(execution, &pg_tag_output, pg_value_retain(output));
}

/* EXECUTION has not ended yet; LIST are the scope's extensions. */
static bool run(struct pg_execution *execution, const struct order *order,
    const struct pg_extension_list *list, struct value *ret_value, struct pg_error *error)
{
	struct value output = value_undefined();
	bool ok = start(execution, order, list, error);

	if (!ok) {
		if (pg_options.give_back_early != 0)
			(void)pg_give_back_execution(execution);
		return false;
	}
	ok = run_factory(execution, order, &output, error);
	set_outcome(execution, ok, output, error);
	ok = tell_end(list, execution, ok, error);
	pg_tree_add(order->scope->tree, execution);
	(void)pg_give_back_execution(execution);
	if (ok)
		*ret_value = output;
	else
		pg_value_release(output);
	return ok;
}

static bool execute(const struct order *order, struct value *ret_value,
    struct pg_execution **ret_execution, struct pg_error *ret_error)
{
	struct pg_execution *execution = NULL;
	struct pg_extension_list *list = NULL;
	struct pg_error error = {0};
	bool ok = false;

	pg_enter();
	if (run_dependencies(order, &execution, &error)) {
		execution = new_execution(order);
		list = pg_extensions_take(order->scope);
		ok = run(execution, order, list, ret_value, &error);
		pg_extensions_give_back(list);
	}
	if (ret_execution != NULL)
		*ret_execution = execution;
	else
		pg_execution_free(execution);
	pg_leave();
	if (!ok && ret_error != NULL)
		*ret_error = error;
	return ok;
}

bool pg_exec(struct pg_scope *scope, const struct pg_cancellation *cancellation,
    struct pg_flow *flow, struct value *ret_value, struct pg_execution **ret_execution,
    struct pg_error *ret_error)
{
	const struct order order = {.scope = scope, .cancellation = cancellation, .flow = flow};

	return execute(&order, ret_value, ret_execution, ret_error);
}

bool pg_exec_sub(struct pg_execution *parent, struct pg_flow *flow, struct value *ret_value,
    struct pg_execution **ret_execution, struct pg_error *ret_error)
{
	const struct order order = {.scope = parent->scope,
	    .parent = parent,
	    .cancellation = parent->cancellation,
	    .flow = flow};

	return execute(&order, ret_value, ret_execution, ret_error);
}
