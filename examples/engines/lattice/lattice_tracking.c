/*
 * Lattice's edges: made by tracked reads, removed when a run did not read their producer again.
 *
 * A consumer's dependencies stand in the order of its last run; dependency_tail is the one read last. A repeated read
 * is recognised only if it is of that one or of the next: any other makes a second edge (the original's defect L4).
 */
#include "engines/lattice/lattice_internal.h"

static void link_edge(struct lattice_node *producer_node, struct lattice_node *consumer,
    struct lattice_edge *previous, struct lattice_edge *next)
{
	struct lattice_producer *producer = lattice_producer_of(producer_node);
	struct lattice_tracking *tracking = lattice_tracking_of(consumer);
	struct lattice_edge *edge = lattice_new_edge();

	edge->producer = producer_node;
	edge->consumer = consumer;
	edge->previous_dependency = previous;
	edge->next_dependency = next;
	edge->previous_consumer = producer->subscribers_tail;
	if (previous != NULL)
		previous->next_dependency = edge;
	else
		tracking->dependencies = edge;
	if (next != NULL)
		next->previous_dependency = edge;
	if (producer->subscribers_tail != NULL)
		producer->subscribers_tail->next_consumer = edge;
	else
		producer->subscribers = edge;
	producer->subscribers_tail = edge;
	tracking->dependency_tail = edge;
}

void lattice_track_dependency(struct lattice_node *producer, struct lattice_node *consumer)
{
	struct lattice_tracking *tracking = lattice_tracking_of(consumer);
	struct lattice_edge *tail = tracking->dependency_tail;
	struct lattice_edge *next = NULL;

	if (tail != NULL && tail->producer == producer)
		return;
	next = tail != NULL ? tail->next_dependency : tracking->dependencies;
	if (next != NULL && next->producer == producer) {
		tracking->dependency_tail = next;
		return;
	}
	link_edge(producer, consumer, tail, next);
}

static void unlink_edge(struct lattice_edge *edge)
{
	struct lattice_producer *producer = lattice_producer_of(edge->producer);
	struct lattice_tracking *tracking = lattice_tracking_of(edge->consumer);

	if (edge->previous_dependency != NULL)
		edge->previous_dependency->next_dependency = edge->next_dependency;
	else
		tracking->dependencies = edge->next_dependency;
	if (edge->next_dependency != NULL)
		edge->next_dependency->previous_dependency = edge->previous_dependency;
	else
		tracking->dependency_tail = edge->previous_dependency;
	if (edge->previous_consumer != NULL)
		edge->previous_consumer->next_consumer = edge->next_consumer;
	else
		producer->subscribers = edge->next_consumer;
	if (edge->next_consumer != NULL)
		edge->next_consumer->previous_consumer = edge->previous_consumer;
	else
		producer->subscribers_tail = edge->previous_consumer;
	lattice_block_free(LATTICE_BLOCK_EDGE, edge);
	if (producer->subscribers == NULL)
		lattice_consider_free(&producer->node);
}

/* A computed that loses its last subscriber keeps its own dependencies: that is what retains it. */
void lattice_detach_all(struct lattice_edge *first)
{
	while (first != NULL) {
		struct lattice_edge *next = first->next_dependency;

		unlink_edge(first);
		first = next;
	}
}

struct lattice_node *lattice_track_begin(struct lattice_node *consumer)
{
	struct lattice_context *context = consumer->api->context;
	struct lattice_node *previous = context->current_consumer;

	lattice_enter(consumer->api);
	lattice_tracking_of(consumer)->dependency_tail = NULL;
	consumer->status = LATTICE_CLEAN;
	context->current_consumer = consumer;
	return previous;
}

void lattice_track_end(struct lattice_node *consumer, struct lattice_node *previous)
{
	struct lattice_tracking *tracking = lattice_tracking_of(consumer);
	struct lattice_edge *tail = tracking->dependency_tail;

	consumer->api->context->current_consumer = previous;
	lattice_detach_all(tail != NULL ? tail->next_dependency : tracking->dependencies);
	tracking->deferred_parent = NULL;
	lattice_leave(consumer->api);
}
