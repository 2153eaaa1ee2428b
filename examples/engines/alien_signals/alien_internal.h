/*
 * Inside the Alien port: layouts, flags, the global state, and what its files promise each other.
 *
 *	handle (function) --> node <-- link --> node	(a link sits in two lists: its source's subscribers
 *							 and its subscriber's sources)
 *
 * Path of a write: alien_signals.c -> alien_propagate.c (mark) -> alien_effects.c (queue, flush).
 * Path of a read: alien_signals.c -> alien_check.c (did a source change?) -> alien_links.c (link).
 *
 * Freeing: a link or node that dies while the engine is at work waits until it is idle, because a walk further up the
 * C stack may stand on it. A dead link keeps all its fields, which such a walk still follows (alien_ownership.c).
 */
#ifndef ENGINES_ALIEN_INTERNAL_H
#define ENGINES_ALIEN_INTERNAL_H

#include "engines/alien_signals/alien_signals.h"
#include "engines/reactive/rx_registry.h"

enum alien_kind { ALIEN_SIGNAL, ALIEN_COMPUTED, ALIEN_EFFECT, ALIEN_SCOPE };

enum alien_flag {
	ALIEN_MUTABLE = 1 << 0,	       /* has a value that subscribers read */
	ALIEN_WATCHING = 1 << 1,       /* is run when its sources change */
	ALIEN_RECURSED_CHECK = 1 << 2, /* its function is being run again */
	ALIEN_RECURSED = 1 << 3,       /* marked from within its own run */
	ALIEN_DIRTY = 1 << 4,	       /* a source changed */
	ALIEN_PENDING = 1 << 5,	       /* a source may have changed */
	ALIEN_QUEUED = 1 << 6	       /* it, or something that it owns, is to be run */
};

struct alien_node;

struct alien_link {
	struct alien_node *source, *subscriber;
	struct alien_link *previous_subscriber, *next_subscriber; /* of the source */
	struct alien_link *previous_source, *next_source;	  /* of the subscriber */
	struct alien_link *next_dead;				  /* NULL: it is alive */
};

struct alien_function {
	enum alien_kind kind; /* stands for the code that the original binds */
	struct alien_node *node;
	void *properties; /* never used: a bound function is as big as any other */
};

/* The head of every node; the original's nodes all have these lists. What its host's collector would know stands here
 * too. A signal's list of sources is always empty. */
struct alien_node {
	uint8_t kind;		       /* enum alien_kind */
	uint8_t flags;		       /* of enum alien_flag */
	bool rooted;		       /* RX_OWN_TRACE: the user still holds the handle */
	bool released;		       /* RX_OWN_CALLER: the user gave it back */
	bool disposed;		       /* of an effect or scope */
	bool doomed;		       /* on the list of the doomed */
	bool marked;		       /* by the collector: the node is reachable */
	bool handle_marked;	       /* by the collector: its handle is, too */
	struct alien_function *handle; /* weak; NULL when its block is gone */
	struct alien_link *subscribers, *subscribers_tail;
	struct alien_link *sources;
	struct alien_link *sources_tail; /* while it runs again: the last source read so far */
	rx_link previous_owned, next_owned;
	struct alien_node *next_listed; /* of the collector's work, or of the doomed */
};

struct alien_signal {
	struct alien_node node;
	struct rx_value value;
	struct rx_value
	    seen; /* the value at the last read: what was written and taken back is no change */
};

struct alien_computed {
	struct alien_node node;
	struct rx_value value;
	struct rx_computation computation;
};

struct alien_effect {
	struct alien_node node;
	struct rx_reaction reaction;
};

struct alien_scope {
	struct alien_node node;
};

/* A link to which a walk will come back. */
struct alien_frame {
	struct alien_link *link; /* may be NULL: nothing is left on that level */
	struct alien_frame *below;
};

struct alien_queue {
	size_t capacity;
	struct alien_node *nodes[];
};

struct alien_state {
	struct alien_options options;
	struct alien_node *active_subscriber; /* the running computed or effect */
	struct alien_node *active_scope;
	uint32_t batch_depth;
	struct alien_queue *queue;
	size_t queue_index, queue_length; /* the next to run, and the end */
	/* Ours: */
	uint32_t busy_depth;
	rx_link first_owned;
	struct alien_node *doomed;
	struct alien_link *dead_links;
	uint64_t dead_link_count;
};

extern struct alien_state alien_state;

static inline struct alien_signal *alien_signal_of(struct alien_node *node)
{
	return (struct alien_signal *)node;
}

static inline struct alien_computed *alien_computed_of(struct alien_node *node)
{
	return (struct alien_computed *)node;
}

static inline struct alien_effect *alien_effect_of(struct alien_node *node)
{
	return (struct alien_effect *)node;
}

static inline bool alien_has(const struct alien_node *node, unsigned flags)
{
	return (node->flags & flags) == flags;
}

static inline void alien_clear(struct alien_node *node, unsigned flags)
{
	node->flags &= (uint8_t)~flags;
}

static inline bool alien_is_mended(enum alien_defect defect)
{
	return (alien_state.options.mended & (unsigned)defect) != 0;
}

/* alien_blocks.c: one constructor per kind of block; zeroed, never NULL. */
#define ALIEN_DECLARE_CONSTRUCTOR(kind, name, type, label) type *alien_new_##name(void);
ALIEN_BLOCKS(ALIEN_DECLARE_CONSTRUCTOR)
#undef ALIEN_DECLARE_CONSTRUCTOR
struct alien_queue *alien_new_queue(size_t capacity);
/* Frees a block of that kind; takes NULL. */
void alien_block_free(enum alien_block kind, void *block);
void alien_queue_free(struct alien_queue *queue);

/* alien_links.c */
void alien_link_nodes(struct alien_node *source, struct alien_node *subscriber);
/* Links NODE, just read or made, to what runs now; OR_SCOPE: else to the active scope. */
void alien_link_to_active(struct alien_node *node, bool or_scope);
/* Remove FIRST and all links after it from the list of their subscriber. */
void alien_unlink_from(struct alien_link *first);
/* Whether LINK was confirmed in the run of SUBSCRIBER that goes on. */
bool alien_link_is_valid(const struct alien_link *link, const struct alien_node *subscriber);
/* Around a further run of SUBSCRIBER's function. Start returns what was active. */
struct alien_node *alien_start_tracking(struct alien_node *subscriber);
void alien_end_tracking(struct alien_node *subscriber, struct alien_node *previous);
void alien_dispose_node(struct alien_node *node);

/* alien_propagate.c: mark all that LINK and its siblings lead to; queue the effects among them. */
void alien_propagate(struct alien_link *link);
/* A source changed: what was marked pending below LINK and its siblings is dirty. */
void alien_shallow_propagate(struct alien_link *link);

/* alien_check.c */
int alien_check_dirty(struct alien_node *node, bool *ret_dirty, struct rx_value *ret_error);
bool alien_update_signal(struct alien_signal *signal);
int alien_update_computed(
    struct alien_computed *computed, bool *ret_changed, struct rx_value *ret_error);

/* alien_effects.c */
void alien_notify(struct alien_node *node);
int alien_flush(struct rx_value *ret_error);
/* NODE dies: no slot of the queue shall name it. */
void alien_queue_forget(const struct alien_node *node);

/* alien_ownership.c */
void alien_enter(void);
void alien_leave(void);
void alien_own(struct alien_node *node);
/* The user is given HANDLE for NODE; returns it. */
struct alien_function *alien_hand_out(struct alien_node *node, struct alien_function *handle);
void alien_link_died(struct alien_link *link);
/* NODE lost a link, its handle or its life: look at it when the engine is idle. */
void alien_consider_free(struct alien_node *node);
void alien_free_all_nodes(void);

#endif
