/*
 * The Preact port's allocations, all of them: one constructor per kind of block, and the books.
 *
 * A constructor must stay the innermost frame of its allocations (rx_blocks.h), so none calls another and none is
 * inlined.
 */
#include "engines/preact_signals/preact_internal.h"

#define BOOK(kind, constructor_name, label_text)                                                   \
	[PREACT_BLOCK_##kind] = {.constructor = #constructor_name, .label = (label_text)}

struct rx_block_count preact_block_counts[PREACT_BLOCK_COUNT] = {
    BOOK(SIGNAL, preact_new_signal, "preact_signal"),
    BOOK(COMPUTED, preact_new_computed, "preact_computed"),
    BOOK(EFFECT, preact_new_effect, "preact_effect"),
    BOOK(DISPOSER, preact_new_disposer, "preact_disposer"),
    BOOK(EDGE, preact_new_edge, "preact_edge"),
    BOOK(FINISH, preact_new_finish, NULL),
    BOOK(WATCH_CLOSURE, preact_new_watch_closure, NULL),
    BOOK(SUBSCRIPTION_ENVIRONMENT, preact_new_subscription_environment,
	"preact_subscription_environment"),
};

static const size_t block_size_bytes[PREACT_BLOCK_COUNT] = {
    [PREACT_BLOCK_SIGNAL] = sizeof(struct preact_signal),
    [PREACT_BLOCK_COMPUTED] = sizeof(struct preact_computed),
    [PREACT_BLOCK_EFFECT] = sizeof(struct preact_effect),
    [PREACT_BLOCK_DISPOSER] = sizeof(struct preact_disposer),
    [PREACT_BLOCK_EDGE] = sizeof(struct preact_edge),
    [PREACT_BLOCK_FINISH] = sizeof(struct preact_finish),
    [PREACT_BLOCK_WATCH_CLOSURE] = sizeof(struct preact_watch_closure),
    [PREACT_BLOCK_SUBSCRIPTION_ENVIRONMENT] = sizeof(struct preact_subscription_environment),
};

static inline void *made(enum preact_block kind, void *block)
{
	return rx_block_made(&preact_block_counts[kind], block, block_size_bytes[kind]);
}

/* A constructor is nothing but this; the macro keeps all of them alike. */
#define CONSTRUCTOR(name, result, kind)                                                            \
	RX_CONSTRUCTOR result *name(void)                                                          \
	{                                                                                          \
		return made(kind, calloc(1, block_size_bytes[kind]));                              \
	}

CONSTRUCTOR(preact_new_signal, struct preact_signal, PREACT_BLOCK_SIGNAL)
CONSTRUCTOR(preact_new_computed, struct preact_computed, PREACT_BLOCK_COMPUTED)
CONSTRUCTOR(preact_new_effect, struct preact_effect, PREACT_BLOCK_EFFECT)
CONSTRUCTOR(preact_new_disposer, struct preact_disposer, PREACT_BLOCK_DISPOSER)
CONSTRUCTOR(preact_new_edge, struct preact_edge, PREACT_BLOCK_EDGE)
CONSTRUCTOR(preact_new_finish, struct preact_finish, PREACT_BLOCK_FINISH)
CONSTRUCTOR(preact_new_watch_closure, struct preact_watch_closure, PREACT_BLOCK_WATCH_CLOSURE)
CONSTRUCTOR(preact_new_subscription_environment, struct preact_subscription_environment,
    PREACT_BLOCK_SUBSCRIPTION_ENVIRONMENT)

void preact_block_free(enum preact_block kind, void *block)
{
	rx_block_free(&preact_block_counts[kind], block, block_size_bytes[kind]);
}

void preact_block_counts_reset(void)
{
	rx_blocks_reset(preact_block_counts, PREACT_BLOCK_COUNT);
}

uint64_t preact_edges_held(void)
{
	return rx_blocks_live(&preact_block_counts[PREACT_BLOCK_EDGE]) -
	       preact_state.dead_edge_count;
}

uint64_t preact_edges_linked(void)
{
	return preact_state.linked_edge_count;
}
