/*
 * Cleanups: what a run of a factory registers, and when it is run.
 *
 * The registry holds one list for each executor, that of the last run. As in the original a list that another replaces is
 * not run (pg_options.run_replaced_cleanups mends it), and what a flow's factory registers never gets here.
 */
#include "engines/pump/pg_internal.h"

enum { FIRST_CAPACITY = 8 };

const struct pg_map_kind pg_registry_kind = {
    PG_REGISTRY_HEADER, {.table = &pg_books[PG_REGISTRY_TABLE], .first_capacity = FIRST_CAPACITY}};
const struct vec_kind pg_cleanups_kind = {.backing = &pg_books[PG_CLEANUPS],
    .item_bytes = sizeof(struct pg_cleanup_entry),
    .first_capacity = 1};

void pg_call_on_cleanup(struct pg_call *call, pg_cleanup run, void *argument)
{
	struct pg_cleanup_entry entry = {.run = run, .argument = argument};

	pg_enter();
	entry.order = call->context->cleanups.count;
	vec_push(&call->context->cleanups, &pg_cleanups_kind, &entry);
	pg_leave();
}

/* --- running them --- */

static void tell_extensions(struct pg_extension_list *list, struct pg_executor *executor,
    const struct pg_error *error, const char *context)
{
	for (uint32_t i = 0; list != NULL && i < list->count; i++) {
		struct pg_extension *extension = list->items[i];

		if (extension->on_cleanup_error != NULL &&
		    extension->on_cleanup_error(extension, executor, error, context))
			return;
	}
}

static void run_cleanups(struct pg_scope *scope, const struct vec *list,
    struct pg_executor *executor, const char *context)
{
	struct pg_extension_list *extensions = pg_extensions_take(scope);

	for (uint32_t i = list->count; i > 0; i--) {
		const struct pg_cleanup_entry *entry = vec_at(list, &pg_cleanups_kind, i - 1);
		const unsigned taken = pg_leave_all();
		struct pg_error error = {0};

		if (!entry->run(entry->argument, &error))
			tell_extensions(extensions, executor, &error, context);
		pg_enter_again(taken);
	}
	pg_extensions_give_back(extensions);
}

void pg_run_registered(
    struct pg_scope *scope, const struct pg_executor *executor, const char *context)
{
	struct omap_entry deleted;
	struct vec list;

	if (scope->cleanup_registry == NULL ||
	    !omap_delete(scope->cleanup_registry, pg_key(executor), &deleted))
		return;
	list = pg_list_of_value(deleted.value);
	run_cleanups(scope, &list, deleted.key.as.object, context);
	vec_release(&list, &pg_cleanups_kind);
	pg_executor_drop(deleted.key.as.object);
}

/* The executor that registered last comes first. A cleanup may register no other. */
void pg_run_all_cleanups(struct pg_scope *scope)
{
	for (uint32_t i = scope->cleanup_registry != NULL ? scope->cleanup_registry->count : 0;
	     i > 0; i--) {
		const struct omap_entry *entry = &scope->cleanup_registry->entries[i - 1];
		const struct vec list = pg_list_of_value(entry->value);

		run_cleanups(scope, &list, entry->key.as.object, "dispose");
	}
}

/* --- keeping them --- */

/* Takes LIST. */
static void put_list(struct pg_scope *scope, struct pg_executor *executor, struct vec *list)
{
	struct value *found = pg_map_find(scope->cleanup_registry, pg_key(executor));

	if (found != NULL) {
		struct vec replaced = pg_list_of_value(*found);

		*found = pg_value_of_list(*list);
		if (pg_options.run_replaced_cleanups != 0)
			run_cleanups(scope, &replaced, executor, "replaced");
		vec_release(&replaced, &pg_cleanups_kind);
	} else {
		pg_executor_hold(executor);
		pg_map_set(&scope->cleanup_registry, &pg_registry_kind, pg_key(executor),
		    pg_value_of_list(*list));
	}
	*list = (struct vec){0};
}

/* A context of the pool keeps its list, so the registry gets a copy. */
void pg_register_cleanups_of(struct pg_resolve_context *context)
{
	const struct vec *list = &context->cleanups;
	struct vec copy = {.count = list->count, .capacity = list->count};

	if (list->count == 0)
		return;
	if (pg_options.pooled == 0) {
		put_list(context->scope, context->executor, &context->cleanups);
		return;
	}
	copy.items = pg_cleanups_new(list->count * sizeof(struct pg_cleanup_entry));
	memcpy(copy.items, list->items, list->count * sizeof(struct pg_cleanup_entry));
	put_list(context->scope, context->executor, &copy);
}

void pg_forget_cleanups(struct pg_scope *scope)
{
	struct omap *registry = scope->cleanup_registry;

	if (registry == NULL)
		return;
	for (uint32_t i = 0; i < registry->count; i++) {
		struct vec list = pg_list_of_value(registry->entries[i].value);

		vec_release(&list, &pg_cleanups_kind);
		pg_executor_drop(registry->entries[i].key.as.object);
	}
	omap_release(registry, &pg_registry_kind.table);
}
