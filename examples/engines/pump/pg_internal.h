/*
 * What the engine's files share: its structs, its lock, and how it calls the user's functions.
 *
 * One lock guards everything, the books and the pools among it. It is taken by depth: a function that is called with it
 * takes it again. Around a function of the user's it is given up whole, so factories of several threads overlap.
 */
#ifndef PUMP_PG_INTERNAL_H
#define PUMP_PG_INTERNAL_H

#include "engines/pump/pump.h"

#include <setjmp.h>

/* --- pg_lock.c --- */

void pg_enter(void);
void pg_leave(void);
/* Gives the lock up whole; returns what pg_enter_again needs. */
unsigned pg_leave_all(void);
void pg_enter_again(unsigned taken);

/* Runs a factory without the lock. False: it failed or panicked, and CALL's error says how. */
bool pg_run_user(pg_function run, struct pg_call *call, const char *name, struct value *ret_value);
/* Who called whom when this thread last panicked, innermost first. */
const char *pg_panic_stack(void);

bool pg_fail(struct pg_error *ret_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- pg_maps.c: maps whose header is a block, and tags --- */

struct pg_map_kind {
	enum pg_block header;
	struct omap_kind table;
};
/* Makes the header, unless headers are lazy. */
void pg_map_open(struct omap **place, const struct pg_map_kind *kind);
struct value *pg_map_set(
    struct omap **place, const struct pg_map_kind *kind, struct value key, struct value value);
/* MAP may be NULL. */
struct value *pg_map_find(const struct omap *map, struct value key);
void pg_map_free(struct omap **place, const struct pg_map_kind *kind);
/* A map of tags, which owns its values. The first takes VALUE. */
void pg_tags_set(struct omap **place, const struct pg_map_kind *kind, const struct pg_tag *tag,
    struct value value);
bool pg_tags_get(const struct omap *map, const struct pg_tag *tag, struct value *ret_value);
void pg_tags_clear(struct omap *map);
void pg_tags_free(struct omap **place, const struct pg_map_kind *kind);

/* Keys are compared by address; nothing is written through them. */
static inline struct value pg_tag_value(const struct pg_tag *tag)
{
	return value_object((void *)(uintptr_t)tag);
}

static inline struct value pg_key(const struct pg_executor *executor)
{
	return value_object((void *)(uintptr_t)executor);
}

/* A list in a map: its header is as large as a value, and is stored in place of one. */
_Static_assert(sizeof(struct vec) == sizeof(struct value), "a list's header fits in a map's entry");
static inline struct value pg_value_of_list(struct vec list)
{
	struct value value;

	memcpy(&value, &list, sizeof(value));
	return value;
}
static inline struct vec pg_list_of_value(struct value value)
{
	struct vec list;

	memcpy(&list, &value, sizeof(list));
	return list;
}

/* --- pg_executor.c --- */

/* The user's function and what it captured. */
struct pg_closure {
	pg_function run;
	void *environment;
	size_t environment_bytes;
};
/* What a derived executor or a flow runs on. */
struct pg_inputs {
	struct pg_dependency *dependencies; /* NULL: none */
	uint32_t count;
	struct pg_closure *closure; /* a block */
};
struct pg_executor {
	uint32_t references; /* user, dependents, cache entries, registry, edges, presets */
	struct pg_inputs inputs;
	struct pg_closure own; /* where there is no dependency */
	struct omap *tags;
};
struct pg_flow {
	struct pg_inputs inputs;
	struct omap *tags;
};

enum pg_mode pg_dependency_mode(const struct pg_dependency *dependency);
void pg_executor_hold(struct pg_executor *executor);
void pg_executor_drop(struct pg_executor *executor);
/* Runs a closure with a controller for each dependency. */
bool pg_run_closure(const struct pg_closure *closure, const struct pg_inputs *inputs,
    struct pg_call *call, const char *name, struct value *ret_value);
/* Executors, flows and executions are named by their tag flow.name; "?" where it is absent. */
const char *pg_name_of(const struct omap *tags);

/* --- pg_scope.c --- */

/* In the cache: of an executor; among the scope's tags: of none. */
struct pg_entry {
	struct pg_executor *executor;
	struct value value;
};
/* A circle; the map holds the last one. */
struct pg_edge {
	struct pg_executor *dependent;
	struct pg_edge *next;
};
struct pg_cleanup_entry {
	pg_cleanup run;
	void *argument;
	uint32_t order;
};
struct pg_extension_list {
	uint32_t references, count;
	struct pg_extension *items[];
};
struct pg_scope {
	struct omap cache, tags; /* of entries */
	struct omap *downstream; /* executor -> edges to its reactive dependents */
	struct omap *presets;
	struct omap *cleanup_registry; /* executor -> list of cleanups */
	struct vec extensions;	       /* by order */
	struct pg_extension_list *shared_extensions;
	struct pg_tree *tree;
	uint64_t last_execution;
};

struct pg_entry *pg_cache_find(const struct pg_scope *scope, const struct pg_executor *executor);
/* Takes VALUE. */
void pg_cache_store(struct pg_scope *scope, struct pg_executor *executor, struct value value);
void pg_cache_delete(struct pg_scope *scope, const struct pg_executor *executor);
/* For who walks the extensions while they may run; NULL where there is none. */
struct pg_extension_list *pg_extensions_take(struct pg_scope *scope);
void pg_extensions_give_back(struct pg_extension_list *list);
struct pg_extension *pg_extension_at(const struct pg_scope *scope, uint32_t place);
/* Runs NEXT inside all extensions. */
struct pg_next {
	bool (*run)(const struct pg_operation *operation, struct value input,
	    struct value *ret_value, struct pg_error *ret_error);
	const struct pg_operation *operation;
	struct value input;
	struct pg_extension *extension; /* whose wrap, in place of run; NULL: the innermost */
	struct pg_next *inner;
};
bool pg_wrapped(struct pg_scope *scope, enum pg_operation_kind kind, struct pg_executor *executor,
    struct pg_next innermost, struct value *ret_value, struct pg_error *ret_error);

/* --- pg_resolve.c --- */

struct pg_resolve_context {
	struct pg_scope *scope;
	struct vec cleanups;
	struct pg_executor *executor; /* NULL: a flow's */
	struct pg_resolve_context *next_pooled;
};
/* Past the cache: one run of the factory, its cleanups registered. */
bool pg_resolve_any(struct pg_scope *scope, struct pg_executor *executor, struct value *ret_value,
    struct pg_error *ret_error);
/* As in the original all but lazy dependencies are run before, and their values thrown away. */
bool pg_resolve_dependency_before(
    struct pg_scope *scope, const struct pg_dependency *dependency, struct pg_error *ret_error);

/* --- pg_update.c --- */

extern const struct pg_map_kind pg_downstream_kind;
/* From the executor's reactive dependencies. */
void pg_add_edges(struct pg_scope *scope, struct pg_executor *executor);
void pg_downstream_free(struct pg_scope *scope);

/* --- pg_cleanups.c --- */

extern const struct pg_map_kind pg_registry_kind;
extern const struct vec_kind pg_cleanups_kind;
/* What a run has registered, after it succeeded. */
void pg_register_cleanups_of(struct pg_resolve_context *context);
/* Runs and forgets those of EXECUTOR. */
void pg_run_registered(
    struct pg_scope *scope, const struct pg_executor *executor, const char *context);
/* For dispose: forgets none. */
void pg_run_all_cleanups(struct pg_scope *scope);
/* Runs none; the registry is empty, its header stays. */
void pg_forget_cleanups(struct pg_scope *scope);

/* --- pg_flow.c, pg_tree.c --- */

struct pg_execution {
	char *id;	 /* NULL: the node has taken it */
	uint64_t number; /* of the id; 0: in the pool */
	struct pg_execution *parent;
	struct pg_scope *scope;
	struct omap *data;
	const struct pg_cancellation *cancellation;
	struct pg_execution *next_pooled;
	bool in_pool;
};
struct pg_node {
	char *id, *parent_id; /* parent_id NULL: a root */
	struct omap *tags;
};
struct pg_tree {
	struct omap *nodes;	/* id -> node */
	struct omap *by_parent; /* id -> list of ids of children */
	struct vec roots;	/* of ids */
	uint32_t limit;
};
extern const struct pg_map_kind pg_data_kind;
/* A node of the execution, which gives up its id; beyond the limit the oldest root goes with all below it. */
void pg_tree_add(struct pg_tree *tree, struct pg_execution *execution);
struct pg_tree *pg_tree_open(void);
void pg_tree_free(struct pg_tree *tree);

/* --- pg_pool.c: contexts, from a pool or made --- */

struct pg_resolve_context *pg_take_resolve_context(
    struct pg_scope *scope, struct pg_executor *executor);
void pg_give_back_resolve_context(struct pg_resolve_context *context);
/* Without id and owner. */
struct pg_execution *pg_take_execution(void);
/* False: the pool is not used, and the caller keeps it. */
bool pg_give_back_execution(struct pg_execution *execution);

#endif
