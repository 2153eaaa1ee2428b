/* Finding a scenario, and the arithmetic that several of them do. */
#include "bench/scenario.h"

#include <string.h>

enum { MODULUS = 1000007 };

static const struct scenario *const scenarios[] = {
    &scenario_diamond_simple,
    &scenario_diamond_nested,
    &scenario_diamond_wide,
    &scenario_chain,
    &scenario_deep_wide,
    &scenario_scaling_subscribers,
    &scenario_scaling_computed,
    &scenario_scaling_signal_effect,
    &scenario_conditional,
    &scenario_batch_updates,
    &scenario_effect_cleanup,
    &scenario_computed_effect,
};

const struct scenario *scenario_at(size_t i)
{
	return i < sizeof(scenarios) / sizeof(scenarios[0]) ? scenarios[i] : NULL;
}

const struct scenario *scenario_find(const char *name)
{
	for (size_t i = 0; scenario_at(i) != NULL; i++)
		if (strcmp(scenario_at(i)->name, name) == 0)
			return scenario_at(i);
	return NULL;
}

int64_t scenario_mix(int64_t r, int64_t factor, int64_t step, int rounds)
{
	for (int64_t j = 0; j < rounds; j++)
		r = (r * factor + j * step) % MODULUS;
	return r;
}
