/*
 * Paths, clusters, circles and fields of random graphs against what their headers promise, checked edge by edge:
 * every path is made of words that are there, each root word that reaches a block has one, clusters are told apart
 * by reducing whole paths as texts, sums over fields are the edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/cycles.h"
#include "analysis/edge_growth.h"
#include "analysis/path_cluster.h"
#include "analysis/retaining_path.h"
#include "support/graph_fixture.h"

#define GRAPHS	  1500
#define BLOCKS	  14
#define HOPS_MAX  64
#define NO_LIMIT  1000
#define TEXT_ROOM 4096

struct subject {
	struct graph_fixture fixture;
	struct grouping *grouping;
	struct edge_fields fields;
};

static void subject_open(struct subject *subject, uint64_t seed)
{
	struct graph_random random = {.state = seed * 0x9e3779b97f4a7c15u,
	    .blocks_max = BLOCKS,
	    .edges_per_block = 1 + seed % 3,
	    .pools = seed % 3 == 0};

	graph_fixture_open(&subject->fixture, graph_random_builder(&random));

	struct group_input input = heap_fixture_input(&subject->fixture.heap);

	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &subject->grouping), 0);
	assert_int_equal(
	    edge_fields_open(subject->fixture.graph, subject->grouping, 0, &subject->fields), 0);
}

static void subject_close(struct subject *subject)
{
	edge_fields_release(&subject->fields);
	grouping_close(subject->grouping);
	graph_fixture_close(&subject->fixture);
}

/* Is there a word at HOP's offset that points to NEXT, as far into it, with that grade? */
static void check_hop(const struct subject *subject, const struct retaining_hop *hop, uint32_t next)
{
	const struct reference_graph *graph = subject->fixture.graph;
	const struct snapshot *snapshot = graph->snapshot;

	if (!reference_is_block(graph, hop->node)) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[hop->root_edge];

		assert_int_equal(edge->target, next);
		assert_int_equal(edge->into, hop->into);
		assert_int_equal(
		    edge->address, snapshot->root_ranges[edge->range].start + hop->offset);
		assert_int_equal(graph->root_grade[hop->root_edge], hop->doubts);
		return;
	}
	assert_int_equal(hop->root_edge, HEAP_NONE);
	if (hop->doubts == REFERENCE_AROUND) {
		assert_int_equal(graph->around[hop->node], next);
		assert_int_equal(
		    snapshot->block_address[next] + hop->into, snapshot->block_address[hop->node]);
		return;
	}
	uint64_t edge = snapshot->edge_first[hop->node];

	while (8 * (uint64_t)snapshot->edge_word[edge] != hop->offset)
		assert_true(++edge < snapshot->edge_first[hop->node + 1]);
	assert_int_equal(snapshot->edge_target[edge], next);
	assert_int_equal(snapshot->edge_into[edge], hop->into);
	assert_int_equal(graph->edge_grade[edge], hop->doubts);
}

static void check_path(
    const struct subject *subject, const struct retaining_path *path, uint32_t block)
{
	uint8_t doubts = 0;

	assert_true(path->hop_count >= 2);
	for (size_t i = 0; i + 1 < path->hop_count; i++) {
		check_hop(subject, &path->hops[i], path->hops[i + 1].node);
		doubts |= path->hops[i].doubts;
		for (size_t other = 0; other < i; other++)
			assert_int_not_equal(path->hops[other].node, path->hops[i].node);
	}
	assert_int_equal(path->doubts, doubts);
	assert_int_equal(path->hops[path->hop_count - 1].node, block);
}

/* By naive flooding: does TARGET follow from BLOCK over edges that count? */
static bool leads_to(const struct reference_graph *graph, uint32_t block, uint32_t target)
{
	uint8_t seen[BLOCKS] = {0};
	bool changed = true;

	seen[block] = 1;
	while (changed) {
		changed = false;
		for (uint32_t at = 0; at < graph->block_count; at++) {
			for (uint64_t i = 0; seen[at] != 0 && i < reference_degree(graph, at);
			     i++) {
				uint8_t grade;
				uint32_t to = reference_at(graph, at, i, &grade);

				if (reference_counts(grade) && seen[to] == 0) {
					seen[to] = 1;
					changed = true;
				}
			}
		}
	}
	return seen[target] != 0;
}

/* Does the best path of HOLDER run through BLOCK? */
static bool best_runs_through(const struct reachability *reach, uint32_t holder, uint32_t block)
{
	uint32_t at = holder;

	while (reference_is_block(reach->graph, at) && at != block)
		at = reach->holder[at];
	return at == block;
}

/* Every block that holds BLOCK, and is held itself without it, is the last holder of some path, but for its key. */
static void check_holders(
    struct subject *subject, const struct retaining_paths *paths, uint32_t block)
{
	const struct reference_graph *graph = subject->fixture.graph;
	const struct reachability *reach = subject->fixture.reach;

	for (uint32_t holder = 0; holder < graph->block_count; holder++) {
		for (uint64_t i = 0; i < reference_degree(graph, holder); i++) {
			uint8_t grade;
			bool found = false;

			if (reference_at(graph, holder, i, &grade) != block ||
			    !reference_counts(grade) || reachability_is_leaked(reach, holder) ||
			    best_runs_through(reach, holder, block))
				continue;
			for (size_t k = 0; k < paths->count; k++) {
				const struct retaining_path *path = &paths->paths[k];
				uint32_t last = path->hops[path->hop_count - 2].node;

				found |= edge_fields_key(&subject->fields, last) ==
					 edge_fields_key(&subject->fields, holder);
			}
			assert_true(found);
		}
	}
}

static void check_all_paths(struct subject *subject, uint32_t block)
{
	struct reference_graph *graph = subject->fixture.graph;
	const struct reachability *reach = subject->fixture.reach;
	struct retaining_paths paths;
	uint64_t words = 0;
	uint64_t told = 0;

	for (size_t row = 0; row < graph->snapshot->root_edge_count; row++)
		words += reference_counts(graph->root_grade[row]) &&
			 leads_to(graph, graph->snapshot->root_edges[row].target, block);
	assert_int_equal(retaining_paths_open(graph, reach, block, NO_LIMIT, edge_fields_key,
			     &subject->fields, &paths),
	    0);
	if (reachability_is_leaked(reach, block)) {
		assert_int_equal(words, 0);
		assert_int_equal(paths.count, 1);
		assert_int_equal(paths.paths[0].hops[0].node, reference_lost_node(graph));
		retaining_paths_release(&paths);
		return;
	}
	assert_int_equal(paths.more, 0);
	for (size_t i = 0; i < paths.count; i++) {
		check_path(subject, &paths.paths[i], block);
		told += paths.paths[i].same;
		if (i > 0 && paths.paths[i].doubts == 0)
			assert_int_equal(paths.paths[i - 1].doubts, 0);
		assert_true(paths.paths[i].hop_count >= paths.paths[0].hop_count ||
			    paths.paths[i].doubts != 0);
	}
	/* one for each word that leads here, and those by the holders beside them */
	assert_true(told >= words);
	check_holders(subject, &paths, block);
	size_t all = paths.count;

	retaining_paths_release(&paths);
	assert_int_equal(retaining_paths_open(graph, reach, block, 1, NULL, NULL, &paths), 0);
	assert_int_equal(paths.count, 1);
	assert_true(paths.paths[0].same + paths.more >= words);
	assert_true(paths.more + 1 >= all);
	retaining_paths_release(&paths);
}

static void paths_are_made_of_words(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
		struct subject subject;

		subject_open(&subject, seed);
		for (uint32_t block = 0; block < subject.fixture.graph->block_count; block++) {
			struct retaining_path path;

			assert_int_equal(
			    retaining_path_open(subject.fixture.reach, block, &path), 0);
			assert_int_equal(
			    path.hop_count, subject.fixture.reach->distance[block] + 1);
			assert_int_equal(path.doubts, subject.fixture.reach->doubts[block]);
			if (path.hops[0].node != reference_lost_node(subject.fixture.graph))
				check_path(&subject, &path, block);
			retaining_path_release(&path);
			check_all_paths(&subject, block);
		}
		subject_close(&subject);
	}
}

/* The best path as text "key.field;key.field;...;key", each return to a key cut out. */
static void reduce(struct subject *subject, uint32_t block, char *text)
{
	uint32_t keys[HOPS_MAX];
	uint32_t fields[HOPS_MAX] = {0};
	size_t count = 0;
	struct retaining_path path;

	assert_int_equal(retaining_path_open(subject->fixture.reach, block, &path), 0);
	for (size_t i = 0; i < path.hop_count; i++) {
		uint32_t key = edge_fields_key(&subject->fields, path.hops[i].node);
		size_t at = 0;

		while (at < count && keys[at] != key)
			at++;
		if (at == count) {
			keys[count] = key;
			if (i > 0 && i - 1 < path.hop_count &&
			    path.hops[i - 1].node != reference_lost_node(subject->fixture.graph))
				fields[count] = 1 + edge_fields_number(&subject->fields,
							edge_fields_key(&subject->fields,
							    path.hops[i - 1].node),
							key, path.hops[i - 1].offset);
		}
		count = at + 1;
	}
	retaining_path_release(&path);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(
		    text + strlen(text), TEXT_ROOM - strlen(text), "%u.%u;", fields[i], keys[i]);
}

static bool is_chosen(const void *context, uint32_t block)
{
	(void)context;
	return block % 4 != 3;
}

static void clusters_are_reduced_paths(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
		static char texts[BLOCKS][TEXT_ROOM];
		struct subject subject;
		struct path_clusters clusters;
		uint64_t blocks = 0;

		subject_open(&subject, seed);
		uint32_t count = subject.fixture.graph->block_count;

		assert_int_equal(path_clusters_open(subject.fixture.reach, &subject.fields,
				     subject.fixture.dominators, is_chosen, NULL, &clusters),
		    0);
		for (uint32_t block = 0; block < count; block++)
			reduce(&subject, block, texts[block]);
		for (uint32_t a = 0; a < count; a++) {
			assert_int_equal(clusters.of_block[a] == HEAP_NONE, !is_chosen(NULL, a));
			for (uint32_t b = 0; b < count && is_chosen(NULL, a); b++)
				if (is_chosen(NULL, b))
					assert_int_equal(
					    clusters.of_block[a] == clusters.of_block[b],
					    strcmp(texts[a], texts[b]) == 0);
		}
		for (size_t row = 0; row < clusters.count; row++) {
			const struct path_cluster *cluster = &clusters.rows[row];

			blocks += cluster->blocks;
			assert_int_equal(clusters.of_block[cluster->example], row);
			assert_true(cluster->retained.bytes >= cluster->bytes ||
				    cluster->retained.blocks >= cluster->blocks);
			if (row > 0)
				assert_true(cluster->retained.bytes <= cluster[-1].retained.bytes);
			for (uint32_t block = 0; block < count; block++)
				if (clusters.of_block[block] == row) {
					assert_true(
					    subject.fixture.reach->distance[block] >=
					    subject.fixture.reach->distance[cluster->example]);
					assert_int_equal(cluster->leaked,
					    reachability_is_leaked(subject.fixture.reach, block));
				}
		}
		assert_int_equal(blocks, count - count / 4);
		path_clusters_release(&clusters);
		subject_close(&subject);
	}
}

static void circles_are_components(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
		struct subject subject;
		struct cycles cycles;
		uint32_t row_of[BLOCKS];

		subject_open(&subject, seed);
		const struct reference_graph *graph = subject.fixture.graph;

		memset(row_of, 0xff, sizeof(row_of));
		assert_int_equal(cycles_open(subject.fixture.reach, &cycles), 0);
		for (size_t row = 0; row < cycles.count; row++)
			for (size_t i = 0; i < cycles.rows[row].member_count; i++)
				row_of[cycles.members[cycles.rows[row].first_member + i]] =
				    (uint32_t)row;
		for (uint32_t a = 0; a < graph->block_count; a++) {
			bool alone = true;

			for (uint32_t b = 0; b < graph->block_count; b++) {
				bool both =
				    a != b && leads_to(graph, a, b) && leads_to(graph, b, a);

				alone = alone && !both;
				if (both)
					assert_true(
					    row_of[a] != HEAP_NONE && row_of[a] == row_of[b]);
			}
			if (row_of[a] != HEAP_NONE) {
				const struct cycle *cycle = &cycles.rows[row_of[a]];

				assert_int_equal(alone, cycle->member_count == 1);
				assert_int_equal(cycle->leaked,
				    reachability_is_leaked(subject.fixture.reach, a));
				if (!cycle->leaked)
					assert_true(
					    cycle->held_by_roots + cycle->held_by_blocks > 0);
				assert_int_equal(cycle->example_holder == HEAP_NONE,
				    cycle->held_by_roots + cycle->held_by_blocks == 0);
			}
		}
		cycles_release(&cycles);
		subject_close(&subject);
	}
}

static void fields_hold_every_edge_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
		struct subject subject;
		struct edge_growth growth;
		uint64_t edges = 0;
		uint64_t expected = 0;

		subject_open(&subject, seed);
		const struct reference_graph *graph = subject.fixture.graph;

		assert_int_equal(edge_growth_open(&subject.fields, &growth), 0);
		for (uint32_t block = 0; block < graph->block_count; block++)
			for (uint64_t i = 0; i < reference_degree(graph, block); i++) {
				uint8_t grade;

				(void)reference_at(graph, block, i, &grade);
				expected += reference_counts(grade);
			}
		assert_int_equal(
		    growth.total.older + growth.total.same + growth.total.younger, expected);
		for (size_t row = 0; row < graph->snapshot->root_edge_count; row++)
			expected += reference_counts(graph->root_grade[row]);
		for (size_t i = 0; i < growth.count; i++) {
			const struct edge_growth_row *row = &growth.rows[i];

			edges += row->edges;
			assert_int_equal(
			    row->ages.older + row->ages.same + row->ages.younger, row->edges);
			assert_true(row->counted_edges <= row->edges);
			assert_true(!row->takes_in || row->grows);
			for (size_t other = 0; other < i; other++)
				assert_int_not_equal(growth.rows[other].field, row->field);
		}
		assert_int_equal(edges, expected);
		edge_growth_release(&growth);
		subject_close(&subject);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_are_made_of_words),
	    cmocka_unit_test(clusters_are_reduced_paths),
	    cmocka_unit_test(circles_are_components),
	    cmocka_unit_test(fields_hold_every_edge_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
