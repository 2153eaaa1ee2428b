/*
 * The pull phase: bring a computed up to date before its value is used.
 *
 * Three short cuts, in this order: an observed computed that nobody notified is fresh; nothing at all was written since
 * its last look; no source has another version than the one seen. Errors are cached like values.
 */
#include "engines/preact_signals/preact_internal.h"

int preact_cycle(struct rx_value *ret_error)
{
	*ret_error = rx_error(PREACT_ERROR_CYCLE, "Cycle detected");
	return PREACT_ERROR_CYCLE;
}

bool preact_needs_to_recompute(struct preact_node *target)
{
	struct preact_edge *edge = preact_consumer_of(target)->sources;

	for (; edge != NULL; edge = edge->next_source)
		if (edge->source->version != edge->version || !preact_refresh(edge->source) ||
		    edge->source->version != edge->version)
			return true;
	return false;
}

static void store_result(struct preact_computed *computed, int code, struct rx_value value)
{
	struct preact_signal *signal = &computed->signal;
	const bool had_error = (computed->consumer.flags & PREACT_HAS_ERROR) != 0;

	if (code != 0) {
		signal->value = value;
		computed->consumer.flags |= PREACT_HAS_ERROR;
		signal->version++;
	} else if (had_error || signal->version == 0 || !rx_same(value, signal->value)) {
		signal->value = value;
		computed->consumer.flags &= ~(uint32_t)PREACT_HAS_ERROR;
		signal->version++;
	}
}

static void recompute(struct preact_computed *computed)
{
	struct preact_node *previous = preact_state.context;
	struct rx_value value = rx_undefined();
	int code = 0;

	preact_prepare_sources(&computed->signal.node);
	preact_state.context = &computed->signal.node;
	code = computed->computation.run(computed->computation.environment, &value);
	store_result(computed, code, value);
	preact_state.context = previous;
	preact_cleanup_sources(&computed->signal.node);
}

bool preact_refresh(struct preact_signal *signal)
{
	struct preact_computed *computed = NULL;
	uint32_t *flags = NULL;

	if (signal->node.kind != PREACT_COMPUTED)
		return true;
	computed = preact_computed_of(&signal->node);
	flags = &computed->consumer.flags;
	*flags &= ~(uint32_t)PREACT_NOTIFIED;
	if ((*flags & PREACT_RUNNING) != 0)
		return false;
	if ((*flags & (PREACT_OUTDATED | PREACT_TRACKING)) == PREACT_TRACKING)
		return true;
	*flags &= ~(uint32_t)PREACT_OUTDATED;
	if (computed->global_version == preact_state.global_version)
		return true;
	computed->global_version = preact_state.global_version;
	*flags |= PREACT_RUNNING;
	preact_enter();
	if (signal->version == 0 || preact_needs_to_recompute(&signal->node))
		recompute(computed);
	*flags &= ~(uint32_t)PREACT_RUNNING;
	preact_leave();
	return true;
}
