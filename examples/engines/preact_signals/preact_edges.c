/*
 * The Preact port's edges: made by reads, used again over runs, subscribed only while their consumer is observed.
 *
 * While a consumer runs, each of its sources points to the edge between the two (signal->edge); the edge remembers what
 * stood there before, because evaluations nest. An edge read again moves to the end of the list, so that order changes
 * and repeated reads never make a second one.
 */
#include "engines/preact_signals/preact_internal.h"

static void subscribe(struct preact_signal *signal, struct preact_edge *edge);

static struct preact_edge *append_edge(struct preact_signal *signal)
{
	struct preact_node *target = preact_state.context;
	struct preact_consumer *consumer = preact_consumer_of(target);
	struct preact_edge *edge = preact_new_edge();

	edge->source = signal;
	edge->target = target;
	edge->previous_source = consumer->sources;
	edge->rollback = signal->edge;
	signal->edge_count++;
	if (consumer->sources != NULL)
		consumer->sources->next_source = edge;
	consumer->sources = edge;
	signal->edge = edge;
	if ((consumer->flags & PREACT_TRACKING) != 0)
		subscribe(signal, edge);
	return edge;
}

static void move_to_end(struct preact_edge *edge)
{
	struct preact_consumer *consumer = preact_consumer_of(edge->target);

	if (edge->next_source == NULL)
		return;
	edge->next_source->previous_source = edge->previous_source;
	if (edge->previous_source != NULL)
		edge->previous_source->next_source = edge->next_source;
	edge->previous_source = consumer->sources;
	edge->next_source = NULL;
	consumer->sources->next_source = edge;
	consumer->sources = edge;
}

struct preact_edge *preact_add_dependency(struct preact_signal *signal)
{
	struct preact_edge *edge = signal->edge;

	if (preact_state.context == NULL)
		return NULL;
	if (edge == NULL || edge->target != preact_state.context)
		return append_edge(signal);
	if (edge->version != PREACT_RECYCLABLE)
		return NULL; /* read before in this run */
	edge->version = 0;
	move_to_end(edge);
	return edge;
}

/* The original calls the user's watched/unwatched functions through a closure made for the occasion. */
static void call_watcher(struct preact_signal *signal)
{
	struct preact_watch_closure *closure = preact_new_watch_closure();

	closure->signal = signal;
	preact_block_free(PREACT_BLOCK_WATCH_CLOSURE, closure);
}

static void push_target(struct preact_signal *signal, struct preact_edge *edge)
{
	if (signal->targets == edge || edge->previous_target != NULL)
		return;
	edge->next_target = signal->targets;
	if (signal->targets != NULL)
		signal->targets->previous_target = edge;
	else
		call_watcher(signal);
	signal->targets = edge;
	preact_state.linked_edge_count++;
}

static void subscribe(struct preact_signal *signal, struct preact_edge *edge)
{
	if (signal->node.kind == PREACT_COMPUTED && signal->targets == NULL) {
		struct preact_consumer *consumer = preact_consumer_of(&signal->node);

		consumer->flags |= PREACT_OUTDATED | PREACT_TRACKING;
		for (struct preact_edge *own = consumer->sources; own != NULL;
		     own = own->next_source)
			subscribe(own->source, own);
	}
	push_target(signal, edge);
}

static void remove_target(struct preact_signal *signal, struct preact_edge *edge)
{
	struct preact_edge *previous = edge->previous_target;
	struct preact_edge *next = edge->next_target;

	if (previous == NULL && signal->targets != edge)
		return; /* not subscribed */
	preact_state.linked_edge_count--;
	edge->previous_target = NULL;
	edge->next_target = NULL;
	if (next != NULL)
		next->previous_target = previous;
	if (previous != NULL) {
		previous->next_target = next;
		return;
	}
	signal->targets = next;
	if (next == NULL)
		call_watcher(signal);
}

void preact_unsubscribe(struct preact_signal *signal, struct preact_edge *edge)
{
	if (signal->targets == NULL)
		return;
	remove_target(signal, edge);
	if (signal->node.kind == PREACT_COMPUTED && signal->targets == NULL) {
		struct preact_consumer *consumer = preact_consumer_of(&signal->node);

		consumer->flags &= ~(uint32_t)PREACT_TRACKING;
		for (struct preact_edge *own = consumer->sources; own != NULL;
		     own = own->next_source)
			preact_unsubscribe(own->source, own);
	}
}

void preact_notify_targets(struct preact_signal *signal)
{
	for (struct preact_edge *edge = signal->targets; edge != NULL; edge = edge->next_target) {
		struct preact_consumer *consumer = preact_consumer_of(edge->target);

		if (edge->target->kind == PREACT_EFFECT) {
			preact_effect_notify(preact_effect_of(edge->target));
		} else if ((consumer->flags & PREACT_NOTIFIED) == 0) {
			consumer->flags |= PREACT_OUTDATED | PREACT_NOTIFIED;
			preact_notify_targets(&preact_computed_of(edge->target)->signal);
		}
	}
}

void preact_prepare_sources(struct preact_node *target)
{
	struct preact_consumer *consumer = preact_consumer_of(target);
	struct preact_edge *edge = consumer->sources;

	while (edge != NULL) {
		edge->rollback = edge->source->edge;
		edge->source->edge = edge;
		edge->version = PREACT_RECYCLABLE;
		if (edge->next_source == NULL)
			consumer->sources = edge;
		edge = edge->next_source;
	}
}

static void unchain_source(struct preact_edge *edge)
{
	preact_unsubscribe(edge->source, edge);
	if (edge->previous_source != NULL)
		edge->previous_source->next_source = edge->next_source;
	if (edge->next_source != NULL)
		edge->next_source->previous_source = edge->previous_source;
}

void preact_cleanup_sources(struct preact_node *target)
{
	struct preact_consumer *consumer = preact_consumer_of(target);
	struct preact_edge *edge = consumer->sources;
	struct preact_edge *first = NULL;

	while (edge != NULL) {
		struct preact_edge *previous = edge->previous_source;

		edge->source->edge = edge->rollback;
		edge->rollback = NULL;
		if (edge->version == PREACT_RECYCLABLE) {
			unchain_source(edge);
			preact_edge_died(edge);
		} else {
			first = edge;
		}
		edge = previous;
	}
	consumer->sources = first;
}

void preact_drop_sources(struct preact_node *target)
{
	struct preact_consumer *consumer = preact_consumer_of(target);
	struct preact_edge *edge = consumer->sources;

	consumer->sources = NULL;
	while (edge != NULL) {
		struct preact_edge *next = edge->next_source;

		preact_unsubscribe(edge->source, edge);
		preact_edge_died(edge);
		edge = next;
	}
}
