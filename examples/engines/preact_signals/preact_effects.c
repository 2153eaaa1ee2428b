/*
 * Effects and batches.
 *
 * Every write and every run of an effect is an implicit batch; the notified effects run when the outermost one ends.
 * They stand on a list whose newest entry is first, and subscribers stand newest first too: two reversals give the order
 * of creation. The first error of a round is kept and raised after all other effects of the list have run.
 */
#include "engines/preact_signals/preact_internal.h"

static int dispose_effect(struct preact_effect *effect, struct rx_value *ret_error);

void preact_effect_notify(struct preact_effect *effect)
{
	if ((effect->consumer.flags & PREACT_NOTIFIED) != 0)
		return;
	effect->consumer.flags |= PREACT_NOTIFIED;
	effect->next_batched = preact_state.batched;
	preact_state.batched = effect;
}

void preact_start_batch(void)
{
	preact_enter();
	preact_state.batch_depth++;
}

/* Run the cleanup of the last run, outside any tracking and inside a batch. Its error disposes the effect. */
static int run_cleanup(struct preact_effect *effect, struct rx_value *ret_error)
{
	const struct rx_cleanup cleanup = effect->cleanup;
	struct preact_node *previous = preact_state.context;
	struct rx_value batch_error = rx_undefined();
	int code = 0;
	int batch_code = 0;

	effect->cleanup = (struct rx_cleanup){NULL, NULL};
	if (cleanup.run == NULL)
		return 0;
	preact_start_batch();
	preact_state.context = NULL;
	code = cleanup.run(cleanup.environment, ret_error);
	if (code != 0) {
		effect->consumer.flags &= ~(uint32_t)PREACT_RUNNING;
		effect->consumer.flags |= PREACT_DISPOSED;
		(void)dispose_effect(effect, &batch_error); /* its cleanup is gone: cannot fail */
	}
	preact_state.context = previous;
	batch_code = preact_end_batch(&batch_error);
	if (batch_code != 0) {
		*ret_error = batch_error;
		return batch_code;
	}
	return code;
}

static int dispose_effect(struct preact_effect *effect, struct rx_value *ret_error)
{
	preact_drop_sources(&effect->node);
	effect->reaction.run = NULL;
	preact_consider_free(&effect->node);
	return run_cleanup(effect, ret_error);
}

static int end_effect(
    struct preact_effect *effect, struct preact_node *previous, struct rx_value *ret_error)
{
	struct rx_value batch_error = rx_undefined();
	int code = 0;
	int batch_code = 0;

	if (preact_state.context != &effect->node) {
		*ret_error = rx_error(PREACT_ERROR_OUT_OF_ORDER, "Out-of-order effect");
		return PREACT_ERROR_OUT_OF_ORDER;
	}
	preact_cleanup_sources(&effect->node);
	preact_state.context = previous;
	effect->consumer.flags &= ~(uint32_t)PREACT_RUNNING;
	if ((effect->consumer.flags & PREACT_DISPOSED) != 0)
		code = dispose_effect(effect, ret_error);
	/* The original's endBatch is skipped if disposing throws; ours must run for the depth's sake. */
	batch_code = preact_end_batch(code != 0 ? &batch_error : ret_error);
	return code != 0 ? code : batch_code;
}

static int start_effect(
    struct preact_effect *effect, struct preact_finish **ret_finish, struct rx_value *ret_error)
{
	int code = 0;

	if ((effect->consumer.flags & PREACT_RUNNING) != 0)
		return preact_cycle(ret_error);
	effect->consumer.flags |= PREACT_RUNNING;
	effect->consumer.flags &= ~(uint32_t)PREACT_DISPOSED;
	code = run_cleanup(effect, ret_error);
	if (code != 0)
		return code;
	preact_prepare_sources(&effect->node);
	preact_start_batch();
	*ret_finish = NULL;
	if (!preact_state.options.without_finish) {
		*ret_finish = preact_new_finish();
		(*ret_finish)->code = end_effect;
		(*ret_finish)->effect = effect;
		(*ret_finish)->previous = preact_state.context;
	}
	return 0;
}

static int run_body(struct preact_effect *effect, struct rx_value *ret_error)
{
	struct rx_cleanup cleanup = {NULL, NULL};
	int code = 0;

	if ((effect->consumer.flags & PREACT_DISPOSED) != 0 || effect->reaction.run == NULL)
		return 0;
	code = effect->reaction.run(effect->reaction.environment, &cleanup, ret_error);
	if (code == 0 && cleanup.run != NULL)
		effect->cleanup = cleanup;
	return code;
}

static int run_effect(struct preact_effect *effect, struct rx_value *ret_error)
{
	struct preact_node *previous = preact_state.context;
	struct preact_finish *finish = NULL;
	struct rx_value finish_error = rx_undefined();
	int finish_code = 0;
	int code = start_effect(effect, &finish, ret_error);

	if (code != 0)
		return code;
	preact_state.context = &effect->node;
	code = run_body(effect, ret_error);
	finish_code = end_effect(effect, previous, &finish_error);
	preact_block_free(PREACT_BLOCK_FINISH, finish);
	if (finish_code != 0) {
		*ret_error = finish_error;
		return finish_code;
	}
	return code;
}

struct batch_error {
	int code;
	struct rx_value value;
};

/* Run one round's list; keep the first error. */
static void run_batched(struct preact_effect *effect, struct batch_error *first_error)
{
	while (effect != NULL) {
		struct preact_effect *next = effect->next_batched;
		struct rx_value error = rx_undefined();
		int code = 0;

		effect->next_batched = NULL;
		effect->consumer.flags &= ~(uint32_t)PREACT_NOTIFIED;
		if ((effect->consumer.flags & PREACT_DISPOSED) == 0 &&
		    preact_needs_to_recompute(&effect->node))
			code = run_effect(effect, &error);
		if (code != 0 && first_error->code == 0)
			*first_error = (struct batch_error){code, error};
		effect = next;
	}
}

int preact_end_batch(struct rx_value *ret_error)
{
	struct batch_error first_error = {0, {0}};

	if (preact_state.batch_depth == 1) {
		while (preact_state.batched != NULL) {
			struct preact_effect *effects = preact_state.batched;

			preact_state.batched = NULL;
			preact_state.batch_iteration++;
			run_batched(effects, &first_error);
		}
		preact_state.batch_iteration = 0;
	}
	preact_state.batch_depth--;
	preact_leave();
	if (first_error.code != 0)
		*ret_error = first_error.value;
	return first_error.code;
}

int preact_batch(rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	struct rx_value error = rx_undefined();
	int code = 0;
	int end_code = 0;

	if (preact_state.batch_depth > 0)
		return run(environment, ret_value);
	preact_start_batch();
	code = run(environment, ret_value);
	end_code = preact_end_batch(&error);
	if (end_code != 0) {
		*ret_value = error;
		return end_code;
	}
	return code;
}

static int dispose(struct preact_effect *effect, struct rx_value *ret_error)
{
	int code = 0;

	effect->consumer.flags |= PREACT_DISPOSED;
	if ((effect->consumer.flags & PREACT_RUNNING) != 0)
		return 0;
	preact_enter();
	code = dispose_effect(effect, ret_error);
	preact_leave();
	return code;
}

int preact_effect(
    struct rx_reaction reaction, struct preact_disposer **ret_disposer, struct rx_value *ret_error)
{
	struct preact_effect *effect = preact_new_effect();
	struct rx_value dispose_error = rx_undefined();
	int code = 0;

	effect->node.kind = PREACT_EFFECT;
	effect->consumer.flags = PREACT_TRACKING;
	effect->reaction = reaction;
	preact_own(&effect->node);
	preact_enter();
	code = run_effect(effect, ret_error);
	if (code != 0) {
		const int dispose_code = dispose(effect, &dispose_error);

		if (dispose_code != 0) {
			code = dispose_code;
			*ret_error = dispose_error;
		}
		effect->node.rooted = false;
		effect->node.released = true;
		preact_consider_free(&effect->node);
	} else {
		*ret_disposer = preact_new_disposer();
		(*ret_disposer)->code = dispose;
		(*ret_disposer)->effect = effect;
		(*ret_disposer)->alias = *ret_disposer;
		effect->disposer = *ret_disposer;
	}
	preact_leave();
	return code;
}

int preact_dispose(struct preact_disposer *disposer, struct rx_value *ret_error)
{
	return disposer->code(disposer->effect, ret_error);
}

static int run_subscription(
    void *environment, struct rx_cleanup *ret_cleanup, struct rx_value *ret_error)
{
	const struct preact_subscription_environment *subscription = environment;
	struct preact_node *previous = NULL;
	struct rx_value value = rx_undefined();
	int code = preact_read(subscription->source, &value);

	(void)ret_cleanup;
	if (code != 0) {
		*ret_error = value;
		return code;
	}
	previous = preact_state.context;
	preact_state.context = NULL;
	code = subscription->callback.run(subscription->callback.environment, value, ret_error);
	preact_state.context = previous;
	return code;
}

static void trace_subscription(void *environment, struct rx_tracer *tracer)
{
	const struct preact_subscription_environment *subscription = environment;

	preact_trace(tracer, subscription->source);
	rx_environment_trace(
	    subscription->callback.environment, subscription->callback.type, tracer);
}

static void destroy_subscription(void *environment)
{
	const struct preact_subscription_environment *subscription = environment;

	rx_environment_destroy(subscription->callback.environment, subscription->callback.type);
	preact_block_free(PREACT_BLOCK_SUBSCRIPTION_ENVIRONMENT, environment);
}

int preact_subscribe(struct preact_signal *source, struct rx_callback callback,
    struct preact_disposer **ret_disposer, struct rx_value *ret_error)
{
	static const struct rx_environment_type type = {trace_subscription, destroy_subscription};
	struct preact_subscription_environment *environment = preact_new_subscription_environment();

	environment->source = source;
	environment->callback = callback;
	return preact_effect(
	    (struct rx_reaction){run_subscription, environment, &type}, ret_disposer, ret_error);
}
