/*
 * Pump: executors that are resolved in a scope, a reactive graph between them, and flows that are executed over them.
 *
 *     base = pg_provide((struct pg_factory){.run = number});
 *     doubled = pg_derive(&(struct pg_dependency){pg_reactive(base)}, 1, (struct pg_factory){.run = doubling});
 *     scope = pg_scope_open(NULL, &error);
 *     pg_resolve(scope, doubled, &value, &error);		runs the factories, fills the scope's cache
 *     pg_update(scope, base, value_integer(5), &error);	doubled is forgotten, and recomputed when next asked for
 *     pg_dispose(scope, &error);				runs the cleanups, and frees nothing
 *     pg_scope_free(scope);
 *
 * A factory gets a struct pg_call and returns a value. A value that a function returns, or writes to a ret_value, is the
 * caller's to release; one that a function "takes" is its to release. Only computed strings (pg_string) have a block.
 *
 * README.md says what the original is and which of its faults are switches here (struct pg_options). Order of reading:
 * pg_executor.c, pg_scope.c, pg_resolve.c, pg_update.c, pg_flow.c, pg_tree.c, pg_pool.c; pg_lock.c for the threads.
 *
 * All functions may be called from any thread; factories run without the engine's lock.
 */
#ifndef PUMP_PUMP_H
#define PUMP_PUMP_H

#include "engines/ledger/value.h"
#include "engines/pump/pg_blocks.h"

enum { PG_DEPENDENCIES_MAX = 9, PG_MESSAGE_BYTES = 192, PG_TREE_LIMIT = 1000, PG_ID_BYTES = 32 };

/* 0 is the original. Set between scopes, never while one is open. */
struct pg_options {
	uint32_t pooled;       /* contexts come from free lists */
	uint32_t lazy_headers; /* a map's header is made at its first insert */
	uint32_t
	    share_extensions; /* one list per scope, counted, in place of a copy for each that walks it */
	uint32_t tree_limit; /* nodes of an execution tree; 0: no limit */
	/* mended faults */
	uint32_t unique_edges;		/* a dependent is listed once per dependency */
	uint32_t run_replaced_cleanups; /* cleanups that others replace run first */
	uint32_t pre_resolve_cached;	/* dependencies are resolved before through the cache */
	uint32_t release_runs_cleanups; /* a controller's release runs the executor's cleanups */
	uint32_t dispose_clears;	/* dispose empties the cache and forgets the cleanups */
	uint32_t give_back_early;	/* executions that end early go back to the pool */
};

extern struct pg_options pg_options;
struct pg_options pg_options_upstream(void); /* the initial ones */
/* Every fault mended; the rest as in OPTIONS. */
struct pg_options pg_options_mended(struct pg_options options);

struct pg_error {
	char message[PG_MESSAGE_BYTES];
	const char *constant; /* the same text where it costs nothing to keep it; or NULL */
	bool panicked;	      /* outside of a flow: the original's process would have ended */
};
/* Returns false. CONSTANT outlives all. RET_ERROR may be NULL. */
bool pg_fail_constant(struct pg_error *ret_error, const char *constant);

/* A key for values on executors, flows, scopes and executions. Compared by address. */
struct pg_tag {
	const char *key;
};
extern const struct pg_tag pg_tag_flow_name, pg_tag_start_time, pg_tag_end_time, pg_tag_status,
    pg_tag_error, pg_tag_output, pg_tag_panic_stack;

struct pg_scope;
struct pg_executor;
struct pg_flow;
struct pg_execution; /* of a flow, the ExecutionCtx of the original */
struct pg_node;	     /* what the execution tree keeps of one */
struct pg_resolve_context;

/* Of an executor in a scope: by value for those outside, a block for each dependency of a factory that runs. */
struct pg_controller {
	struct pg_executor *executor;
	struct pg_scope *scope;
};

/* --- factories --- */

/* One run of a factory. */
struct pg_call {
	struct pg_scope *scope;
	struct pg_resolve_context *context;
	struct pg_execution *execution; /* a flow's; NULL: an executor's */
	struct pg_controller *controllers[PG_DEPENDENCIES_MAX];
	uint32_t controller_count;
	const void *captured;
	bool
	    failed; /* set by pg_call_fail, and by pg_call_get that fails: the run's value is ignored */
	struct pg_error error;
};
typedef struct value (*pg_function)(struct pg_call *call);
typedef bool (*pg_cleanup)(void *argument, struct pg_error *ret_error);

struct pg_factory {
	pg_function run;
	const void *captured; /* copied to a block of its own, freed with the executor or flow */
	size_t captured_bytes;
};

/* The value of dependency NUMBER, from 0. Undefined, and the run has failed: there is none. */
struct value pg_call_get(struct pg_call *call, uint32_t number);
struct value pg_call_fail(struct pg_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* To run when the value is replaced or the scope disposed; the last registered first. */
void pg_call_on_cleanup(struct pg_call *call, pg_cleanup run, void *argument);
/* A scope's tag. False: absent. */
bool pg_call_tag(const struct pg_call *call, const struct pg_tag *tag, struct value *ret_value);
/* Leaves the factory at once. In a flow it is an error; a factory in between must hold nothing. */
_Noreturn void pg_panic(const char *message);

/* A computed string. */
struct value pg_string(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct value pg_value_retain(struct value value);
void pg_value_release(struct value value);

/* --- executors --- */

enum pg_mode {
	PG_STATIC,
	PG_REACTIVE, /* who depends is forgotten when the executor is updated */
	PG_LAZY	     /* resolved when the factory asks, and not before */
};
struct pg_wrapper {
	struct pg_executor *executor;
	enum pg_mode mode;
};
/* Borrows the executor until it is given to an executor or a flow. */
struct pg_dependency {
	struct pg_executor *executor;
	struct pg_wrapper *wrapper; /* NULL: static */
};

static inline struct pg_dependency pg_static(struct pg_executor *executor)
{
	return (struct pg_dependency){.executor = executor};
}
/* Both make a wrapper, which the executor or flow takes over. */
struct pg_dependency pg_reactive(struct pg_executor *executor);
struct pg_dependency pg_lazy(struct pg_executor *executor);

struct pg_executor *pg_provide(struct pg_factory factory);
struct pg_executor *pg_derive(
    const struct pg_dependency *dependencies, uint32_t count, struct pg_factory factory);
/* Gives up the user's hold; those of scopes and dependents remain. Takes NULL. */
void pg_executor_free(struct pg_executor *executor);
/* Takes VALUE. */
void pg_executor_set_tag(
    struct pg_executor *executor, const struct pg_tag *tag, struct value value);
bool pg_executor_tag(
    const struct pg_executor *executor, const struct pg_tag *tag, struct value *ret_value);
/* The value, or the failure "tag KEY not found". */
bool pg_executor_must_tag(const struct pg_executor *executor, const struct pg_tag *tag,
    struct value *ret_value, struct pg_error *ret_error);

/* --- scopes --- */

enum pg_operation_kind { PG_RESOLVE, PG_UPDATE };
struct pg_operation {
	enum pg_operation_kind kind;
	struct pg_executor *executor;
	struct pg_scope *scope;
};
struct pg_next;
/* What the extension wraps. */
bool pg_next_run(struct pg_next *next, struct value *ret_value, struct pg_error *ret_error);

/* The user's. Functions that are NULL are not called; none may panic. */
struct pg_extension {
	const char *name;
	int order; /* the smallest is outermost; of equal ones the first */
	void *user;
	bool (*init)(struct pg_extension *self, struct pg_scope *scope, struct pg_error *ret_error);
	bool (*wrap)(struct pg_extension *self, struct pg_next *next,
	    const struct pg_operation *operation, struct value *ret_value,
	    struct pg_error *ret_error);
	void (*on_error)(struct pg_extension *self, const struct pg_error *error,
	    const struct pg_operation *operation);
	/* CONTEXT: "reactive", "dispose", "release" or "replaced". True: handled, the others are not asked. */
	bool (*on_cleanup_error)(struct pg_extension *self, struct pg_executor *executor,
	    const struct pg_error *error, const char *context);
	bool (*on_flow_start)(struct pg_extension *self, struct pg_execution *execution,
	    struct pg_flow *flow, struct pg_error *ret_error);
	/* ERROR is NULL where the flow succeeded. False makes it fail. */
	bool (*on_flow_end)(struct pg_extension *self, struct pg_execution *execution,
	    const struct pg_error *error, struct pg_error *ret_error);
	void (*on_flow_panic)(
	    struct pg_extension *self, struct pg_execution *execution, const char *message);
	bool (*dispose)(
	    struct pg_extension *self, struct pg_scope *scope, struct pg_error *ret_error);
};

/* In place of what EXECUTOR's factory makes: what REPLACEMENT's makes or, where that is NULL, VALUE. */
struct pg_preset {
	struct pg_executor *executor, *replacement;
	struct value value; /* retained */
};

struct pg_scope_config {
	struct pg_extension *const *extensions; /* outlive the scope */
	uint32_t extension_count;
	const struct pg_preset *presets;
	uint32_t preset_count;
};

/* CONFIG may be NULL. NULL: an extension's init failed. */
struct pg_scope *pg_scope_open(const struct pg_scope_config *config, struct pg_error *ret_error);
/* Runs no cleanup. Takes NULL. */
void pg_scope_free(struct pg_scope *scope);
/* Runs all cleanups, then the extensions' dispose. As in the original, the scope can still be used. */
bool pg_dispose(struct pg_scope *scope, struct pg_error *ret_error);
/* Drops all cached values and the cache's table. */
void pg_scope_reset_cache(struct pg_scope *scope);
/* Takes VALUE. */
void pg_scope_set_tag(struct pg_scope *scope, const struct pg_tag *tag, struct value value);
bool pg_scope_tag(const struct pg_scope *scope, const struct pg_tag *tag, struct value *ret_value);

bool pg_resolve(struct pg_scope *scope, struct pg_executor *executor, struct value *ret_value,
    struct pg_error *ret_error);
/* Takes VALUE. */
bool pg_update(struct pg_scope *scope, struct pg_executor *executor, struct value value,
    struct pg_error *ret_error);

static inline struct pg_controller pg_controller(
    struct pg_scope *scope, struct pg_executor *executor)
{
	return (struct pg_controller){.executor = executor, .scope = scope};
}
/* Resolves. */
bool pg_controller_get(
    struct pg_controller controller, struct value *ret_value, struct pg_error *ret_error);
/* Looks into the cache only; undefined where it returns false. */
bool pg_controller_peek(struct pg_controller controller, struct value *ret_value);
/* Takes VALUE. */
bool pg_controller_update(
    struct pg_controller controller, struct value value, struct pg_error *ret_error);
/* Drops the cached value, and nothing else. */
void pg_controller_release(struct pg_controller controller);
bool pg_controller_reload(
    struct pg_controller controller, struct value *ret_value, struct pg_error *ret_error);
bool pg_controller_is_cached(struct pg_controller controller);

/* --- flows --- */

/* The user's; one may stop many flows. */
struct pg_cancellation {
	_Atomic bool cancelled;
};

struct pg_flow *pg_flow_create(
    const struct pg_dependency *dependencies, uint32_t count, struct pg_factory factory);
void pg_flow_free(struct pg_flow *flow);
/* Takes VALUE. */
void pg_flow_set_tag(struct pg_flow *flow, const struct pg_tag *tag, struct value value);
bool pg_flow_tag(const struct pg_flow *flow, const struct pg_tag *tag, struct value *ret_value);

/*
 * Executes. CANCELLATION may be NULL. *ret_execution is set on failure too (NULL: a dependency failed) and is for
 * pg_execution_free, unless it is pooled: then the pool has it already, and its data are those of whoever runs next.
 * RET_EXECUTION may be NULL: then it is freed.
 */
bool pg_exec(struct pg_scope *scope, const struct pg_cancellation *cancellation,
    struct pg_flow *flow, struct value *ret_value, struct pg_execution **ret_execution,
    struct pg_error *ret_error);
/* A flow within a flow, in its factory. */
bool pg_exec_sub(struct pg_execution *parent, struct pg_flow *flow, struct value *ret_value,
    struct pg_execution **ret_execution, struct pg_error *ret_error);
/* Takes NULL, and what is in the pool: then it does nothing. */
void pg_execution_free(struct pg_execution *execution);

/* "exec-N"; empty: given back to the pool. */
const char *pg_execution_name(const struct pg_execution *execution, char text[PG_ID_BYTES]);
/* Takes VALUE. */
void pg_execution_set(struct pg_execution *execution, const struct pg_tag *tag, struct value value);
bool pg_execution_get(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value);
/* From the next of the callers that has it. */
bool pg_execution_get_from_parent(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value);
bool pg_execution_get_from_scope(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value);
/* Its own, else a caller's, else the scope's. */
bool pg_execution_lookup(
    const struct pg_execution *execution, const struct pg_tag *tag, struct value *ret_value);

/* --- the execution tree --- */

const struct pg_node *pg_tree_node(const struct pg_scope *scope, const char *id);
uint32_t pg_tree_node_count(const struct pg_scope *scope);
uint32_t pg_tree_root_count(const struct pg_scope *scope);
/* In order of insertion; NULL: no such place. */
const struct pg_node *pg_tree_node_at(const struct pg_scope *scope, uint32_t place);
const struct pg_node *pg_tree_root(const struct pg_scope *scope, uint32_t place);
uint32_t pg_tree_child_count(const struct pg_scope *scope, const char *id);
const struct pg_node *pg_tree_child(const struct pg_scope *scope, const char *id, uint32_t place);
/* ID's node and all below it, parents first. VISIT returns false: not below this one. */
void pg_tree_walk(const struct pg_scope *scope, const char *id,
    bool (*visit)(const struct pg_node *node, void *user), void *user);
const char *pg_node_id(const struct pg_node *node);
const char *pg_node_parent_id(const struct pg_node *node); /* NULL: a root */
bool pg_node_tag(const struct pg_node *node, const struct pg_tag *tag, struct value *ret_value);

/* --- the pools of contexts, one set for the process --- */

enum pg_pool_name {
	PG_POOL_RESOLVE_CONTEXTS,
	PG_POOL_EXECUTIONS,
	PG_POOL_EXTENSION_LISTS, /* as in the original, used by nobody */
	PG_POOL_CLEANUP_LISTS,	 /* and this */
	PG_POOL_COUNT
};
struct pg_pool_statistics {
	uint64_t size, created, hits, misses;
};
struct pg_pool_statistics pg_pool_statistics(enum pg_pool_name name);
/* Hits and misses to 0. */
void pg_pool_reset_statistics(void);
/* Frees what the pools hold. */
void pg_pools_release(void);

/* --- what the engine did, beside its blocks --- */

struct pg_counts {
	uint64_t resolves, hits, runs, operations, controllers, stores; /* runs: of executors */
	uint64_t executions, nodes, data_sets, node_tags;
	uint64_t edges_visited;
};
extern struct pg_counts pg_counts;

#endif
