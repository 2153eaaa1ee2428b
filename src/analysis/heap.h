/*
 * A loaded snapshot and its indexes: what every question over one file starts from.
 *
 * Path of data: snapshot_reader -> heap -> group, diff, growth, iterations_view, check -> report,
 * cli.
 *
 * The preload may store one call chain twice (two threads at once, a library loaded a second time).
 * Here chains that are equal in thread, module and module-relative pc become one logical stack:
 *
 *   STACKS row --stack_of_row[]--> logical stack (0 = not known)
 *   --rows[first_row..first_row+row_count)--> STACKS rows
 *
 * A generation is classified from ITERATIONS: outside, warm-up, counted, or still open at the cut.
 * A block is retained when it was born in a counted iteration that ended and is alive; blocks of
 * generation 0, of warm-up and of the open iteration never are. Where epochs were merged a birth is
 * a range of generations: it counts as counted when any generation of the range does, and such
 * blocks are counted apart.
 *
 * The snapshot must outlive its heap. Read-only after heap_open except heap_index_births; no locks.
 */
#ifndef ANALYSIS_HEAP_H
#define ANALYSIS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/estimate.h"
#include "snapshot/snapshot_reader.h"

#define HEAP_NONE UINT32_MAX

enum heap_birth {
	HEAP_BIRTH_OUTSIDE, /* generation 0, or a generation that no iteration row holds */
	HEAP_BIRTH_WARMUP,
	HEAP_BIRTH_OPEN,    /* counted, but the iteration had not ended at the cut */
	HEAP_BIRTH_COUNTED, /* counted and ended: alive means retained */
};

struct heap_stack {
	uint32_t leaf;		       /* node of the innermost frame; 0 for stack 0 */
	uint32_t thread;	       /* row of THREADS; HEAP_NONE unknown */
	uint32_t flags;		       /* enum snapshot_stack_flags */
	uint32_t first_row, row_count; /* into heap.rows */
	uint64_t allocs, bytes, frees, freed_bytes, temporary, temporary_bytes, reallocs,
	    peak_bytes;
	struct spread alloc_spread, temporary_spread;
};

/* A birth as the file knows it: first == last unless epochs were merged. 0..0 is outside
 * iterations. */
struct heap_born {
	uint32_t first_generation, last_generation;
};

struct heap {
	const struct snapshot *snapshot;
	struct heap_stack *stacks; /* logical; [0] = stack not known */
	size_t stack_count;
	uint32_t *stack_of_row;	    /* by row of STACKS: logical stack */
	uint32_t *rows;		    /* rows of STACKS, by logical stack */
	uint32_t *canonical_module; /* by module: the lowest with equal path and build-id */

	/* filled by heap_index_births: generations of birth of the blocks of each logical stack,
	 * without ignored blocks, births_by_stack[first_birth[s] .. first_birth[s + 1]) */
	uint32_t *births_by_stack;
	uint32_t *birth_weights; /* of the same blocks; NULL: all 1 */
	size_t *first_birth;	 /* [stack_count + 1] */

	/* private: generation -> class and iteration row */
	uint8_t *birth_of_generation;
	uint32_t *iteration_of_generation;
	uint32_t direct_generations;
	struct {
		uint8_t birth; /* enum heap_birth */
		bool mixed;
	} * births_of_ranges; /* by row of BORN_RANGES */
};

struct heap_totals {
	uint64_t blocks, bytes; /* without ignored */
	uint64_t retained_blocks, retained_bytes;
	uint64_t ignored_blocks, ignored_bytes;
	uint64_t inherited_blocks,
	    inherited_bytes;		       /* came from the parent process; in blocks, too */
	uint64_t pooled_blocks, pooled_bytes;  /* lie inside other blocks; in blocks, too */
	struct spread spread, retained_spread; /* of blocks and bytes, and of the retained */
	uint64_t inexact_birth_blocks;	       /* birth known only as a range that mixes classes */
};

/* Restricts group and diff; a zeroed filter lets everything through. */
struct heap_filter {
	/* by logical stack of the heap: 1 leaves its blocks and counters out; NULL none */
	const uint8_t *stack_hidden;
	bool born_limited;
	/* generations, inclusive, when born_limited; blocks only, not counters */
	uint32_t born_first, born_last;
	bool epoch_limited;
	uint32_t epoch_first, epoch_last; /* inclusive, when epoch_limited; blocks only */
};

/* Build the indexes over SNAPSHOT, which must outlive the heap. 0, or STATUS_NO_MEMORY. */
int heap_open(const struct snapshot *snapshot, struct heap **ret_heap);
/* NULL is fine. */
void heap_close(struct heap *heap);
/* Make births_by_stack and first_birth, once. 0, or STATUS_NO_MEMORY. */
int heap_index_births(struct heap *heap);

enum heap_birth heap_birth_of_generation(const struct heap *heap, uint32_t generation);
/* Row of ITERATIONS that holds GENERATION, or HEAP_NONE. */
uint32_t heap_iteration_of_generation(const struct heap *heap, uint32_t generation);
struct heap_born heap_born_of_block(const struct heap *heap, size_t block);
enum heap_birth heap_birth_of_block(const struct heap *heap, size_t block);
/* Extra of BLOCK or NULL. Binary search; passes over all blocks use their own cursor. */
const struct snapshot_block_extra *heap_extra_of_block(const struct heap *heap, size_t block);
static inline uint32_t heap_stack_of_block(const struct heap *heap, size_t block)
{
	return heap->stack_of_row[heap->snapshot->block_stack[block]];
}
/* One pass over the blocks. */
void heap_count(
    const struct heap *heap, const struct heap_filter *filter, struct heap_totals *ret_totals);
/* True when FILTER (may be NULL) leaves nothing out. */
static inline bool heap_filter_is_open(const struct heap_filter *filter)
{
	return filter == NULL ||
	       (filter->stack_hidden == NULL && !filter->born_limited && !filter->epoch_limited);
}
/* True when FILTER (may be NULL) lets BLOCK through. */
bool heap_filter_passes(const struct heap *heap, const struct heap_filter *filter, size_t block);

static inline uint32_t heap_birth_weight(const struct heap *heap, size_t birth)
{
	return heap->birth_weights != NULL ? heap->birth_weights[birth] : 1;
}

/* Iterations that ended, and those of them not warm-up; from RUN. */
uint64_t heap_iterations_ended(const struct heap *heap);
uint64_t heap_iterations_counted(const struct heap *heap);

#endif
