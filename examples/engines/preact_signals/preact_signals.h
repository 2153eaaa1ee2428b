/*
 * Preact signals: a C port of the signals core, version 1.11.0 (see README.md).
 *
 * One global state, as in the original: the running consumer, the batch, a list of notified effects and version
 * counters. A read inside a computed or effect links an edge; only a consumer that is itself observed subscribes at
 * its sources, so that an unobserved computed is held by nobody. Edges are kept and used again over runs.
 *
 * Functions that run the user's code return 0, or an error code with the error in *ret_value or *ret_error.
 * Not thread-safe.
 */
#ifndef ENGINES_PREACT_SIGNALS_H
#define ENGINES_PREACT_SIGNALS_H

#include "engines/reactive/rx_blocks.h"
#include "engines/reactive/rx_value.h"

struct preact_signal; /* a signal, or a computed, which is one */
struct preact_disposer;

struct preact_options {
	enum rx_ownership ownership;
	/* The block that each run of an effect makes for its "finish" function: the original makes it, optimising
	 * hosts remove it. */
	bool without_finish;
};

/* What the engine itself raises; the message is the original's. */
enum preact_error { PREACT_ERROR_CYCLE = -1, PREACT_ERROR_OUT_OF_ORDER = -2 };

/* Begin anew with these options. Frees every node, except under RX_OWN_CALLER. */
void preact_reset(const struct preact_options *options);

struct preact_signal *preact_signal(struct rx_value initial);
struct preact_signal *preact_computed(struct rx_computation computation);
/* Runs once. On an error the effect is disposed and there is no handle. */
int preact_effect(
    struct rx_reaction reaction, struct preact_disposer **ret_disposer, struct rx_value *ret_error);
int preact_subscribe(struct preact_signal *source, struct rx_callback callback,
    struct preact_disposer **ret_disposer, struct rx_value *ret_error);

int preact_read(struct preact_signal *signal, struct rx_value *ret_value);
int preact_peek(struct preact_signal *signal, struct rx_value *ret_value);
int preact_write(struct preact_signal *signal, struct rx_value value, struct rx_value *ret_error);
int preact_dispose(struct preact_disposer *disposer, struct rx_value *ret_error);
int preact_batch(rx_compute_function run, void *environment, struct rx_value *ret_value);
int preact_untracked(rx_compute_function run, void *environment, struct rx_value *ret_value);

/* The last reference goes out of scope, silently: a root less under RX_OWN_TRACE, else nothing. */
void preact_drop(struct preact_signal *signal);
void preact_drop_disposer(struct preact_disposer *disposer);
/* The handle is given back. */
void preact_release(struct preact_signal *signal);
void preact_release_disposer(struct preact_disposer *disposer);
/* RX_OWN_TRACE: free what no handle reaches; ignored elsewhere and while the engine is at work. */
void preact_collect(void);
/* For an environment's trace(): the function captured SIGNAL. */
static inline void preact_trace(struct rx_tracer *tracer, struct preact_signal *signal)
{
	tracer->visit(tracer, signal);
}

enum preact_block {
	PREACT_BLOCK_SIGNAL,
	PREACT_BLOCK_COMPUTED,
	PREACT_BLOCK_EFFECT,
	PREACT_BLOCK_DISPOSER,
	PREACT_BLOCK_EDGE,
	PREACT_BLOCK_FINISH,
	PREACT_BLOCK_WATCH_CLOSURE,
	PREACT_BLOCK_SUBSCRIPTION_ENVIRONMENT,
	PREACT_BLOCK_COUNT
};

extern struct rx_block_count preact_block_counts[PREACT_BLOCK_COUNT];
/* Set the books to 0; only when nothing is alive. */
void preact_block_counts_reset(void);

/* Edges that stand in their consumer's list, and in their producer's. */
uint64_t preact_edges_held(void);
uint64_t preact_edges_linked(void);

#endif
