/*
 * Alien signals: a C port of version 2.0.5 (see README.md).
 *
 * One global state, as in the original: the running consumer, the active scope, the batch, a queue of effects. A read
 * links producer and consumer; a write marks downwards without running anything (alien_propagate.c); a read or the
 * queue asks upwards whether a mark means a change (alien_check.c). A node that loses its last subscriber lets go of
 * its own sources, and an effect is a source of the effect or scope in which it was made: that is its ownership.
 *
 * Functions that run the user's code return 0, or an error code with the error in *ret_value or *ret_error.
 * Not thread-safe.
 */
#ifndef ENGINES_ALIEN_SIGNALS_H
#define ENGINES_ALIEN_SIGNALS_H

#include "engines/reactive/rx_blocks.h"
#include "engines/reactive/rx_value.h"

struct alien_function; /* a handle: the bound function that a user of the original holds */

/* Defects of the original version that can be mended; unmended is the default, as the original was. */
enum alien_defect {
	/* An error ends a flush; the effects behind it wait for the next one, before that one's own. */
	ALIEN_DEFECT_A1 = 1,
	/* An effect that disposes itself and then reads is linked to what it read for ever. */
	ALIEN_DEFECT_A2 = 2,
	/* An effect that fails in its first run stays linked, and nobody holds its disposer. */
	ALIEN_DEFECT_A3 = 4,
	ALIEN_DEFECT_ALL = 7
};

struct alien_options {
	enum rx_ownership ownership;
	unsigned mended; /* of enum alien_defect */
};

/* What the engine itself raises, where the original's host would raise a TypeError. */
enum alien_error {
	ALIEN_ERROR_NO_FUNCTION =
	    -1,			   /* an unobserved computed was queued for an effect made in it */
	ALIEN_ERROR_LOST_LINK = -2 /* a getter took away the link by which it was reached */
};

/* Starts the engine; once before anything else. */
void alien_begin(const struct alien_options *options);
/* Ends it. Frees every node, except under RX_OWN_CALLER. */
void alien_end(void);

struct alien_function *alien_signal(struct rx_value initial);
struct alien_function *alien_computed(struct rx_computation computation);
/* Runs once. On an error there is no handle, yet the effect stays linked to what it read (defect A3). */
int alien_effect(
    struct rx_reaction reaction, struct alien_function **ret_disposer, struct rx_value *ret_error);
/* Runs RUN once; disposing the scope disposes the effects that were made in it. ENVIRONMENT is borrowed. */
int alien_scope(rx_compute_function run, void *environment, struct alien_function **ret_disposer,
    struct rx_value *ret_error);

int alien_read(struct alien_function *function, struct rx_value *ret_value);
int alien_write(struct alien_function *function, struct rx_value value, struct rx_value *ret_error);
/* The disposer of an effect or a scope. */
void alien_dispose(struct alien_function *disposer);
/* Effects that are triggered meanwhile wait until the outermost batch ends. */
void alien_start_batch(void);
int alien_end_batch(struct rx_value *ret_error);
int alien_untracked(rx_compute_function run, void *environment, struct rx_value *ret_value);

/* The last reference goes out of scope, silently: a root less under RX_OWN_TRACE, else nothing. */
void alien_drop(struct alien_function *handle);
/* The handle is given back. */
void alien_release(struct alien_function *handle);
/* RX_OWN_TRACE: free what neither a handle nor a link reaches; ignored elsewhere and while the engine is at work. */
void alien_collect(void);
/* For an environment's trace(): the function captured HANDLE. */
static inline void alien_trace(struct rx_tracer *tracer, struct alien_function *handle)
{
	tracer->visit(tracer, handle);
}

/* The kinds of blocks: kind, constructor without its prefix alien_new_, type, label. */
#define ALIEN_BLOCKS(ROW)                                                                          \
	ROW(SIGNAL, signal, struct alien_signal, "alien_signal")                                   \
	ROW(COMPUTED, computed, struct alien_computed, "alien_computed")                           \
	ROW(EFFECT, effect, struct alien_effect, "alien_effect")                                   \
	ROW(SCOPE, scope, struct alien_scope, "alien_scope")                                       \
	ROW(SIGNAL_FUNCTION, signal_function, struct alien_function, "alien_function")             \
	ROW(COMPUTED_FUNCTION, computed_function, struct alien_function, "alien_function")         \
	ROW(EFFECT_DISPOSER, effect_disposer, struct alien_function, "alien_function")             \
	ROW(SCOPE_DISPOSER, scope_disposer, struct alien_function, "alien_function")               \
	ROW(LINK, link, struct alien_link, "alien_link")                                           \
	ROW(PROPAGATE_FRAME, propagate_frame, struct alien_frame, NULL)                            \
	ROW(CHECK_FRAME, check_frame, struct alien_frame, NULL)

enum alien_block {
#define ALIEN_BLOCK_KIND(kind, name, type, label) ALIEN_BLOCK_##kind,
	ALIEN_BLOCKS(ALIEN_BLOCK_KIND)
#undef ALIEN_BLOCK_KIND
	    ALIEN_BLOCK_QUEUE, /* the one kind whose blocks differ in size */
	ALIEN_BLOCK_COUNT
};

extern struct rx_block_count alien_block_counts[ALIEN_BLOCK_COUNT];
/* Set the books to 0; only when nothing is alive. */
void alien_block_counts_reset(void);

/* Links that are in use; each stands in both its lists. */
uint64_t alien_links_held(void);
/* Nodes that wait for the next flush: it was ended by an error, or a read outside a batch queued them. */
uint64_t alien_queued(void);

#endif
