/*
 * The command line and the loop of the builder engines: one driver program each, run by scenario.
 *
 *     ENGINE --scenario NAME --variant leaky|pooled|fixed|disposed|baseline --iterations N --warmup W
 *            [--seed K] [--marks fd|env|none] [the engine's own switches]
 *     ENGINE --list
 *
 * An engine gives a table: a row is a workload, the switches it is run with, and what it must do, in exact numbers.
 * The driver calls the workload, marks phases and iterations for the profiler, writes the engine's books as one JSON
 * line at each mark, and compares them with the row. It allocates nothing itself: its lines go to a static buffer.
 *
 * For the profiler, compiling and warm-up are warm-up iterations, measured ones are counted; setup and teardown lie
 * outside of any.
 */
#ifndef HARNESS_ENGINE_DRIVER_H
#define HARNESS_ENGINE_DRIVER_H

#include "engines/ledger/ledger.h"

#include <stdbool.h>
#include <stdint.h>

enum driver_variant {
	DRIVER_BASELINE,
	DRIVER_LEAKY,
	DRIVER_POOLED,
	DRIVER_FIXED,
	DRIVER_DISPOSED /* nothing is alive after the teardown */
};

/* How a run was asked for. */
struct driver_run {
	uint64_t iterations, warmup, seed;
	FILE *marks;		   /* where the lines go; NULL: nowhere */
	const char *snapshot_path; /* asked of the profiler behind the last iteration; NULL: none */
	bool promised;		   /* the row's numbers hold: no switch was set besides its own */
};

/* Functions that are NULL are not called. What a workload keeps, it keeps in static storage: that names the roots. */
struct driver_workload {
	void (*compile)(void);
	void (*setup)(const struct driver_run *run); /* may allocate for all iterations to come */
	void (*iterate)(uint64_t iteration);	     /* from 1, warm-up included */
	void (*teardown)(void);
};

enum { DRIVER_NOT_PROMISED = -1 };

/*
 * What a row promises, with iterations counted from 1 and warm-up among them. "Retained" is what the engine has alive
 * after iteration n, less what it had before iteration 1: base + per_iteration x n, from iteration `limit` on (0: no
 * limit) base + per_iteration x limit + beyond_limit x (n - limit); or what the function says.
 */
struct driver_promise {
	int64_t base, per_iteration;
	uint64_t limit;
	int64_t beyond_limit;
	int64_t (*retained)(uint64_t n);
	int64_t first_allocs; /* of iteration 1, or DRIVER_NOT_PROMISED */
	int64_t allocs;	      /* of each later one, or DRIVER_NOT_PROMISED */
	int64_t (*allocs_of)(uint64_t n);
	/* Each iteration also pushes this many items to a list of this first capacity; its growth is not part of the
	 * numbers above. 0: none. */
	uint64_t list_pushes;
	uint32_t list_first_capacity;
	const char *
	    shape; /* the profiler's words, in their order: "transient", "linear", "amortised bounded" ... */
	const char *holder; /* the root's name; "nothing": unreachable; NULL: nothing is retained */
};

struct driver_scenario {
	const char *name;
	enum driver_variant variant;
	const char *switches; /* the engine's, as words: "model=Diverse clear-cache" */
	const char *summary;
	const struct driver_workload *workload;
	struct driver_promise promise;
};

/* A switch of the engine: `--name` or `--name WORD`, in a row `name` or `name=word`. */
struct driver_switch {
	const char *name;
	const char
	    *words; /* "eager|lazy": the setting is the word's place; "N": a number; NULL: a flag */
	uint32_t *setting;
	uint32_t initial;
	const char *help;
};

struct driver_engine {
	const struct ledger *ledger;
	const struct driver_scenario *scenarios;
	size_t scenario_count;
	const struct driver_switch *switches;
	size_t switch_count;
};

/* "leaky", ... */
const char *driver_variant_name(enum driver_variant variant);
/* The first row of that name, of that variant if VARIANT is not NULL; or NULL. */
const struct driver_scenario *driver_find(
    const struct driver_engine *engine, const char *name, const enum driver_variant *variant);

/* All switches to their initial settings, then those of the text. False: an unknown switch or word. */
bool driver_set_switches(const struct driver_engine *engine, const char *switches);
/* One switch; VALUE may be NULL. VALUE_LENGTH bytes of it count. */
bool driver_set_switch(const struct driver_switch *one, const char *value, size_t value_length);

/* The numbers of a row after N iterations, and of iteration N. The second may be DRIVER_NOT_PROMISED. */
int64_t driver_promised_retained(const struct driver_promise *promise, uint64_t n);
int64_t driver_promised_allocs(const struct driver_promise *promise, uint64_t n);

/* Run a row with the switches as they are set. Returns the number of broken promises, each told on stderr. */
unsigned driver_run_scenario(const struct driver_engine *engine,
    const struct driver_scenario *scenario, const struct driver_run *run);

/* Exit status: 0; 1 when a promise was broken; 2 for wrong use. */
int driver_main(const struct driver_engine *engine, int argc, char **argv);

#endif
