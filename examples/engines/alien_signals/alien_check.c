/*
 * The pull phase: does a pending mark mean that a source really changed?
 *
 * The walk goes up through pending computeds and comes back down, computing again what turns out to be dirty. The way
 * back is a node's only subscriber; where there are several, a frame remembers by which link the walk came.
 */
#include "engines/alien_signals/alien_internal.h"

bool alien_update_signal(struct alien_signal *signal)
{
	const bool changed = !rx_same(signal->seen, signal->value);

	signal->node.flags = ALIEN_MUTABLE;
	signal->seen = signal->value;
	return changed;
}

int alien_update_computed(
    struct alien_computed *computed, bool *ret_changed, struct rx_value *ret_error)
{
	struct alien_node *previous = alien_start_tracking(&computed->node);
	struct rx_value value = rx_undefined();
	const int code = computed->computation.run(computed->computation.environment, &value);

	if (code == 0) {
		*ret_changed = !rx_same(computed->value, value);
		computed->value = value;
	} else {
		*ret_error = value; /* the old value stays, and counts as fresh */
	}
	alien_end_tracking(&computed->node, previous);
	return code;
}

struct check {
	struct alien_link *link;   /* whose source is looked at */
	struct alien_node *node;   /* its subscriber */
	struct alien_frame *stack; /* ways back */
	uint32_t depth;
	bool dirty;
	struct rx_value *ret_error;
};

static int lost_link(struct rx_value *ret_error)
{
	*ret_error = rx_error(ALIEN_ERROR_LOST_LINK, "a link was lost while it was checked");
	return ALIEN_ERROR_LOST_LINK;
}

/* Compute NODE again; a change is passed on to all subscribers but the one that asks, if there are others. */
static int update(struct alien_node *node, bool *ret_changed, struct rx_value *ret_error)
{
	int code = 0;

	*ret_changed = false;
	if (node->kind == ALIEN_COMPUTED)
		code = alien_update_computed(alien_computed_of(node), ret_changed, ret_error);
	else
		*ret_changed = alien_update_signal(alien_signal_of(node));
	return code;
}

static void push(struct check *check)
{
	struct alien_frame *frame = alien_new_check_frame();

	frame->link = check->link;
	frame->below = check->stack;
	check->stack = frame;
}

static struct alien_link *pop(struct check *check)
{
	struct alien_frame *frame = check->stack;
	struct alien_link *link = frame->link;

	check->stack = frame->below;
	alien_block_free(ALIEN_BLOCK_CHECK_FRAME, frame);
	return link;
}

/* Look at the source of the current link: settles whether the node is dirty, or goes up into a pending source. */
static int look(struct check *check, bool *ret_descended)
{
	struct alien_node *source = check->link->source;
	int code = 0;

	check->dirty = false;
	*ret_descended = false;
	if (alien_has(check->node, ALIEN_DIRTY)) {
		check->dirty = true;
	} else if (alien_has(source, ALIEN_MUTABLE | ALIEN_DIRTY)) {
		code = update(source, &check->dirty, check->ret_error);
		if (code == 0 && check->dirty && source->subscribers != NULL &&
		    source->subscribers->next_subscriber != NULL)
			alien_shallow_propagate(source->subscribers);
	} else if (alien_has(source, ALIEN_MUTABLE | ALIEN_PENDING)) {
		if (check->link->next_subscriber != NULL ||
		    check->link->previous_subscriber != NULL)
			push(check);
		check->link = source->sources;
		check->node = source;
		check->depth++;
		*ret_descended = true;
		if (check->link == NULL)
			code = lost_link(check->ret_error);
	}
	return code;
}

/* Back to where the walk came from, until a node has another source to look at: then *ret_more. */
static int come_back(struct check *check, bool *ret_more)
{
	*ret_more = false;
	while (check->depth > 0) {
		struct alien_node *node = check->node;
		struct alien_link *first = node->subscribers;
		const bool several = first != NULL && first->next_subscriber != NULL;
		bool changed = false;

		check->depth--;
		if (first == NULL || (several && check->stack == NULL))
			return lost_link(check->ret_error);
		check->link = several ? pop(check) : first;
		if (check->dirty) {
			const int code = update(node, &changed, check->ret_error);

			if (code != 0)
				return code;
			if (changed && several)
				alien_shallow_propagate(first);
		} else {
			alien_clear(node, ALIEN_PENDING);
		}
		check->node = check->link->subscriber;
		if (changed)
			continue;
		if (check->link->next_source != NULL) {
			check->link = check->link->next_source;
			*ret_more = true;
			return 0;
		}
		check->dirty = false;
	}
	return 0;
}

int alien_check_dirty(struct alien_node *node, bool *ret_dirty, struct rx_value *ret_error)
{
	struct check check = {.link = node->sources, .node = node, .ret_error = ret_error};
	bool more = true;
	int code = check.link != NULL ? 0 : lost_link(ret_error);

	while (code == 0 && more) {
		bool descended = false;

		code = look(&check, &descended);
		if (code != 0 || descended)
			continue;
		if (!check.dirty && check.link->next_source != NULL)
			check.link = check.link->next_source;
		else
			code = come_back(&check, &more);
	}
	while (check.stack != NULL)
		(void)pop(&check); /* an error left the walk */
	if (code == 0)
		*ret_dirty = check.dirty;
	return code;
}
