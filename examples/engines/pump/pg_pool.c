/*
 * The pools of contexts: free lists for the whole process.
 *
 * A pooled context keeps what it grew to: a list for 8 cleanups, a map for 16 data. As in the original an execution that
 * goes back loses id, parent, scope and cancellation, and keeps its data until it is taken again; whoever has its address
 * reads them, and then those of the next. Two further lists are declared and used by nobody.
 */
#include "engines/pump/pg_internal.h"

enum { CLEANUPS_CAPACITY = 8, DATA_CAPACITY = 16, DATA_FIRST_CAPACITY = 8 };

const struct pg_map_kind pg_data_kind = {
    PG_DATA_HEADER, {.table = &pg_books[PG_DATA_TABLE], .first_capacity = DATA_FIRST_CAPACITY}};
static const struct omap_kind pooled_data_kind = {
    .table = &pg_books[PG_DATA_TABLE], .first_capacity = DATA_CAPACITY};

static struct { /* a root, for who asks what holds a pooled context */
	struct pg_resolve_context *resolve_contexts;
	struct pg_execution *executions;
	struct pg_pool_statistics statistics[PG_POOL_COUNT];
} pg_pools;

static void count_taken(enum pg_pool_name name, bool found)
{
	struct pg_pool_statistics *statistics = &pg_pools.statistics[name];

	statistics->hits += found;
	statistics->misses += !found;
	statistics->created += !found;
	statistics->size -= found;
}

/* --- resolve contexts --- */

static struct pg_resolve_context *new_pooled_resolve_context(void)
{
	struct pg_resolve_context *context = pg_resolvectx_new(sizeof(*context));

	*context = (struct pg_resolve_context){0};
	vec_open(&context->cleanups, &pg_cleanups_kind, CLEANUPS_CAPACITY);
	return context;
}

struct pg_resolve_context *pg_take_resolve_context(
    struct pg_scope *scope, struct pg_executor *executor)
{
	struct pg_resolve_context *context = pg_pools.resolve_contexts;

	if (pg_options.pooled == 0) {
		context = pg_resolvectx_new(sizeof(*context));
		*context = (struct pg_resolve_context){.scope = scope, .executor = executor};
		return context;
	}
	count_taken(PG_POOL_RESOLVE_CONTEXTS, context != NULL);
	if (context == NULL)
		context = new_pooled_resolve_context();
	else
		pg_pools.resolve_contexts = context->next_pooled;
	context->scope = scope;
	context->executor = executor;
	context->next_pooled = NULL;
	return context;
}

static void resolve_context_free(struct pg_resolve_context *context)
{
	vec_release(&context->cleanups, &pg_cleanups_kind);
	pg_free(PG_RESOLVE_CONTEXT, context, sizeof(*context));
}

void pg_give_back_resolve_context(struct pg_resolve_context *context)
{
	if (pg_options.pooled == 0) {
		resolve_context_free(context);
		return;
	}
	context->scope = NULL;
	context->executor = NULL;
	context->cleanups.count = 0;
	context->next_pooled = pg_pools.resolve_contexts;
	pg_pools.resolve_contexts = context;
	pg_pools.statistics[PG_POOL_RESOLVE_CONTEXTS].size++;
}

/* --- executions --- */

static struct pg_execution *new_execution(void)
{
	struct pg_execution *execution = pg_execctx_new(sizeof(*execution));

	*execution = (struct pg_execution){0};
	execution->data = pg_data_header_new(sizeof(*execution->data));
	*execution->data = (struct omap){0};
	if (pg_options.pooled != 0)
		omap_open(execution->data, &pooled_data_kind);
	return execution;
}

struct pg_execution *pg_take_execution(void)
{
	struct pg_execution *execution = pg_pools.executions;

	if (pg_options.pooled == 0)
		return new_execution();
	count_taken(PG_POOL_EXECUTIONS, execution != NULL);
	if (execution == NULL)
		return new_execution();
	pg_pools.executions = execution->next_pooled;
	execution->next_pooled = NULL;
	execution->in_pool = false;
	pg_tags_clear(execution->data);
	return execution;
}

bool pg_give_back_execution(struct pg_execution *execution)
{
	if (pg_options.pooled == 0)
		return false;
	if (execution->id != NULL)
		pg_free(PG_EXECUTION_ID, execution->id, strlen(execution->id) + 1);
	execution->id = NULL;
	execution->number = 0;
	execution->parent = NULL;
	execution->scope = NULL;
	execution->cancellation = NULL;
	execution->in_pool = true;
	execution->next_pooled = pg_pools.executions;
	pg_pools.executions = execution;
	pg_pools.statistics[PG_POOL_EXECUTIONS].size++;
	return true;
}

static void execution_free(struct pg_execution *execution)
{
	if (execution->id != NULL)
		pg_free(PG_EXECUTION_ID, execution->id, strlen(execution->id) + 1);
	pg_tags_free(&execution->data, &pg_data_kind);
	pg_free(PG_EXECUTION, execution, sizeof(*execution));
}

void pg_execution_free(struct pg_execution *execution)
{
	if (execution == NULL)
		return;
	pg_enter();
	if (!execution->in_pool)
		execution_free(execution);
	pg_leave();
}

/* --- all of them --- */

struct pg_pool_statistics pg_pool_statistics(enum pg_pool_name name)
{
	struct pg_pool_statistics statistics;

	pg_enter();
	statistics = pg_pools.statistics[name];
	pg_leave();
	return statistics;
}

void pg_pool_reset_statistics(void)
{
	pg_enter();
	for (int i = 0; i < PG_POOL_COUNT; i++)
		pg_pools.statistics[i].hits = pg_pools.statistics[i].misses = 0;
	pg_leave();
}

void pg_pools_release(void)
{
	pg_enter();
	while (pg_pools.resolve_contexts != NULL) {
		struct pg_resolve_context *context = pg_pools.resolve_contexts;

		pg_pools.resolve_contexts = context->next_pooled;
		resolve_context_free(context);
	}
	while (pg_pools.executions != NULL) {
		struct pg_execution *execution = pg_pools.executions;

		pg_pools.executions = execution->next_pooled;
		execution_free(execution);
	}
	for (int i = 0; i < PG_POOL_COUNT; i++)
		pg_pools.statistics[i].size = 0;
	pg_leave();
}
