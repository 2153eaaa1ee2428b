/* Scenarios without effects: diamonds, chains, trees; a computed is read after each write. */
#include "bench/scenario.h"

enum { CHAIN_ROUNDS = 3, TREE_CHILDREN = 3 };

/* The last node of the set is the one to read. */
static void *last_node(const struct world *world)
{
	return world->nodes[world->node_count - 1];
}

static void *first_source(struct world *world)
{
	return world_has_outer(world) ? world->outer : world->nodes[0];
}

/* a := 0, 1, ...; read the last node after each. */
static void write_and_read(struct world *world)
{
	for (uint64_t i = 0; i < world->options.inner; i++) {
		world_write(world, first_source(world), (int64_t)i);
		(void)world_read(world, last_node(world));
	}
}

static int diamond_left(void *environment, struct rx_value *ret_value)
{
	return scenario_result(ret_value, scenario_mix(capture_read(environment, 0), 31, 1, 5));
}

static int diamond_right(void *environment, struct rx_value *ret_value)
{
	return scenario_result(ret_value, scenario_mix(capture_read(environment, 0), 37, 2, 5));
}

static int diamond_bottom(void *environment, struct rx_value *ret_value)
{
	const int64_t left = capture_read(environment, 0);
	const int64_t right = capture_read(environment, 1);

	return scenario_result(ret_value, (left * left + right * right) % 1000007);
}

static void build_diamond_simple(struct world *world)
{
	void *source = world_first_source(world, 0);
	void *sides[2];

	sides[0] = world_computed(world, diamond_left, capture_one(world, 0, source));
	sides[1] = world_computed(world, diamond_right, capture_one(world, 0, source));
	world_computed(world, diamond_bottom, capture_new(world, 0, sides, 2));
}

static uint64_t diamond_simple_inner(uint64_t parameter)
{
	(void)parameter;
	return 100000;
}

const struct scenario scenario_diamond_simple = {
    .name = "computed-diamond-simple",
    .shape = "a -> {l, r} -> b",
    .inner = diamond_simple_inner,
    .build = build_diamond_simple,
    .work = write_and_read,
};

static int times_index(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;

	return scenario_result(ret_value, capture_read(capture, 0) * capture->index);
}

static int sum(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;
	int64_t total = 0;

	for (size_t i = 0; i < capture->handle_count; i++)
		total += capture_read(capture, i);
	return scenario_result(ret_value, total);
}

/* top -> {2 top, 3 top} -> their sum, which is returned. */
static void *build_sum_diamond(struct world *world, void *top)
{
	void *sides[2];

	sides[0] = world_computed(world, times_index, capture_one(world, 2, top));
	sides[1] = world_computed(world, times_index, capture_one(world, 3, top));
	return world_computed(world, sum, capture_new(world, 0, sides, 2));
}

static void build_diamond_nested(struct world *world)
{
	void *middle = build_sum_diamond(world, world_first_source(world, 0));

	(void)build_sum_diamond(world, middle);
}

static uint64_t diamond_nested_inner(uint64_t parameter)
{
	(void)parameter;
	return 5000;
}

const struct scenario scenario_diamond_nested = {
    .name = "computed-diamond-nested",
    .shape = "a -> {2a, 3a} -> m -> {2m, 3m} -> sum",
    .inner = diamond_nested_inner,
    .build = build_diamond_nested,
    .work = write_and_read,
};

static void build_diamond_wide(struct world *world)
{
	void *source = world_first_source(world, 0);
	const size_t width = world->options.parameter;
	const size_t first = world->node_count;

	for (size_t i = 0; i < width; i++)
		world_computed(world, times_index, capture_one(world, (int64_t)i + 1, source));
	world_computed(world, sum, capture_new(world, 0, world->nodes + first, width));
}

static uint64_t thousand(uint64_t parameter)
{
	(void)parameter;
	return 1000;
}

static uint64_t ten_thousand(uint64_t parameter)
{
	(void)parameter;
	return 10000;
}

const struct scenario scenario_diamond_wide = {
    .name = "computed-diamond-wide",
    .shape = "a -> n computeds -> sum",
    .parameter = 10,
    .inner = thousand,
    .build = build_diamond_wide,
    .work = write_and_read,
};

static int chain_link(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;

	return scenario_result(ret_value,
	    scenario_mix(capture_read(capture, 0) + capture->index, 31, 1, CHAIN_ROUNDS));
}

static void build_chain(struct world *world)
{
	void *above = world_first_source(world, 0);

	for (uint64_t level = 0; level < world->options.parameter; level++)
		above =
		    world_computed(world, chain_link, capture_one(world, (int64_t)level, above));
}

const struct scenario scenario_chain = {
    .name = "computed-chain",
    .shape = "a -> c1 -> ... -> cn",
    .parameter = 10,
    .inner = ten_thousand,
    .build = build_chain,
    .work = write_and_read,
};

static int plus_index(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;

	return scenario_result(ret_value, capture_read(capture, 0) + capture->index);
}

/* Breadth first: the nodes of a level stand together, the last leaf is the last node and the only one kept. */
static void build_deep_wide(struct world *world)
{
	void *root = world_first_source(world, 0);
	const size_t first = world->node_count;
	size_t level_first = first;
	size_t level_count = 1;

	for (uint64_t level = 0; level < world->options.parameter; level++) {
		const size_t next_first = world->node_count;

		for (size_t parent = 0; parent < level_count; parent++) {
			void *above = level == 0 ? root : world->nodes[level_first + parent];

			for (int64_t child = 0; child < TREE_CHILDREN; child++)
				world_computed(
				    world, plus_index, capture_one(world, child + 1, above));
		}
		level_first = next_first;
		level_count *= TREE_CHILDREN;
	}
	world_forget(world, first, world->node_count - 1 - first);
}

const struct scenario scenario_deep_wide = {
    .name = "computed-deep-wide",
    .shape = "a tree of n levels, three children each; only the last leaf is read",
    .parameter = 4,
    .inner = thousand,
    .build = build_deep_wide,
    .work = write_and_read,
};

/* cond and k signals -> k computeds -> one that reads computed number (cond mod k). */
static int conditional_branch(void *environment, struct rx_value *ret_value)
{
	return scenario_result(ret_value, scenario_mix(capture_read(environment, 0), 31, 1, 100));
}

static int conditional_select(void *environment, struct rx_value *ret_value)
{
	const struct capture *capture = environment;
	const int64_t branches = (int64_t)capture->handle_count - 1;

	return scenario_result(
	    ret_value, capture_read(capture, 1 + (size_t)(capture_read(capture, 0) % branches)));
}

enum { BRANCHES_MAX = 64 };

static size_t branch_count(const struct world *world)
{
	return world->options.parameter < BRANCHES_MAX ? world->options.parameter : BRANCHES_MAX;
}

static void build_conditional(struct world *world)
{
	void *captured[1 + BRANCHES_MAX];
	const size_t branches = branch_count(world);
	size_t first = 0;

	captured[0] = world_first_source(world, 0);
	first = world->node_count;
	for (size_t i = 0; i < branches; i++)
		world_signal(world, 0);
	for (size_t i = 0; i < branches; i++)
		captured[1 + i] = world_computed(
		    world, conditional_branch, capture_one(world, 0, world->nodes[first + i]));
	world_computed(world, conditional_select, capture_new(world, 0, captured, 1 + branches));
}

/* The branch changes 500 times in a full run, and with each write in a short one. */
static void work_conditional(struct world *world)
{
	const uint64_t branches = branch_count(world);
	const uint64_t stay = world->options.inner >= 1000 ? 100 : 1;
	void *const *signals = world->nodes + (world_has_outer(world) ? 0 : 1);

	for (uint64_t i = 0; i < world->options.inner; i++) {
		if (i % stay == 0)
			world_write(world, first_source(world), (int64_t)(i / stay % branches));
		for (uint64_t branch = 0; branch < branches; branch++)
			world_write(world, signals[branch], (int64_t)(i * (branch + 1)));
		(void)world_read(world, last_node(world));
	}
}

static uint64_t conditional_inner(uint64_t parameter)
{
	(void)parameter;
	return 50000;
}

const struct scenario scenario_conditional = {
    .name = "computed-conditional",
    .shape = "cond, n signals -> n computeds -> the one that cond selects",
    .parameter = 4,
    .inner = conditional_inner,
    .build = build_conditional,
    .work = work_conditional,
};

/*
 * m signals -> m/2 sums of pairs -> total -> twice the total. In the outer variants the first pair reads the outer signal
 * in place of the set's first, which is made all the same.
 */
static size_t batch_sources(const struct world *world)
{
	return world->options.parameter + world->options.parameter % 2; /* they go in pairs */
}

static void build_batch_updates(struct world *world)
{
	const size_t sources = batch_sources(world);
	const size_t first_signal = world->node_count;
	size_t first_pair = 0;
	void *total = NULL;

	for (size_t i = 0; i < sources; i++)
		world_signal(world, 0);
	first_pair = world->node_count;
	for (size_t i = 0; i < sources; i += 2) {
		void *pair[2] = {
		    world->nodes[first_signal + i], world->nodes[first_signal + i + 1]};

		if (i == 0 && world_has_outer(world))
			pair[0] = world->outer;
		world_computed(world, sum, capture_new(world, 0, pair, 2));
	}
	total = world_computed(world, sum,
	    capture_new(world, 0, world->nodes + first_pair, world->node_count - first_pair));
	world_computed(world, times_index, capture_one(world, 2, total));
}

struct batch_step {
	struct world *world;
	uint64_t i;
};

static int write_all_sources(void *environment, struct rx_value *ret_value)
{
	const struct batch_step *step = environment;
	struct world *world = step->world;

	world_write(world, first_source(world), (int64_t)step->i);
	for (size_t source = 1; source < batch_sources(world); source++)
		world_write(world, world->nodes[source], (int64_t)(step->i + source));
	*ret_value = rx_undefined();
	return 0;
}

static void work_batch_updates(struct world *world)
{
	for (uint64_t i = 0; i < world->options.inner; i++) {
		struct batch_step step = {world, i};
		struct rx_value result = rx_undefined();

		(void)world->engine->batch(world->api, write_all_sources, &step, &result);
		(void)world_read(world, last_node(world));
	}
}

static uint64_t batch_updates_inner(uint64_t parameter)
{
	return 10000 / parameter;
}

const struct scenario scenario_batch_updates = {
    .name = "batch-updates",
    .shape = "n signals -> n/2 sums of pairs -> total -> double; all written in one batch",
    .parameter = 10,
    .inner = batch_updates_inner,
    .build = build_batch_updates,
    .work = work_batch_updates,
};
