/*
 * How inexact a number of a sampled file is. A block that was recorded stands for `weight` blocks, which adds
 * w (w - 1) to the variance of a number of blocks, and that times size^2 to the variance of their bytes; sums of
 * blocks have the sum of their variances. A number of a file that is not sampled has variance 0.
 *
 * Where no sum of variances is kept (iterations, peaks, growth), the number is taken to be of the same mix of
 * blocks as all allocations of the run: its variance is then in proportion to theirs.
 *
 * The 95 % interval is +-1.96 standard deviations. It means little for a number that rests on a few blocks, and
 * nothing for 0: what no sample point has met may still be there. Of B bytes that were allocated all are missed
 * with probability exp(-B / mean), so at 95 % at most 3 means are: ESTIMATE_UNSEEN.
 */
#ifndef ANALYSIS_ESTIMATE_H
#define ANALYSIS_ESTIMATE_H

#include <math.h>

#include "snapshot/snapshot_reader.h"

#define ESTIMATE_DEVIATIONS 1.959964
#define ESTIMATE_UNSEEN	    2.995732 /* -ln 0.05 */

/* Variances. */
struct spread {
	double blocks, bytes;
};

static inline void spread_add_block(struct spread *spread, uint32_t weight, uint64_t bytes)
{
	double variance = (double)weight * (weight - 1.0);

	spread->blocks += variance;
	spread->bytes += variance * (double)bytes * (double)bytes;
}

static inline void spread_add(struct spread *spread, const struct spread *other)
{
	spread->blocks += other->blocks;
	spread->bytes += other->bytes;
}

/* Of a difference of two sums of which one is part of the other: of what is left. */
static inline struct spread spread_without(const struct spread *all, const struct spread *part)
{
	return (struct spread){.blocks = fmax(all->blocks - part->blocks, 0),
	    .bytes = fmax(all->bytes - part->bytes, 0)};
}

/* Half the 95 % interval. */
static inline double estimate_error(double variance)
{
	return ESTIMATE_DEVIATIONS * sqrt(variance);
}

/* The variance of NUMBER when it is of the same mix as WHOLE, which has WHOLE_VARIANCE. */
static inline double estimate_like(uint64_t number, uint64_t whole, double whole_variance)
{
	return whole != 0 ? whole_variance * ((double)number / (double)whole) : 0;
}

/* Of all allocations of the run, and of what is alive. */
struct spread estimate_allocs(const struct snapshot *snapshot);
struct spread estimate_live(const struct snapshot *snapshot);

/* Mean bytes between samples of SNAPSHOT; 0: it is exact. */
static inline uint64_t estimate_mean(const struct snapshot *snapshot)
{
	return snapshot->weight_count != 0 || snapshot->sampling_count != 0
		   ? snapshot->run->sample_bytes
		   : 0;
}

#endif
