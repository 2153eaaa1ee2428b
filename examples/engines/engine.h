/*
 * One face for all reactive engines, so that a scenario or a conformance case is written once.
 *
 * Neighbours: the engines (lattice/, preact_signals/, alien_signals/) below, bench/ and conformance/ above. A handle is whatever the
 * engine gives its user; errors travel as in rx_value.h. A member that is NULL is not offered by that engine.
 */
#ifndef ENGINES_ENGINE_H
#define ENGINES_ENGINE_H

#include "engines/reactive/rx_blocks.h"
#include "engines/reactive/rx_value.h"

struct engine_options {
	enum rx_ownership ownership;
	bool mended; /* mend every defect that the engine can mend */
};

/* What a table of allocations says of an engine: creations, transient blocks, and what is alive. */
struct engine_totals {
	uint64_t signals, computeds, effects, edges;
	uint64_t frames;       /* of a write's way down */
	uint64_t check_frames; /* of a read's way up */
	uint64_t finishes, disposers, watch_closures;
	uint64_t live_signals, live_computeds, live_effects;
	uint64_t edges_held;   /* stand in their consumer's list */
	uint64_t edges_linked; /* stand in their producer's list */
	uint64_t queued;       /* nodes that wait for a flush, and are held by that */
};

/* Blocks that stay for each node, its handle included. */
struct engine_shape {
	uint64_t signal, computed, effect;
};

struct engine {
	const char *name;
	struct engine_shape shape;
	void *(*api_new)(const struct engine_options *options);
	void (*api_free)(void *api);
	void *(*signal)(void *api, struct rx_value initial);
	void *(*computed)(void *api, struct rx_computation computation);
	int (*effect)(void *api, struct rx_reaction reaction, void **ret_disposer,
	    struct rx_value *ret_error);
	int (*subscribe)(void *api, void *source, struct rx_callback callback, void **ret_disposer,
	    struct rx_value *ret_error);
	int (*read)(void *handle, struct rx_value *ret_value);
	int (*peek)(void *handle, struct rx_value *ret_value);
	int (*write)(void *handle, struct rx_value value, struct rx_value *ret_error);
	int (*dispose)(void *disposer, struct rx_value *ret_error);
	int (*batch)(
	    void *api, rx_compute_function run, void *environment, struct rx_value *ret_value);
	int (*untracked)(
	    void *api, rx_compute_function run, void *environment, struct rx_value *ret_value);
	/* Runs RUN once; disposing the scope disposes the effects made in it. */
	int (*scope)(void *api, rx_compute_function run, void *environment, void **ret_disposer,
	    struct rx_value *ret_error);
	void (*drop)(void *handle);
	void (*drop_disposer)(void *disposer);
	void (*release)(void *handle);
	void (*release_disposer)(void *disposer);
	void (*collect)(void *api);
	void (*totals)(struct engine_totals *ret_totals);
	/* The books, one row per constructor. Reset only when nothing is alive. */
	const struct rx_block_count *(*block_counts)(size_t *ret_count);
	void (*block_counts_reset)(void);
};

extern const struct engine engine_lattice;
extern const struct engine engine_preact;
extern const struct engine engine_alien;

/* By its name, or NULL. */
const struct engine *engine_find(const char *name);
/* The engines in turn; NULL behind the last. */
const struct engine *engine_at(size_t i);
/* "trace", "caller" or "ctx"; false: none of them. */
bool engine_parse_ownership(const char *text, enum rx_ownership *ret_ownership);
const char *engine_ownership_name(enum rx_ownership ownership);

/* Blocks alive in all of the engine's books. */
uint64_t engine_live_blocks(const struct engine *engine);

#endif
