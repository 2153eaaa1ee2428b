/*
 * sample=BYTES: which allocations are recorded, and how many each of them stands for.
 *
 * Sample points lie on the bytes that a thread allocates, each byte being one with probability 1 - exp(-1 / mean),
 * so a block of SIZE bytes holds one with p = 1 - exp(-(SIZE + 1) / mean); the one byte more lets empty blocks be
 * seen. Distances between points are geometric and have no memory: a thread keeps the bytes left to its next
 * point, and an allocation that does not reach it costs a subtraction and a branch.
 *
 *   bytes allocated   [ 40 ][   200   ][ 16 ][ 40 ][        1000        ]
 *   points                        ^                      ^     ^
 *   recorded               yes                           yes, once
 *
 * A recorded block stands for 1 / p blocks of its kind (Horvitz and Thompson). That number is rounded up or down
 * at random so that its mean is right: a WEIGHT is whole, all counters stay integers, and the books of a file
 * balance as exactly as without sampling. record_sampled.c counts by weight. Pure but for the state it is given;
 * signal-safe; no library mathematics in the host.
 */
#ifndef PRELOAD_SAMPLER_H
#define PRELOAD_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define SAMPLER_MEAN_MAX ((uint64_t)1 << 30) /* a weight fits 32 bits */

/* One thread's. */
struct sampler {
	int64_t left;		/* bytes to the next point, less one; below 0: it was passed */
	int64_t drawn;		/* what `left` began with */
	uint64_t before;	/* bytes offered before that, one more for each block */
	uint64_t random;	/* state of the generator */
	uint64_t allocs, frees; /* exact: blocks made and freed, recorded or not */
};

/* SEED: anything; equal seeds give equal samples. */
void sampler_seed(struct sampler *sampler, uint64_t seed, uint64_t mean);
/* The point was passed by a block of SIZE bytes: draw the next distance. Returns the block's weight. */
uint32_t sampler_hit(struct sampler *sampler, uint64_t size, uint64_t mean);
/* A resized block is offered, which is no new one: leave it out of sampler_bytes. */
void sampler_not_new(struct sampler *sampler, uint64_t size);
/* Exact: bytes of all blocks made, recorded or not. */
uint64_t sampler_bytes(const struct sampler *sampler);

/* Does a block of SIZE bytes hold no point? Then it is not recorded. */
static inline bool sampler_passes(struct sampler *sampler, uint64_t size)
{
	sampler->left -= (int64_t)size + 1;
	return likely(sampler->left >= 0);
}

/* The parts, for tests. */
uint64_t sampler_random(uint64_t *state);
/* Bytes up to and with the next point, at least 1. */
uint64_t sampler_distance(uint64_t *random, uint64_t mean);
/* 1 - exp(-bytes / mean) */
double sampler_probability(uint64_t bytes, uint64_t mean);
/* 1 / sampler_probability(bytes), rounded up or down at random. */
uint32_t sampler_weight(uint64_t *random, uint64_t bytes, uint64_t mean);

#endif
