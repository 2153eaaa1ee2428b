/*
 * The push phase: a write marks everything below it, runs nothing, and queues the effects.
 *
 * The walk goes depth first. Where it descends into a node with two or more subscribers it puts what is left on its own
 * level on a stack of frames, one block each; a chain needs none.
 */
#include "engines/alien_signals/alien_internal.h"

/* Mark the subscriber of LINK. The flags by which the walk goes on: of those it had, the ones that still matter. */
static unsigned mark(const struct alien_link *link)
{
	struct alien_node *node = link->subscriber;
	const unsigned flags = node->flags;

	if ((flags & (ALIEN_RECURSED_CHECK | ALIEN_RECURSED | ALIEN_DIRTY | ALIEN_PENDING)) == 0) {
		node->flags = (uint8_t)(flags | ALIEN_PENDING);
		return flags;
	}
	if ((flags & (ALIEN_RECURSED_CHECK | ALIEN_RECURSED)) == 0)
		return 0; /* marked before */
	if ((flags & ALIEN_RECURSED_CHECK) == 0) {
		node->flags = (uint8_t)((flags & ~(unsigned)ALIEN_RECURSED) | ALIEN_PENDING);
		return flags;
	}
	if ((flags & (ALIEN_DIRTY | ALIEN_PENDING)) == 0 && alien_link_is_valid(link, node)) {
		/* It writes what it has read: it is not run again for that, but what reads it is told. */
		node->flags = (uint8_t)(flags | ALIEN_RECURSED | ALIEN_PENDING);
		return flags & ALIEN_MUTABLE;
	}
	return 0;
}

static void push(struct alien_frame **stack, struct alien_link *link)
{
	struct alien_frame *frame = alien_new_propagate_frame();

	frame->link = link;
	frame->below = *stack;
	*stack = frame;
}

/* The topmost link that is not NULL, or NULL when the stack is empty. */
static struct alien_link *pop(struct alien_frame **stack)
{
	struct alien_link *link = NULL;

	while (link == NULL && *stack != NULL) {
		struct alien_frame *frame = *stack;

		link = frame->link;
		*stack = frame->below;
		alien_block_free(ALIEN_BLOCK_PROPAGATE_FRAME, frame);
	}
	return link;
}

void alien_propagate(struct alien_link *link)
{
	struct alien_link *next = link->next_subscriber;
	struct alien_frame *stack = NULL;

	while (link != NULL) {
		struct alien_node *node = link->subscriber;
		unsigned flags = 0;

		if ((node->flags & (ALIEN_MUTABLE | ALIEN_WATCHING)) != 0)
			flags = mark(link);
		if ((flags & ALIEN_WATCHING) != 0)
			alien_notify(node);
		if ((flags & ALIEN_MUTABLE) != 0 && node->subscribers != NULL) {
			link = node->subscribers;
			if (link->next_subscriber != NULL) {
				push(&stack, next);
				next = link->next_subscriber;
			}
			continue;
		}
		link = next != NULL ? next : pop(&stack);
		next = link != NULL ? link->next_subscriber : NULL;
	}
}

void alien_shallow_propagate(struct alien_link *link)
{
	for (; link != NULL; link = link->next_subscriber) {
		struct alien_node *node = link->subscriber;
		const unsigned flags = node->flags;

		if ((flags & (ALIEN_PENDING | ALIEN_DIRTY)) != ALIEN_PENDING)
			continue;
		node->flags = (uint8_t)(flags | ALIEN_DIRTY);
		if ((flags & ALIEN_WATCHING) != 0)
			alien_notify(node);
	}
}
