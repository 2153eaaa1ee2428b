/*
 * Lattice's primitives: what a user creates, and the functions he gets in his hand.
 *
 * Every primitive is a handful of blocks, as in the original's host: a signal or computed is a node, its function, a
 * peek function, an environment and a property store; an effect is a node, a flush function, a disposer and an
 * environment. A handle is the function's block.
 */
#include "engines/lattice/lattice_internal.h"

static void track_read(struct lattice_node *producer)
{
	struct lattice_node *consumer = producer->api->context->current_consumer;

	if (consumer != NULL)
		lattice_track_dependency(producer, consumer);
}

static int signal_write(
    struct lattice_producer *signal, struct rx_value value, struct rx_value *ret_error)
{
	struct lattice_api *api = signal->node.api;
	int code = 0;

	if (rx_same(signal->value, value)) {
		if (signal->node.status == LATTICE_DIRTY)
			signal->node.status = LATTICE_CLEAN;
		return 0;
	}
	signal->value = value;
	if (signal->subscribers == NULL)
		return 0;
	signal->node.status = LATTICE_DIRTY;
	lattice_enter(api);
	lattice_propagate(api, signal->subscribers);
	code = lattice_flush(api, ret_error);
	lattice_leave(api);
	return code;
}

/* Without an argument it reads, with one it writes. */
static int signal_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_value)
{
	struct lattice_node *node = lattice_environment_of(self)->node;

	if (argument != NULL)
		return signal_write(lattice_producer_of(node), *argument, ret_value);
	track_read(node);
	*ret_value = lattice_producer_of(node)->value;
	return 0;
}

static int signal_peek_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_value)
{
	(void)argument;
	*ret_value = lattice_producer_of(lattice_environment_of(self)->node)->value;
	return 0;
}

static int computed_value(struct lattice_node *node, struct rx_value *ret_value)
{
	if (node->status == LATTICE_PENDING) {
		const int code = lattice_pull_updates(node, ret_value);

		if (code != 0)
			return code;
	}
	*ret_value = lattice_producer_of(node)->value;
	return 0;
}

static int computed_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_value)
{
	struct lattice_node *node = lattice_environment_of(self)->node;

	(void)argument;
	track_read(node);
	return computed_value(node, ret_value);
}

static int computed_peek_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_value)
{
	struct lattice_node *node = lattice_environment_of(self)->node;
	struct lattice_context *context = node->api->context;
	struct lattice_node *consumer = context->current_consumer;
	int code = 0;

	(void)argument;
	context->current_consumer = NULL;
	code = computed_value(node, ret_value);
	context->current_consumer = consumer;
	return code;
}

/* Wire the five blocks of a signal or computed. */
static struct lattice_closure *wire(struct lattice_api *api, struct lattice_node *node,
    struct lattice_closure *function, struct lattice_closure *peek,
    struct lattice_environment *environment)
{
	environment->node = node;
	environment->factory = api;
	peek->environment = environment;
	function->environment = environment;
	function->properties = lattice_new_property_store();
	function->properties->peek = peek;
	lattice_own(api, node, function);
	return function;
}

struct lattice_closure *lattice_signal(struct lattice_api *api, struct rx_value initial)
{
	struct lattice_producer *signal = lattice_new_signal_node();
	struct lattice_environment *environment = lattice_new_signal_environment();
	struct lattice_closure *function = lattice_new_signal_closure();
	struct lattice_closure *peek = lattice_new_signal_peek_closure();

	signal->node.kind = LATTICE_SIGNAL;
	signal->value = initial;
	function->code = signal_code;
	peek->code = signal_peek_code;
	return wire(api, &signal->node, function, peek, environment);
}

struct lattice_closure *lattice_computed(struct lattice_api *api, struct rx_computation computation)
{
	struct lattice_computed *computed = lattice_new_computed_node();
	struct lattice_environment *environment = lattice_new_computed_environment();
	struct lattice_closure *function = lattice_new_computed_closure();
	struct lattice_closure *peek = lattice_new_computed_peek_closure();

	computed->producer.node.kind = LATTICE_COMPUTED;
	computed->producer.node.status = LATTICE_PENDING;
	computed->computation = computation;
	function->code = computed_code;
	peek->code = computed_peek_code;
	return wire(api, &computed->producer.node, function, peek, environment);
}

static int run_effect(struct lattice_effect_environment *environment, struct rx_value *ret_error)
{
	struct rx_cleanup cleanup = {NULL, NULL};
	struct lattice_node *previous = lattice_track_begin(environment->base.node);
	const int code =
	    environment->reaction.run(environment->reaction.environment, &cleanup, ret_error);

	if (code == 0 && cleanup.run != NULL)
		environment->cleanup = cleanup;
	lattice_track_end(environment->base.node, previous);
	return code;
}

/* Runs in whatever tracking context is active, as in the original (defect L12). */
static int run_cleanup(struct lattice_effect_environment *environment, struct rx_value *ret_error)
{
	const struct rx_cleanup cleanup = environment->cleanup;

	environment->cleanup = (struct rx_cleanup){NULL, NULL};
	return cleanup.run != NULL ? cleanup.run(cleanup.environment, ret_error) : 0;
}

static int effect_flush_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_error)
{
	const int code = run_cleanup(self->environment, ret_error);

	(void)argument;
	return code != 0 ? code : run_effect(self->environment, ret_error);
}

/* The scheduler's dispose calls back once per call, even for an effect that is gone already. */
static int dispose_node(struct lattice_node *node, struct lattice_effect_environment *environment,
    struct rx_value *ret_error)
{
	struct lattice_api *api = node->api;
	struct lattice_closure *callback = lattice_new_dispose_callback();
	int code = 0;

	lattice_enter(api);
	if (node->status != LATTICE_DISPOSED) {
		node->status = LATTICE_DISPOSED;
		if (environment != NULL)
			code = run_cleanup(environment, ret_error);
		if (code == 0)
			lattice_detach_all(lattice_tracking_of(node)->dependencies);
		lattice_consider_free(node);
	}
	lattice_block_free(LATTICE_BLOCK_DISPOSE_CALLBACK, callback);
	lattice_leave(api);
	return code;
}

static int effect_disposer_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_error)
{
	(void)argument;
	return dispose_node(lattice_environment_of(self)->node, self->environment, ret_error);
}

int lattice_effect(struct lattice_api *api, struct rx_reaction reaction,
    struct lattice_closure **ret_disposer, struct rx_value *ret_error)
{
	struct lattice_effect *effect = lattice_new_effect_node();
	struct lattice_effect_environment *environment = lattice_new_effect_environment();
	struct lattice_closure *disposer = lattice_new_effect_disposer_closure();
	int code = 0;

	effect->node.kind = LATTICE_EFFECT;
	effect->flush = lattice_new_effect_flush_closure();
	effect->flush->code = effect_flush_code;
	effect->flush->environment = environment;
	disposer->code = effect_disposer_code;
	disposer->environment = environment;
	environment->base = (struct lattice_environment){&effect->node, api};
	environment->reaction = reaction;
	lattice_own(api, &effect->node, disposer);
	code = run_effect(environment, ret_error);
	if (code != 0)
		lattice_drop(disposer);
	else
		*ret_disposer = disposer;
	return code;
}

static int subscription_flush_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_error)
{
	struct lattice_subscription_environment *environment = self->environment;
	struct lattice_node *previous = lattice_track_begin(environment->base.node);
	struct rx_value value = rx_undefined();
	int code = lattice_read(environment->source, &value);

	(void)argument;
	lattice_track_end(environment->base.node, previous);
	if (code != 0) {
		*ret_error = value;
		return code;
	}
	return environment->callback.run(environment->callback.environment, value, ret_error);
}

static int unsubscribe_code(
    struct lattice_closure *self, const struct rx_value *argument, struct rx_value *ret_error)
{
	(void)argument;
	return dispose_node(lattice_environment_of(self)->node, NULL, ret_error);
}

int lattice_subscribe(struct lattice_api *api, struct lattice_closure *source,
    struct rx_callback callback, struct lattice_closure **ret_unsubscribe,
    struct rx_value *ret_error)
{
	struct lattice_effect *subscription = lattice_new_subscription_node();
	struct lattice_subscription_environment *environment =
	    lattice_new_subscription_environment();
	struct lattice_closure *unsubscribe = lattice_new_unsubscribe_closure();
	int code = 0;

	subscription->node.kind = LATTICE_SUBSCRIPTION;
	subscription->flush = lattice_new_subscription_flush_closure();
	subscription->flush->code = subscription_flush_code;
	subscription->flush->environment = environment;
	unsubscribe->code = unsubscribe_code;
	unsubscribe->environment = environment;
	environment->base = (struct lattice_environment){&subscription->node, api};
	environment->source = source;
	environment->callback = callback;
	lattice_own(api, &subscription->node, unsubscribe);
	code = subscription->flush->code(subscription->flush, NULL, ret_error);
	if (code != 0)
		lattice_drop(unsubscribe);
	else
		*ret_unsubscribe = unsubscribe;
	return code;
}

int lattice_read(struct lattice_closure *function, struct rx_value *ret_value)
{
	return function->code(function, NULL, ret_value);
}

int lattice_peek(struct lattice_closure *function, struct rx_value *ret_value)
{
	return function->properties->peek->code(function->properties->peek, NULL, ret_value);
}

int lattice_write(
    struct lattice_closure *function, struct rx_value value, struct rx_value *ret_error)
{
	return function->code(function, &value, ret_error);
}

int lattice_dispose(struct lattice_closure *disposer, struct rx_value *ret_error)
{
	return disposer->code(disposer, NULL, ret_error);
}
