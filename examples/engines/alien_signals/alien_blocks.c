/*
 * The Alien port's allocations, all of them: one constructor per kind of block, and the books.
 *
 * A constructor must stay the innermost frame of its allocations (rx_blocks.h), so none calls another and none is
 * inlined. All but the queue's come from the list ALIEN_BLOCKS.
 */
#include "engines/alien_signals/alien_internal.h"

#define BOOK(kind, name, type, label_text)                                                         \
	[ALIEN_BLOCK_##kind] = {.constructor = "alien_new_" #name, .label = (label_text)},
struct rx_block_count alien_block_counts[ALIEN_BLOCK_COUNT] = {
    ALIEN_BLOCKS(
	BOOK)[ALIEN_BLOCK_QUEUE] = {.constructor = "alien_new_queue", .label = "alien_queue"},
};

#define SIZE(kind, name, type, label) [ALIEN_BLOCK_##kind] = sizeof(type),
static const size_t block_size_bytes[ALIEN_BLOCK_COUNT] = {ALIEN_BLOCKS(SIZE)};

#define CONSTRUCTOR(kind, name, type, label)                                                       \
	RX_CONSTRUCTOR type *alien_new_##name(void)                                                \
	{                                                                                          \
		return rx_block_made(&alien_block_counts[ALIEN_BLOCK_##kind],                      \
		    calloc(1, sizeof(type)), sizeof(type));                                        \
	}
ALIEN_BLOCKS(CONSTRUCTOR)

static size_t queue_size_bytes(size_t capacity)
{
	return sizeof(struct alien_queue) + capacity * sizeof(struct alien_node *);
}

RX_CONSTRUCTOR struct alien_queue *alien_new_queue(size_t capacity)
{
	struct alien_queue *queue = rx_block_made(&alien_block_counts[ALIEN_BLOCK_QUEUE],
	    calloc(1, queue_size_bytes(capacity)), queue_size_bytes(capacity));

	queue->capacity = capacity;
	return queue;
}

void alien_queue_free(struct alien_queue *queue)
{
	rx_block_free(&alien_block_counts[ALIEN_BLOCK_QUEUE], queue,
	    queue != NULL ? queue_size_bytes(queue->capacity) : 0);
}

void alien_block_free(enum alien_block kind, void *block)
{
	rx_block_free(&alien_block_counts[kind], block, block_size_bytes[kind]);
}

void alien_block_counts_reset(void)
{
	rx_blocks_reset(alien_block_counts, ALIEN_BLOCK_COUNT);
}

uint64_t alien_links_held(void)
{
	return rx_blocks_live(&alien_block_counts[ALIEN_BLOCK_LINK]) - alien_state.dead_link_count;
}
