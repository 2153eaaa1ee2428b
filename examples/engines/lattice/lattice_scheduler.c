/*
 * Lattice's queue of effects: a singly linked FIFO through the nodes, run when the outermost batch ends.
 *
 * As in the original, effects are not validated before they run (defect L2) and an error ends the flush: the rest of
 * the detached queue stays marked as scheduled and is never queued again (defect L5).
 */
#include "engines/lattice/lattice_internal.h"

void lattice_enqueue_if_scheduled(struct lattice_api *api, struct lattice_node *node)
{
	struct lattice_scheduler *scheduler = api->scheduler;

	if (!lattice_is_effect(node) || node->status != LATTICE_PENDING)
		return;
	node->status = LATTICE_SCHEDULED;
	if (scheduler->queue_tail != NULL)
		lattice_effect_of(scheduler->queue_tail)->next_scheduled = node;
	else
		scheduler->queue_head = node;
	scheduler->queue_tail = node;
}

/* A queue that nobody will run: cut its links, they must not outlive the nodes. */
static void forget_queue(struct lattice_node *node)
{
	while (node != NULL) {
		struct lattice_node *next = lattice_effect_of(node)->next_scheduled;

		lattice_effect_of(node)->next_scheduled = NULL;
		node = next;
	}
}

int lattice_flush(struct lattice_api *api, struct rx_value *ret_error)
{
	struct lattice_scheduler *scheduler = api->scheduler;
	struct lattice_node *node = scheduler->queue_head;
	int code = 0;

	if (scheduler->batch_depth > 0 || node == NULL)
		return 0;
	/* A write made by one of these effects builds a queue of its own and flushes it at once, nested in this. */
	scheduler->queue_head = NULL;
	scheduler->queue_tail = NULL;
	lattice_enter(api);
	while (node != NULL && code == 0) {
		struct lattice_effect *effect = lattice_effect_of(node);
		struct lattice_node *next = effect->next_scheduled;

		effect->next_scheduled = NULL;
		if (node->status == LATTICE_SCHEDULED) {
			node->status = LATTICE_CLEAN;
			code = effect->flush->code(effect->flush, NULL, ret_error);
		}
		node = next;
	}
	forget_queue(node);
	lattice_leave(api);
	return code;
}

int lattice_batch(
    struct lattice_api *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	struct lattice_scheduler *scheduler = api->scheduler;
	struct rx_value error = rx_undefined();
	int code = 0;
	int flush_code = 0;

	lattice_enter(api);
	scheduler->batch_depth++;
	code = run(environment, ret_value);
	scheduler->batch_depth--;
	flush_code = lattice_flush(api, &error);
	lattice_leave(api);
	if (flush_code != 0) {
		*ret_value = error;
		return flush_code;
	}
	return code;
}
