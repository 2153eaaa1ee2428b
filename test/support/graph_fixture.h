/*
 * A snapshot with a reference graph, opened, with everything that analysis computes of it; and random graphs in
 * which every kind of edge and root occurs. Failures abort.
 */
#ifndef TEST_SUPPORT_GRAPH_FIXTURE_H
#define TEST_SUPPORT_GRAPH_FIXTURE_H

#include "analysis/dominators.h"
#include "heap_fixture.h"

struct graph_fixture {
	struct heap_fixture heap;
	struct reference_graph *graph;
	struct reachability *reach;
	struct dominators *dominators;
};

/* Takes BUILDER over, which has a graph. The fixture may not be moved afterwards. */
void graph_fixture_open(struct graph_fixture *fixture, struct snapshot_builder *builder);
void graph_fixture_close(struct graph_fixture *fixture);
/* Row of the block that starts at ADDRESS (the first of two). */
uint32_t graph_fixture_block(const struct graph_fixture *fixture, uint64_t address);

/* A root range of KIND, 4096 bytes at START; returns its row. */
uint32_t graph_fixture_range(
    struct snapshot_builder *builder, enum snapshot_root_kind kind, uint64_t start);

struct graph_random {
	uint64_t state; /* not 0 */
	uint32_t blocks_max, edges_per_block;
	bool pools; /* some blocks lie inside others */
};
uint64_t graph_random_next(struct graph_random *random);
/* 1 to blocks_max blocks of 4 sites, born in generations 0 to 20 of one benchmark, and roots of all kinds. */
struct snapshot_builder *graph_random_builder(struct graph_random *random);

#endif
