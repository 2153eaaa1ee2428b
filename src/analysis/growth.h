/*
 * The growth shape of a site: does what it keeps alive grow with the iterations, and how?
 *
 * Evidence: live blocks and bytes of the site at sampled iteration ends, deaths by age, and the birth iterations
 * of the blocks that are still alive. Counted iterations only; each benchmark is judged inside its own range of
 * generations (benchmarks that interleave are judged as one), and the strongest finding is the site's.
 *
 * The counted iterations of a range are cut into 7 equal stretches; a stretch's growth is the live number at the sample
 * nearest to its end minus that at the sample nearest to its beginning. Asked in this order:
 *
 *   unknown    fewer than 14 counted iterations; or no 8 samples near the ends of the stretches, and the births of
 *              the survivors don't tell either.
 *   transient  no sample, no later death and no survivor: nothing ever outlived its iteration.
 *   linear     every stretch grows by at least a third of what the stretches grow on average, and what fell
 *              between two samples is small beside the whole growth; when the births of the survivors are
 *              known, every stretch must also have left survivors (which tells a leak from a
 *              saw-tooth that the samples happen to meet a little higher each time). In blocks, or else in bytes
 *              alone: a buffer that only grows. k is the growth from first to last stretch per iteration.
 *   amortised  grows in steps only, never falls; steps come less often after the first quarter of the
 *              iterations than in it, each late step at least as big as the one before it and bigger than the
 *              early ones on average. Judged on bytes, or else on blocks.
 *   one-off    the same number at every sample after the first rounds (8 iterations, or the first sample), and no
 *              births or deaths beyond that: setup, lazy initialisation.
 *   deferred   no new height in the last two stretches, and what died had lived for at most 8 iterations.
 *   bounded    no new height in the last two stretches: pools, rings, caches, plateaus, noise around a level.
 *   irregular  everything else: it grew late, but not steadily.
 *
 * A mean slope is never asked: growth that stops or begins half-way isn't linear.
 */
#ifndef ANALYSIS_GROWTH_H
#define ANALYSIS_GROWTH_H

#include "analysis/heap.h"

#define GROWTH_STRETCHES	7
#define GROWTH_ITERATIONS_MIN	14 /* counted; fewer give no shape */
#define GROWTH_DEFERRED_AGE_MAX 8  /* iterations; a power of two, so that it ends an age bucket */
#define GROWTH_FIRST_ROUNDS	8  /* counted iterations in which lazy initialisation is expected */

/* In ascending order of what a person must look at: of two findings the higher one is reported. */
enum growth_shape {
	GROWTH_UNKNOWN,
	GROWTH_TRANSIENT,
	GROWTH_ONE_OFF,
	GROWTH_DEFERRED,
	GROWTH_BOUNDED,
	GROWTH_AMORTISED,
	GROWTH_IRREGULAR,
	GROWTH_LINEAR,
};

struct growth {
	enum growth_shape shape;
	bool linear_in_blocks,
	    linear_in_bytes; /* when linear; bytes alone: a buffer that only grows */
	double blocks_per_iteration,
	    bytes_per_iteration; /* k, over the counted iterations that were judged; 0 unless
							     linear */
	uint32_t
	    benchmark; /* row of BENCHMARKS whose iterations showed it; HEAP_NONE: none, or several interleaved */
	int64_t
	    grown_bytes; /* live bytes of the site: last judged moment minus first; may be negative */
	const char *reason; /* one clause for a person: why this shape */
};

/* "linear", "one-off", ... ; "unknown" for anything else. */
const char *growth_shape_name(enum growth_shape shape);

/* --- from a file --- */
struct growth_judge; /* prepared ranges of one heap, with scratch memory */
/* HEAP must outlive the judge. 0, or STATUS_NO_MEMORY. Builds the heap's block index. */
int growth_judge_open(struct heap *heap, struct growth_judge **ret_judge);
void growth_judge_close(struct growth_judge *judge);
/* The shape of what the logical STACKS (each once) keep alive, taken together. */
struct growth growth_of_stacks(
    struct growth_judge *judge, const uint32_t *stacks, size_t stack_count);

/* --- the pure rules, one range of counted iterations --- */
struct growth_point {
	uint64_t
	    iterations; /* counted iterations of the range that had ended; 0: the state before the first */
	uint64_t blocks, bytes; /* live then */
};

struct growth_evidence {
	uint64_t counted;		   /* counted iterations in the range */
	const struct growth_point *points; /* iterations strictly ascending */
	size_t point_count;
	uint64_t deaths_by_age[SNAPSHOT_AGE_BUCKETS]; /* as in format.h */
	/* blocks born in the range and still alive, by stretch of birth, when that is known */
	bool survivors_known;
	uint64_t survivors[GROWTH_STRETCHES];
	uint64_t
	    last_birth; /* latest counted iteration (from 1) in which a survivor was born; 0 none */
	uint64_t alive_at_cut; /* of all blocks of the site, whenever born */
};
struct growth growth_judge_evidence(const struct growth_evidence *evidence);

#endif
