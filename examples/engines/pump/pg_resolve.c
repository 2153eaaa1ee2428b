/*
 * Resolution, as the original does it.
 *
 * A miss lists the executor with its reactive dependencies, runs every dependency that isn't lazy and throws the value
 * away, and only then runs the factory, whose controllers resolve the dependencies again, through the cache. So a
 * dependency's factory runs at least once more than needed, and a cleanup that it registers replaces the one before.
 */
#include "engines/pump/pg_internal.h"

bool pg_resolve_any(struct pg_scope *scope, struct pg_executor *executor, struct value *ret_value,
    struct pg_error *ret_error)
{
	struct pg_resolve_context *context = pg_take_resolve_context(scope, executor);
	const struct pg_closure *closure =
	    executor->inputs.closure != NULL ? executor->inputs.closure : &executor->own;
	struct pg_call call = {.scope = scope, .context = context};
	const bool ok = pg_run_closure(
	    closure, &executor->inputs, &call, pg_name_of(executor->tags), ret_value);

	pg_counts.runs++;
	if (ok)
		pg_register_cleanups_of(context);
	else if (ret_error != NULL)
		*ret_error = call.error;
	pg_give_back_resolve_context(context);
	return ok;
}

bool pg_resolve_dependency_before(
    struct pg_scope *scope, const struct pg_dependency *dependency, struct pg_error *ret_error)
{
	struct value unused = value_undefined();
	bool ok = true;

	if (pg_dependency_mode(dependency) == PG_LAZY)
		return true;
	ok = pg_options.pre_resolve_cached != 0
		 ? pg_resolve(scope, dependency->executor, &unused, ret_error)
		 : pg_resolve_any(scope, dependency->executor, &unused, ret_error);
	pg_value_release(unused);
	return ok;
}

/* --- around an operation --- */

bool pg_next_run(struct pg_next *next, struct value *ret_value, struct pg_error *ret_error)
{
	const struct pg_operation *operation = next->operation;
	unsigned taken = 0;
	bool ok = false;

	if (next->run != NULL) {
		pg_enter();
		ok = next->run(operation, next->input, ret_value, ret_error);
		pg_leave();
		return ok;
	}
	if (next->extension->wrap == NULL)
		return pg_next_run(next->inner, ret_value, ret_error);
	taken = pg_leave_all();
	ok = next->extension->wrap(next->extension, next->inner, operation, ret_value, ret_error);
	pg_enter_again(taken);
	return ok;
}

static void tell_error(
    struct pg_scope *scope, const struct pg_operation *operation, const struct pg_error *error)
{
	for (uint32_t i = 0; i < scope->extensions.count; i++) {
		struct pg_extension *extension = pg_extension_at(scope, i);
		const unsigned taken = pg_leave_all();

		if (extension->on_error != NULL)
			extension->on_error(extension, error, operation);
		pg_enter_again(taken);
	}
}

/* The extension with the smallest order is wrapped last, so it is outermost. */
static struct pg_next *wrap_all(
    struct pg_scope *scope, const struct pg_operation *operation, struct pg_next innermost)
{
	struct pg_next *next = pg_next_new(sizeof(*next));

	*next = innermost;
	next->operation = operation;
	for (uint32_t i = scope->extensions.count; i > 0; i--) {
		struct pg_next *outer = pg_wrap_new(sizeof(*outer));

		*outer = (struct pg_next){.operation = operation,
		    .extension = pg_extension_at(scope, i - 1),
		    .inner = next};
		next = outer;
	}
	return next;
}

static void next_free(struct pg_next *next)
{
	while (next != NULL) {
		struct pg_next *inner = next->inner;

		pg_free(inner != NULL ? PG_WRAP : PG_NEXT, next, sizeof(*next));
		next = inner;
	}
}

bool pg_wrapped(struct pg_scope *scope, enum pg_operation_kind kind, struct pg_executor *executor,
    struct pg_next innermost, struct value *ret_value, struct pg_error *ret_error)
{
	struct pg_operation *operation = pg_operation_new(sizeof(*operation));
	struct pg_error error = {0};
	struct pg_next *next = NULL;
	bool ok = false;

	*operation = (struct pg_operation){.kind = kind, .executor = executor, .scope = scope};
	pg_counts.operations++;
	next = wrap_all(scope, operation, innermost);
	ok = pg_next_run(next, ret_value, &error);
	if (!ok && kind == PG_RESOLVE)
		tell_error(scope, operation, &error);
	next_free(next);
	pg_free(PG_OPERATION, operation, sizeof(*operation));
	if (!ok && ret_error != NULL)
		*ret_error = error;
	return ok;
}

/* --- resolve --- */

static bool run_resolution(const struct pg_operation *operation, struct value input,
    struct value *ret_value, struct pg_error *ret_error)
{
	(void)input;
	return pg_resolve_any(operation->scope, operation->executor, ret_value, ret_error);
}

static bool resolve_preset(struct pg_scope *scope, const struct pg_preset *preset,
    struct value *ret_value, struct pg_error *ret_error)
{
	if (preset->replacement != NULL)
		return pg_resolve_any(scope, preset->replacement, ret_value, ret_error);
	*ret_value = pg_value_retain(preset->value);
	return true;
}

static bool resolve_dependencies_before(
    struct pg_scope *scope, const struct pg_inputs *inputs, struct pg_error *ret_error)
{
	for (uint32_t i = 0; i < inputs->count; i++)
		if (!pg_resolve_dependency_before(scope, &inputs->dependencies[i], ret_error))
			return false;
	return true;
}

static bool resolve_miss(struct pg_scope *scope, struct pg_executor *executor,
    struct value *ret_value, struct pg_error *ret_error)
{
	const struct value *preset = NULL;
	bool ok = false;

	pg_add_edges(scope, executor);
	preset = pg_map_find(scope->presets, pg_key(executor));
	if (preset != NULL)
		ok = resolve_preset(scope, preset->as.object, ret_value, ret_error);
	else
		ok = resolve_dependencies_before(scope, &executor->inputs, ret_error) &&
		     pg_wrapped(scope, PG_RESOLVE, executor,
			 (struct pg_next){.run = run_resolution}, ret_value, ret_error);
	if (ok)
		pg_cache_store(scope, executor, pg_value_retain(*ret_value));
	return ok;
}

bool pg_resolve(struct pg_scope *scope, struct pg_executor *executor, struct value *ret_value,
    struct pg_error *ret_error)
{
	const struct pg_entry *entry = NULL;
	bool ok = true;

	pg_enter();
	pg_counts.resolves++;
	entry = pg_cache_find(scope, executor);
	if (entry != NULL) {
		pg_counts.hits++;
		*ret_value = pg_value_retain(entry->value);
	} else {
		ok = resolve_miss(scope, executor, ret_value, ret_error);
	}
	pg_leave();
	return ok;
}

/* --- controllers --- */

bool pg_controller_get(
    struct pg_controller controller, struct value *ret_value, struct pg_error *ret_error)
{
	return pg_resolve(controller.scope, controller.executor, ret_value, ret_error);
}

bool pg_controller_peek(struct pg_controller controller, struct value *ret_value)
{
	const struct pg_entry *entry = NULL;

	pg_enter();
	entry = pg_cache_find(controller.scope, controller.executor);
	*ret_value = entry != NULL ? pg_value_retain(entry->value) : value_undefined();
	pg_leave();
	return entry != NULL;
}

bool pg_controller_update(
    struct pg_controller controller, struct value value, struct pg_error *ret_error)
{
	return pg_update(controller.scope, controller.executor, value, ret_error);
}

void pg_controller_release(struct pg_controller controller)
{
	pg_enter();
	if (pg_options.release_runs_cleanups != 0)
		pg_run_registered(controller.scope, controller.executor, "release");
	pg_cache_delete(controller.scope, controller.executor);
	pg_leave();
}

bool pg_controller_reload(
    struct pg_controller controller, struct value *ret_value, struct pg_error *ret_error)
{
	pg_controller_release(controller);
	return pg_controller_get(controller, ret_value, ret_error);
}

bool pg_controller_is_cached(struct pg_controller controller)
{
	bool cached = false;

	pg_enter();
	cached = pg_cache_find(controller.scope, controller.executor) != NULL;
	pg_leave();
	return cached;
}
