/*
 * Scenarios with effects: a write runs what observes it; nothing is read from outside. And the plain fan-out of
 * computeds, which shares its shape with the fan-out of effects.
 *
 * The originals write 1 once before the loop, after the effects exist. Here the first source starts at 1 instead, so
 * that each of the loop's writes changes the value and the counts per write are whole.
 */
#include "bench/scenario.h"

#include <math.h>

static void *first_source(struct world *world)
{
	return world_has_outer(world) ? world->outer : world->nodes[0];
}

static uint64_t thousand_roots(uint64_t parameter)
{
	return (uint64_t)ceil(1000.0 * sqrt((double)parameter));
}

static uint64_t hundred(uint64_t parameter)
{
	(void)parameter;
	return 100;
}

/* 3 x (v (index + 1) + j) */
static int fan_branch(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;
	int64_t value = capture_read(capture, 0);

	for (int64_t j = 0; j < 3; j++)
		value = (value * (capture->index + 1) + j) % 1000007;
	return scenario_result(ret_value, value);
}

/* Adds up what it reads. */
static int sum_effect(void *environment, struct rx_cleanup *ret_cleanup, struct rx_value *ret_error)
{
	const struct capture *capture = environment;

	(void)ret_cleanup;
	(void)ret_error;
	for (size_t i = 0; i < capture->handle_count; i++)
		capture->world->effect_sum += capture_read(capture, i);
	return 0;
}

static void write_first_source(struct world *world)
{
	for (uint64_t i = 0; i < world->options.inner; i++)
		world_write(world, first_source(world), (int64_t)i);
}

static void build_fan(struct world *world, bool with_effects)
{
	void *source = world_first_source(world, 1);

	for (uint64_t i = 0; i < world->options.parameter; i++) {
		void *branch =
		    world_computed(world, fan_branch, capture_one(world, (int64_t)i, source));

		if (with_effects)
			world_effect(world, sum_effect, capture_one(world, 0, branch));
	}
}

static void build_subscribers(struct world *world)
{
	build_fan(world, true);
}

const struct scenario scenario_scaling_subscribers = {
    .name = "scaling-subscribers",
    .shape = "a -> n computeds, an effect on each",
    .parameter = 10,
    .inner = thousand_roots,
    .initial = 1,
    .build = build_subscribers,
    .work = write_first_source,
};

static void build_computeds(struct world *world)
{
	build_fan(world, false);
}

static void work_computeds(struct world *world)
{
	const uint64_t branches = world->options.parameter;

	for (uint64_t i = 0; i < world->options.inner; i++) {
		world_write(world, first_source(world), (int64_t)i);
		for (uint64_t branch = 0; branch < branches; branch++)
			(void)world_read(
			    world, world->nodes[world->node_count - branches + branch]);
	}
}

const struct scenario scenario_scaling_computed = {
    .name = "scaling-computed",
    .shape = "a -> n computeds, all read after each write",
    .parameter = 10,
    .inner = thousand_roots,
    .initial = 1,
    .build = build_computeds,
    .work = work_computeds,
};

/* In the outer variants each effect reads the outer signal too. */
static void build_signal_effect(struct world *world)
{
	const size_t count = world->options.parameter;
	const size_t first = world->node_count;

	for (size_t i = 0; i < count; i++)
		world_signal(world, 1);
	for (size_t i = 0; i < count; i++) {
		void *captured[2];

		captured[0] = world->nodes[first + i];
		captured[1] = world->outer;
		world_effect(world, sum_effect,
		    capture_new(world, 0, captured, world_has_outer(world) ? 2 : 1));
	}
}

static void work_signal_effect(struct world *world)
{
	for (uint64_t i = 0; i < world->options.inner; i++)
		for (size_t signal = 0; signal < world->node_count; signal++)
			world_write(world, world->nodes[signal], (int64_t)i);
}

const struct scenario scenario_scaling_signal_effect = {
    .name = "scaling-signal-effect",
    .shape = "n signals, an effect on each",
    .parameter = 10,
    .inner = thousand_roots,
    .initial = 1,
    .build = build_signal_effect,
    .work = work_signal_effect,
};

static void build_signal(struct world *world)
{
	(void)world_first_source(world, 1);
}

static void work_effect_cleanup(struct world *world)
{
	void *source = first_source(world);

	for (uint64_t i = 0; i < world->options.inner; i++) {
		void *disposer = world_own_effect(world, sum_effect, capture_one(world, 0, source));

		world_write(world, source, (int64_t)i);
		world_dispose(world, disposer);
	}
}

const struct scenario scenario_effect_cleanup = {
    .name = "effect-cleanup",
    .shape = "a; per write an effect is made and disposed",
    .inner = hundred,
    .initial = 1,
    .build = build_signal,
    .work = work_effect_cleanup,
};

static int twice(void *environment, struct rx_value *ret_value)
{
	return scenario_result(ret_value, 2 * capture_read(environment, 0));
}

static void build_computed_effect(struct world *world)
{
	void *source = world_first_source(world, 1);
	void *doubled = world_computed(world, twice, capture_one(world, 0, source));

	world_effect(world, sum_effect, capture_one(world, 0, doubled));
}

const struct scenario scenario_computed_effect = {
    .name = "computed-effect",
    .shape = "a -> 2a -> effect",
    .inner = hundred,
    .initial = 1,
    .build = build_computed_effect,
    .work = write_first_source,
};
