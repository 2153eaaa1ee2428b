/*
 * Who frees the Preact port's nodes: the caller, a collector, or a registry (enum rx_ownership).
 *
 * The collector follows the arrows of the original's host: a handle keeps its node; a consumer keeps its sources; a
 * signal keeps its subscribers, but not the unobserved computeds that merely read it. Marking uses the nodes' own links
 * and allocates nothing.
 *
 * Invariants: a signal is freed with no edge leading to it; nothing is freed while the engine is at work.
 */
#include "engines/preact_signals/preact_internal.h"

#include <assert.h>

static rx_link link_to(const struct preact_node *node)
{
	return rx_link_to(node, preact_state.options.ownership);
}

static struct preact_node *owned(rx_link link)
{
	return rx_linked(link, preact_state.options.ownership);
}

void preact_own(struct preact_node *node)
{
	node->rooted = true;
	if (preact_state.options.ownership == RX_OWN_CALLER)
		return;
	node->next_owned = preact_state.first_owned;
	if (preact_state.first_owned != 0)
		owned(preact_state.first_owned)->previous_owned = link_to(node);
	preact_state.first_owned = link_to(node);
}

static void disown(struct preact_node *node)
{
	if (preact_state.options.ownership == RX_OWN_CALLER)
		return;
	if (node->previous_owned != 0)
		owned(node->previous_owned)->next_owned = node->next_owned;
	else
		preact_state.first_owned = node->next_owned;
	if (node->next_owned != 0)
		owned(node->next_owned)->previous_owned = node->previous_owned;
}

static bool is_unheld(const struct preact_node *node)
{
	if (preact_state.options.ownership != RX_OWN_CALLER || !node->released)
		return false;
	if (node->kind == PREACT_EFFECT)
		return ((const struct preact_effect *)node)->reaction.run == NULL;
	return ((const struct preact_signal *)node)->edge_count == 0;
}

/* A disposed effect has dropped its function. */
static bool has_dead_function(const struct preact_node *node)
{
	const struct preact_effect *effect = (const struct preact_effect *)node;

	return node->kind == PREACT_EFFECT && effect->reaction.run == NULL &&
	       effect->reaction.environment != NULL;
}

static void destroy_function(struct preact_effect *effect)
{
	rx_environment_destroy(effect->reaction.environment, effect->reaction.type);
	effect->reaction.environment = NULL;
}

static void free_effect(struct preact_effect *effect)
{
	destroy_function(effect);
	preact_block_free(PREACT_BLOCK_DISPOSER, effect->disposer);
	preact_block_free(PREACT_BLOCK_EFFECT, effect);
}

static void free_computed(struct preact_computed *computed)
{
	rx_environment_destroy(computed->computation.environment, computed->computation.type);
	preact_block_free(PREACT_BLOCK_COMPUTED, computed);
}

/* NODE's own edges are gone already. */
static void free_node(struct preact_node *node)
{
	disown(node);
	if (node->kind == PREACT_EFFECT) {
		free_effect(preact_effect_of(node));
		return;
	}
	assert(((struct preact_signal *)node)->edge_count == 0);
	if (node->kind == PREACT_COMPUTED)
		free_computed(preact_computed_of(node));
	else
		preact_block_free(PREACT_BLOCK_SIGNAL, node);
}

static void detach_from_sources(struct preact_node *node)
{
	if (node->kind != PREACT_SIGNAL)
		preact_drop_sources(node);
}

void preact_edge_died(struct preact_edge *edge)
{
	edge->rollback = preact_state.dead_edges;
	preact_state.dead_edges = edge;
	preact_state.dead_edge_count++;
}

static void free_dead_edges(void)
{
	while (preact_state.dead_edges != NULL) {
		struct preact_edge *edge = preact_state.dead_edges;
		struct preact_signal *source = edge->source;

		preact_state.dead_edges = edge->rollback;
		preact_state.dead_edge_count--;
		preact_block_free(PREACT_BLOCK_EDGE, edge);
		source->edge_count--;
		preact_consider_free(&source->node);
	}
}

void preact_consider_free(struct preact_node *node)
{
	if (node->doomed || !(is_unheld(node) || has_dead_function(node)))
		return;
	node->doomed = true;
	node->next_listed = preact_state.doomed;
	preact_state.doomed = node;
}

static void free_doomed(void)
{
	while (preact_state.doomed != NULL) {
		struct preact_node *node = preact_state.doomed;

		preact_state.doomed = node->next_listed;
		node->next_listed = NULL;
		node->doomed = false;
		if (has_dead_function(node))
			destroy_function(preact_effect_of(node));
		if (is_unheld(node)) {
			detach_from_sources(node);
			free_node(node);
		}
	}
}

void preact_enter(void)
{
	preact_state.busy_depth++;
}

/* The last one out clears up. Freeing a node kills its edges, and those may doom their sources. */
void preact_leave(void)
{
	if (preact_state.busy_depth == 1)
		while (preact_state.dead_edges != NULL || preact_state.doomed != NULL) {
			free_dead_edges();
			free_doomed();
		}
	preact_state.busy_depth--;
}

void preact_drop(struct preact_signal *signal)
{
	signal->node.rooted = false;
}

void preact_drop_disposer(struct preact_disposer *disposer)
{
	disposer->effect->node.rooted = false;
}

static void release_node(struct preact_node *node)
{
	preact_enter();
	node->rooted = false;
	node->released = true;
	preact_consider_free(node);
	preact_leave();
}

void preact_release(struct preact_signal *signal)
{
	release_node(&signal->node);
}

void preact_release_disposer(struct preact_disposer *disposer)
{
	release_node(&disposer->effect->node);
}

struct mark_stack {
	struct rx_tracer tracer; /* first: the tracer that environments are given */
	struct preact_node *first;
};

static void mark_node(struct mark_stack *stack, struct preact_node *node)
{
	if (node->marked)
		return;
	node->marked = true;
	node->next_listed = stack->first;
	stack->first = node;
}

static void mark_handle(struct rx_tracer *tracer, void *handle)
{
	mark_node((struct mark_stack *)tracer, &((struct preact_signal *)handle)->node);
}

static void mark_edges(struct mark_stack *stack, struct preact_node *node)
{
	if (node->kind != PREACT_EFFECT) {
		struct preact_edge *edge = ((struct preact_signal *)node)->targets;

		for (; edge != NULL; edge = edge->next_target)
			mark_node(stack, edge->target);
	}
	if (node->kind != PREACT_SIGNAL) {
		struct preact_edge *edge = preact_consumer_of(node)->sources;

		for (; edge != NULL; edge = edge->next_source)
			mark_node(stack, &edge->source->node);
	}
}

static void mark_captured(struct mark_stack *stack, struct preact_node *node)
{
	if (node->kind == PREACT_COMPUTED) {
		const struct rx_computation *computation = &preact_computed_of(node)->computation;

		rx_environment_trace(computation->environment, computation->type, &stack->tracer);
	} else if (node->kind == PREACT_EFFECT) {
		const struct rx_reaction *reaction = &preact_effect_of(node)->reaction;

		rx_environment_trace(reaction->environment, reaction->type, &stack->tracer);
	}
}

static void mark_reachable(void)
{
	struct mark_stack stack = {.tracer = {.visit = mark_handle}};
	struct preact_node *node = NULL;

	for (node = owned(preact_state.first_owned); node != NULL; node = owned(node->next_owned))
		if (node->rooted)
			mark_node(&stack, node);
	while ((node = stack.first) != NULL) {
		stack.first = node->next_listed;
		node->next_listed = NULL;
		mark_edges(&stack, node);
		mark_captured(&stack, node);
	}
}

/*
 * Free the edges of an unreachable consumer. Unlike an unsubscription this is not observable: no watcher is called, and
 * the lists of the sources are left as they are, because an edge in such a list proves that its source dies as well.
 */
static void sweep_edges(struct preact_node *node)
{
	struct preact_consumer *consumer = NULL;
	struct preact_edge *edge = NULL;

	if (node->kind == PREACT_SIGNAL)
		return;
	consumer = preact_consumer_of(node);
	edge = consumer->sources;
	consumer->sources = NULL;
	while (edge != NULL) {
		struct preact_edge *next = edge->next_source;

		if (edge->previous_target != NULL || edge->source->targets == edge)
			preact_state.linked_edge_count--;
		edge->source->edge_count--;
		preact_block_free(PREACT_BLOCK_EDGE, edge);
		edge = next;
	}
}

static void free_unmarked(void)
{
	struct preact_node *next = NULL;

	/* Edges first, while both their ends are still there. */
	for (struct preact_node *node = owned(preact_state.first_owned); node != NULL;
	     node = owned(node->next_owned))
		if (!node->marked)
			sweep_edges(node);
	for (struct preact_node *node = owned(preact_state.first_owned); node != NULL;
	     node = next) {
		next = owned(node->next_owned);
		if (!node->marked) {
			free_node(node);
			continue;
		}
		if (node->kind == PREACT_EFFECT && !node->rooted) {
			preact_block_free(PREACT_BLOCK_DISPOSER, preact_effect_of(node)->disposer);
			preact_effect_of(node)->disposer = NULL;
		}
		node->marked = false;
	}
}

void preact_collect(void)
{
	if (preact_state.options.ownership != RX_OWN_TRACE || preact_state.busy_depth > 0)
		return;
	mark_reachable();
	free_unmarked();
}

void preact_reset(const struct preact_options *options)
{
	assert(preact_state.busy_depth == 0);
	if (preact_state.options.ownership != RX_OWN_CALLER)
		free_unmarked(); /* nothing is marked outside a collection */
	preact_state = (struct preact_state){.options = *options};
}
