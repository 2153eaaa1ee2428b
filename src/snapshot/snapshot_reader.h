/*
 * Opens a snapshot and checks every rule that can make reading unsafe, so that whoever holds a
 * struct snapshot may index it freely: all references between sections are in bounds, all strings end.
 * Trusts nothing in the file. Accepts plain and zstd-compressed files. Thread-safe; not signal-safe.
 *
 * Path of data: file -> snapshot_image.c (bytes) -> snapshot_header.c, snapshot_reader.c (sections) ->
 * snapshot_rules.c (what must hold between them) -> analysis. snapshot_verify.h judges what is only wrong,
 * not unsafe. Optional sections that a file does not have are there with 0 rows.
 */
#ifndef SNAPSHOT_SNAPSHOT_READER_H
#define SNAPSHOT_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "snapshot/format.h"

#define SNAPSHOT_SAMPLES_MAX 64 /* rows of SAMPLES; more are refused */

struct snapshot {
	const char *path;    /* as given; "" from memory */
	uint64_t file_bytes; /* of the uncompressed image */
	uint64_t disk_bytes; /* as stored */
	const struct snapshot_section *sections;
	uint32_t section_count;

	const struct snapshot_run *run;
	const char *strings;
	size_t string_bytes;
	const char *suppressions; /* of the program; not ended by '\0' */
	size_t suppression_bytes;
	const struct snapshot_module *modules;
	size_t module_count;
	const struct snapshot_node *nodes;
	size_t node_count;
	const struct snapshot_stack *stacks;
	size_t stack_count;
	const struct snapshot_thread *threads;
	size_t thread_count;
	const struct snapshot_benchmark *benchmarks;
	size_t benchmark_count;
	const struct snapshot_iteration *iterations;
	size_t iteration_count;
	size_t block_count;
	const uint64_t *block_address, *block_size;
	const uint32_t *block_stack, *block_epoch, *block_born;
	const uint32_t *block_weight; /* of sampled files; weight_count is 0 in others */
	size_t weight_count;
	const struct snapshot_block_extra *extras;
	size_t extra_count;
	const struct snapshot_born_range *born_ranges;
	size_t born_range_count;
	const struct snapshot_sample *samples;
	size_t sample_count;
	const struct snapshot_series_point *series;
	size_t series_count;
	const struct snapshot_deaths *deaths;
	size_t deaths_count;
	const struct snapshot_survival *survival;
	size_t survival_count;
	const struct snapshot_root *roots;
	size_t root_count;
	const struct snapshot_pool *pools;
	size_t pool_count;
	const struct snapshot_sampling *sampling;
	size_t sampling_count; /* 0 or 1 */
	const struct snapshot_stack_variance *stack_variances;
	size_t stack_variance_count; /* 0, or stack_count */
	const struct snapshot_own_memory *own_memory;
	size_t own_memory_count; /* 0 in files of older recorders, like the next */
	const struct snapshot_gate *gate;
	size_t gate_count; /* 0 or 1 */
	const struct snapshot_name *names;
	size_t name_count;
	const struct snapshot_symbol *symbols;
	size_t symbol_count;
	/* The reference graph; without one all counts are 0 and edge_first must not be read. Edges of block i are
	 * the rows [edge_first[i], edge_first[i + 1]) of the three columns. */
	const struct snapshot_graph *graph;
	size_t graph_count; /* 1, or 0 */
	const uint64_t *edge_first;
	size_t edge_first_count; /* block_count + 1, or 0 */
	const uint32_t *edge_word, *edge_target, *edge_into;
	size_t edge_count;
	const struct snapshot_root_range *root_ranges;
	size_t root_range_count;
	const struct snapshot_root_edge *root_edges;
	size_t root_edge_count;
	const struct snapshot_stack_frame *stack_frames;
	size_t stack_frame_count;
	/* The classes of blocks; in most files of C programs both counts are 0. */
	const struct snapshot_virtual_table *virtual_tables;
	size_t virtual_table_count;
	const uint32_t *block_virtual_table;
	size_t block_virtual_table_count; /* block_count, or 0 */

	/* private */
	const char *bytes; /* of the uncompressed image; sections[i].offset counts from here */
	char *path_storage;
	void *image;
	size_t image_bytes;
	int image_is_mapped;
	void *copies[SNAPSHOT_SECTIONS_MAX]; /* rows of another size than ours, converted */
};

/* Open PATH. Returns 0 and *ret_snapshot (free with snapshot_close), or a negative status with *ret_error filled;
 * the sentence does not repeat the path. STATUS_IO: it could not be read at all. */
int snapshot_open(const char *path, struct snapshot **ret_snapshot, struct status_error *ret_error);
/* The same from memory; BYTES must live as long as the snapshot. The entry point of the fuzzer. */
int snapshot_open_memory(const void *bytes, size_t count, struct snapshot **ret_snapshot,
    struct status_error *ret_error);
void snapshot_close(struct snapshot *snapshot);
/* How many blocks BLOCK stands for: 1 unless the file is sampled. */
static inline uint32_t snapshot_block_weight(const struct snapshot *snapshot, size_t block)
{
	return __builtin_expect(snapshot->weight_count != 0, 0) ? snapshot->block_weight[block] : 1;
}
/* String at OFFSET (checked at open); never NULL. */
static inline const char *snapshot_string(const struct snapshot *snapshot, uint32_t offset)
{
	return snapshot->strings + offset;
}
/* The order of SYMBOLS: below 0, 0 or above 0. */
static inline int snapshot_symbol_compare(
    const struct snapshot_symbol *left, const struct snapshot_symbol *right)
{
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->module != right->module)
		return left->module < right->module ? -1 : 1;
	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return 0;
}

/* The virtual table that BLOCK points to: a row of VIRTUAL_TABLES, 0 none. */
static inline uint32_t snapshot_virtual_table_of(const struct snapshot *snapshot, size_t block)
{
	return snapshot->block_virtual_table_count != 0 ? snapshot->block_virtual_table[block] : 0;
}
static inline bool snapshot_has_graph(const struct snapshot *snapshot)
{
	return snapshot->graph_count != 0;
}

#endif
