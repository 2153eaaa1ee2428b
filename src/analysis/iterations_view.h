/*
 * Iterations as a person reads them: a row each with what was retained from it, and per site the
 * survival matrix born x alive.
 */
#ifndef ANALYSIS_ITERATIONS_VIEW_H
#define ANALYSIS_ITERATIONS_VIEW_H

#include "analysis/heap.h"

struct iterations_row {
	/* allocs, bytes, frees, live, peak, ns: as stored */
	const struct snapshot_iteration *iteration;
	/* born in it and alive in the file (warm-up too), without ignored */
	uint64_t retained_blocks, retained_bytes;
	struct spread retained_spread;
	bool ended;
};

struct iterations_benchmark {
	const char *name;
	uint32_t benchmark; /* row of BENCHMARKS */
	uint64_t iterations, counted;
	size_t first_row, row_count; /* into rows */
};

struct iterations_view {
	struct iterations_benchmark *benchmarks;
	size_t benchmark_count;
	struct iterations_row *rows; /* by benchmark, ascending generation */
	size_t row_count;
	struct snapshot_iteration *merged; /* private: rows made by iterations_view_limit */
};

/* 0, or STATUS_NO_MEMORY. The heap must outlive the view. */
int iterations_view_open(const struct heap *heap, struct iterations_view **ret_view);
void iterations_view_close(struct iterations_view *view);
/* Merge neighbours of one benchmark and phase until no benchmark has more than ROWS_MAX (at
 * least 3: warm-up, counted, open) rows. Merged rows are owned by the view. Once per view. 0, or
 * STATUS_NO_MEMORY. */
int iterations_view_limit(struct iterations_view *view, size_t rows_max);

#define SURVIVAL_BUCKETS 16
/* alive[b][t]: blocks born in generations of bucket b that were alive at the end of bucket t (t
 * >= b). Bucket k holds generations [k * width, (k + 1) * width); generation 0 is never in it. */
struct survival_matrix {
	uint32_t width;	       /* generations per bucket */
	uint32_t bucket_count; /* buckets that the run reached */
	uint64_t alive[SURVIVAL_BUCKETS][SURVIVAL_BUCKETS];
};
/* Of the logical STACKS (each once) together. Ignored blocks are left out. Builds the heap's
 * index of births. 0, or STATUS_NO_MEMORY. */
int survival_matrix_of_stacks(struct heap *heap, const uint32_t *stacks, size_t stack_count,
    struct survival_matrix *ret_matrix);

#endif
