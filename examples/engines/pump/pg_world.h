/* What the workloads share: the scope and the graph that they keep, and calls that must not fail. */
#ifndef PUMP_PG_WORLD_H
#define PUMP_PG_WORLD_H

#include "engines/pump/pg_scenarios.h"
#include "engines/pump/pg_shapes.h"

extern struct pg_scope *g_retained_scope;
extern struct pg_shape g_retained_shape;

/* Ends the program if OK doesn't hold. */
void pg_expect(bool ok, const char *what);
struct pg_scope *pg_world_scope(void);
/* The number that EXECUTOR gives, or 0: a text. */
int64_t pg_world_resolve(struct pg_scope *scope, struct pg_executor *executor);
/* The reactive graph's second level. */
void pg_world_resolve_level_two(void);

/* Setups; the first two open g_retained_scope. */
void pg_setup_scope(const struct driver_run *run);
void pg_setup_flow(const struct driver_run *run);
void pg_setup_nothing(const struct driver_run *run);
/* Drops the cache and resolves the last executor of the kept graph. */
void pg_resolve_last_anew(uint64_t n);
/* Frees what is kept, and the pools. */
void pg_world_end(void);

#endif
