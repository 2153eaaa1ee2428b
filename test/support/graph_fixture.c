#include "graph_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define RANGE_BYTES 4096
#define FIRST_RANGE 0x700000u
#define SITES	    4

static void must(int status, const char *what)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "graph_fixture: %s: %s\n", what, status_text(status));
	abort();
}

void graph_fixture_open(struct graph_fixture *fixture, struct snapshot_builder *builder)
{
	heap_fixture_open(&fixture->heap, builder);
	must(reference_graph_open(fixture->heap.heap, NULL, &fixture->graph), "graph");
	must(reachability_open(fixture->graph, &fixture->reach), "reachability");
	must(dominators_open(fixture->reach, &fixture->dominators), "dominators");
}

void graph_fixture_close(struct graph_fixture *fixture)
{
	dominators_close(fixture->dominators);
	reachability_close(fixture->reach);
	reference_graph_close(fixture->graph);
	heap_fixture_close(&fixture->heap);
}

uint32_t graph_fixture_block(const struct graph_fixture *fixture, uint64_t address)
{
	const struct snapshot *snapshot = fixture->heap.snapshot;

	for (uint32_t block = 0; block < snapshot->block_count; block++)
		if (snapshot->block_address[block] == address)
			return block;
	fprintf(stderr, "graph_fixture: no block at 0x%llx\n", (unsigned long long)address);
	abort();
}

uint32_t graph_fixture_range(
    struct snapshot_builder *builder, enum snapshot_root_kind kind, uint64_t start)
{
	bool of_thread = kind == SNAPSHOT_ROOT_STACK || kind == SNAPSHOT_ROOT_REGISTERS ||
			 kind == SNAPSHOT_ROOT_TLS;
	bool of_module = kind == SNAPSHOT_ROOT_DATA || kind == SNAPSHOT_ROOT_TLS;

	return snapshot_builder_root_range(builder, &(struct snapshot_root_range){
							.start = start,
							.end = start + RANGE_BYTES,
							.kind = kind,
							.module = of_module,
							.thread = of_thread ? 0 : UINT32_MAX,
							.tid = of_thread ? 1000 : 0,
						    });
}

uint64_t graph_random_next(struct graph_random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state >> 11;
}

/* Mostly the start; sometimes inside, at the end, or behind it. */
static uint32_t random_place(struct graph_random *random, uint64_t bytes)
{
	switch (graph_random_next(random) % 8) {
	case 0:
		return (uint32_t)(graph_random_next(random) % (bytes + 1));
	case 1:
		return (uint32_t)bytes;
	case 2:
		return (uint32_t)bytes + 1 + (uint32_t)(graph_random_next(random) % 6);
	default:
		return 0;
	}
}

struct random_block {
	uint64_t name; /* address, with the bit of pools */
	uint64_t bytes;
};

static void add_edges(struct graph_random *random, struct snapshot_builder *builder,
    const struct random_block *blocks, uint32_t count)
{
	for (uint32_t from = 0; from < count; from++) {
		/* The words of a block and one of slack behind it, some of them. */
		uint32_t words = (uint32_t)(blocks[from].bytes / 8) + 1;

		for (uint32_t word = 0; word < words; word++) {
			uint64_t to = graph_random_next(random) % count;

			if (graph_random_next(random) % words < random->edges_per_block)
				snapshot_builder_edge(builder, blocks[from].name, word,
				    blocks[to].name, random_place(random, blocks[to].bytes));
		}
	}
}

static void add_roots(struct graph_random *random, struct snapshot_builder *builder,
    const struct random_block *blocks, uint32_t count)
{
	for (uint32_t kind = SNAPSHOT_ROOT_DATA; kind <= SNAPSHOT_ROOT_MAPPING; kind++) {
		uint64_t start = FIRST_RANGE + RANGE_BYTES * (uint64_t)kind;
		uint32_t range = graph_fixture_range(builder, kind, start);

		for (uint64_t word = graph_random_next(random) % 5; word < 3; word++) {
			uint64_t to = graph_random_next(random) % count;

			snapshot_builder_root_edge(builder, range, start + 8 * word,
			    blocks[to].name, random_place(random, blocks[to].bytes));
		}
	}
}

struct snapshot_builder *graph_random_builder(struct graph_random *random)
{
	static const char *const names[SITES] = {
	    "a@a.c:1;main@m.c:1", "b@a.c:2;main@m.c:1", "c@a.c:3;main@m.c:2", "d@a.c:4;main@m.c:2"};
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t count = 1 + (uint32_t)(graph_random_next(random) % random->blocks_max);
	struct random_block *blocks = calloc(count, sizeof(*blocks));
	uint32_t pool = snapshot_builder_pool(builder, 0x7000, "pool") + 1;
	uint32_t sites[SITES];

	if (blocks == NULL)
		abort();
	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "b"), 2, 18);
	for (uint32_t site = 0; site < SITES; site++)
		sites[site] = snapshot_builder_stack(builder, names[site]);
	(void)snapshot_builder_graph(builder);
	for (uint32_t i = 0; i < count; i++) {
		bool pooled = random->pools && i > 0 && graph_random_next(random) % 4 == 0 &&
			      (blocks[i - 1].name & SNAPSHOT_POOLED_IDENTITY) == 0 &&
			      blocks[i - 1].bytes >= 24;
		struct snapshot_builder_block block = {
		    .bytes = pooled ? 8 : graph_random_next(random) % 41,
		    .stack = sites[graph_random_next(random) % SITES],
		    .born = (uint32_t)(graph_random_next(random) % 21),
		    .address =
			pooled ? blocks[i - 1].name + 8 * (graph_random_next(random) % 3) : 0,
		    .pool = pooled ? pool : 0};
		uint64_t address = snapshot_builder_block(builder, &block);

		blocks[i] = (struct random_block){
		    address | (pooled ? SNAPSHOT_POOLED_IDENTITY : 0), block.bytes};
	}
	add_edges(random, builder, blocks, count);
	add_roots(random, builder, blocks, count);
	free(blocks);
	return builder;
}
