/*
 * A program with a known mistake: an outer signal keeps its subscribers in a buffer, each iteration adds three
 * edges that nobody takes out, and each edge holds a computed value that points back. What must be named is the
 * buffer that takes in, not the sites that allocate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/cycles.h"
#include "analysis/edge_growth.h"
#include "analysis/path_cluster.h"
#include "analysis/retaining_path.h"
#include "support/graph_fixture.h"

#define WARMUP	      2
#define COUNTED	      21
#define PER_ITERATION 3
#define DATA	      0x700000u

struct program {
	struct graph_fixture fixture;
	struct grouping *grouping;
	struct edge_fields fields;
	uint64_t signal, buffer, cache;
	uint32_t signals, buffers, edges, values, lists, caches; /* keys */
};

static const char *const signal_new = "signal_new@signal.c:10;main@main.c:7";
static const char *const buffer_grow = "buffer_grow@signal.c:30;main@main.c:9";
static const char *const edge_new = "edge_new@signal.c:50;main@main.c:9";
static const char *const value_new = "value_new@value.c:5;main@main.c:9";
static const char *const list_push = "list_push@list.c:5;main@main.c:9";
static const char *const cache_new = "cache_new@cache.c:5;main@main.c:9";

/* Each iteration: three edges of 32 bytes with a value of 48 each, and a list element of 16 that goes to the head. */
static void add_iterations(struct program *program, struct snapshot_builder *builder)
{
	uint32_t edges = snapshot_builder_stack(builder, edge_new);
	uint32_t values = snapshot_builder_stack(builder, value_new);
	uint32_t lists = snapshot_builder_stack(builder, list_push);
	uint64_t head = 0;
	uint32_t slot = 0;

	for (uint32_t born = WARMUP + 1; born <= WARMUP + COUNTED; born++) {
		for (uint32_t i = 0; i < PER_ITERATION; i++) {
			uint64_t edge = snapshot_builder_blocks(builder, edges, 1, 32, born);
			uint64_t value = snapshot_builder_blocks(builder, values, 1, 48, born);

			snapshot_builder_edge(builder, program->buffer, slot++, edge, 0);
			snapshot_builder_edge(builder, edge, 0, program->signal, 0);
			snapshot_builder_edge(builder, edge, 1, value, 0);
			snapshot_builder_edge(builder, value, 2, edge, 0);
		}
		uint64_t element = snapshot_builder_blocks(builder, lists, 1, 16, born);

		if (head != 0)
			snapshot_builder_edge(builder, element, 0, head, 0);
		head = element;
	}
	snapshot_builder_root_edge(builder, 0, DATA + 64, head, 0);
}

static int open_program(void **state)
{
	struct program *program = calloc(1, sizeof(*program));
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_iterations(
	    builder, snapshot_builder_benchmark(builder, "outer"), WARMUP, COUNTED);
	(void)graph_fixture_range(builder, SNAPSHOT_ROOT_DATA, DATA);
	program->signal =
	    snapshot_builder_blocks(builder, snapshot_builder_stack(builder, signal_new), 1, 40, 0);
	program->buffer = snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, buffer_grow), 1, 1024, 1);
	program->cache =
	    snapshot_builder_blocks(builder, snapshot_builder_stack(builder, cache_new), 1, 64, 5);
	snapshot_builder_root_edge(builder, 0, DATA + 8, program->signal, 0);
	snapshot_builder_root_edge(builder, 0, DATA + 16, program->cache, 0);
	snapshot_builder_edge(builder, program->signal, 2, program->buffer, 0);
	snapshot_builder_edge(builder, program->cache, 0, program->signal, 8);
	add_iterations(program, builder);
	graph_fixture_open(&program->fixture, builder);

	struct group_input input = heap_fixture_input(&program->fixture.heap);

	assert_int_equal(grouping_open(&input, 1, GROUP_BY_SITE, false, &program->grouping), 0);
	assert_int_equal(
	    edge_fields_open(program->fixture.graph, program->grouping, 0, &program->fields), 0);
	program->signals = heap_fixture_key(program->grouping, "signal_new (signal.c:10)");
	program->buffers = heap_fixture_key(program->grouping, "buffer_grow (signal.c:30)");
	program->edges = heap_fixture_key(program->grouping, "edge_new (signal.c:50)");
	program->values = heap_fixture_key(program->grouping, "value_new (value.c:5)");
	program->lists = heap_fixture_key(program->grouping, "list_push (list.c:5)");
	program->caches = heap_fixture_key(program->grouping, "cache_new (cache.c:5)");
	*state = program;
	return 0;
}

static int close_program(void **state)
{
	struct program *program = *state;

	edge_fields_release(&program->fields);
	grouping_close(program->grouping);
	graph_fixture_close(&program->fixture);
	free(program);
	return 0;
}

/* The row of the field HOLDER + OFFSET -> HELD. */
static const struct edge_growth_row *row_of(const struct program *program,
    const struct edge_growth *growth, uint32_t holder, uint64_t offset, uint32_t held)
{
	for (size_t i = 0; i < growth->count; i++) {
		struct edge_field field = edge_fields_at(&program->fields, growth->rows[i].field);

		if (field.holder == holder && field.held == held && field.offset == offset)
			return &growth->rows[i];
	}
	fail_msg("no field %u+%llu -> %u", holder, (unsigned long long)offset, held);
	return NULL;
}

static void container_that_takes_in_comes_first(void **state)
{
	struct program *program = *state;
	struct edge_growth growth;

	assert_int_equal(edge_growth_open(&program->fields, &growth), 0);

	struct edge_field first = edge_fields_at(&program->fields, growth.rows[0].field);

	assert_int_equal(first.holder, program->buffers);
	assert_int_equal(first.held, program->edges);
	assert_true(first.offset == EDGE_FIELD_ARRAY);
	assert_true(growth.rows[0].takes_in);
	assert_int_equal(growth.rows[0].edges, COUNTED * PER_ITERATION);
	assert_int_equal(growth.rows[0].counted_ages.older, COUNTED * PER_ITERATION);
	assert_int_equal(growth.rows[0].benchmark, 0);
	assert_true(growth.rows[0].per_iteration > 2.99 && growth.rows[0].per_iteration < 3.01);
	assert_false(growth.rows[1].takes_in);
	edge_growth_release(&growth);
}

static void parts_of_one_iteration_grow_without_taking_in(void **state)
{
	struct program *program = *state;
	struct edge_growth growth;

	assert_int_equal(edge_growth_open(&program->fields, &growth), 0);

	const struct edge_growth_row *value =
	    row_of(program, &growth, program->edges, 8, program->values);
	const struct edge_growth_row *next =
	    row_of(program, &growth, program->lists, 0, program->lists);
	const struct edge_growth_row *back =
	    row_of(program, &growth, program->edges, 0, program->signals);
	const struct edge_growth_row *head = row_of(program, &growth,
	    edge_fields_key(&program->fields, reference_root_node(program->fixture.graph, 0)), 64,
	    program->lists);

	assert_true(value->grows && !value->takes_in);
	assert_int_equal(value->ages.same, COUNTED * PER_ITERATION);
	/* A list filled at its head: the newer element points back, and the head is one word. */
	assert_true(next->grows && !next->takes_in);
	assert_int_equal(next->ages.younger, COUNTED - 1);
	assert_int_equal(head->edges, 1);
	assert_int_equal(head->ages.older, 1);
	assert_false(head->grows);
	/* The signal was not born in a counted iteration: many words to it are no growth. */
	assert_int_equal(back->edges, COUNTED * PER_ITERATION);
	assert_int_equal(back->counted_edges, 0);
	assert_false(back->grows);
	/* And the buffer, grown in the warm-up, from the signal that was there. */
	assert_int_equal(growth.total.older, COUNTED * PER_ITERATION + 1);
	edge_growth_release(&growth);
}

static void path_leads_from_the_root_through_the_buffer(void **state)
{
	struct program *program = *state;
	const struct graph_fixture *fixture = &program->fixture;
	uint32_t value = fixture->graph->block_count - 2;
	struct retaining_path path;

	assert_int_equal(edge_fields_key(&program->fields, value), program->values);
	assert_int_equal(retaining_path_open(fixture->reach, value, &path), 0);
	assert_int_equal(path.hop_count, 5);
	assert_int_equal(path.hops[0].node, reference_root_node(fixture->graph, 0));
	assert_int_equal(path.hops[0].offset, 8);
	assert_int_equal(path.hops[1].node, graph_fixture_block(fixture, program->signal));
	assert_int_equal(path.hops[1].offset, 16);
	assert_int_equal(path.hops[2].node, graph_fixture_block(fixture, program->buffer));
	assert_int_equal(path.hops[2].offset, 8 * (COUNTED * PER_ITERATION - 1));
	assert_int_equal(edge_fields_key(&program->fields, path.hops[3].node), program->edges);
	assert_int_equal(path.hops[4].node, value);
	assert_int_equal(path.doubts, 0);
	retaining_path_release(&path);
}

static void doubtful_paths_come_after_strong_ones(void **state)
{
	struct program *program = *state;
	const struct graph_fixture *fixture = &program->fixture;
	uint32_t value = fixture->graph->block_count - 2;
	struct retaining_paths paths;

	/* Over the signal, and over the cache, which points into it: a doubtful word. */
	assert_int_equal(retaining_paths_open(fixture->graph, fixture->reach, value, 10,
			     edge_fields_key, &program->fields, &paths),
	    0);
	assert_int_equal(paths.count, 2);
	assert_int_equal(paths.more, 0);
	assert_int_equal(paths.paths[0].doubts, 0);
	assert_int_equal(paths.paths[1].doubts, REFERENCE_INTERIOR);
	assert_int_equal(paths.paths[1].hops[1].node, graph_fixture_block(fixture, program->cache));
	retaining_paths_release(&paths);
}

static bool is_of_site(const void *context, uint32_t block)
{
	const struct program *program = context;
	uint32_t key = edge_fields_key(&program->fields, block);

	return key == program->values || key == program->lists;
}

static void clusters_say_how_much_one_reason_retains(void **state)
{
	struct program *program = *state;
	struct path_clusters clusters;

	assert_int_equal(path_clusters_open(program->fixture.reach, &program->fields,
			     program->fixture.dominators, is_of_site, program, &clusters),
	    0);
	assert_int_equal(clusters.count, 2);
	assert_int_equal(clusters.rows[0].blocks, COUNTED * PER_ITERATION);
	assert_int_equal(clusters.rows[0].retained.bytes, COUNTED * PER_ITERATION * 48);
	/* The elements of the list: each retains those behind it, counted once. */
	assert_int_equal(clusters.rows[1].blocks, COUNTED);
	assert_int_equal(clusters.rows[1].retained.bytes, COUNTED * 16);
	assert_int_equal(program->fixture.reach->distance[clusters.rows[1].example], 1);
	path_clusters_release(&clusters);
}

static void sizes_are_retained_by_the_container(void **state)
{
	const struct program *program = *state;
	const struct dominators *dominators = program->fixture.dominators;
	uint32_t buffer = graph_fixture_block(&program->fixture, program->buffer);
	uint32_t signal = graph_fixture_block(&program->fixture, program->signal);
	uint32_t root = reference_root_node(program->fixture.graph, 0);

	assert_int_equal(
	    dominators->retained_bytes[buffer], 1024 + COUNTED * PER_ITERATION * (32 + 48));
	/* The cache points to the signal too: not the signal's word alone, but the signal itself is in all paths. */
	assert_int_equal(
	    dominators->retained_bytes[signal], 40 + dominators->retained_bytes[buffer]);
	assert_int_equal(dominators->immediate[buffer], signal);
	assert_int_equal(dominators->immediate[signal], root);
	assert_int_equal(dominators->retained_bytes[root],
	    program->fixture.heap.snapshot->run->totals.live_bytes);
}

static void edge_and_value_are_a_circle_held_from_outside(void **state)
{
	const struct program *program = *state;
	struct cycles cycles;

	/* signal -> buffer -> edges -> signal, with the values on the side of each edge: one circle. */
	assert_int_equal(cycles_open(program->fixture.reach, &cycles), 0);
	assert_int_equal(cycles.count, 1);
	assert_int_equal(cycles.rows[0].member_count, 2 + 2 * COUNTED * PER_ITERATION);
	assert_false(cycles.rows[0].leaked);
	assert_int_equal(cycles.rows[0].held_by_roots, 1);
	assert_int_equal(cycles.rows[0].held_by_blocks, 1);
	assert_int_equal(
	    cycles.rows[0].example_holder, reference_root_node(program->fixture.graph, 0));
	cycles_release(&cycles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		container_that_takes_in_comes_first, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		parts_of_one_iteration_grow_without_taking_in, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		path_leads_from_the_root_through_the_buffer, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		doubtful_paths_come_after_strong_ones, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		clusters_say_how_much_one_reason_retains, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		sizes_are_retained_by_the_container, open_program, close_program),
	    cmocka_unit_test_setup_teardown(
		edge_and_value_are_a_circle_held_from_outside, open_program, close_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
