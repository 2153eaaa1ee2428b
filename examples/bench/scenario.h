/*
 * The scenarios: shapes of reactive graphs and what one iteration does to them.
 *
 * Each is written once for all engines and variants (world.h). build() makes one set of nodes, sources first; work()
 * writes and reads it options.inner times.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "bench/world.h"

struct scenario {
	const char *name;
	const char *shape;
	uint64_t parameter; /* the default n; 0: takes none */
	uint64_t (*inner)(uint64_t parameter);
	int64_t initial; /* of the first source */
	void (*build)(struct world *world);
	void (*work)(struct world *world);
};

extern const struct scenario scenario_diamond_simple;
extern const struct scenario scenario_diamond_nested;
extern const struct scenario scenario_diamond_wide;
extern const struct scenario scenario_chain;
extern const struct scenario scenario_deep_wide;
extern const struct scenario scenario_scaling_subscribers;
extern const struct scenario scenario_scaling_computed;
extern const struct scenario scenario_scaling_signal_effect;
extern const struct scenario scenario_conditional;
extern const struct scenario scenario_batch_updates;
extern const struct scenario scenario_effect_cleanup;
extern const struct scenario scenario_computed_effect;

/* By its name, or NULL. */
const struct scenario *scenario_find(const char *name);
/* The I-th, or NULL after the last. */
const struct scenario *scenario_at(size_t i);

/* For the scenarios' functions: the result of a compute function. */
static inline int scenario_result(struct rx_value *ret_value, int64_t result)
{
	*ret_value = rx_integer(result);
	return 0;
}

/* ROUNDS times r := (r * FACTOR + j * STEP) mod 1000007, j = 0, 1, ... */
int64_t scenario_mix(int64_t r, int64_t factor, int64_t step, int rounds);

#endif
