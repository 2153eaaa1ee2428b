/*
 * Who frees Lattice's nodes: the caller, a collector, or the instance (enum rx_ownership).
 *
 * The collector follows the arrows of the original's host: a handle or a captured handle keeps the handle's blocks and
 * the node; a node keeps the consumers and producers at the other ends of its edges. A node can thus outlive its
 * handle, whose blocks are then freed alone. Marking uses the nodes' own links and allocates nothing.
 *
 * Invariants: a node is freed with no subscriber left; no node is freed while its instance is at work.
 */
#include "engines/lattice/lattice_internal.h"

#include <assert.h>

static rx_link link_to(const struct lattice_api *api, const struct lattice_node *node)
{
	return rx_link_to(node, api->options.ownership);
}

static struct lattice_node *first_owned(const struct lattice_api *api)
{
	return rx_linked(api->first_owned, api->options.ownership);
}

static struct lattice_node *next_owned(const struct lattice_node *node)
{
	return rx_linked(node->next_owned, node->api->options.ownership);
}

static struct lattice_node *previous_owned(const struct lattice_node *node)
{
	return rx_linked(node->previous_owned, node->api->options.ownership);
}

void lattice_own(struct lattice_api *api, struct lattice_node *node, struct lattice_closure *handle)
{
	node->api = api;
	node->handle = handle;
	node->rooted = true;
	if (api->options.ownership == RX_OWN_CALLER)
		return;
	node->next_owned = api->first_owned;
	if (first_owned(api) != NULL)
		first_owned(api)->previous_owned = link_to(api, node);
	api->first_owned = link_to(api, node);
}

static void disown(struct lattice_node *node)
{
	if (node->api->options.ownership == RX_OWN_CALLER)
		return;
	if (previous_owned(node) != NULL)
		previous_owned(node)->next_owned = node->next_owned;
	else
		node->api->first_owned = node->next_owned;
	if (next_owned(node) != NULL)
		next_owned(node)->previous_owned = node->previous_owned;
}

static void free_handle(struct lattice_node *node)
{
	static const struct {
		enum lattice_block function, peek, environment;
	} blocks[] = {
	    [LATTICE_SIGNAL] = {LATTICE_BLOCK_SIGNAL_CLOSURE, LATTICE_BLOCK_SIGNAL_PEEK_CLOSURE,
		LATTICE_BLOCK_SIGNAL_ENVIRONMENT},
	    [LATTICE_COMPUTED] = {LATTICE_BLOCK_COMPUTED_CLOSURE,
		LATTICE_BLOCK_COMPUTED_PEEK_CLOSURE, LATTICE_BLOCK_COMPUTED_ENVIRONMENT},
	};
	struct lattice_closure *handle = node->handle;

	node->handle = NULL;
	if (handle == NULL)
		return;
	if (node->kind == LATTICE_EFFECT) {
		lattice_block_free(LATTICE_BLOCK_EFFECT_DISPOSER_CLOSURE, handle);
		return;
	}
	if (node->kind == LATTICE_SUBSCRIPTION) {
		lattice_block_free(LATTICE_BLOCK_UNSUBSCRIBE_CLOSURE, handle);
		return;
	}
	lattice_block_free(blocks[node->kind].peek, handle->properties->peek);
	lattice_block_free(LATTICE_BLOCK_PROPERTY_STORE, handle->properties);
	lattice_block_free(blocks[node->kind].environment, handle->environment);
	lattice_block_free(blocks[node->kind].function, handle);
}

static void free_effect(struct lattice_effect *effect)
{
	struct lattice_effect_environment *environment = effect->flush->environment;

	rx_environment_destroy(environment->reaction.environment, environment->reaction.type);
	lattice_block_free(LATTICE_BLOCK_EFFECT_ENVIRONMENT, environment);
	lattice_block_free(LATTICE_BLOCK_EFFECT_FLUSH_CLOSURE, effect->flush);
	lattice_block_free(LATTICE_BLOCK_EFFECT_NODE, effect);
}

static void free_subscription(struct lattice_effect *subscription)
{
	struct lattice_subscription_environment *environment = subscription->flush->environment;

	rx_environment_destroy(environment->callback.environment, environment->callback.type);
	lattice_block_free(LATTICE_BLOCK_SUBSCRIPTION_ENVIRONMENT, environment);
	lattice_block_free(LATTICE_BLOCK_SUBSCRIPTION_FLUSH_CLOSURE, subscription->flush);
	lattice_block_free(LATTICE_BLOCK_SUBSCRIPTION_NODE, subscription);
}

static void free_computed(struct lattice_computed *computed)
{
	rx_environment_destroy(computed->computation.environment, computed->computation.type);
	lattice_block_free(LATTICE_BLOCK_COMPUTED_NODE, computed);
}

/* NODE's dependencies are gone already. */
static void free_node(struct lattice_node *node)
{
	disown(node);
	free_handle(node);
	if (!lattice_is_effect(node))
		assert(lattice_producer_of(node)->subscribers == NULL);
	switch ((enum lattice_kind)node->kind) {
	case LATTICE_SIGNAL:
		lattice_block_free(LATTICE_BLOCK_SIGNAL_NODE, node);
		break;
	case LATTICE_COMPUTED:
		free_computed(lattice_computed_of(node));
		break;
	case LATTICE_EFFECT:
		free_effect(lattice_effect_of(node));
		break;
	case LATTICE_SUBSCRIPTION:
		free_subscription(lattice_effect_of(node));
		break;
	}
}

static void detach_from_producers(struct lattice_node *node)
{
	if (node->kind != LATTICE_SIGNAL)
		lattice_detach_all(lattice_tracking_of(node)->dependencies);
}

static bool is_unheld(const struct lattice_node *node)
{
	if (node->api->options.ownership != RX_OWN_CALLER || !node->released)
		return false;
	if (lattice_is_effect(node))
		return node->status == LATTICE_DISPOSED;
	return ((const struct lattice_producer *)node)->subscribers == NULL;
}

void lattice_enter(struct lattice_api *api)
{
	api->busy_depth++;
}

/* The last one out frees the doomed. Detaching one may doom its producers: they join the same list. */
void lattice_leave(struct lattice_api *api)
{
	if (api->busy_depth > 1 || api->doomed == NULL) {
		api->busy_depth--;
		return;
	}
	while (api->doomed != NULL) {
		struct lattice_node *node = api->doomed;

		api->doomed = node->next_listed;
		node->next_listed = NULL;
		node->doomed = false;
		if (is_unheld(node)) {
			detach_from_producers(node);
			free_node(node);
		}
	}
	api->busy_depth--;
}

void lattice_consider_free(struct lattice_node *node)
{
	struct lattice_api *api = node->api;

	if (node->doomed || !is_unheld(node))
		return;
	node->doomed = true;
	node->next_listed = api->doomed;
	api->doomed = node;
	assert(api->busy_depth > 0);
}

void lattice_drop(struct lattice_closure *handle)
{
	lattice_environment_of(handle)->node->rooted = false;
}

void lattice_release(struct lattice_closure *handle)
{
	struct lattice_node *node = lattice_environment_of(handle)->node;
	struct lattice_api *api = node->api;

	lattice_enter(api);
	node->rooted = false;
	node->released = true;
	lattice_consider_free(node);
	lattice_leave(api);
}

struct mark_stack {
	struct rx_tracer tracer; /* first: the tracer that environments are given */
	struct lattice_node *first;
};

static void mark_node(struct mark_stack *stack, struct lattice_node *node)
{
	if (node->marked)
		return;
	node->marked = true;
	node->next_listed = stack->first;
	stack->first = node;
}

static void mark_handle(struct rx_tracer *tracer, void *handle)
{
	struct lattice_node *node = lattice_environment_of(handle)->node;

	node->handle_marked = true;
	mark_node((struct mark_stack *)tracer, node);
}

static void mark_captured(struct mark_stack *stack, struct lattice_node *node)
{
	if (node->kind == LATTICE_COMPUTED) {
		const struct rx_computation *computation = &lattice_computed_of(node)->computation;

		rx_environment_trace(computation->environment, computation->type, &stack->tracer);
	} else if (node->kind == LATTICE_EFFECT) {
		const struct lattice_effect_environment *environment =
		    lattice_effect_of(node)->flush->environment;

		rx_environment_trace(
		    environment->reaction.environment, environment->reaction.type, &stack->tracer);
	} else if (node->kind == LATTICE_SUBSCRIPTION) {
		const struct lattice_subscription_environment *environment =
		    lattice_effect_of(node)->flush->environment;

		mark_handle(&stack->tracer, environment->source);
		rx_environment_trace(
		    environment->callback.environment, environment->callback.type, &stack->tracer);
	}
}

static void mark_reachable(struct lattice_api *api)
{
	struct mark_stack stack = {.tracer = {.visit = mark_handle}};
	struct lattice_node *node = NULL;

	for (node = first_owned(api); node != NULL; node = next_owned(node))
		if (node->rooted && node->handle != NULL)
			mark_handle(&stack.tracer, node->handle);
	while ((node = stack.first) != NULL) {
		stack.first = node->next_listed;
		node->next_listed = NULL;
		if (!lattice_is_effect(node)) {
			struct lattice_edge *edge = lattice_producer_of(node)->subscribers;

			for (; edge != NULL; edge = edge->next_consumer)
				mark_node(&stack, edge->consumer);
		}
		if (node->kind != LATTICE_SIGNAL) {
			struct lattice_edge *edge = lattice_tracking_of(node)->dependencies;

			for (; edge != NULL; edge = edge->next_dependency)
				mark_node(&stack, edge->producer);
		}
		mark_captured(&stack, node);
	}
}

void lattice_collect(struct lattice_api *api)
{
	struct lattice_node *next = NULL;

	if (api->options.ownership != RX_OWN_TRACE || api->busy_depth > 0)
		return;
	mark_reachable(api);
	/* Edges first: both ends of an edge of an unreachable node are unreachable and still there. */
	for (struct lattice_node *node = first_owned(api); node != NULL; node = next_owned(node))
		if (!node->marked)
			detach_from_producers(node);
	for (struct lattice_node *node = first_owned(api); node != NULL; node = next) {
		next = next_owned(node);
		if (!node->marked) {
			free_node(node);
			continue;
		}
		if (!node->handle_marked)
			free_handle(node);
		node->marked = false;
		node->handle_marked = false;
	}
}

void lattice_free_all_nodes(struct lattice_api *api)
{
	for (struct lattice_node *node = first_owned(api); node != NULL; node = next_owned(node))
		detach_from_producers(node);
	while (first_owned(api) != NULL)
		free_node(first_owned(api));
}
