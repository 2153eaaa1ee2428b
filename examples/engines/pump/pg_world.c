#include "engines/pump/pg_world.h"

#include <stdlib.h>

struct pg_settings pg_settings;
struct pg_scope *g_retained_scope;
struct pg_shape g_retained_shape;

void pg_expect(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "pump: %s\n", what);
	abort();
}

struct pg_scope *pg_world_scope(void)
{
	struct pg_scope *scope = pg_scope_open(NULL, NULL);

	pg_expect(scope != NULL, "no scope");
	return scope;
}

int64_t pg_world_resolve(struct pg_scope *scope, struct pg_executor *executor)
{
	struct value value = value_undefined();
	struct pg_error error = {0};

	pg_expect(pg_resolve(scope, executor, &value, &error), error.message);
	pg_value_release(value);
	return value_is(value, VALUE_INTEGER) ? value.as.integer : 0;
}

void pg_world_resolve_level_two(void)
{
	for (uint32_t i = 2; i < g_retained_shape.executor_count; i++)
		pg_world_resolve(g_retained_scope, g_retained_shape.executors[i]);
}

void pg_setup_nothing(const struct driver_run *run)
{
	(void)run;
	if (pg_settings.fixed != 0)
		pg_options = pg_options_mended(pg_options);
}

void pg_setup_scope(const struct driver_run *run)
{
	pg_setup_nothing(run);
	g_retained_scope = pg_world_scope();
}

void pg_setup_flow(const struct driver_run *run)
{
	pg_setup_scope(run);
	g_retained_shape = pg_shape_flow();
}

void pg_resolve_last_anew(uint64_t n)
{
	(void)n;
	pg_scope_reset_cache(g_retained_scope);
	pg_world_resolve(g_retained_scope, pg_shape_last(&g_retained_shape));
}

void pg_world_end(void)
{
	pg_scope_free(g_retained_scope);
	g_retained_scope = NULL;
	pg_shape_free(&g_retained_shape);
	pg_pools_release();
}
