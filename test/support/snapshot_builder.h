/*
 * Builds snapshots for tests: in memory, in a file, or opened at once. Uses the real snapshot_writer and
 * computes everything that must add up (stack counters, totals, columns, string offsets), so that a test
 * states only what it is about:
 *
 *	struct snapshot_builder *builder = snapshot_builder_new();
 *	uint32_t leaf = snapshot_builder_stack(builder, "edge_new@edge.c:12;link@node.c:40;main@main.c:7");
 *
 *	snapshot_builder_iterations(builder, snapshot_builder_benchmark(builder, "parse"), 2, 20);
 *	snapshot_builder_blocks(builder, leaf, 20, 48, 5);      // 20 blocks of 48 bytes born in generation 5
 *	snapshot_builder_freed(builder, leaf, 100, 48);	        // and 100 that are gone
 *	struct snapshot *snapshot = snapshot_builder_open(builder);
 *	...
 *	snapshot_close(snapshot);
 *	snapshot_builder_free(builder);
 *
 * Text of a frame: [MODULE!]FUNCTION[@FILE[:LINE]], innermost first, frames separated by ';'. An inlined function
 * stands before the function it was inlined into, separated by '|': "get|lookup@map.c:9;main". A frame
 * "MODULE+0xOFFSET" has an address but no name. Equal texts are equal addresses. Without MODULE a frame
 * lies in "bench". Modules are made when first named.
 *
 * To damage a file: snapshot_builder_settle computes everything; what is changed afterwards in
 * snapshot_builder_rows and snapshot_builder_run is written as it is.
 *
 * Failures of memory or system calls abort: this is test code. Not thread-safe.
 */
#ifndef TEST_SUPPORT_SNAPSHOT_BUILDER_H
#define TEST_SUPPORT_SNAPSHOT_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/format.h"
#include "snapshot/snapshot_reader.h"

struct snapshot_builder;

/* An empty snapshot: program "bench", pid 1000, trigger exit, one thread (row 0, "main", tid 1000). */
struct snapshot_builder *snapshot_builder_new(void);
void snapshot_builder_free(struct snapshot_builder *builder);

/* The row of RUN. What settle computes where it is still 0: cut_epoch, thread_count, generation, iterations_*,
 * inherited_*, ignored_*. Totals are always computed, but for the peak, where it is not 0. */
struct snapshot_run *snapshot_builder_run(struct snapshot_builder *builder);

/* Offset of TEXT in STRINGS; equal texts share one. NULL and "" are 0. */
uint32_t snapshot_builder_string(struct snapshot_builder *builder, const char *text);

/* Add a module, returns its row. PATH's base name is what frame texts call it. */
uint32_t snapshot_builder_module(struct snapshot_builder *builder, uint64_t start, uint64_t end,
    uint64_t bias, const char *path, const char *build_id, uint32_t flags);
/* Add a thread, returns its row (0 exists from the start). */
uint32_t snapshot_builder_thread(struct snapshot_builder *builder, uint32_t tid, const char *name);

/* The stack of the frames in TEXT on thread 0; returns its row. Equal stacks are one row. */
uint32_t snapshot_builder_stack(struct snapshot_builder *builder, const char *text);
uint32_t snapshot_builder_stack_on(
    struct snapshot_builder *builder, uint32_t thread, const char *text);
/* The stack of COUNT return addresses, innermost first. */
uint32_t snapshot_builder_frames(
    struct snapshot_builder *builder, uint32_t thread, const uint64_t *pcs, size_t count);

/* COUNT live blocks of BYTES each, at addresses of the builder's choice (ascending from 0x10000000), born in
 * generation BORN (epoch BORN + 1). Returns the address of the first; the next is 64-aligned after it. */
uint64_t snapshot_builder_blocks(
    struct snapshot_builder *builder, uint32_t stack, size_t count, uint64_t bytes, uint32_t born);

/* One live block, every member under the test's control. */
struct snapshot_builder_block {
	uint64_t address; /* 0: the builder chooses */
	uint64_t bytes;
	uint32_t stack, born, epoch; /* epoch 0: born + 1 */
	uint32_t
	    flags; /* enum snapshot_block_flags; LABELLED and MOVED follow from the members below */
	uint64_t identity_address; /* 0: the address */
	uint32_t resize_stack;	   /* 0 none; sets RESIZED and counts one realloc */
	uint64_t
	    birth_bytes; /* with resize_stack: requested at birth, growth or shrinkage is booked; 0: bytes */
	const char *label; /* NULL none */
	uint32_t pool;	   /* row of POOLS + 1; sets POOLED */
	uint32_t weight;   /* of a sampled file; 0: 1 */
};
uint64_t snapshot_builder_block(
    struct snapshot_builder *builder, const struct snapshot_builder_block *block);

/* COUNT blocks of BYTES each that were allocated and freed again. */
void snapshot_builder_freed(
    struct snapshot_builder *builder, uint32_t stack, uint64_t count, uint64_t bytes);
/* The same, freed in the generation in which they were born. */
void snapshot_builder_temporary(
    struct snapshot_builder *builder, uint32_t stack, uint64_t count, uint64_t bytes);
/* The file is sampled: blocks have weights. First of all calls. */
void snapshot_builder_sampled(struct snapshot_builder *builder, uint64_t mean_bytes);
/* COUNT sampled blocks of BYTES each, which stand for WEIGHT each and are gone; TEMPORARY: in the generation of birth. */
void snapshot_builder_sampled_freed(struct snapshot_builder *builder, uint32_t stack,
    uint64_t count, uint64_t bytes, uint32_t weight, int temporary);
/* Share of STACK at the process's peak, whose bytes are the sum of the shares. A test that states none gets a peak
 * at the cut: each stack's share is what is alive. */
void snapshot_builder_peak(struct snapshot_builder *builder, uint32_t stack, uint64_t bytes);

uint32_t snapshot_builder_benchmark(struct snapshot_builder *builder, const char *name);
/* WARMUP and then COUNTED iterations of BENCHMARK, generations following the last one used. Counters are 0. */
void snapshot_builder_iterations(
    struct snapshot_builder *builder, uint32_t benchmark, uint32_t warmup, uint32_t counted);
/* One row as it is. */
void snapshot_builder_iteration(
    struct snapshot_builder *builder, const struct snapshot_iteration *row);

/* Samples at the ends of generations FIRST, FIRST + STRIDE, ... up to LAST (counted phase). */
void snapshot_builder_samples(struct snapshot_builder *builder, uint32_t benchmark, uint32_t first,
    uint32_t last, uint32_t stride);
void snapshot_builder_sample(struct snapshot_builder *builder, const struct snapshot_sample *row);
/* Live BLOCKS[i] and BYTES[i] of STACK at sample i, for COUNT samples; stored only where they change.
 * BYTES may be NULL: then each block counts BYTES_EACH. Adds to the samples' live_blocks and live_bytes. */
void snapshot_builder_series(struct snapshot_builder *builder, uint32_t stack,
    const uint64_t *blocks, const uint64_t *bytes, uint64_t bytes_each, size_t count);
/* BLOCKS of STACK died at the age of AGE iterations (from 1). */
void snapshot_builder_deaths(
    struct snapshot_builder *builder, uint32_t stack, uint32_t age, uint64_t blocks);
/* One cell of the born x died matrix. */
void snapshot_builder_survival(struct snapshot_builder *builder, uint32_t stack,
    uint32_t born_first, uint32_t died_first, uint32_t width, uint64_t blocks);

void snapshot_builder_root(
    struct snapshot_builder *builder, uint64_t start, uint64_t bytes, const char *name);
/* Returns the row of POOLS. */
/* What a table of the recorder costs; RUN's costs are the caller's to set. Files have neither of these by default. */
void snapshot_builder_own_memory(struct snapshot_builder *builder, const char *table,
    uint64_t resident_bytes, uint64_t mapped_bytes);
void snapshot_builder_gate(struct snapshot_builder *builder, const struct snapshot_gate *row);
uint32_t snapshot_builder_pool(
    struct snapshot_builder *builder, uint64_t address, const char *name);
void snapshot_builder_born_range(struct snapshot_builder *builder, uint32_t epoch,
    uint32_t first_generation, uint32_t last_generation);

/* The reference graph. A file has one as soon as one of these was called; the row of GRAPH may be changed until
 * settle (default: read by the only thread). Blocks are named by their addresses, a pool's block that starts where
 * another one does by its address | SNAPSHOT_POOLED_IDENTITY. */
struct snapshot_graph *snapshot_builder_graph(struct snapshot_builder *builder);
/* Word number WORD of the block at FROM points INTO bytes behind the start of the block at TO. */
void snapshot_builder_edge(
    struct snapshot_builder *builder, uint64_t from, uint32_t word, uint64_t to, uint32_t into);
/* Returns the row of ROOT_RANGES. */
uint32_t snapshot_builder_root_range(
    struct snapshot_builder *builder, const struct snapshot_root_range *row);
/* The word at ADDRESS in RANGE points into the block at TO. */
void snapshot_builder_root_edge(
    struct snapshot_builder *builder, uint32_t range, uint64_t address, uint64_t to, uint32_t into);
void snapshot_builder_stack_frame(
    struct snapshot_builder *builder, const struct snapshot_stack_frame *row);
/* Add the virtual table at ADDRESS in MODULE, returns its row. Independent of the graph. */
uint32_t snapshot_builder_virtual_table(
    struct snapshot_builder *builder, uint64_t address, uint32_t module);
/* The first word of the block at BLOCK points to virtual table TABLE. */
void snapshot_builder_class(struct snapshot_builder *builder, uint64_t block, uint32_t table);

/* Leave names out of the file (default: in it), as a file is before the tool added them. */
void snapshot_builder_without_names(struct snapshot_builder *builder);
/* A section of any id and content, for what this version does not know. */
void snapshot_builder_section(struct snapshot_builder *builder, uint32_t id, uint32_t flags,
    uint32_t row_bytes, const void *bytes, size_t count);
/* Write rows of section ID with BYTES of 0xee appended to each, as a newer version would. */
void snapshot_builder_widen(struct snapshot_builder *builder, uint32_t id, uint32_t bytes);
/* Leave section ID out. */
void snapshot_builder_omit(struct snapshot_builder *builder, uint32_t id);
/* Flags of section ID in the table (default: SNAPSHOT_SECTION_REQUIRED for those the reader cannot miss). */
void snapshot_builder_flags(struct snapshot_builder *builder, uint32_t id, uint32_t flags);

/* Compute all that must add up. Called by what follows unless it was called before. */
void snapshot_builder_settle(struct snapshot_builder *builder);
/* Rows of section ID after settle, to be changed in place. The number goes to *RET_COUNT (may be NULL). */
void *snapshot_builder_rows(struct snapshot_builder *builder, uint32_t id, size_t *ret_count);

/* Write to PATH (replaced, mode 0600). */
void snapshot_builder_write(struct snapshot_builder *builder, const char *path);
/* The file's bytes, aligned to 64; free() them. */
void *snapshot_builder_image(struct snapshot_builder *builder, size_t *ret_bytes);
/* Build and open with snapshot_open_memory; prints the error and aborts when the reader refuses. The builder
 * keeps the image: close the snapshot before the builder is freed. */
struct snapshot *snapshot_builder_open(struct snapshot_builder *builder);

#endif
