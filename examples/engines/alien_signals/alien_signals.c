/*
 * The Alien port's primitives: creating, reading and writing signals and computeds; the global state.
 *
 * Two blocks per signal and per computed: the node, and the bound function that its user holds.
 */
#include "engines/alien_signals/alien_internal.h"

#include <assert.h>

enum { FIRST_QUEUE_CAPACITY = 16 };

struct alien_state alien_state;

void alien_begin(const struct alien_options *options)
{
	assert(alien_state.queue == NULL);
	alien_state = (struct alien_state){
	    .options = *options, .queue = alien_new_queue(FIRST_QUEUE_CAPACITY)};
}

void alien_end(void)
{
	assert(alien_state.busy_depth == 0);
	alien_free_all_nodes();
	alien_queue_free(alien_state.queue);
	alien_state = (struct alien_state){.queue = NULL};
}

struct alien_function *alien_signal(struct rx_value initial)
{
	struct alien_signal *signal = alien_new_signal();

	signal->node.kind = ALIEN_SIGNAL;
	signal->node.flags = ALIEN_MUTABLE;
	signal->value = initial;
	signal->seen = initial;
	alien_own(&signal->node);
	return alien_hand_out(&signal->node, alien_new_signal_function());
}

struct alien_function *alien_computed(struct rx_computation computation)
{
	struct alien_computed *computed = alien_new_computed();

	computed->node.kind = ALIEN_COMPUTED;
	computed->node.flags = ALIEN_MUTABLE | ALIEN_DIRTY;
	computed->computation = computation;
	alien_own(&computed->node);
	return alien_hand_out(&computed->node, alien_new_computed_function());
}

static void read_signal(struct alien_signal *signal, struct rx_value *ret_value)
{
	struct alien_node *node = &signal->node;

	if (alien_has(node, ALIEN_DIRTY) && alien_update_signal(signal))
		alien_shallow_propagate(node->subscribers);
	alien_link_to_active(node, false);
	*ret_value = signal->value;
}

static int refresh(struct alien_computed *computed, struct rx_value *ret_error)
{
	struct alien_node *node = &computed->node;
	bool dirty = alien_has(node, ALIEN_DIRTY);
	bool changed = false;
	int code = 0;

	if (!dirty && alien_has(node, ALIEN_PENDING)) {
		code = alien_check_dirty(node, &dirty, ret_error);
		if (code == 0 && !dirty)
			alien_clear(node, ALIEN_PENDING);
	}
	if (code == 0 && dirty) {
		code = alien_update_computed(computed, &changed, ret_error);
		if (code == 0 && changed)
			alien_shallow_propagate(node->subscribers);
	}
	return code;
}

/* An error comes before the link: who catches it is not told when it clears (defect A4). */
static int read_computed(struct alien_computed *computed, struct rx_value *ret_value)
{
	int code = 0;

	alien_enter();
	code = refresh(computed, ret_value);
	if (code == 0) {
		alien_link_to_active(&computed->node, true);
		*ret_value = computed->value;
	}
	alien_leave();
	return code;
}

int alien_read(struct alien_function *function, struct rx_value *ret_value)
{
	if (function->kind == ALIEN_COMPUTED)
		return read_computed(alien_computed_of(function->node), ret_value);
	read_signal(alien_signal_of(function->node), ret_value);
	return 0;
}

int alien_write(struct alien_function *function, struct rx_value value, struct rx_value *ret_error)
{
	struct alien_signal *signal = alien_signal_of(function->node);
	const bool changed = !rx_same(signal->value, value);
	int code = 0;

	signal->value = value;
	if (!changed)
		return 0;
	signal->node.flags = ALIEN_MUTABLE | ALIEN_DIRTY;
	if (signal->node.subscribers == NULL)
		return 0;
	alien_enter();
	alien_propagate(signal->node.subscribers);
	if (alien_state.batch_depth == 0)
		code = alien_flush(ret_error);
	alien_leave();
	return code;
}

int alien_untracked(rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	struct alien_node *previous = alien_state.active_subscriber;
	int code = 0;

	alien_state.active_subscriber = NULL;
	code = run(environment, ret_value);
	alien_state.active_subscriber = previous;
	return code;
}
