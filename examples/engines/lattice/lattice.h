/*
 * Lattice: a C port of a fine-grained reactive engine with one state per API instance (see README.md).
 *
 * A signal holds a value; a computed derives one, lazily; an effect runs again when what it read may have changed.
 * A tracked read links producer and consumer by an edge. A write marks downwards (lattice_propagate.c), a read pulls
 * upwards (lattice_pull.c), the scheduler runs the marked effects (lattice_scheduler.c).
 *
 * Functions that run the user's code return 0, or the user's error code with the error in *ret_value or *ret_error.
 * Not thread-safe: an instance belongs to one thread, and the counters of all instances are shared.
 */
#ifndef ENGINES_LATTICE_H
#define ENGINES_LATTICE_H

#include "engines/reactive/rx_blocks.h"
#include "engines/reactive/rx_value.h"

struct lattice_api;
struct lattice_closure; /* a handle: the function that a user of the original holds */

/* Which primitives an instance offers; each adds its factory's blocks. */
enum lattice_primitive {
	LATTICE_WITH_SIGNAL = 1,
	LATTICE_WITH_COMPUTED = 2,
	LATTICE_WITH_EFFECT = 4,
	LATTICE_WITH_BATCH = 8,
	LATTICE_WITH_SUBSCRIBE = 16,
	LATTICE_WITH_ALL = 31
};

/* Defects of the original revision that can be mended; unmended is the default, as the original was. */
enum lattice_defect {
	/* A write's traversal that meets a marked last sibling ends and forgets the siblings on its stack. */
	LATTICE_DEFECT_L1 = 1
};

struct lattice_options {
	enum rx_ownership ownership;
	unsigned primitives; /* of enum lattice_primitive */
	unsigned mended;     /* of enum lattice_defect */
};

struct lattice_api *lattice_api_new(const struct lattice_options *options);
/* The original's dispose, which frees and blocks nothing. */
void lattice_api_dispose(struct lattice_api *api);
/* Frees the instance and, except under RX_OWN_CALLER, every node made through it. Takes NULL. */
void lattice_api_free(struct lattice_api *api);

struct lattice_closure *lattice_signal(struct lattice_api *api, struct rx_value initial);
struct lattice_closure *lattice_computed(
    struct lattice_api *api, struct rx_computation computation);
/* Runs once. On an error there is no handle, yet the effect stays linked to what it read (defect L11). */
int lattice_effect(struct lattice_api *api, struct rx_reaction reaction,
    struct lattice_closure **ret_disposer, struct rx_value *ret_error);
/* Calls back with SOURCE's value at once and whenever it may have changed. */
int lattice_subscribe(struct lattice_api *api, struct lattice_closure *source,
    struct rx_callback callback, struct lattice_closure **ret_unsubscribe,
    struct rx_value *ret_error);

int lattice_read(struct lattice_closure *function, struct rx_value *ret_value);
int lattice_peek(struct lattice_closure *function, struct rx_value *ret_value);
int lattice_write(
    struct lattice_closure *function, struct rx_value value, struct rx_value *ret_error);
/* The disposer of an effect or a subscription; once is enough. */
int lattice_dispose(struct lattice_closure *disposer, struct rx_value *ret_error);
/* Effects that RUN triggers wait until the outermost batch ends. */
int lattice_batch(struct lattice_api *api, rx_compute_function run, void *environment,
    struct rx_value *ret_value);

/* The last reference goes out of scope, silently: a root less under RX_OWN_TRACE, else nothing. */
void lattice_drop(struct lattice_closure *handle);
/* The handle is given back. */
void lattice_release(struct lattice_closure *handle);
/* RX_OWN_TRACE: free what neither a handle nor an edge reaches; ignored elsewhere and while the instance is at work. */
void lattice_collect(struct lattice_api *api);
/* For an environment's trace(): the function captured HANDLE. */
static inline void lattice_trace(struct rx_tracer *tracer, struct lattice_closure *handle)
{
	tracer->visit(tracer, handle);
}

/* The kinds of blocks; the order of lattice_block_counts. */
enum lattice_block {
	LATTICE_BLOCK_SIGNAL_NODE,
	LATTICE_BLOCK_COMPUTED_NODE,
	LATTICE_BLOCK_EFFECT_NODE,
	LATTICE_BLOCK_SUBSCRIPTION_NODE,
	LATTICE_BLOCK_SIGNAL_CLOSURE,
	LATTICE_BLOCK_SIGNAL_PEEK_CLOSURE,
	LATTICE_BLOCK_SIGNAL_ENVIRONMENT,
	LATTICE_BLOCK_COMPUTED_CLOSURE,
	LATTICE_BLOCK_COMPUTED_PEEK_CLOSURE,
	LATTICE_BLOCK_COMPUTED_ENVIRONMENT,
	LATTICE_BLOCK_PROPERTY_STORE,
	LATTICE_BLOCK_EFFECT_FLUSH_CLOSURE,
	LATTICE_BLOCK_EFFECT_DISPOSER_CLOSURE,
	LATTICE_BLOCK_EFFECT_ENVIRONMENT,
	LATTICE_BLOCK_SUBSCRIPTION_FLUSH_CLOSURE,
	LATTICE_BLOCK_UNSUBSCRIBE_CLOSURE,
	LATTICE_BLOCK_SUBSCRIPTION_ENVIRONMENT,
	LATTICE_BLOCK_DISPOSE_CALLBACK,
	LATTICE_BLOCK_EDGE,
	LATTICE_BLOCK_FRAME,
	LATTICE_BLOCK_API_RECORD,
	LATTICE_BLOCK_API_CLOSURE,
	LATTICE_BLOCK_API_ENVIRONMENT,
	LATTICE_BLOCK_API_SET,
	LATTICE_BLOCK_COUNT
};

/* The books of all instances, one row per enum lattice_block. */
extern struct rx_block_count lattice_block_counts[LATTICE_BLOCK_COUNT];
/* Set the books to 0; only when nothing is alive. */
void lattice_block_counts_reset(void);

#endif
