/*
 * A scenario's world: an engine, the nodes of one set, and the rules of the variant it runs in.
 *
 * A scenario builds a set of nodes and works on it; the variant decides where that happens and who lets go:
 *	problematic	everything inside the iteration; nothing is disposed, the handles just go out of scope
 *	fixed		the nodes are made once, before the first iteration
 *	disposed	as problematic, but effects are disposed and handles released
 *	outer		as problematic, but the first source signal lives outside the iterations
 *	outer_disposed	as outer, but effects are disposed
 * Dropping a handle is silent: it frees something only where a collector runs (RX_OWN_TRACE).
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "engines/engine.h"

enum variant {
	VARIANT_PROBLEMATIC,
	VARIANT_FIXED,
	VARIANT_DISPOSED,
	VARIANT_OUTER,
	VARIANT_OUTER_DISPOSED,
	VARIANT_COUNT
};

struct scenario;

struct world_options {
	const struct engine *engine;
	const struct scenario *scenario;
	enum variant variant;
	struct engine_options engine_options;
	uint64_t inner;	    /* writes per iteration */
	uint64_t parameter; /* the scenario's n */
};

struct world {
	struct world_options options;
	const struct engine *engine;
	void *api;
	void *outer;  /* the source outside the iterations, or NULL */
	void **nodes; /* signals and computeds of the set, in order of creation; sources first */
	size_t node_count, node_capacity;
	void **disposers;
	size_t disposer_count, disposer_capacity;
	int64_t effect_sum; /* what the effects add up */
};

/* What a user's function captured: handles, and a number of its own. */
struct capture {
	struct world *world;
	int64_t index;
	size_t handle_count;
	void *handles[];
};

const char *variant_name(enum variant variant);
bool variant_parse(const char *text, enum variant *ret_variant);

/* Sets up the API and what the variant has outside its iterations. Ends the program when memory runs out. */
struct world *world_new(const struct world_options *options);
void world_iterate(struct world *world);
void world_collect(struct world *world);
void world_free(struct world *world);

/* For scenarios. A signal of the set; the first source is the outer one where the variant has one. */
void *world_signal(struct world *world, int64_t initial);
void *world_first_source(struct world *world, int64_t initial);
bool world_has_outer(const struct world *world);
void *world_computed(struct world *world, rx_compute_function run, struct capture *capture);
/* An effect of the set, disposed with it where the variant says so. */
void world_effect(struct world *world, rx_effect_function run, struct capture *capture);
/* An effect that the scenario disposes itself. */
void *world_own_effect(struct world *world, rx_effect_function run, struct capture *capture);
void world_dispose(struct world *world, void *disposer);
void world_write(struct world *world, void *signal, int64_t value);
/* The user keeps no handle of the COUNT nodes from the FIRST on; what a closure captured stays captured. */
void world_forget(struct world *world, size_t first, size_t count);
/* Reads that must succeed: a scenario's functions raise no errors. */
int64_t world_read(const struct world *world, void *handle);

/* The block of a user's closure; capture_new() copies HANDLES. */
struct capture *capture_new(
    struct world *world, int64_t index, void *const *handles, size_t handle_count);
static inline struct capture *capture_one(struct world *world, int64_t index, void *handle)
{
	return capture_new(world, index, &handle, 1);
}
static inline int64_t capture_read(const struct capture *capture, size_t handle)
{
	return world_read(capture->world, capture->handles[handle]);
}

/* The books of the closures' blocks. */
extern struct rx_block_count capture_block_count;

#endif
