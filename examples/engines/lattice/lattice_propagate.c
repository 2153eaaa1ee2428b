/*
 * The push phase: a write marks everything downstream as pending and queues the effects it meets.
 *
 * Depth first over subscriber edges with an explicit stack. The stack is the engine's churn: one block of 16 bytes
 * each time the walk descends while a sibling remains, freed before the write returns. It retains nothing.
 */
#include "engines/lattice/lattice_internal.h"

static struct lattice_frame *push(struct lattice_frame *top, struct lattice_edge *sibling)
{
	struct lattice_frame *frame = lattice_new_frame();

	frame->edge = sibling;
	frame->below = top;
	return frame;
}

/* The sibling that waited longest at the innermost level, or NULL: the walk is over. */
static struct lattice_edge *pop(struct lattice_frame **top)
{
	struct lattice_frame *frame = *top;
	struct lattice_edge *edge = NULL;

	if (frame == NULL)
		return NULL;
	edge = frame->edge;
	*top = frame->below;
	lattice_block_free(LATTICE_BLOCK_FRAME, frame);
	return edge;
}

void lattice_propagate(struct lattice_api *api, struct lattice_edge *edge)
{
	const bool forgets_siblings = (api->options.mended & LATTICE_DEFECT_L1) == 0;
	struct lattice_frame *stack = NULL;

	while (edge != NULL) {
		struct lattice_node *consumer = edge->consumer;
		struct lattice_edge *sibling = edge->next_consumer;

		if (consumer->status != LATTICE_CLEAN && consumer->status != LATTICE_DIRTY) {
			if (sibling == NULL && forgets_siblings)
				break;
			edge = sibling != NULL ? sibling : pop(&stack);
			continue;
		}
		consumer->status = LATTICE_PENDING;
		if (lattice_is_effect(consumer) ||
		    lattice_producer_of(consumer)->subscribers == NULL) {
			lattice_enqueue_if_scheduled(api, consumer);
			edge = sibling != NULL ? sibling : pop(&stack);
			continue;
		}
		if (sibling != NULL)
			stack = push(stack, sibling);
		edge = lattice_producer_of(consumer)->subscribers;
	}
	while (stack != NULL)
		(void)pop(&stack);
}
