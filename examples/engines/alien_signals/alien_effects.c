/*
 * Effects, scopes, batches, and the queue.
 *
 * An effect made inside another one is a source of that one, so it is told of its sources' changes by way of its owner:
 * the outermost owner stands in the queue, and each flagged effect below it runs in its turn. An owner that runs again
 * unlinks, and so disposes, what its previous run made.
 */
#include "engines/alien_signals/alien_internal.h"

#include <string.h>

static void enqueue(struct alien_node *node)
{
	struct alien_queue *queue = alien_state.queue;

	if (alien_state.queue_length == queue->capacity) {
		struct alien_queue *grown = alien_new_queue(2 * queue->capacity);

		memcpy(grown->nodes, queue->nodes, queue->capacity * sizeof(struct alien_node *));
		alien_queue_free(queue);
		alien_state.queue = queue = grown;
	}
	queue->nodes[alien_state.queue_length++] = node;
}

void alien_notify(struct alien_node *node)
{
	while (!alien_has(node, ALIEN_QUEUED)) {
		node->flags |= ALIEN_QUEUED;
		if (node->subscribers == NULL) {
			enqueue(node);
			return;
		}
		node = node->subscribers->subscriber;
	}
}

void alien_queue_forget(const struct alien_node *node)
{
	for (size_t i = alien_state.queue_index; i < alien_state.queue_length; i++)
		if (alien_state.queue->nodes[i] == node)
			alien_state.queue->nodes[i] = NULL;
}

uint64_t alien_queued(void)
{
	uint64_t count = 0;

	for (size_t i = alien_state.queue_index; i < alien_state.queue_length; i++)
		count += alien_state.queue->nodes[i] != NULL;
	return count;
}

static int call(struct alien_node *node, struct rx_value *ret_error)
{
	const struct rx_reaction *reaction = &alien_effect_of(node)->reaction;
	struct rx_cleanup ignored = {NULL, NULL}; /* there are no cleanups before 3.2 */

	if (node->kind != ALIEN_EFFECT) {
		*ret_error = rx_error(ALIEN_ERROR_NO_FUNCTION, "e.fn is not a function");
		return ALIEN_ERROR_NO_FUNCTION;
	}
	return reaction->run(reaction->environment, &ignored, ret_error);
}

static int run_again(struct alien_node *node, struct rx_value *ret_error)
{
	struct alien_node *previous = alien_start_tracking(node);
	const int code = call(node, ret_error);

	alien_end_tracking(node, previous);
	return code;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as effects are nested. */
static int run(struct alien_node *node, struct rx_value *ret_error)
{
	bool dirty = alien_has(node, ALIEN_DIRTY);
	int code = 0;

	if (!dirty && alien_has(node, ALIEN_PENDING)) {
		code = alien_check_dirty(node, &dirty, ret_error);
		if (code != 0)
			return code;
		if (!dirty)
			alien_clear(node, ALIEN_PENDING);
	}
	if (dirty)
		return run_again(node, ret_error);
	for (struct alien_link *link = node->sources; link != NULL && code == 0;
	     link = link->next_source)
		if (alien_has(link->source, ALIEN_QUEUED)) {
			alien_clear(link->source, ALIEN_QUEUED);
			code = run(link->source, ret_error);
		}
	return code;
}

/* Defect A1 mended: what is still in the queue leaves it, marked so that the next write notifies it again. */
static void rearm_queue(void)
{
	for (; alien_state.queue_index < alien_state.queue_length; alien_state.queue_index++) {
		struct alien_node **slot = &alien_state.queue->nodes[alien_state.queue_index];

		if (*slot != NULL) {
			alien_clear(*slot, ALIEN_QUEUED);
			(*slot)->flags |= ALIEN_RECURSED;
		}
		*slot = NULL;
	}
}

int alien_flush(struct rx_value *ret_error)
{
	int code = 0;

	while (alien_state.queue_index < alien_state.queue_length && code == 0) {
		struct alien_node **slot = &alien_state.queue->nodes[alien_state.queue_index++];
		struct alien_node *node = *slot;

		*slot = NULL;
		if (node == NULL)
			continue;
		alien_clear(node, ALIEN_QUEUED);
		code = run(node, ret_error);
	}
	if (code != 0) {
		if (!alien_is_mended(ALIEN_DEFECT_A1))
			return code;
		rearm_queue();
	}
	alien_state.queue_index = 0;
	alien_state.queue_length = 0;
	return code;
}

void alien_start_batch(void)
{
	alien_enter();
	alien_state.batch_depth++;
}

int alien_end_batch(struct rx_value *ret_error)
{
	int code = 0;

	if (--alien_state.batch_depth == 0)
		code = alien_flush(ret_error);
	alien_leave();
	return code;
}

/* The first run failed: nobody is given a handle. */
static void abandon(struct alien_node *node)
{
	node->rooted = false;
	if (!alien_is_mended(ALIEN_DEFECT_A3))
		return;
	node->released = true;
	alien_dispose_node(node);
}

int alien_effect(
    struct rx_reaction reaction, struct alien_function **ret_disposer, struct rx_value *ret_error)
{
	struct alien_effect *effect = alien_new_effect();
	struct alien_node *previous = alien_state.active_subscriber;
	int code = 0;

	effect->node.kind = ALIEN_EFFECT;
	effect->node.flags = ALIEN_WATCHING;
	effect->reaction = reaction;
	alien_own(&effect->node);
	alien_enter();
	alien_link_to_active(&effect->node, true);
	alien_state.active_subscriber = &effect->node;
	code = call(&effect->node, ret_error);
	alien_state.active_subscriber = previous;
	if (code == 0)
		*ret_disposer = alien_hand_out(&effect->node, alien_new_effect_disposer());
	else
		abandon(&effect->node);
	alien_leave();
	return code;
}

int alien_scope(rx_compute_function run_function, void *environment,
    struct alien_function **ret_disposer, struct rx_value *ret_error)
{
	struct alien_scope *scope = alien_new_scope();
	struct alien_node *previous = alien_state.active_subscriber;
	struct alien_node *previous_scope = alien_state.active_scope;
	int code = 0;

	scope->node.kind = ALIEN_SCOPE;
	alien_own(&scope->node);
	alien_enter();
	if (previous_scope != NULL)
		alien_link_nodes(&scope->node, previous_scope);
	alien_state.active_subscriber = NULL;
	alien_state.active_scope = &scope->node;
	code = run_function(environment, ret_error);
	alien_state.active_subscriber = previous;
	alien_state.active_scope = previous_scope;
	if (code == 0)
		*ret_disposer = alien_hand_out(&scope->node, alien_new_scope_disposer());
	else
		abandon(&scope->node);
	alien_leave();
	return code;
}

void alien_dispose(struct alien_function *disposer)
{
	alien_enter();
	alien_dispose_node(disposer->node);
	alien_leave();
}
