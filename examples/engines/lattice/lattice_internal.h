/*
 * Inside Lattice: the layout of its blocks and what its files promise each other.
 *
 *	handle (closure) -> property store -> peek closure
 *	       \------> environment <-------------/
 *			    |
 *			   node <-- edge --> node	(an edge sits in two lists: the producer's subscribers
 *							 and the consumer's dependencies)
 *
 * Path of a write: lattice_nodes.c -> lattice_propagate.c -> lattice_scheduler.c -> lattice_tracking.c.
 * Path of a read: lattice_nodes.c -> lattice_tracking.c (link) -> lattice_pull.c (bring up to date).
 *
 * Freeing: nothing is freed while the instance is at work (busy_depth > 0), because a node further up the C stack
 * may be the one that lost its last edge; such nodes wait on the list of the doomed (lattice_ownership.c).
 */
#ifndef ENGINES_LATTICE_INTERNAL_H
#define ENGINES_LATTICE_INTERNAL_H

#include "engines/lattice/lattice.h"
#include "engines/reactive/rx_registry.h"

enum lattice_kind { LATTICE_SIGNAL, LATTICE_COMPUTED, LATTICE_EFFECT, LATTICE_SUBSCRIPTION };

enum lattice_status {
	LATTICE_CLEAN,
	LATTICE_PENDING,   /* a source may have changed */
	LATTICE_DIRTY,	   /* its value changed */
	LATTICE_SCHEDULED, /* in the queue */
	LATTICE_DISPOSED
};

struct lattice_node;

struct lattice_edge {
	struct lattice_node *producer, *consumer;
	struct lattice_edge *previous_consumer,
	    *next_consumer; /* among the producer's subscribers */
	struct lattice_edge *previous_dependency,
	    *next_dependency; /* among the consumer's dependencies */
};

/* One waiting sibling of a write's traversal. */
struct lattice_frame {
	struct lattice_edge *edge;
	struct lattice_frame *below;
};

typedef int (*lattice_code)(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_value);

struct lattice_closure {
	lattice_code code;
	void *environment; /* begins with struct lattice_environment */
	struct lattice_property_store *properties;
};

/* As many slots as a JavaScript engine gives to the first property outside an object. */
struct lattice_property_store {
	struct lattice_closure *peek;
	void *unused[2];
};

struct lattice_environment {
	struct lattice_node *node;
	struct lattice_api *factory;
};

struct lattice_effect_environment {
	struct lattice_environment base;
	struct rx_reaction reaction;
	struct rx_cleanup cleanup;
};

struct lattice_subscription_environment {
	struct lattice_environment base;
	struct lattice_closure *source;
	struct rx_callback callback;
};

/* The head of every node. What the garbage collector of the original's host would know stands here. */
struct lattice_node {
	uint8_t kind;	    /* enum lattice_kind */
	uint8_t status;	    /* enum lattice_status */
	bool rooted;	    /* RX_OWN_TRACE: the user still holds the handle */
	bool released;	    /* RX_OWN_CALLER: the user gave it back */
	bool doomed;	    /* on the list of the doomed */
	bool marked;	    /* by the collector: the node is reachable */
	bool handle_marked; /* by the collector: its handle is, too */
	struct lattice_api *api;
	struct lattice_closure *handle; /* weak; NULL when the handle's blocks are gone */
	rx_link previous_owned, next_owned;
	struct lattice_node *next_listed; /* of the collector's work, or of the doomed */
};

/* A signal is a producer and nothing else. */
struct lattice_producer {
	struct lattice_node node;
	struct rx_value value;
	struct lattice_edge *subscribers, *subscribers_tail;
};

struct lattice_tracking {
	struct lattice_edge *dependencies;
	struct lattice_edge *dependency_tail; /* while it runs: the last dependency read again */
	struct lattice_node *deferred_parent; /* the way back of a pull */
};

struct lattice_computed {
	struct lattice_producer producer;
	struct lattice_tracking tracking;
	struct rx_computation computation;
};

/* Effects and subscriptions. */
struct lattice_effect {
	struct lattice_node node;
	struct lattice_tracking tracking;
	struct lattice_node *next_scheduled;
	struct lattice_closure *flush;
};

/* Every block of an instance hangs on the instance's chain. */
struct lattice_api_block {
	struct lattice_api_block *next;
	uint32_t block; /* enum lattice_block */
	uint32_t size_bytes;
};

struct lattice_context {
	struct lattice_api_block block;
	struct lattice_node *current_consumer;
	struct lattice_node *queue_head, *queue_tail; /* never used, as in the original */
};

struct lattice_scheduler {
	struct lattice_api_block block;
	uint64_t batch_depth;
	struct lattice_node *queue_head, *queue_tail;
};

struct lattice_api {
	struct lattice_api_block block;
	struct lattice_api_block *blocks;
	struct lattice_context *context;
	struct lattice_scheduler *scheduler;
	struct lattice_options options;
	uint32_t busy_depth;
	bool disposed;
	rx_link first_owned;
	struct lattice_node *doomed;
};

static inline struct lattice_producer *lattice_producer_of(struct lattice_node *node)
{
	return (struct lattice_producer *)node;
}

static inline struct lattice_computed *lattice_computed_of(struct lattice_node *node)
{
	return (struct lattice_computed *)node;
}

static inline struct lattice_effect *lattice_effect_of(struct lattice_node *node)
{
	return (struct lattice_effect *)node;
}

static inline bool lattice_is_effect(const struct lattice_node *node)
{
	return node->kind >= LATTICE_EFFECT;
}

/* Only consumers have one: never for a signal. */
static inline struct lattice_tracking *lattice_tracking_of(struct lattice_node *node)
{
	return lattice_is_effect(node) ? &lattice_effect_of(node)->tracking
				       : &lattice_computed_of(node)->tracking;
}

static inline struct lattice_environment *lattice_environment_of(struct lattice_closure *closure)
{
	return closure->environment;
}

/* lattice_blocks.c: one constructor per kind of block; zeroed, never NULL. */
struct lattice_producer *lattice_new_signal_node(void);
struct lattice_computed *lattice_new_computed_node(void);
struct lattice_effect *lattice_new_effect_node(void);
struct lattice_effect *lattice_new_subscription_node(void);
struct lattice_closure *lattice_new_signal_closure(void);
struct lattice_closure *lattice_new_signal_peek_closure(void);
struct lattice_environment *lattice_new_signal_environment(void);
struct lattice_closure *lattice_new_computed_closure(void);
struct lattice_closure *lattice_new_computed_peek_closure(void);
struct lattice_environment *lattice_new_computed_environment(void);
struct lattice_property_store *lattice_new_property_store(void);
struct lattice_closure *lattice_new_effect_flush_closure(void);
struct lattice_closure *lattice_new_effect_disposer_closure(void);
struct lattice_effect_environment *lattice_new_effect_environment(void);
struct lattice_closure *lattice_new_subscription_flush_closure(void);
struct lattice_closure *lattice_new_unsubscribe_closure(void);
struct lattice_subscription_environment *lattice_new_subscription_environment(void);
struct lattice_closure *lattice_new_dispose_callback(void);
struct lattice_edge *lattice_new_edge(void);
struct lattice_frame *lattice_new_frame(void);
struct lattice_api_block *lattice_new_api_record(size_t size_bytes);
struct lattice_api_block *lattice_new_api_closure(void);
struct lattice_api_block *lattice_new_api_environment(size_t size_bytes);
struct lattice_api_block *lattice_new_api_set(void);
/* Frees a block of that kind; takes NULL. Blocks of an instance carry their own size. */
void lattice_block_free(enum lattice_block kind, void *block);
void lattice_api_block_free(struct lattice_api_block *block);

/* lattice_tracking.c */
void lattice_track_dependency(struct lattice_node *producer, struct lattice_node *consumer);
/* Remove FIRST and all edges after it from the list of their consumer. */
void lattice_detach_all(struct lattice_edge *first);
/* Around a run of CONSUMER's function. Begin returns the consumer that was current. */
struct lattice_node *lattice_track_begin(struct lattice_node *consumer);
void lattice_track_end(struct lattice_node *consumer, struct lattice_node *previous);

/* lattice_propagate.c: mark all that EDGE and its siblings lead to; queue the effects among them. */
void lattice_propagate(struct lattice_api *api, struct lattice_edge *edge);

/* lattice_pull.c: bring ROOT, a pending computed, up to date. */
int lattice_pull_updates(struct lattice_node *root, struct rx_value *ret_error);

/* lattice_scheduler.c */
void lattice_enqueue_if_scheduled(struct lattice_api *api, struct lattice_node *node);
int lattice_flush(struct lattice_api *api, struct rx_value *ret_error);

/* lattice_ownership.c */
void lattice_enter(struct lattice_api *api);
void lattice_leave(struct lattice_api *api);
void lattice_own(
    struct lattice_api *api, struct lattice_node *node, struct lattice_closure *handle);
/* NODE lost an edge, its handle or its life: free it, now or when the instance is idle, if nothing holds it. */
void lattice_consider_free(struct lattice_node *node);
void lattice_free_all_nodes(struct lattice_api *api);

#endif
