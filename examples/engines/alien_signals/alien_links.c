/*
 * The Alien port's links: made by reads, confirmed by the same reads in the same order, dropped otherwise.
 *
 * While a subscriber runs again, sources_tail moves along its list as reads confirm it; what stands behind it at the
 * end is stale. A read that comes in another order than last time makes a new link, and the old one goes.
 */
#include "engines/alien_signals/alien_internal.h"

bool alien_link_is_valid(const struct alien_link *link, const struct alien_node *subscriber)
{
	const struct alien_link *at = subscriber->sources_tail;

	while (at != NULL && at != link)
		at = at->previous_source;
	return at != NULL;
}

/* After sources_tail and before NEXT in the list of SUBSCRIBER, at the end in the list of SOURCE. */
static void insert_link(
    struct alien_node *source, struct alien_node *subscriber, struct alien_link *next)
{
	struct alien_link *link = alien_new_link();
	struct alien_link *previous = subscriber->sources_tail;

	link->source = source;
	link->subscriber = subscriber;
	link->previous_source = previous;
	link->next_source = next;
	link->previous_subscriber = source->subscribers_tail;
	if (next != NULL)
		next->previous_source = link;
	if (previous != NULL)
		previous->next_source = link;
	else
		subscriber->sources = link;
	if (source->subscribers_tail != NULL)
		source->subscribers_tail->next_subscriber = link;
	else
		source->subscribers = link;
	subscriber->sources_tail = link;
	source->subscribers_tail = link;
}

void alien_link_nodes(struct alien_node *source, struct alien_node *subscriber)
{
	const bool runs_again = alien_has(subscriber, ALIEN_RECURSED_CHECK);
	struct alien_link *tail = subscriber->sources_tail;
	struct alien_link *next = NULL;
	const struct alien_link *newest = source->subscribers_tail;

	if (tail != NULL && tail->source == source)
		return;
	if (runs_again) {
		next = tail != NULL ? tail->next_source : subscriber->sources;
		if (next != NULL && next->source == source) {
			subscriber->sources_tail = next;
			return;
		}
	}
	if (newest != NULL && newest->subscriber == subscriber &&
	    (!runs_again || alien_link_is_valid(newest, subscriber)))
		return;
	insert_link(source, subscriber, next);
}

void alien_link_to_active(struct alien_node *node, bool or_scope)
{
	if (alien_state.active_subscriber != NULL)
		alien_link_nodes(node, alien_state.active_subscriber);
	else if (or_scope && alien_state.active_scope != NULL)
		alien_link_nodes(node, alien_state.active_scope);
}

/* NODE lost its last subscriber: a computed must be computed again at its next read, an effect has lost its owner. */
static void unwatched(struct alien_node *node)
{
	if (node->kind == ALIEN_COMPUTED && node->sources != NULL) {
		node->flags = ALIEN_MUTABLE | ALIEN_DIRTY;
		alien_unlink_from(node->sources);
	} else if (node->kind == ALIEN_EFFECT || node->kind == ALIEN_SCOPE) {
		alien_dispose_node(node);
	}
	alien_consider_free(node);
}

static void unlink_one(struct alien_link *link)
{
	struct alien_node *source = link->source;
	struct alien_node *subscriber = link->subscriber;

	if (link->next_source != NULL)
		link->next_source->previous_source = link->previous_source;
	else
		subscriber->sources_tail = link->previous_source;
	if (link->previous_source != NULL)
		link->previous_source->next_source = link->next_source;
	else
		subscriber->sources = link->next_source;
	if (link->next_subscriber != NULL)
		link->next_subscriber->previous_subscriber = link->previous_subscriber;
	else
		source->subscribers_tail = link->previous_subscriber;
	if (link->previous_subscriber != NULL)
		link->previous_subscriber->next_subscriber = link->next_subscriber;
	else
		source->subscribers = link->next_subscriber;
	alien_link_died(link);
	if (source->subscribers == NULL)
		unwatched(source);
}

void alien_unlink_from(struct alien_link *first)
{
	while (first != NULL) {
		struct alien_link *next = first->next_source;

		/* Where nodes hold each other, the loss of one link may have taken the next. */
		if (first->next_dead == NULL)
			unlink_one(first);
		first = next;
	}
}

struct alien_node *alien_start_tracking(struct alien_node *subscriber)
{
	struct alien_node *previous = alien_state.active_subscriber;

	subscriber->sources_tail = NULL;
	alien_clear(subscriber, ALIEN_RECURSED | ALIEN_DIRTY | ALIEN_PENDING);
	subscriber->flags |= ALIEN_RECURSED_CHECK;
	alien_state.active_subscriber = subscriber;
	return previous;
}

void alien_end_tracking(struct alien_node *subscriber, struct alien_node *previous)
{
	const struct alien_link *tail = subscriber->sources_tail;

	alien_state.active_subscriber = previous;
	alien_unlink_from(tail != NULL ? tail->next_source : subscriber->sources);
	alien_clear(subscriber, ALIEN_RECURSED_CHECK);
	if (subscriber->disposed && alien_is_mended(ALIEN_DEFECT_A2))
		alien_unlink_from(subscriber->sources);
}

void alien_dispose_node(struct alien_node *node)
{
	node->disposed = true;
	alien_unlink_from(node->sources);
	if (node->subscribers != NULL)
		unlink_one(
		    node->subscribers); /* from its owner; comes back here with nothing left to do */
	node->flags = 0;
	alien_consider_free(node);
}
