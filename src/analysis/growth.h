/*
 * The growth shape of a site: does what it keeps alive grow with the iterations, and how?
 *
 * Evidence: live blocks and bytes of the site at sampled iteration ends, deaths by age, and the
 * birth iterations of the blocks that are still alive. Counted iterations only; each benchmark is
 * judged inside its own range of generations (benchmarks that interleave are judged as one), and
 * the strongest finding is the site's.
 *
 * The counted iterations of a range are cut into 7 equal stretches. A stretch's growth is the live
 * number at the sample nearest to its end minus that at the sample nearest to its beginning; a
 * sample further off than half a stretch doesn't serve. Asked in this order:
 *
 *   unknown    fewer than 14 counted iterations; or samples are missing at the ends of the
 *              stretches, and the survivors don't tell either (they do when each stretch left more
 *              survivors than blocks ever died after their own iteration: then births outlived
 *              deaths in each, whenever the deaths were).
 *   transient  0 at every sample, no later death, no survivor: nothing outlives its iteration.
 *   linear     every stretch grows, each per iteration by at least a third of what the middle one
 *              (by growth) does, and no fall between samples is greater than what the middle one
 *              grows. When the births of the survivors are known, every stretch must also have left
 *              survivors for a third of its growth, and then falls may reach 3.5 times that. (This
 *              tells a leak from a saw-tooth that the samples happen to meet a little higher each
 *              time.) In blocks, or in bytes alone: a buffer that only grows. k = growth per
 *              iteration, without stretches that grow more than three times as much as the middle
 *              one: a burst (a pool that is filled) hides no leak and isn't one.
 *   amortised  never falls, grows in steps, each step after the first quarter of the iterations at
 *              least as big as the one before it (less a tenth), and
 *              either those steps come at most two thirds as often as the steps in the first
 *              quarter and are on average a quarter bigger, or every step adds at least a quarter
 *              of what was there while the number of blocks stays the same and the last step is
 *              bigger than the first. In bytes, or in blocks.
 *   one-off    the same blocks and bytes at every sample after the first rounds (8 iterations, or
 *              the first sample if that is later), and neither births nor deaths beyond that:
 *              setup, lazy initialisation.
 *   deferred   no new height in the last two stretches, and what died lived for at most 8
 *              iterations.
 *   bounded    no new height in the last two stretches: pools, rings, caches, plateaus, noise
 *              around a level. A new height is one above the highest of the first five by a quarter
 *              of their range and by 2 %.
 *   irregular  everything else: it grew late, but not steadily.
 *
 * A mean slope is never asked: growth that stops or begins half-way isn't linear. A buffer with a
 * growth factor near 1 (a ninth or so) grows in every stretch and is linear; from 1.4 on a stretch
 * without a step exists between 7. Deaths after the last sample (teardown) are not held against a
 * site: as many as were alive then.
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
	/* when linear; bytes alone: a buffer that only grows */
	bool linear_in_blocks, linear_in_bytes;
	/* k of the iterations that were judged; 0 unless linear */
	double blocks_per_iteration, bytes_per_iteration;
	/* row of BENCHMARKS whose iterations showed it; HEAP_NONE: none, or several interleaved */
	uint32_t benchmark;
	/* live bytes of the site: last judged moment minus first; may be negative */
	int64_t grown_bytes;
	const char *reason; /* one clause for a person: why this shape */
};

/* "linear", "one-off", ... ; "unknown" for anything else. */
const char *growth_shape_name(enum growth_shape shape);

/* --- from a file --- */
struct growth_judge; /* prepared ranges of one heap, with scratch memory */
/* HEAP must outlive the judge. 0, or STATUS_NO_MEMORY. Builds the heap's index of births. */
int growth_judge_open(struct heap *heap, struct growth_judge **ret_judge);
void growth_judge_close(struct growth_judge *judge);
/* The shape of what the logical STACKS (each once) keep alive, taken together. */
struct growth growth_of_stacks(
    struct growth_judge *judge, const uint32_t *stacks, size_t stack_count);

/* --- the pure rules, one range of counted iterations --- */
struct growth_point {
	/* counted iterations of the range that had ended; 0: the state before the first */
	uint64_t iterations;
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
	/* latest counted iteration (from 1) in which a survivor was born; 0 none */
	uint64_t last_birth;
	uint64_t alive_at_cut; /* of all blocks of the site, whenever born */
	uint64_t later_frees; /* of all blocks of the site: freed in another generation than born */
};
struct growth growth_judge_evidence(const struct growth_evidence *evidence);

#endif
