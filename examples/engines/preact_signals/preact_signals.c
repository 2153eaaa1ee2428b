/*
 * The Preact port's primitives: creating, reading and writing signals and computeds; the global state.
 *
 * One block per signal and per computed: the original's methods live on prototypes, so there is no closure per node.
 */
#include "engines/preact_signals/preact_internal.h"

enum { MAX_BATCH_ITERATIONS = 100 };

struct preact_state preact_state;

struct preact_signal *preact_signal(struct rx_value initial)
{
	struct preact_signal *signal = preact_new_signal();

	signal->node.kind = PREACT_SIGNAL;
	signal->value = initial;
	preact_own(&signal->node);
	return signal;
}

struct preact_signal *preact_computed(struct rx_computation computation)
{
	struct preact_computed *computed = preact_new_computed();

	computed->signal.node.kind = PREACT_COMPUTED;
	computed->consumer.flags = PREACT_OUTDATED;
	computed->computation = computation;
	computed->global_version = preact_state.global_version - 1;
	preact_own(&computed->signal.node);
	return &computed->signal;
}

int preact_read(struct preact_signal *signal, struct rx_value *ret_value)
{
	const bool is_computed = signal->node.kind == PREACT_COMPUTED;
	const uint32_t *flags = is_computed ? &preact_consumer_of(&signal->node)->flags : NULL;
	struct preact_edge *edge = NULL;

	if (is_computed && (*flags & PREACT_RUNNING) != 0)
		return preact_cycle(ret_value);
	edge = preact_add_dependency(signal);
	(void)preact_refresh(signal);
	if (edge != NULL)
		edge->version = signal->version;
	*ret_value = signal->value;
	return is_computed && (*flags & PREACT_HAS_ERROR) != 0 ? signal->value.code : 0;
}

int preact_peek(struct preact_signal *signal, struct rx_value *ret_value)
{
	struct preact_node *previous = preact_state.context;
	int code = 0;

	preact_state.context = NULL;
	code = preact_read(signal, ret_value);
	preact_state.context = previous;
	return code;
}

int preact_untracked(rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	struct preact_node *previous = preact_state.context;
	int code = 0;

	preact_state.context = NULL;
	code = run(environment, ret_value);
	preact_state.context = previous;
	return code;
}

int preact_write(struct preact_signal *signal, struct rx_value value, struct rx_value *ret_error)
{
	if (rx_same(value, signal->value))
		return 0;
	if (preact_state.batch_iteration > MAX_BATCH_ITERATIONS)
		return preact_cycle(ret_error);
	signal->value = value;
	signal->version++;
	preact_state.global_version++;
	preact_start_batch();
	preact_notify_targets(signal);
	return preact_end_batch(ret_error);
}
