/*
 * Lattice's allocations, all of them: one constructor per kind of block, and the books.
 *
 * A constructor must stay the innermost frame of its allocations (rx_blocks.h), so none calls another and none is
 * inlined.
 */
#include "engines/lattice/lattice_internal.h"

#define BOOK(kind, constructor_name, label_text)                                                   \
	[LATTICE_BLOCK_##kind] = {.constructor = #constructor_name, .label = (label_text)}

struct rx_block_count lattice_block_counts[LATTICE_BLOCK_COUNT] = {
    BOOK(SIGNAL_NODE, lattice_new_signal_node, "lattice_producer"),
    BOOK(COMPUTED_NODE, lattice_new_computed_node, "lattice_computed"),
    BOOK(EFFECT_NODE, lattice_new_effect_node, "lattice_effect"),
    BOOK(SUBSCRIPTION_NODE, lattice_new_subscription_node, "lattice_effect"),
    BOOK(SIGNAL_CLOSURE, lattice_new_signal_closure, "lattice_closure"),
    BOOK(SIGNAL_PEEK_CLOSURE, lattice_new_signal_peek_closure, "lattice_closure"),
    BOOK(SIGNAL_ENVIRONMENT, lattice_new_signal_environment, "lattice_environment"),
    BOOK(COMPUTED_CLOSURE, lattice_new_computed_closure, "lattice_closure"),
    BOOK(COMPUTED_PEEK_CLOSURE, lattice_new_computed_peek_closure, "lattice_closure"),
    BOOK(COMPUTED_ENVIRONMENT, lattice_new_computed_environment, "lattice_environment"),
    BOOK(PROPERTY_STORE, lattice_new_property_store, "lattice_property_store"),
    BOOK(EFFECT_FLUSH_CLOSURE, lattice_new_effect_flush_closure, "lattice_closure"),
    BOOK(EFFECT_DISPOSER_CLOSURE, lattice_new_effect_disposer_closure, "lattice_closure"),
    BOOK(EFFECT_ENVIRONMENT, lattice_new_effect_environment, "lattice_effect_environment"),
    BOOK(SUBSCRIPTION_FLUSH_CLOSURE, lattice_new_subscription_flush_closure, "lattice_closure"),
    BOOK(UNSUBSCRIBE_CLOSURE, lattice_new_unsubscribe_closure, "lattice_closure"),
    BOOK(SUBSCRIPTION_ENVIRONMENT, lattice_new_subscription_environment,
	"lattice_subscription_environment"),
    BOOK(DISPOSE_CALLBACK, lattice_new_dispose_callback, NULL),
    BOOK(EDGE, lattice_new_edge, "lattice_edge"),
    BOOK(FRAME, lattice_new_frame, NULL),
    BOOK(API_RECORD, lattice_new_api_record, "api record"),
    BOOK(API_CLOSURE, lattice_new_api_closure, "api function"),
    BOOK(API_ENVIRONMENT, lattice_new_api_environment, "api environment"),
    BOOK(API_SET, lattice_new_api_set, "api set"),
};

/* The instance's closures have no use of their own here: code, environment, properties. */
#define API_CLOSURE_BYTES (sizeof(struct lattice_api_block) + sizeof(struct lattice_closure))
/* An empty set of disposers: table of 4 buckets and 4 entries. */
#define API_SET_BYTES (sizeof(struct lattice_api_block) + 8 * sizeof(void *))

static const size_t block_size_bytes[LATTICE_BLOCK_COUNT] = {
    [LATTICE_BLOCK_SIGNAL_NODE] = sizeof(struct lattice_producer),
    [LATTICE_BLOCK_COMPUTED_NODE] = sizeof(struct lattice_computed),
    [LATTICE_BLOCK_EFFECT_NODE] = sizeof(struct lattice_effect),
    [LATTICE_BLOCK_SUBSCRIPTION_NODE] = sizeof(struct lattice_effect),
    [LATTICE_BLOCK_SIGNAL_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_SIGNAL_PEEK_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_SIGNAL_ENVIRONMENT] = sizeof(struct lattice_environment),
    [LATTICE_BLOCK_COMPUTED_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_COMPUTED_PEEK_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_COMPUTED_ENVIRONMENT] = sizeof(struct lattice_environment),
    [LATTICE_BLOCK_PROPERTY_STORE] = sizeof(struct lattice_property_store),
    [LATTICE_BLOCK_EFFECT_FLUSH_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_EFFECT_DISPOSER_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_EFFECT_ENVIRONMENT] = sizeof(struct lattice_effect_environment),
    [LATTICE_BLOCK_SUBSCRIPTION_FLUSH_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_UNSUBSCRIBE_CLOSURE] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_SUBSCRIPTION_ENVIRONMENT] = sizeof(struct lattice_subscription_environment),
    [LATTICE_BLOCK_DISPOSE_CALLBACK] = sizeof(struct lattice_closure),
    [LATTICE_BLOCK_EDGE] = sizeof(struct lattice_edge),
    [LATTICE_BLOCK_FRAME] = sizeof(struct lattice_frame),
};

static inline void *made(enum lattice_block kind, void *block)
{
	return rx_block_made(&lattice_block_counts[kind], block, block_size_bytes[kind]);
}

/* A constructor is nothing but this; the macro keeps all of them alike. */
#define CONSTRUCTOR(name, result, kind)                                                            \
	RX_CONSTRUCTOR result *name(void)                                                          \
	{                                                                                          \
		return made(kind, calloc(1, block_size_bytes[kind]));                              \
	}

CONSTRUCTOR(lattice_new_signal_node, struct lattice_producer, LATTICE_BLOCK_SIGNAL_NODE)
CONSTRUCTOR(lattice_new_computed_node, struct lattice_computed, LATTICE_BLOCK_COMPUTED_NODE)
CONSTRUCTOR(lattice_new_effect_node, struct lattice_effect, LATTICE_BLOCK_EFFECT_NODE)
CONSTRUCTOR(lattice_new_subscription_node, struct lattice_effect, LATTICE_BLOCK_SUBSCRIPTION_NODE)
CONSTRUCTOR(lattice_new_signal_closure, struct lattice_closure, LATTICE_BLOCK_SIGNAL_CLOSURE)
CONSTRUCTOR(
    lattice_new_signal_peek_closure, struct lattice_closure, LATTICE_BLOCK_SIGNAL_PEEK_CLOSURE)
CONSTRUCTOR(
    lattice_new_signal_environment, struct lattice_environment, LATTICE_BLOCK_SIGNAL_ENVIRONMENT)
CONSTRUCTOR(lattice_new_computed_closure, struct lattice_closure, LATTICE_BLOCK_COMPUTED_CLOSURE)
CONSTRUCTOR(
    lattice_new_computed_peek_closure, struct lattice_closure, LATTICE_BLOCK_COMPUTED_PEEK_CLOSURE)
CONSTRUCTOR(lattice_new_computed_environment, struct lattice_environment,
    LATTICE_BLOCK_COMPUTED_ENVIRONMENT)
CONSTRUCTOR(lattice_new_property_store, struct lattice_property_store, LATTICE_BLOCK_PROPERTY_STORE)
CONSTRUCTOR(
    lattice_new_effect_flush_closure, struct lattice_closure, LATTICE_BLOCK_EFFECT_FLUSH_CLOSURE)
CONSTRUCTOR(lattice_new_effect_disposer_closure, struct lattice_closure,
    LATTICE_BLOCK_EFFECT_DISPOSER_CLOSURE)
CONSTRUCTOR(lattice_new_effect_environment, struct lattice_effect_environment,
    LATTICE_BLOCK_EFFECT_ENVIRONMENT)
CONSTRUCTOR(lattice_new_subscription_flush_closure, struct lattice_closure,
    LATTICE_BLOCK_SUBSCRIPTION_FLUSH_CLOSURE)
CONSTRUCTOR(
    lattice_new_unsubscribe_closure, struct lattice_closure, LATTICE_BLOCK_UNSUBSCRIBE_CLOSURE)
CONSTRUCTOR(lattice_new_subscription_environment, struct lattice_subscription_environment,
    LATTICE_BLOCK_SUBSCRIPTION_ENVIRONMENT)
CONSTRUCTOR(lattice_new_dispose_callback, struct lattice_closure, LATTICE_BLOCK_DISPOSE_CALLBACK)
CONSTRUCTOR(lattice_new_edge, struct lattice_edge, LATTICE_BLOCK_EDGE)
CONSTRUCTOR(lattice_new_frame, struct lattice_frame, LATTICE_BLOCK_FRAME)

static inline struct lattice_api_block *api_made(
    enum lattice_block kind, void *memory, size_t size_bytes)
{
	struct lattice_api_block *block =
	    rx_block_made(&lattice_block_counts[kind], memory, size_bytes);

	block->block = kind;
	block->size_bytes = (uint32_t)size_bytes;
	return block;
}

RX_CONSTRUCTOR struct lattice_api_block *lattice_new_api_record(size_t size_bytes)
{
	return api_made(LATTICE_BLOCK_API_RECORD, calloc(1, size_bytes), size_bytes);
}

RX_CONSTRUCTOR struct lattice_api_block *lattice_new_api_closure(void)
{
	return api_made(LATTICE_BLOCK_API_CLOSURE, calloc(1, API_CLOSURE_BYTES), API_CLOSURE_BYTES);
}

RX_CONSTRUCTOR struct lattice_api_block *lattice_new_api_environment(size_t size_bytes)
{
	return api_made(LATTICE_BLOCK_API_ENVIRONMENT, calloc(1, size_bytes), size_bytes);
}

RX_CONSTRUCTOR struct lattice_api_block *lattice_new_api_set(void)
{
	return api_made(LATTICE_BLOCK_API_SET, calloc(1, API_SET_BYTES), API_SET_BYTES);
}

void lattice_block_free(enum lattice_block kind, void *block)
{
	rx_block_free(&lattice_block_counts[kind], block, block_size_bytes[kind]);
}

void lattice_api_block_free(struct lattice_api_block *block)
{
	rx_block_free(&lattice_block_counts[block->block], block, block->size_bytes);
}

void lattice_block_counts_reset(void)
{
	rx_blocks_reset(lattice_block_counts, LATTICE_BLOCK_COUNT);
}
