/*
 * Graphs that no table has: executors with static, reactive and lazy dependencies drawn by lot, and operations on them.
 *
 * The model knows the rules and no blocks: arrays of what is cached and who was listed with whom. After each operation
 * the engine must give the model's value, have done what the model counted, and have exactly the blocks alive that the
 * model's state is worth.
 */
#include "engines/pump/pg_random_test.h"

#include "engines/pump/pg_internal.h"

enum { EXECUTORS = 12, DEPENDENCIES = 4, OPERATIONS = 60, EDGES_MAX = 1 << 16, MODULUS = 1000003 };

struct node {
	uint32_t dependency[DEPENDENCIES];
	enum pg_mode mode[DEPENDENCIES];
	uint32_t count;
	int64_t weight;
};

/* What a factory captures: it adds its weight to its dependencies, the lazy ones if it is odd. */
struct capture {
	const struct node *node;
};

static struct {
	struct node nodes[EXECUTORS];
	bool cached[EXECUTORS];
	int64_t value[EXECUTORS];
	struct {
		uint32_t dependency, dependent;
	} edges[EDGES_MAX];
	uint32_t edge_count;
	struct pg_counts counts;
	bool cache_has_table;
} model;

static struct pg_executor *executors[EXECUTORS];
static struct pg_scope *scope;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static bool is_asked(const struct node *node, uint32_t place)
{
	return node->mode[place] != PG_LAZY || node->weight % 2 != 0;
}

/* --- the model --- */

static int64_t model_resolve(uint32_t executor);

static int64_t model_run(uint32_t executor)
{
	const struct node *node = &model.nodes[executor];
	int64_t sum = node->weight;

	model.counts.runs++;
	model.counts.controllers += node->count;
	for (uint32_t i = 0; i < node->count; i++)
		if (is_asked(node, i))
			sum += model_resolve(node->dependency[i]);
	return sum % MODULUS;
}

static void model_add_edge(uint32_t dependency, uint32_t dependent)
{
	for (uint32_t i = 0; pg_options.unique_edges != 0 && i < model.edge_count; i++)
		if (model.edges[i].dependency == dependency &&
		    model.edges[i].dependent == dependent)
			return;
	model.edges[model.edge_count].dependency = dependency;
	model.edges[model.edge_count++].dependent = dependent;
}

static void model_store(uint32_t executor, int64_t value)
{
	model.counts.stores++;
	model.cached[executor] = true;
	model.value[executor] = value;
	model.cache_has_table = true;
}

static int64_t model_resolve(uint32_t executor)
{
	const struct node *node = &model.nodes[executor];

	model.counts.resolves++;
	if (model.cached[executor]) {
		model.counts.hits++;
		return model.value[executor];
	}
	for (uint32_t i = 0; i < node->count; i++)
		if (node->mode[i] == PG_REACTIVE)
			model_add_edge(node->dependency[i], executor);
	for (uint32_t i = 0; i < node->count; i++)
		if (node->mode[i] != PG_LAZY && pg_options.pre_resolve_cached != 0)
			(void)model_resolve(node->dependency[i]);
		else if (node->mode[i] != PG_LAZY)
			(void)model_run(node->dependency[i]);
	model.counts.operations++;
	model_store(executor, model_run(executor));
	return model.value[executor];
}

static void model_forget(uint32_t executor, bool visited[EXECUTORS])
{
	if (visited[executor])
		return;
	visited[executor] = true;
	for (uint32_t i = 0; i < model.edge_count; i++)
		if (model.edges[i].dependency == executor) {
			model.counts.edges_visited++;
			model.cached[model.edges[i].dependent] = false;
			model_forget(model.edges[i].dependent, visited);
		}
}

static void model_update(uint32_t executor, int64_t value)
{
	bool visited[EXECUTORS] = {false};

	model.counts.operations++;
	model_forget(executor, visited);
	model_store(executor, value);
}

static uint64_t model_blocks(void)
{
	uint64_t blocks = 7 + model.edge_count + (model.edge_count > 0) + model.cache_has_table;

	for (uint32_t i = 0; i < EXECUTORS; i++) {
		blocks += (model.nodes[i].count > 0 ? 4 : 2) + 1 + model.cached[i];
		for (uint32_t k = 0; k < model.nodes[i].count; k++)
			blocks += model.nodes[i].mode[k] != PG_STATIC;
	}
	return blocks;
}

/* --- the same in the engine --- */

static struct value run(struct pg_call *call)
{
	const struct node *node = ((const struct capture *)call->captured)->node;
	int64_t sum = node->weight;

	for (uint32_t i = 0; i < node->count; i++)
		if (is_asked(node, i))
			sum += pg_call_get(call, i).as.integer;
	return value_integer(sum % MODULUS);
}

static void draw_node(uint32_t number)
{
	struct node *node = &model.nodes[number];
	const struct capture captured = {node};
	const struct pg_factory factory = {
	    .run = run, .captured = &captured, .captured_bytes = sizeof(captured)};
	struct pg_dependency list[DEPENDENCIES];

	node->weight = draw(100);
	node->count = number > 0 ? draw(DEPENDENCIES + 1) : 0;
	for (uint32_t i = 0; i < node->count; i++) {
		struct pg_executor *dependency = NULL;

		node->dependency[i] = draw(number);
		node->mode[i] = (enum pg_mode)draw(PG_LAZY + 1);
		dependency = executors[node->dependency[i]];
		list[i] = pg_static(dependency);
		if (node->mode[i] != PG_STATIC)
			list[i] = node->mode[i] == PG_REACTIVE ? pg_reactive(dependency)
							       : pg_lazy(dependency);
	}
	executors[number] =
	    node->count > 0 ? pg_derive(list, node->count, factory) : pg_provide(factory);
}

static bool operate(void)
{
	const uint32_t executor = draw(EXECUTORS);
	const struct pg_controller controller = pg_controller(scope, executors[executor]);
	struct value value = value_undefined();
	const int64_t drawn = draw(MODULUS);

	switch (draw(8)) {
	case 0:
	case 1:
		model_update(executor, drawn);
		return pg_controller_update(controller, value_integer(drawn), NULL);
	case 2:
		model.cached[executor] = false;
		pg_controller_release(controller);
		return true;
	case 3:
		if (draw(4) == 0) {
			memset(model.cached, 0, sizeof(model.cached));
			model.cache_has_table = false;
			pg_scope_reset_cache(scope);
		}
		return pg_controller_is_cached(controller) == model.cached[executor];
	default:
		return pg_controller_get(controller, &value, NULL) &&
		       value.as.integer == model_resolve(executor);
	}
}

static bool counts_agree(void)
{
	return memcmp(&pg_counts, &model.counts, sizeof(model.counts)) == 0;
}

static uint64_t live_without_pools(void)
{
	return ledger_totals(&pg_ledger).live_blocks -
	       2 * pg_pool_statistics(PG_POOL_RESOLVE_CONTEXTS).size;
}

static bool program_holds(uint64_t number)
{
	bool holds = true;

	memset(&model, 0, sizeof(model));
	pg_counts = (struct pg_counts){0};
	seed = number;
	scope = pg_scope_open(NULL, NULL);
	for (uint32_t i = 0; i < EXECUTORS; i++)
		draw_node(i);
	for (int i = 0; i < OPERATIONS && holds; i++)
		holds = operate() && counts_agree() && live_without_pools() == model_blocks();
	pg_scope_free(scope);
	for (uint32_t i = 0; i < EXECUTORS; i++)
		pg_executor_free(executors[i]);
	pg_pools_release();
	return holds && ledger_totals(&pg_ledger).live_blocks == 0;
}

void pg_run_random(unsigned count, unsigned *passed, unsigned *failed)
{
	static const struct pg_options modes[] = {
	    {0},
	    {.pooled = 1},
	    {.unique_edges = 1},
	    {.unique_edges = 1, .pre_resolve_cached = 1, .pooled = 1},
	};

	for (size_t mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++)
		for (unsigned number = 1; number <= count; number++) {
			bool holds = false;

			pg_options = modes[mode];
			holds = program_holds(number);
			pg_options = pg_options_upstream();
			++*(holds ? passed : failed);
			if (!holds)
				printf("FAILED: random graph %u in mode %zu\n", number, mode);
		}
}
