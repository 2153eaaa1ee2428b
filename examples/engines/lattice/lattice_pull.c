/*
 * The pull phase: a read of a pending computed brings it up to date, and only what it depends on.
 *
 * A walk without a stack of its own: the way back is kept in the nodes (deferred_parent), so it allocates nothing.
 */
#include "engines/lattice/lattice_internal.h"

static int recompute(struct lattice_node *node, bool *ret_changed, struct rx_value *ret_error)
{
	struct lattice_computed *computed = lattice_computed_of(node);
	struct rx_value value = rx_undefined();
	struct lattice_node *previous = lattice_track_begin(node);
	const int code = computed->computation.run(computed->computation.environment, &value);

	lattice_track_end(node, previous);
	if (code != 0) {
		*ret_error = value;
		return code;
	}
	*ret_changed = !rx_same(value, computed->producer.value);
	if (*ret_changed)
		computed->producer.value = value;
	node->status = *ret_changed ? LATTICE_DIRTY : LATTICE_CLEAN;
	return 0;
}

enum scan_result { SCAN_CLEAN, SCAN_RECOMPUTE, SCAN_DESCEND };

/* What the dependencies of a pending node say about it; *ret_descend is set for SCAN_DESCEND. */
static enum scan_result scan_dependencies(
    struct lattice_node *node, struct lattice_node **ret_descend)
{
	struct lattice_edge *edge = lattice_tracking_of(node)->dependencies;

	if (edge == NULL)
		return SCAN_RECOMPUTE;
	for (; edge != NULL; edge = edge->next_dependency) {
		struct lattice_node *producer = edge->producer;

		if (producer->status == LATTICE_DIRTY)
			return SCAN_RECOMPUTE;
		if (producer->status == LATTICE_PENDING && producer->kind == LATTICE_COMPUTED) {
			*ret_descend = producer;
			return SCAN_DESCEND;
		}
	}
	return SCAN_CLEAN;
}

/* Settle NODE if that needs nobody else; *ret_descend is set when a dependency must be settled first. */
static int settle(struct lattice_node *node, struct lattice_node *parent,
    struct lattice_node **ret_descend, struct rx_value *ret_error)
{
	enum scan_result result = SCAN_CLEAN;
	bool changed = false;
	int code = 0;

	if (node->status == LATTICE_DIRTY)
		result = SCAN_RECOMPUTE;
	else if (node->status == LATTICE_PENDING) {
		result = scan_dependencies(node, ret_descend);
		if (result == SCAN_CLEAN)
			node->status = LATTICE_CLEAN;
	}
	if (result == SCAN_RECOMPUTE) {
		code = recompute(node, &changed, ret_error);
		if (code == 0 && changed && parent != NULL)
			parent->status = LATTICE_DIRTY;
	}
	return code;
}

int lattice_pull_updates(struct lattice_node *root, struct rx_value *ret_error)
{
	struct lattice_api *api = root->api;
	struct lattice_node *current = root;
	int code = 0;

	lattice_enter(api);
	/* An error may have left the way back of an earlier walk in the node. */
	lattice_tracking_of(root)->deferred_parent = NULL;
	while (current != NULL && code == 0) {
		struct lattice_node *parent = lattice_tracking_of(current)->deferred_parent;
		struct lattice_node *descend = NULL;

		code = settle(current, parent, &descend, ret_error);
		if (descend != NULL) {
			lattice_tracking_of(descend)->deferred_parent = current;
			current = descend;
			continue;
		}
		lattice_tracking_of(current)->deferred_parent = NULL;
		current = parent;
	}
	lattice_leave(api);
	return code;
}
