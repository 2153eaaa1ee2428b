/*
 * Inside the Preact port: layouts, flags, the global state, and what its files promise each other.
 *
 * Path of a write: preact_signals.c -> notify (preact_edges.c) -> the end of the batch (preact_effects.c).
 * Path of a read: preact_signals.c -> preact_edges.c (link) -> preact_computed.c (refresh).
 *
 * Freeing: an edge or node that dies while the engine is at work waits until it is idle, because a walk further up
 * the C stack may stand on it (preact_ownership.c).
 */
#ifndef ENGINES_PREACT_INTERNAL_H
#define ENGINES_PREACT_INTERNAL_H

#include "engines/preact_signals/preact_signals.h"
#include "engines/reactive/rx_registry.h"

enum preact_kind { PREACT_SIGNAL, PREACT_COMPUTED, PREACT_EFFECT };

enum preact_flag {
	PREACT_RUNNING = 1 << 0,
	PREACT_NOTIFIED = 1 << 1,
	PREACT_OUTDATED = 1 << 2,
	PREACT_DISPOSED = 1 << 3,
	PREACT_HAS_ERROR = 1 << 4,
	PREACT_TRACKING = 1 << 5
};

enum { PREACT_RECYCLABLE = -1 };

/* The head of every node. What the garbage collector of the original's host would know stands here. */
struct preact_node {
	uint8_t kind; /* enum preact_kind */
	bool rooted;
	bool released;
	bool doomed;
	bool marked;
	rx_link previous_owned, next_owned;
	struct preact_node *next_listed; /* of the collector's work, or of the doomed */
};

struct preact_edge {
	struct preact_signal *source;
	struct preact_edge *previous_source, *next_source;
	struct preact_node *target;
	struct preact_edge *previous_target, *next_target;
	int64_t version; /* of the source, as last seen; or PREACT_RECYCLABLE */
	struct preact_edge
	    *rollback; /* the source's edge of the outer evaluation; of a dead edge: the next */
};

struct preact_signal {
	struct preact_node node;
	struct rx_value value;
	int64_t version;
	struct preact_edge *edge;    /* of the evaluation that runs now */
	struct preact_edge *targets; /* the subscribers, the newest first */
	uint64_t edge_count;	     /* edges that lead here, subscribed or not */
};

/* What computeds and effects share. */
struct preact_consumer {
	struct preact_edge *sources; /* the first; while it runs: the last */
	uint32_t flags;
};

struct preact_computed {
	struct preact_signal signal;
	struct preact_consumer consumer;
	struct rx_computation computation;
	uint64_t global_version;
};

struct preact_effect {
	struct preact_node node;
	struct preact_consumer consumer;
	struct rx_reaction reaction; /* run is NULL once disposed */
	struct rx_cleanup cleanup;
	struct preact_effect *next_batched;
	struct preact_disposer *disposer; /* weak */
};

struct preact_disposer {
	int (*code)(struct preact_effect *effect, struct rx_value *ret_error);
	struct preact_effect *effect;
	void *alias; /* the second name of the same function */
};

/* The bound function that ends a run of an effect. */
struct preact_finish {
	int (*code)(
	    struct preact_effect *effect, struct preact_node *previous, struct rx_value *ret_error);
	struct preact_effect *effect;
	struct preact_node *previous;
};

struct preact_watch_closure {
	struct preact_signal *signal;
	void *environment;
};

struct preact_subscription_environment {
	struct preact_signal *source;
	struct rx_callback callback;
};

struct preact_state {
	struct preact_options options;
	struct preact_node *context; /* the running computed or effect */
	struct preact_effect *batched;
	uint32_t batch_depth;
	uint32_t batch_iteration;
	uint64_t global_version;
	/* Ours: */
	uint32_t busy_depth;
	rx_link first_owned;
	struct preact_node *doomed;
	struct preact_edge *dead_edges;
	uint64_t dead_edge_count;
	uint64_t linked_edge_count;
};

extern struct preact_state preact_state;

static inline struct preact_computed *preact_computed_of(struct preact_node *node)
{
	return (struct preact_computed *)node;
}

static inline struct preact_effect *preact_effect_of(struct preact_node *node)
{
	return (struct preact_effect *)node;
}

/* Never for a plain signal. */
static inline struct preact_consumer *preact_consumer_of(struct preact_node *node)
{
	return node->kind == PREACT_EFFECT ? &preact_effect_of(node)->consumer
					   : &preact_computed_of(node)->consumer;
}

/* preact_blocks.c: one constructor per kind of block; zeroed, never NULL. */
struct preact_signal *preact_new_signal(void);
struct preact_computed *preact_new_computed(void);
struct preact_effect *preact_new_effect(void);
struct preact_disposer *preact_new_disposer(void);
struct preact_edge *preact_new_edge(void);
struct preact_finish *preact_new_finish(void);
struct preact_watch_closure *preact_new_watch_closure(void);
struct preact_subscription_environment *preact_new_subscription_environment(void);
void preact_block_free(enum preact_block kind, void *block);

/* preact_edges.c */
/* Note that the running consumer reads SIGNAL. The edge to stamp with the version read, or NULL. */
struct preact_edge *preact_add_dependency(struct preact_signal *signal);
void preact_unsubscribe(struct preact_signal *signal, struct preact_edge *edge);
void preact_notify_targets(struct preact_signal *signal);
/* Around a run of TARGET's function: all edges are recyclable at first; those still so at the end die. */
void preact_prepare_sources(struct preact_node *target);
void preact_cleanup_sources(struct preact_node *target);
/* Unsubscribe TARGET everywhere and let all its edges die. */
void preact_drop_sources(struct preact_node *target);

/* preact_computed.c */
/* Bring it up to date; false: it is running, a cycle. */
bool preact_refresh(struct preact_signal *signal);
bool preact_needs_to_recompute(struct preact_node *target);
int preact_cycle(struct rx_value *ret_error);

/* preact_effects.c */
void preact_effect_notify(struct preact_effect *effect);
void preact_start_batch(void);
int preact_end_batch(struct rx_value *ret_error);

/* preact_ownership.c */
void preact_enter(void);
void preact_leave(void);
void preact_own(struct preact_node *node);
void preact_edge_died(struct preact_edge *edge);
/* NODE lost an edge, its handle or its life: look at it when the engine is idle. */
void preact_consider_free(struct preact_node *node);

#endif
