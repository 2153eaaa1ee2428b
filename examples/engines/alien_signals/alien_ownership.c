/*
 * Who frees the Alien port's nodes: the caller, a collector, or a registry (enum rx_ownership).
 *
 * The collector follows the arrows of the original's host: a handle keeps its node, the queue keeps what stands in it,
 * and a node keeps the nodes at the other ends of all its links, in both directions. A node can thus outlive its handle,
 * whose block is then freed alone. Marking uses the nodes' own links and allocates nothing.
 *
 * Invariants: a node is freed with no link leading to it; nothing is freed while the engine is at work.
 */
#include "engines/alien_signals/alien_internal.h"

#include <assert.h>

static rx_link link_to(const struct alien_node *node)
{
	return rx_link_to(node, alien_state.options.ownership);
}

static struct alien_node *owned(rx_link link)
{
	return rx_linked(link, alien_state.options.ownership);
}

void alien_own(struct alien_node *node)
{
	node->rooted = true;
	if (alien_state.options.ownership == RX_OWN_CALLER)
		return;
	node->next_owned = alien_state.first_owned;
	if (alien_state.first_owned != 0)
		owned(alien_state.first_owned)->previous_owned = link_to(node);
	alien_state.first_owned = link_to(node);
}

static void disown(struct alien_node *node)
{
	if (alien_state.options.ownership == RX_OWN_CALLER)
		return;
	if (node->previous_owned != 0)
		owned(node->previous_owned)->next_owned = node->next_owned;
	else
		alien_state.first_owned = node->next_owned;
	if (node->next_owned != 0)
		owned(node->next_owned)->previous_owned = node->previous_owned;
}

struct alien_function *alien_hand_out(struct alien_node *node, struct alien_function *handle)
{
	handle->kind = (enum alien_kind)node->kind;
	handle->node = node;
	node->handle = handle;
	return handle;
}

static void free_handle(struct alien_node *node)
{
	static const enum alien_block blocks[] = {
	    [ALIEN_SIGNAL] = ALIEN_BLOCK_SIGNAL_FUNCTION,
	    [ALIEN_COMPUTED] = ALIEN_BLOCK_COMPUTED_FUNCTION,
	    [ALIEN_EFFECT] = ALIEN_BLOCK_EFFECT_DISPOSER,
	    [ALIEN_SCOPE] = ALIEN_BLOCK_SCOPE_DISPOSER,
	};

	alien_block_free(blocks[node->kind], node->handle);
	node->handle = NULL;
}

/* NODE's own links are gone already. */
static void free_node(struct alien_node *node)
{
	disown(node);
	free_handle(node);
	alien_queue_forget(node);
	switch ((enum alien_kind)node->kind) {
	case ALIEN_SIGNAL:
		alien_block_free(ALIEN_BLOCK_SIGNAL, node);
		break;
	case ALIEN_COMPUTED:
		rx_environment_destroy(alien_computed_of(node)->computation.environment,
		    alien_computed_of(node)->computation.type);
		alien_block_free(ALIEN_BLOCK_COMPUTED, node);
		break;
	case ALIEN_EFFECT:
		rx_environment_destroy(alien_effect_of(node)->reaction.environment,
		    alien_effect_of(node)->reaction.type);
		alien_block_free(ALIEN_BLOCK_EFFECT, node);
		break;
	case ALIEN_SCOPE:
		alien_block_free(ALIEN_BLOCK_SCOPE, node);
		break;
	}
}

static bool is_unheld(const struct alien_node *node)
{
	if (alien_state.options.ownership != RX_OWN_CALLER || !node->released ||
	    node->subscribers != NULL)
		return false;
	if (node->kind == ALIEN_EFFECT || node->kind == ALIEN_SCOPE)
		return node->disposed;
	return true;
}

/* Ends the list of the dead, whose links all have a next one. */
static struct alien_link last_dead;

void alien_link_died(struct alien_link *link)
{
	link->next_dead = alien_state.dead_links != NULL ? alien_state.dead_links : &last_dead;
	alien_state.dead_links = link;
	alien_state.dead_link_count++;
}

static void free_dead_links(void)
{
	while (alien_state.dead_links != NULL) {
		struct alien_link *link = alien_state.dead_links;

		alien_state.dead_links = link->next_dead != &last_dead ? link->next_dead : NULL;
		alien_state.dead_link_count--;
		alien_block_free(ALIEN_BLOCK_LINK, link);
	}
}

void alien_consider_free(struct alien_node *node)
{
	if (node->doomed || !is_unheld(node))
		return;
	node->doomed = true;
	node->next_listed = alien_state.doomed;
	alien_state.doomed = node;
}

static void free_doomed(void)
{
	while (alien_state.doomed != NULL) {
		struct alien_node *node = alien_state.doomed;

		alien_state.doomed = node->next_listed;
		node->next_listed = NULL;
		node->doomed = false;
		if (is_unheld(node)) {
			alien_unlink_from(node->sources);
			free_node(node);
		}
	}
}

void alien_enter(void)
{
	alien_state.busy_depth++;
}

/* The last one out clears up. Freeing a node kills its links, and those may doom their sources. */
void alien_leave(void)
{
	if (alien_state.busy_depth == 1)
		while (alien_state.dead_links != NULL || alien_state.doomed != NULL) {
			free_dead_links();
			free_doomed();
		}
	alien_state.busy_depth--;
}

void alien_drop(struct alien_function *handle)
{
	handle->node->rooted = false;
}

void alien_release(struct alien_function *handle)
{
	alien_enter();
	handle->node->rooted = false;
	handle->node->released = true;
	alien_consider_free(handle->node);
	alien_leave();
}

struct mark_stack {
	struct rx_tracer tracer; /* first: the tracer that environments are given */
	struct alien_node *first;
};

static void mark_node(struct mark_stack *stack, struct alien_node *node)
{
	if (node->marked)
		return;
	node->marked = true;
	node->next_listed = stack->first;
	stack->first = node;
}

static void mark_handle(struct rx_tracer *tracer, void *handle)
{
	struct alien_node *node = ((struct alien_function *)handle)->node;

	node->handle_marked = true;
	mark_node((struct mark_stack *)tracer, node);
}

static void mark_neighbours(struct mark_stack *stack, const struct alien_node *node)
{
	struct alien_link *link = NULL;

	for (link = node->subscribers; link != NULL; link = link->next_subscriber)
		mark_node(stack, link->subscriber);
	for (link = node->sources; link != NULL; link = link->next_source)
		mark_node(stack, link->source);
}

static void mark_captured(struct mark_stack *stack, struct alien_node *node)
{
	if (node->kind == ALIEN_COMPUTED) {
		const struct rx_computation *computation = &alien_computed_of(node)->computation;

		rx_environment_trace(computation->environment, computation->type, &stack->tracer);
	} else if (node->kind == ALIEN_EFFECT) {
		const struct rx_reaction *reaction = &alien_effect_of(node)->reaction;

		rx_environment_trace(reaction->environment, reaction->type, &stack->tracer);
	}
}

static void mark_roots(struct mark_stack *stack)
{
	struct alien_node *node = owned(alien_state.first_owned);

	for (; node != NULL; node = owned(node->next_owned))
		if (node->rooted && node->handle != NULL)
			mark_handle(&stack->tracer, node->handle);
	for (size_t i = alien_state.queue_index; i < alien_state.queue_length; i++)
		if (alien_state.queue->nodes[i] != NULL)
			mark_node(stack, alien_state.queue->nodes[i]);
}

static void mark_reachable(void)
{
	struct mark_stack stack = {.tracer = {.visit = mark_handle}};
	struct alien_node *node = NULL;

	mark_roots(&stack);
	while ((node = stack.first) != NULL) {
		stack.first = node->next_listed;
		node->next_listed = NULL;
		mark_neighbours(&stack, node);
		mark_captured(&stack, node);
	}
}

/* Not observable: both ends of an unreachable node's links are unreachable, so nobody is told and no list is mended. */
static void sweep_links(struct alien_node *node)
{
	struct alien_link *link = node->sources;

	while (link != NULL) {
		struct alien_link *next = link->next_source;

		alien_block_free(ALIEN_BLOCK_LINK, link);
		link = next;
	}
}

static void free_unmarked(void)
{
	struct alien_node *next = NULL;

	for (struct alien_node *node = owned(alien_state.first_owned); node != NULL; node = next) {
		next = owned(node->next_owned);
		if (!node->marked) {
			sweep_links(node);
			free_node(node);
			continue;
		}
		if (!node->handle_marked)
			free_handle(node);
		node->marked = false;
		node->handle_marked = false;
	}
}

void alien_collect(void)
{
	if (alien_state.options.ownership != RX_OWN_TRACE || alien_state.busy_depth > 0)
		return;
	mark_reachable();
	free_unmarked();
}

/* Nothing is marked outside a collection; a caller's nodes are on no list. */
void alien_free_all_nodes(void)
{
	free_unmarked();
}
