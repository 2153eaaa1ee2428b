/*
 * What the analysis of a reference graph costs: graph_analysis BLOCKS [random|local]
 *
 * A snapshot that exists in memory only: BLOCKS blocks of 48 bytes with three edges each, to anywhere (random: each
 * step is a cache miss) or to near and old blocks (local: as programs build), and 1000 root words. Prints thread
 * seconds of each step and the most memory that it took on top of the columns of the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "analysis/cycles.h"
#include "analysis/dominators.h"
#include "analysis/edge_growth.h"
#include "analysis/path_cluster.h"

#define EDGES_PER_BLOCK 3
#define ROOT_WORDS	1000
#define BLOCK_BYTES	48
#define SITES		64
#define ITERATIONS	28
#define NANOSECONDS	1e9
#define KIB		1024.0

static uint64_t random_state = 777;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state >> 3;
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / NANOSECONDS;
}

static double peak_mebibytes(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / KIB;
}

static void *column(size_t count, size_t bytes)
{
	void *rows = calloc(count + 1, bytes);

	if (rows == NULL)
		abort();
	return rows;
}

/* Most edges of a program lead to what was made shortly before or long ago. */
static uint32_t target_of(size_t block, size_t count, bool local)
{
	if (!local || block < EDGES_PER_BLOCK)
		return (uint32_t)(next_random() % count);
	if (next_random() % 16 == 0)
		return (uint32_t)(next_random() % (block + 1));
	size_t near = block + next_random() % 64;

	return (uint32_t)(near < count ? near : block - 1);
}

static void fill_edges(struct snapshot *snapshot, bool local)
{
	size_t count = snapshot->block_count;
	uint64_t *first = column(count + 1, sizeof(uint64_t));
	uint32_t *words = column(count * EDGES_PER_BLOCK, sizeof(uint32_t));
	uint32_t *targets = column(count * EDGES_PER_BLOCK, sizeof(uint32_t));

	for (size_t block = 0; block < count; block++) {
		first[block + 1] = (block + 1) * EDGES_PER_BLOCK;
		for (size_t word = 0; word < EDGES_PER_BLOCK; word++) {
			words[block * EDGES_PER_BLOCK + word] = (uint32_t)word;
			targets[block * EDGES_PER_BLOCK + word] = target_of(block, count, local);
		}
	}
	snapshot->edge_first = first;
	snapshot->edge_first_count = count + 1;
	snapshot->edge_word = words;
	snapshot->edge_target = targets;
	snapshot->edge_into = column(count * EDGES_PER_BLOCK, sizeof(uint32_t));
	snapshot->edge_count = count * EDGES_PER_BLOCK;
}

static void fill_roots(struct snapshot *snapshot)
{
	static const struct snapshot_graph graph = {.method = SNAPSHOT_GRAPH_SINGLE};
	static const struct snapshot_root_range range = {
	    .start = 0x700000, .end = 0x700000 + 8 * ROOT_WORDS, .kind = SNAPSHOT_ROOT_DATA};
	static struct snapshot_root_edge edges[ROOT_WORDS];

	for (uint32_t i = 0; i < ROOT_WORDS; i++) {
		edges[i].address = range.start + 8 * (uint64_t)i;
		edges[i].target = (uint32_t)(next_random() % snapshot->block_count);
	}
	snapshot->graph = &graph;
	snapshot->graph_count = 1;
	snapshot->root_ranges = &range;
	snapshot->root_range_count = 1;
	snapshot->root_edges = edges;
	snapshot->root_edge_count = ROOT_WORDS;
}

static void fill_blocks(struct snapshot *snapshot, size_t count)
{
	uint64_t *addresses = column(count, sizeof(uint64_t));
	uint64_t *sizes = column(count, sizeof(uint64_t));
	uint32_t *stacks = column(count, sizeof(uint32_t));
	uint32_t *born = column(count, sizeof(uint32_t));

	for (size_t block = 0; block < count; block++) {
		addresses[block] = 0x10000000 + 64 * (uint64_t)block;
		sizes[block] = BLOCK_BYTES;
		stacks[block] = 1 + (uint32_t)(next_random() % SITES);
		born[block] = 1 + (uint32_t)(block * ITERATIONS / count);
	}
	snapshot->block_count = count;
	snapshot->block_address = addresses;
	snapshot->block_size = sizes;
	snapshot->block_stack = stacks;
	snapshot->block_born = born;
	snapshot->block_epoch = born;
}

static void fill_iterations(struct snapshot *snapshot)
{
	static const struct snapshot_benchmark benchmark = {
	    .iterations = ITERATIONS, .counted = ITERATIONS};
	static struct snapshot_iteration iterations[ITERATIONS];

	for (uint32_t i = 0; i < ITERATIONS; i++)
		iterations[i] = (struct snapshot_iteration){.phase = SNAPSHOT_PHASE_COUNTED,
		    .first_generation = i + 1,
		    .last_generation = i + 1,
		    .first = i + 1,
		    .count = 1};
	snapshot->benchmarks = &benchmark;
	snapshot->benchmark_count = 1;
	snapshot->iterations = iterations;
	snapshot->iteration_count = ITERATIONS;
}

/* The columns that analysis reads, and the least of the rest. */
static void fill(struct snapshot *snapshot, size_t count, bool local)
{
	static const struct snapshot_run run;
	static const struct snapshot_module modules[1];
	static const struct snapshot_thread threads[1];
	static struct snapshot_node nodes[2 + SITES];
	static struct snapshot_stack stacks[1 + SITES];

	/* A thread's root, and a frame for each site. */
	nodes[1].pc = 1;
	for (uint32_t site = 0; site < SITES; site++) {
		nodes[2 + site] =
		    (struct snapshot_node){.pc = 0x400000 + 16 * (uint64_t)site, .parent = 1};
		stacks[1 + site].leaf = 2 + site;
	}
	snapshot->run = &run;
	snapshot->strings = "";
	snapshot->string_bytes = 1;
	snapshot->modules = modules;
	snapshot->module_count = 1;
	snapshot->nodes = nodes;
	snapshot->node_count = sizeof(nodes) / sizeof(nodes[0]);
	snapshot->threads = threads;
	snapshot->thread_count = 1;
	snapshot->stacks = stacks;
	snapshot->stack_count = sizeof(stacks) / sizeof(stacks[0]);
	fill_iterations(snapshot);
	fill_blocks(snapshot, count);
	fill_edges(snapshot, local);
	fill_roots(snapshot);
}

static bool is_any(const void *context, uint32_t block)
{
	(void)context;
	(void)block;
	return true;
}

static void step(const char *name, double *since, double file)
{
	double now = seconds();

	(void)printf("  %-32s %7.2f s   %6.0f MiB\n", name, now - *since, peak_mebibytes() - file);
	*since = seconds();
}

/* What is asked by site: sizes, growing edges, clusters of paths. */
static int run_by_site(const struct reachability *reach, const struct dominators *dominators,
    const struct grouping *grouping, double file)
{
	static struct retained sites[SITES + 8];
	struct edge_fields fields;
	struct edge_growth growth;
	struct path_clusters clusters;
	double since = seconds();

	if (edge_fields_open(reach->graph, grouping, 0, &fields) != STATUS_OK)
		return 1;
	step("fields", &since, file);
	if (dominators_retained_by_key(
		dominators, edge_fields_key, &fields, fields.key_count, sites) != STATUS_OK)
		return 1;
	step("retained by site", &since, file);
	if (edge_growth_open(&fields, &growth) != STATUS_OK)
		return 1;
	step("growth of edges", &since, file);
	if (path_clusters_open(reach, &fields, dominators, is_any, NULL, &clusters) != STATUS_OK)
		return 1;
	step("clusters of all paths", &since, file);
	path_clusters_release(&clusters);
	edge_growth_release(&growth);
	edge_fields_release(&fields);
	return 0;
}

static int run(struct heap *heap)
{
	const struct group_input input = {.heap = heap};
	struct grouping *grouping;
	struct reference_graph *graph;
	struct reachability *reach;
	struct dominators *dominators;
	struct cycles cycles;

	if (grouping_open(&input, 1, GROUP_BY_SITE, false, &grouping) != STATUS_OK)
		return 1;
	double file = peak_mebibytes();
	double since = seconds();

	if (reference_graph_open(heap, NULL, &graph) != STATUS_OK)
		return 1;
	step("grades", &since, file);
	if (reachability_open(graph, &reach) != STATUS_OK)
		return 1;
	step("reachability and leaks", &since, file);
	if (dominators_open(reach, &dominators) != STATUS_OK)
		return 1;
	step("dominators and retained sizes", &since, file);
	if (run_by_site(reach, dominators, grouping, file) != 0)
		return 1;
	dominators_close(dominators);
	since = seconds();
	if (cycles_open(reach, &cycles) != STATUS_OK)
		return 1;
	step("cycles", &since, file);
	if (reference_graph_reverse(graph) != STATUS_OK)
		return 1;
	step("reverse edges", &since, file);
	(void)printf("  leaked %" PRIu64 " blocks, %zu cycles\n",
	    reach->totals.lost_blocks + reach->totals.indirect_blocks, cycles.count);
	cycles_release(&cycles);
	reachability_close(reach);
	reference_graph_close(graph);
	grouping_close(grouping);
	return 0;
}

int main(int argument_count, char **arguments)
{
	static struct snapshot snapshot;
	size_t count = argument_count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
	bool local = argument_count > 2 && strcmp(arguments[2], "local") == 0;

	if (count == 0) {
		(void)fputs("usage: graph_analysis BLOCKS [random|local]\n", stderr);
		return 2;
	}
	fill(&snapshot, count, local);
	(void)printf(
	    "%zu blocks, %zu edges, %s\n", count, snapshot.edge_count, local ? "local" : "random");

	struct heap *heap;

	if (heap_open(&snapshot, &heap) != STATUS_OK)
		return 1;
	int status = run(heap);

	heap_close(heap);
	return status;
}
