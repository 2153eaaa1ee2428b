/*
 * The reactive graph: who depends on whom, and what an update makes the cache forget.
 *
 * Dependents hang on their dependency as a circle of edges, oldest first, of which the map holds the newest:
 *
 *     downstream[base] ---> edge n ---> edge 1 ---> edge 2 ---> ... edge n
 *
 * As in the original an edge is added at each resolution and never removed, so a dependent that is invalidated and
 * resolved again is listed twice, and the walk of each update is longer by that. pg_options.unique_edges mends it.
 */
#include "engines/pump/pg_internal.h"

enum { FIRST_CAPACITY = 8 };

const struct pg_map_kind pg_downstream_kind = {PG_DOWNSTREAM_HEADER,
    {.table = &pg_books[PG_DOWNSTREAM_TABLE], .first_capacity = FIRST_CAPACITY}};
static const struct omap_kind visited_kind = {
    .table = &pg_books[PG_VISITED_TABLE], .first_capacity = FIRST_CAPACITY};
static const struct vec_kind dependents_kind = {.backing = &pg_books[PG_DEPENDENTS],
    .item_bytes = sizeof(struct pg_executor *),
    .first_capacity = 1};

static struct pg_edge *newest_edge(const struct pg_scope *scope, const struct pg_executor *executor)
{
	const struct value *found = pg_map_find(scope->downstream, pg_key(executor));

	return found != NULL ? found->as.object : NULL;
}

static bool is_listed(const struct pg_edge *newest, const struct pg_executor *dependent)
{
	const struct pg_edge *edge = newest;

	if (newest == NULL)
		return false;
	do {
		edge = edge->next;
		if (edge->dependent == dependent)
			return true;
	} while (edge != newest);
	return false;
}

static void add_edge(
    struct pg_scope *scope, const struct pg_executor *dependency, struct pg_executor *dependent)
{
	struct pg_edge *newest = newest_edge(scope, dependency);
	struct pg_edge *edge = NULL;

	if (pg_options.unique_edges != 0 && is_listed(newest, dependent))
		return;
	edge = pg_edge_new(sizeof(*edge));
	*edge = (struct pg_edge){.dependent = dependent, .next = edge};
	pg_executor_hold(dependent);
	if (newest != NULL) {
		edge->next = newest->next;
		newest->next = edge;
	}
	pg_map_set(&scope->downstream, &pg_downstream_kind, pg_key(dependency), value_object(edge));
}

void pg_add_edges(struct pg_scope *scope, struct pg_executor *executor)
{
	for (uint32_t i = 0; i < executor->inputs.count; i++) {
		const struct pg_dependency *dependency = &executor->inputs.dependencies[i];

		if (pg_dependency_mode(dependency) == PG_REACTIVE)
			add_edge(scope, dependency->executor, executor);
	}
}

static void edges_free(struct pg_edge *newest)
{
	struct pg_edge *edge = newest->next;

	newest->next = NULL;
	while (edge != NULL) {
		struct pg_edge *next = edge->next;

		pg_executor_drop(edge->dependent);
		pg_free(PG_EDGE, edge, sizeof(*edge));
		edge = next;
	}
}

void pg_downstream_free(struct pg_scope *scope)
{
	for (uint32_t i = 0; scope->downstream != NULL && i < scope->downstream->count; i++)
		edges_free(scope->downstream->entries[i].value.as.object);
	pg_map_free(&scope->downstream, &pg_downstream_kind);
}

/* --- update --- */

struct walk {
	const struct pg_scope *scope;
	struct omap visited;
	struct vec dependents; /* one for each edge visited */
};

/* Depth first. */
static void find_dependents(struct walk *walk, const struct pg_executor *executor)
{
	const struct pg_edge *newest = newest_edge(walk->scope, executor);
	const struct pg_edge *edge = newest;

	if (omap_find(&walk->visited, pg_key(executor)) != NULL)
		return;
	omap_set(&walk->visited, &visited_kind, pg_key(executor), value_boolean(true));
	if (newest == NULL)
		return;
	do {
		edge = edge->next;
		pg_counts.edges_visited++;
		vec_push_pointer(&walk->dependents, &dependents_kind, edge->dependent);
		find_dependents(walk, edge->dependent);
	} while (edge != newest);
}

static bool run_update(const struct pg_operation *operation, struct value input,
    struct value *ret_value, struct pg_error *ret_error)
{
	struct pg_scope *scope = operation->scope;
	struct walk walk = {.scope = scope};

	(void)ret_error;
	find_dependents(&walk, operation->executor);
	for (uint32_t i = 0; i < walk.dependents.count; i++)
		pg_run_registered(scope, vec_pointer_at(&walk.dependents, i), "reactive");
	pg_cache_store(scope, operation->executor, pg_value_retain(input));
	for (uint32_t i = 0; i < walk.dependents.count; i++)
		pg_cache_delete(scope, vec_pointer_at(&walk.dependents, i));
	omap_release(&walk.visited, &visited_kind);
	vec_release(&walk.dependents, &dependents_kind);
	*ret_value = value_undefined();
	return true;
}

bool pg_update(struct pg_scope *scope, struct pg_executor *executor, struct value value,
    struct pg_error *ret_error)
{
	struct value unused = value_undefined();
	bool ok = false;

	pg_enter();
	ok = pg_wrapped(scope, PG_UPDATE, executor,
	    (struct pg_next){.run = run_update, .input = value}, &unused, ret_error);
	pg_value_release(unused);
	pg_value_release(value);
	pg_leave();
	return ok;
}
