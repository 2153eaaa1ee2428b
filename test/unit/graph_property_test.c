/*
 * Reachability, leaks, components, dominators and retained sizes against an oracle that is written from the
 * definitions and knows no algorithm: distances by relaxing until nothing changes, domination by taking a node away
 * and flooding again. Thousands of random graphs with every kind of root and edge: parallel edges, blocks that point
 * to themselves, slack on both sides, blocks of no bytes, pools, graphs without any root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/strong_components.h"
#include "support/graph_fixture.h"

#define SMALL_GRAPHS 4000
#define LARGE_GRAPHS 60
#define LIST_LENGTH  200000
#define FAR	     1000000u

struct oracle_edge {
	uint32_t from, to; /* nodes; roots and top as in reference_graph.h */
	bool doubtful;
};

struct oracle {
	struct oracle_edge *edges;
	size_t edge_count;
	uint32_t block_count, node_count, lost, top;
	uint32_t *doubts, *distance; /* by node */
	uint8_t *matrix; /* block_count x block_count: does one reach the other over edges? */
};

static void add_edge(struct oracle *oracle, uint32_t from, uint32_t to, bool doubtful)
{
	oracle->edges[oracle->edge_count++] = (struct oracle_edge){from, to, doubtful};
}

/* As the page of the format and GRAPH's header say it: does it count, and is there a doubt? */
static bool edge_counts(
    const struct snapshot *snapshot, uint32_t target, uint32_t into, bool *doubtful)
{
	*doubtful = *doubtful || into != 0;
	return into <= snapshot->block_size[target];
}

static void collect_edges(struct oracle *oracle, const struct snapshot *snapshot)
{
	for (uint32_t block = 0; block < oracle->block_count; block++) {
		for (uint64_t i = snapshot->edge_first[block]; i < snapshot->edge_first[block + 1];
		     i++) {
			bool doubtful =
			    8 * (uint64_t)snapshot->edge_word[i] + 8 > snapshot->block_size[block];
			uint32_t target = snapshot->edge_target[i];

			if (target != block &&
			    edge_counts(snapshot, target, snapshot->edge_into[i], &doubtful))
				add_edge(oracle, block, target, doubtful);
		}
	}
	for (size_t i = 0; i < snapshot->root_edge_count; i++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[i];
		uint32_t kind = snapshot->root_ranges[edge->range].kind;
		bool doubtful = kind == SNAPSHOT_ROOT_STACK || kind == SNAPSHOT_ROOT_REGISTERS;

		if (edge_counts(snapshot, edge->target, edge->into, &doubtful))
			add_edge(oracle, oracle->block_count + edge->range, edge->target, doubtful);
	}
	/* A pool's block holds the block around it: the random graphs have pools of depth one. */
	for (size_t i = 0; i < snapshot->extra_count; i++) {
		uint32_t inner = (uint32_t)snapshot->extras[i].block;

		for (uint32_t outer = 0; outer < oracle->block_count; outer++)
			if ((snapshot->extras[i].flags & SNAPSHOT_BLOCK_POOLED) != 0 &&
			    outer != inner &&
			    snapshot->block_address[outer] <= snapshot->block_address[inner] &&
			    snapshot->block_address[outer] + snapshot->block_size[outer] >=
				snapshot->block_address[inner] + snapshot->block_size[inner])
				add_edge(oracle, inner, outer, true);
	}
	for (uint32_t root = 0; root < snapshot->root_range_count; root++)
		add_edge(oracle, oracle->top, oracle->block_count + root, false);
	add_edge(oracle, oracle->top, oracle->lost, false);
}

/* Fewest doubts, then fewest edges, from the top; FAR is not reached. */
static void relax(struct oracle *oracle)
{
	bool changed = true;

	for (uint32_t node = 0; node < oracle->node_count; node++)
		oracle->doubts[node] = oracle->distance[node] = FAR;
	oracle->doubts[oracle->top] = oracle->distance[oracle->top] = 0;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < oracle->edge_count; i++) {
			const struct oracle_edge *edge = &oracle->edges[i];
			uint32_t doubts = oracle->doubts[edge->from] + edge->doubtful;
			uint32_t distance = oracle->distance[edge->from] + 1;

			if (oracle->doubts[edge->from] == FAR ||
			    doubts > oracle->doubts[edge->to] ||
			    (doubts == oracle->doubts[edge->to] &&
				distance >= oracle->distance[edge->to]))
				continue;
			oracle->doubts[edge->to] = doubts;
			oracle->distance[edge->to] = distance;
			changed = true;
		}
	}
}

static uint8_t *cell(const struct oracle *oracle, uint32_t from, uint32_t to)
{
	return &oracle->matrix[(size_t)from * oracle->block_count + to];
}

/* Who reaches whom over any edges between blocks (Warshall). */
static void close_matrix(struct oracle *oracle)
{
	uint32_t count = oracle->block_count;

	for (size_t i = 0; i < oracle->edge_count; i++)
		if (oracle->edges[i].from < count)
			*cell(oracle, oracle->edges[i].from, oracle->edges[i].to) = 1;
	for (uint32_t via = 0; via < count; via++)
		for (uint32_t from = 0; from < count; from++)
			for (uint32_t to = 0; to < count && *cell(oracle, from, via) != 0; to++)
				*cell(oracle, from, to) |= *cell(oracle, via, to);
}

static void oracle_open(struct oracle *oracle, const struct snapshot *snapshot)
{
	uint32_t blocks = (uint32_t)snapshot->block_count;
	uint32_t nodes = blocks + (uint32_t)snapshot->root_range_count + 2;

	*oracle = (struct oracle){.block_count = blocks,
	    .node_count = nodes,
	    .lost = nodes - 2,
	    .top = nodes - 1,
	    .edges = calloc(snapshot->edge_count + snapshot->root_edge_count + 3 * (size_t)nodes,
		sizeof(struct oracle_edge)),
	    .doubts = calloc(nodes, sizeof(uint32_t)),
	    .distance = calloc(nodes, sizeof(uint32_t)),
	    .matrix = calloc((size_t)blocks * blocks + 1, 1)};
	assert_non_null(oracle->edges);
	assert_non_null(oracle->doubts);
	assert_non_null(oracle->distance);
	assert_non_null(oracle->matrix);
	collect_edges(oracle, snapshot);
	relax(oracle);
	close_matrix(oracle);
}

static void oracle_close(struct oracle *oracle)
{
	free(oracle->edges);
	free(oracle->doubts);
	free(oracle->distance);
	free(oracle->matrix);
}

/* Older, or of the same age and larger, or of the same size and in a lower row. */
static bool is_before(const struct snapshot *snapshot, uint32_t block, uint32_t other)
{
	if (snapshot->block_epoch[block] != snapshot->block_epoch[other])
		return snapshot->block_epoch[block] < snapshot->block_epoch[other];
	if (snapshot->block_size[block] != snapshot->block_size[other])
		return snapshot->block_size[block] > snapshot->block_size[other];
	return block < other;
}

/* Leaked, and everyone leaked that reaches it is reached back and comes after it. */
static bool is_direct(const struct oracle *oracle, const struct snapshot *snapshot, uint32_t block)
{
	for (uint32_t other = 0; other < oracle->block_count; other++)
		if (other != block && oracle->doubts[other] == FAR &&
		    *cell(oracle, other, block) != 0 &&
		    (*cell(oracle, block, other) == 0 || is_before(snapshot, other, block)))
			return false;
	return true;
}

/* The path that the parents give: real edges, as many doubts and edges as the oracle found. */
static void check_path(
    const struct oracle *oracle, const struct graph_fixture *fixture, uint32_t block)
{
	const struct reachability *reach = fixture->reach;
	uint32_t doubts = 0;
	uint32_t edges = 0;
	uint8_t kinds = 0;
	uint32_t at = block;

	while (reference_is_block(fixture->graph, at)) {
		uint32_t holder = reach->holder[at];
		uint8_t grade;

		if (reference_is_block(fixture->graph, holder)) {
			assert_in_range(
			    reach->reference[at], 0, reference_degree(fixture->graph, holder) - 1);
			assert_int_equal(
			    reference_at(fixture->graph, holder, reach->reference[at], &grade), at);
		} else {
			uint32_t row = reach->reference[at];

			assert_int_equal(fixture->heap.snapshot->root_edges[row].target, at);
			assert_int_equal(reference_root_node(fixture->graph,
					     fixture->heap.snapshot->root_edges[row].range),
			    holder);
			grade = fixture->graph->root_grade[row];
		}
		assert_true(reference_counts(grade));
		kinds |= grade;
		doubts += grade != 0;
		assert_int_equal(reach->distance[block] - reach->distance[at], edges);
		edges++;
		at = holder;
	}
	assert_int_equal(kinds, reach->doubts[block]);
	assert_int_equal(doubts, oracle->doubts[block]);
	assert_int_equal(edges + 1, oracle->distance[block]);
	assert_int_equal(edges, reach->distance[block]);
}

static void check_reachability(const struct oracle *oracle, const struct graph_fixture *fixture)
{
	const struct reachability *reach = fixture->reach;
	uint64_t leaked = 0;

	for (uint32_t block = 0; block < oracle->block_count; block++) {
		enum reach state = reach->state[block];

		if (oracle->doubts[block] == FAR) {
			leaked += fixture->heap.snapshot->block_size[block];
			assert_int_equal(state, is_direct(oracle, fixture->heap.snapshot, block)
						    ? REACH_LOST
						    : REACH_LOST_INDIRECTLY);
			continue;
		}
		assert_int_equal(state, oracle->doubts[block] == 0 ? REACH_STRONG : REACH_WEAK);
		check_path(oracle, fixture, block);
	}
	assert_int_equal(reach->totals.lost_bytes + reach->totals.indirect_bytes, leaked);
}

static void check_order(const struct graph_fixture *fixture)
{
	const struct reachability *reach = fixture->reach;
	uint32_t count = fixture->graph->block_count;
	uint8_t *seen = calloc((size_t)count + 1, 1);

	assert_non_null(seen);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t holder = reach->holder[reach->order[i]];

		if (reference_is_block(fixture->graph, holder))
			assert_int_equal(seen[holder], 1);
		assert_int_equal(seen[reach->order[i]]++, 0);
	}
	free(seen);
}

static void check_components(const struct oracle *oracle, const struct graph_fixture *fixture)
{
	struct strong_components components;

	assert_int_equal(strong_components_open(fixture->graph, NULL, 0, &components), STATUS_OK);
	for (uint32_t a = 0; a < oracle->block_count; a++) {
		for (uint32_t b = 0; b < oracle->block_count; b++) {
			bool both =
			    a == b || (*cell(oracle, a, b) != 0 && *cell(oracle, b, a) != 0);

			assert_int_equal(components.of_block[a] == components.of_block[b], both);
			if (*cell(oracle, a, b) != 0)
				assert_true(components.of_block[b] <= components.of_block[a]);
		}
	}
	strong_components_release(&components);
}

/* What the top still reaches when WITHOUT is gone; leaked blocks that are direct hang below the lost node. */
static void flood(const struct oracle *oracle, const struct reachability *reach,
    const uint8_t *without, uint8_t *reached)
{
	bool changed = true;

	memset(reached, 0, oracle->node_count);
	reached[oracle->top] = without[oracle->top] == 0;
	while (changed) {
		changed = false;
		for (uint32_t block = 0; block < oracle->block_count; block++)
			if (reach->state[block] == REACH_LOST && reached[oracle->lost] != 0 &&
			    without[block] == 0 && reached[block] == 0)
				changed = (reached[block] = 1);
		for (size_t i = 0; i < oracle->edge_count; i++) {
			const struct oracle_edge *edge = &oracle->edges[i];

			if (reached[edge->from] != 0 && reached[edge->to] == 0 &&
			    without[edge->to] == 0)
				changed = (reached[edge->to] = 1);
		}
	}
}

static void check_retained(
    const struct oracle *oracle, const struct graph_fixture *fixture, uint32_t node)
{
	const struct dominators *dominators = fixture->dominators;
	uint8_t *without = calloc(2 * (size_t)oracle->node_count, 1);
	uint8_t *reached = without + oracle->node_count;
	uint64_t bytes = 0;
	uint64_t blocks = 0;

	assert_non_null(without);
	without[node] = 1;
	flood(oracle, fixture->reach, without, reached);
	for (uint32_t block = 0; block < oracle->block_count; block++) {
		if (reached[block] == 0) {
			bytes += fixture->heap.snapshot->block_size[block];
			blocks++;
		}
		assert_int_equal(dominators_has(dominators, node, block), reached[block] == 0);
	}
	assert_int_equal(dominators->retained_bytes[node], bytes);
	assert_int_equal(dominators->retained_blocks[node], blocks);
	free(without);
}

static uint32_t site_of(const void *context, uint32_t node)
{
	const struct graph_fixture *fixture = context;

	return reference_is_block(fixture->graph, node) ? fixture->heap.snapshot->block_stack[node]
							: HEAP_NONE;
}

/* What a site retains is the union of what its blocks dominate. (Less than what goes when all its blocks go: two of
 * them may hold a third one together.) */
static void check_sites(const struct oracle *oracle, const struct graph_fixture *fixture)
{
	const struct snapshot *snapshot = fixture->heap.snapshot;
	struct retained rows[8] = {0};

	assert_int_equal(dominators_retained_by_key(
			     fixture->dominators, site_of, fixture, snapshot->stack_count, rows),
	    STATUS_OK);
	for (uint32_t site = 0; site < snapshot->stack_count; site++) {
		uint64_t expected_bytes = 0;
		uint64_t expected_blocks = 0;

		for (uint32_t block = 0; block < oracle->block_count; block++) {
			bool held = false;

			for (uint32_t holder = 0; holder < oracle->block_count; holder++)
				held =
				    held || (snapshot->block_stack[holder] == site &&
						dominators_has(fixture->dominators, holder, block));
			expected_blocks += held;
			expected_bytes += held ? snapshot->block_size[block] : 0;
		}
		assert_int_equal(rows[site].bytes, expected_bytes);
		assert_int_equal(rows[site].blocks, expected_blocks);
	}
}

static void check_children(const struct graph_fixture *fixture)
{
	const struct dominators *dominators = fixture->dominators;
	size_t count = reference_node_count(fixture->graph);

	for (uint32_t node = 0; node < count; node++) {
		uint32_t largest[3] = {0};
		size_t total = dominators_largest(dominators, node, largest, 3);
		size_t children = 0;

		for (uint32_t child = 0; child < count; child++)
			children += dominators->immediate[child] == node &&
				    dominators->retained_blocks[child] > 0;
		assert_int_equal(total, children);
		for (size_t i = 0; i < total && i < 3; i++) {
			size_t better = 0;

			assert_int_equal(dominators->immediate[largest[i]], node);
			for (uint32_t child = 0; child < count; child++)
				better += dominators->immediate[child] == node &&
					  dominators->retained_blocks[child] > 0 &&
					  (dominators->retained_bytes[child] >
						  dominators->retained_bytes[largest[i]] ||
					      (dominators->retained_bytes[child] ==
						      dominators->retained_bytes[largest[i]] &&
						  child < largest[i]));
			assert_int_equal(better, i);
		}
	}
}

static void check_reverse(const struct oracle *oracle, struct graph_fixture *fixture)
{
	struct reference_graph *graph = fixture->graph;
	size_t edges = 0;

	assert_int_equal(reference_graph_reverse(graph), STATUS_OK);
	for (size_t i = 0; i < oracle->edge_count; i++) {
		const struct oracle_edge *edge = &oracle->edges[i];
		bool found = false;

		if (edge->from >= oracle->block_count)
			continue;
		edges++;
		for (uint64_t at = graph->reverse_first[edge->to];
		     at < graph->reverse_first[edge->to + 1]; at++)
			if (graph->reverse_source[at] == edge->from) {
				uint8_t grade;

				assert_int_equal(reference_at(graph, edge->from,
						     graph->reverse_number[at], &grade),
				    edge->to);
				found = found || edge->doubtful == (grade != 0);
			}
		assert_true(found);
	}
	assert_int_equal(graph->reverse_first[oracle->block_count], edges);
}

static void check_graph(struct graph_random *random, uint32_t every)
{
	struct graph_fixture fixture;
	struct oracle oracle;

	graph_fixture_open(&fixture, graph_random_builder(random));
	oracle_open(&oracle, fixture.heap.snapshot);
	check_reachability(&oracle, &fixture);
	check_order(&fixture);
	check_components(&oracle, &fixture);
	for (uint32_t node = 0; node < oracle.node_count; node += every)
		check_retained(&oracle, &fixture, node);
	check_sites(&oracle, &fixture);
	check_children(&fixture);
	check_reverse(&oracle, &fixture);
	oracle_close(&oracle);
	graph_fixture_close(&fixture);
}

static void small_graphs_agree_with_the_definitions(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SMALL_GRAPHS; seed++) {
		struct graph_random random = {.state = seed * 0x9e3779b97f4a7c15u,
		    .blocks_max = 1 + seed % 12,
		    .edges_per_block = 1 + seed % 3,
		    .pools = seed % 4 == 0};

		check_graph(&random, 1);
	}
}

static void larger_graphs_agree_with_the_definitions(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= LARGE_GRAPHS; seed++) {
		struct graph_random random = {.state = seed * 0xd6e8feb86659fd93u,
		    .blocks_max = 120,
		    .edges_per_block = 1 + seed % 2,
		    .pools = seed % 2 == 0};

		check_graph(&random, 3);
	}
}

/* Deeper than any stack of calls would bear. */
static void a_list_of_any_length_is_walked(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t site = snapshot_builder_stack(builder, "node_new@list.c:1;main@main.c:1");
	struct graph_fixture fixture;
	struct strong_components components;

	(void)state;
	(void)graph_fixture_range(builder, SNAPSHOT_ROOT_DATA, 0x700000);

	uint64_t first = snapshot_builder_blocks(builder, site, LIST_LENGTH, 16, 0);

	snapshot_builder_root_edge(builder, 0, 0x700000, first, 0);
	for (uint64_t i = 0; i + 1 < LIST_LENGTH; i++)
		snapshot_builder_edge(builder, first + 64 * i, 0, first + 64 * (i + 1), 0);
	graph_fixture_open(&fixture, builder);
	assert_int_equal(fixture.reach->distance[LIST_LENGTH - 1], LIST_LENGTH);
	assert_int_equal(fixture.dominators->retained_bytes[0], 16 * (uint64_t)LIST_LENGTH);
	assert_int_equal(fixture.dominators->retained_blocks[LIST_LENGTH / 2], LIST_LENGTH / 2);
	assert_int_equal(strong_components_open(fixture.graph, NULL, 0, &components), STATUS_OK);
	assert_int_equal(components.count, LIST_LENGTH);
	strong_components_release(&components);
	graph_fixture_close(&fixture);
}

static void a_graph_without_blocks_is_one(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	struct graph_fixture fixture;

	(void)state;
	(void)snapshot_builder_graph(builder);
	graph_fixture_open(&fixture, builder);
	assert_int_equal(reference_node_count(fixture.graph), 2);
	assert_int_equal(fixture.reach->totals.lost_blocks, 0);
	assert_int_equal(fixture.dominators->retained_blocks[reference_top_node(fixture.graph)], 0);
	graph_fixture_close(&fixture);
}

/* Nothing holds anything: the first of two that hold each other is the one that is lost directly. */
static void without_roots_everything_is_leaked(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t site = snapshot_builder_stack(builder, "pair_new@pair.c:1;main@main.c:1");
	uint64_t first = snapshot_builder_blocks(builder, site, 3, 16, 0);
	struct graph_fixture fixture;

	(void)state;
	snapshot_builder_edge(builder, first, 0, first + 64, 0);
	snapshot_builder_edge(builder, first + 64, 0, first, 0);
	snapshot_builder_edge(builder, first + 64, 1, first + 128, 0);
	graph_fixture_open(&fixture, builder);
	assert_int_equal(fixture.reach->state[0], REACH_LOST);
	assert_int_equal(fixture.reach->state[1], REACH_LOST_INDIRECTLY);
	assert_int_equal(fixture.reach->state[2], REACH_LOST_INDIRECTLY);
	assert_int_equal(fixture.reach->holder[0], reference_lost_node(fixture.graph));
	assert_int_equal(
	    fixture.dominators->retained_bytes[reference_lost_node(fixture.graph)], 48);
	assert_int_equal(fixture.dominators->retained_bytes[0], 48);
	graph_fixture_close(&fixture);
}

static uint64_t add_pooled(struct snapshot_builder *builder, uint32_t site, uint64_t address,
    uint64_t bytes, uint32_t pool)
{
	return snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .address = address, .bytes = bytes, .stack = site, .pool = pool});
}

/* Two side by side, one in the second of them, and one in memory that is no block's. */
static void blocks_of_pools_hold_what_is_around_them(void **state)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t site = snapshot_builder_stack(builder, "pool_new@pool.c:1;main@main.c:1");
	uint32_t pool = snapshot_builder_pool(builder, 0x7000, "pool") + 1;
	uint64_t outer = snapshot_builder_blocks(builder, site, 1, 256, 0);
	struct graph_fixture fixture;

	(void)state;
	(void)graph_fixture_range(builder, SNAPSHOT_ROOT_DATA, 0x700000);
	(void)add_pooled(builder, site, outer, 32, pool);
	(void)add_pooled(builder, site, outer + 32, 64, pool);
	(void)add_pooled(builder, site, outer + 40, 8, pool);
	(void)add_pooled(builder, site, outer + 4096, 8, pool);
	snapshot_builder_root_edge(builder, 0, 0x700000, outer + 40, 0);
	graph_fixture_open(&fixture, builder);
	assert_int_equal(fixture.graph->around[0], HEAP_NONE);
	assert_int_equal(fixture.graph->around[1], 0);
	assert_int_equal(fixture.graph->around[2], 0);
	assert_int_equal(fixture.graph->around[3], 2);
	assert_int_equal(fixture.graph->around[4], HEAP_NONE);
	assert_int_equal(fixture.reach->state[3], REACH_STRONG);
	assert_int_equal(fixture.reach->state[0], REACH_WEAK);
	assert_int_equal(fixture.reach->doubts[0], REFERENCE_AROUND);
	assert_int_equal(fixture.reach->state[1], REACH_LOST);
	graph_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_graphs_agree_with_the_definitions),
	    cmocka_unit_test(larger_graphs_agree_with_the_definitions),
	    cmocka_unit_test(a_list_of_any_length_is_walked),
	    cmocka_unit_test(a_graph_without_blocks_is_one),
	    cmocka_unit_test(blocks_of_pools_hold_what_is_around_them),
	    cmocka_unit_test(without_roots_everything_is_leaked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
