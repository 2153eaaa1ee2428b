/*
 * Writes the snapshots that the golden tests of the command line read: make_fixtures DIRECTORY. Everything is
 * fixed, so that the reports over them can be compared byte by byte with the texts beside this file.
 *
 *   steady.first.snap, steady.last.snap   one run: 2 warm-up, 100 counted iterations; one site leaks ten
 *                                         blocks in each, one buffer only grows, one cache is full, much
 *                                         is freed at once
 *   clean.first.snap, clean.last.snap     the same without the leak: churn alone
 *   other.snap                            another run of the same program
 *   plain.snap                            no iterations
 *   kinds.snap                            threads, labels, pools, ignored blocks, an inlined site, a wrapper
 *   cplusplus.snap                        names of templates
 *   lossy.snap                            things were dropped
 *   hostile.snap                          names that try to talk to the terminal
 *   sampled.first.snap, sampled.last.snap the leaking run with one sample per 4 KiB: estimates
 *   books.snap                            safe to read, but its books do not balance
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/snapshot_builder.h"

#define WARMUP	   2
#define COUNTED	   100
#define LEAK_BYTES 48

static void in_iterations(
    struct snapshot_builder *builder, uint32_t counted, uint64_t allocs, uint64_t retained)
{
	uint32_t benchmark = snapshot_builder_benchmark(builder, "parse");

	for (uint32_t i = 1; i <= WARMUP + counted; i++) {
		struct snapshot_iteration row = {
		    .benchmark = benchmark,
		    .phase = i <= WARMUP ? SNAPSHOT_PHASE_WARMUP : SNAPSHOT_PHASE_COUNTED,
		    .first_generation = i,
		    .last_generation = i,
		    .first = i,
		    .count = 1,
		    .allocs = allocs,
		    .bytes = allocs * 40,
		    .frees = allocs - retained,
		    .freed_bytes = (allocs - retained) * 40,
		    .temporary = allocs - retained,
		    .temporary_bytes = (allocs - retained) * 40,
		    .survived_blocks = retained,
		    .survived_bytes = (int64_t)(retained * LEAK_BYTES),
		    .live_blocks = 20 + retained * i,
		    .live_bytes = 8192 + retained * LEAK_BYTES * i,
		    .peak_bytes = 12288 + retained * LEAK_BYTES * i,
		    .ns = 1500000,
		    .maximum_allocs = allocs,
		    .maximum_bytes = allocs * 40,
		    .maximum_survived_blocks = retained,
		    .maximum_survived_bytes = retained * LEAK_BYTES,
		};

		snapshot_builder_iteration(builder, &row);
	}
}

static const char *const leak_text =
    "edge_new@src/edge.c:12;node_link@src/node.c:40;computed_read@src/computed.c:77;run_once@bench.c:21;main@bench.c:60";
static const char *const buffer_text =
    "log_append@src/log.c:33;run_once@bench.c:24;main@bench.c:60";
static const char *const resize_text =
    "log_grow@src/log.c:41;log_append@src/log.c:36;run_once@bench.c:24;main@bench.c:60";
static const char *const cache_text =
    "libcache.so!operator new;libcache.so!cache_put@src/cache.c:9;run_once@bench.c:23;main@bench.c:60";
static const char *const setup_text = "config_read@src/config.c:5;main@bench.c:55";
static const char *const churn_text =
    "token_next@src/lexer.c:88;parse@src/parser.c:14;run_once@bench.c:22;main@bench.c:60";

/* Live numbers of the leaking, growing and bounded sites at the samples, one after each fourth iteration. */
static void add_series(struct snapshot_builder *builder, uint32_t leak, uint32_t buffer,
    uint32_t cache, uint32_t counted, bool leaks)
{
	uint64_t blocks[64], bytes[64], one[64], full[64];
	size_t count = 0;

	for (uint32_t generation = WARMUP + 4; generation <= WARMUP + counted;
	     generation += 4, count++) {
		uint64_t done = generation - WARMUP;

		blocks[count] = leaks ? 10 * done : 0;
		one[count] = 1;
		bytes[count] = 1024 + (leaks ? 16 * done : 0);
		full[count] = 8;
	}
	snapshot_builder_samples(builder, 0, WARMUP + 4, WARMUP + counted, 4);
	if (leaks)
		snapshot_builder_series(builder, leak, blocks, NULL, LEAK_BYTES, count);
	snapshot_builder_series(builder, buffer, one, bytes, 0, count);
	snapshot_builder_series(builder, cache, full, NULL, 512, count);
}

/* The bench program after COUNTED_DONE counted iterations. */
static struct snapshot_builder *bench(uint32_t counted_done, bool leaks)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t leak = snapshot_builder_stack(builder, leak_text);
	uint32_t buffer = snapshot_builder_stack(builder, buffer_text);
	uint32_t cache = snapshot_builder_stack(builder, cache_text);
	uint32_t setup = snapshot_builder_stack(builder, setup_text);
	uint32_t churn = snapshot_builder_stack(builder, churn_text);
	struct snapshot_run *run = snapshot_builder_run(builder);

	in_iterations(builder, counted_done, 1000, leaks ? 10 : 0);
	snapshot_builder_blocks(builder, setup, 3, 200, 0);
	snapshot_builder_blocks(builder, cache, 8, 512, 1);
	snapshot_builder_block(builder,
	    &(struct snapshot_builder_block){.stack = buffer,
		.bytes = 1024 + (leaks ? 16 * counted_done : 0),
		.born = 1,
		.address = 0x20000000,
		.resize_stack =
		    counted_done != 0 && leaks ? snapshot_builder_stack(builder, resize_text) : 0,
		.birth_bytes = 1024});
	for (uint32_t i = 1; leaks && i <= counted_done; i++)
		snapshot_builder_blocks(builder, leak, 10, LEAK_BYTES, WARMUP + i);
	snapshot_builder_temporary(builder, churn, (uint64_t)1000 * (WARMUP + counted_done), 40);
	snapshot_builder_peak(builder, churn, 65536 - 8 * 512);
	snapshot_builder_peak(builder, cache, 8 * 512);
	if (counted_done != 0)
		add_series(builder, leak, buffer, cache, counted_done, leaks);
	run->trigger = counted_done != 0 ? SNAPSHOT_AT_LAST : SNAPSHOT_AT_FIRST;
	run->totals.peak_bytes = 65536;
	run->rss_bytes = 9 * 1024 * 1024;
	run->mapped_bytes = 1024 * 1024;
	run->pause_ns = 1200000;
	run->costs.live_table = 65536;
	run->costs.stacks = 4096;
	if (counted_done != 0) {
		run->time_ns += 1000000000;
		run->elapsed_ns += 1000000000;
	}
	return builder;
}

static void save(struct snapshot_builder *builder, const char *path)
{
	snapshot_builder_write(builder, path);
	snapshot_builder_free(builder);
}

static struct snapshot_builder *other_run(void)
{
	struct snapshot_builder *builder = bench(COUNTED, true);

	snapshot_builder_run(builder)->run_id[0] = 0x77;
	snapshot_builder_run(builder)->pid = 2000;
	return builder;
}

static struct snapshot_builder *plain(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_blocks(
	    builder, snapshot_builder_stack(builder, "keep@keep.c:3;main@keep.c:9"), 2, 100, 0);
	snapshot_builder_freed(
	    builder, snapshot_builder_stack(builder, "drop@keep.c:5;main@keep.c:9"), 7, 10);
	return builder;
}

static struct snapshot_builder *kinds(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();
	uint32_t worker = snapshot_builder_thread(builder, 1001, "worker");
	uint32_t inlined = snapshot_builder_stack(builder, "get|lookup@map.c:9;main@kinds.c:30");
	uint32_t wrapped =
	    snapshot_builder_stack(builder, "xmalloc@xmalloc.c:4;make@kinds.c:12;main@kinds.c:31");
	uint32_t threaded = snapshot_builder_stack_on(builder, worker, "work@kinds.c:20");
	uint32_t stripped = snapshot_builder_stack(builder, "libz.so+0x1234;main@kinds.c:33");

	in_iterations(builder, 20, 50, 0);
	snapshot_builder_blocks(builder, inlined, 4, 16, 3);
	snapshot_builder_blocks(builder, wrapped, 2, 24, 4);
	snapshot_builder_blocks(builder, threaded, 1, 4096, 0);
	snapshot_builder_blocks(builder, stripped, 1, 8, 0);
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .stack = wrapped, .bytes = 64, .born = 5, .label = "computed"});
	snapshot_builder_block(builder,
	    &(struct snapshot_builder_block){
		.stack = wrapped, .bytes = 32, .born = 6, .flags = SNAPSHOT_BLOCK_IGNORED});
	return builder;
}

static struct snapshot_builder *lossy(void)
{
	struct snapshot_builder *builder = bench(COUNTED, false);
	struct snapshot_run *run = snapshot_builder_run(builder);

	run->losses.blocks = 12;
	run->losses.frames_cut = 3456;
	run->losses.unknown_frees = 7;
	run->flags |= SNAPSHOT_RUN_APPROXIMATE;
	snapshot_builder_own_memory(builder, "live_table", 65536, (uint64_t)16 << 20);
	snapshot_builder_own_memory(builder, "survival", 0, 0);
	snapshot_builder_own_memory(builder, "buffers", 4096, 262144);
	snapshot_builder_gate(builder,
	    &(struct snapshot_gate){
		.closings = 2, .longest_wait_ns = 100000000, .longest_stand_ns = 101500000});
	return builder;
}

static struct snapshot_builder *hostile(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_blocks(builder,
	    snapshot_builder_stack(builder,
		"\033[31mred\a\"\\<T>@bad\xff\xfe.c:1;caf\xc3\xa9@caf\xc3\xa9.c:2;main@m.c:3"),
	    1, 10, 0);
	return builder;
}

static struct snapshot_builder *cplusplus(void)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_blocks(builder,
	    snapshot_builder_stack(builder,
		"libstdc++.so.6!operator new(unsigned long);"
		"void std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>(int*, int const&)@vector.tcc:453;"
		"std::vector<int, std::allocator<int> >::push_back(int const&)@stl_vector.h:1287;"
		"(anonymous namespace)::Index::add(std::__cxx11::basic_string<char, std::char_traits<char>, "
		"std::allocator<char> > const&) const@index.cpp:31;main@main.cpp:9"),
	    2, 64, 0);
	return builder;
}

/* The leak of 1000 blocks of 48 bytes was met 12 times, a large buffer for certain, a token 10 times. */
static struct snapshot_builder *sampled(uint32_t counted_done)
{
	struct snapshot_builder *builder = snapshot_builder_new();

	snapshot_builder_sampled(builder, 4096);
	uint32_t leak = snapshot_builder_stack(builder, leak_text);
	uint32_t buffer = snapshot_builder_stack(builder, buffer_text);
	uint32_t churn = snapshot_builder_stack(builder, churn_text);

	in_iterations(builder, counted_done, 1000, counted_done != 0 ? 10 : 0);
	snapshot_builder_block(
	    builder, &(struct snapshot_builder_block){
			 .stack = buffer, .bytes = 100000, .born = 0, .weight = 1});
	for (uint32_t i = 1; i <= counted_done; i += 9)
		snapshot_builder_block(builder,
		    &(struct snapshot_builder_block){
			.stack = leak, .bytes = LEAK_BYTES, .born = WARMUP + i, .weight = 84});
	snapshot_builder_sampled_freed(builder, churn, 10, 40, 100, true);
	snapshot_builder_run(builder)->trigger =
	    counted_done != 0 ? SNAPSHOT_AT_LAST : SNAPSHOT_AT_FIRST;
	return builder;
}

static struct snapshot_builder *unbalanced(void)
{
	struct snapshot_builder *builder = plain();

	snapshot_builder_settle(builder);
	snapshot_builder_run(builder)->totals.frees++;
	return builder;
}

int main(int count, char **arguments)
{
	if (count != 2 || chdir(arguments[1]) != 0) {
		fprintf(stderr, "usage: make_fixtures DIRECTORY\n");
		return 2;
	}
	save(bench(0, true), "steady.first.snap");
	save(bench(COUNTED, true), "steady.last.snap");
	save(bench(0, false), "clean.first.snap");
	save(bench(COUNTED, false), "clean.last.snap");
	save(other_run(), "other.snap");
	save(plain(), "plain.snap");
	save(kinds(), "kinds.snap");
	save(cplusplus(), "cplusplus.snap");
	save(lossy(), "lossy.snap");
	save(hostile(), "hostile.snap");
	save(sampled(0), "sampled.first.snap");
	save(sampled(COUNTED), "sampled.last.snap");
	save(unbalanced(), "books.snap");
	return 0;
}
