/*
 * Epochs: small numbers that order time inside a run. Each iteration begin and each snapshot takes fresh ones,
 * so that "born before the cut" is one comparison and (address, epoch) names a block for ever. The time outside
 * iterations keeps one epoch between two snapshots, so that 2^24 iterations fit.
 *
 * When they run out, all epochs outside iterations become one and neighbouring iterations are merged in pairs:
 * born is then a range, and ids of earlier files no longer compare (renumberings in the file tells).
 */
#ifndef PRELOAD_EPOCH_H
#define PRELOAD_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/live_table.h"

#ifdef ALLOCSCOPE_STRESS
#	define EPOCH_MAX 1000u
#else
#	define EPOCH_MAX LIVE_EPOCH_MAX
#endif

bool epoch_init(void);
/* The next epoch, for blocks of GENERATION. Under the marks' lock or the gate; epoch_reserve before. */
uint32_t epoch_fresh(uint32_t generation);
uint32_t epoch_last(void);
/* Make room for COUNT fresh ones; may renumber under the gate, which must be open. True when it did: every tag
 * must then be taken from epoch_renumbered. */
bool epoch_reserve(uint32_t count);
/* The same while the gate is closed by the caller. */
bool epoch_reserve_gated(uint32_t count);
/* While a snapshot is written, epochs keep their numbers and generations: epoch_reserve waits. Under the
 * snapshot lock; by the gate at the latest. */
void epoch_hold(void);
void epoch_let_go(void);
/* New number of an epoch after the last renumbering. */
uint32_t epoch_renumbered(uint32_t old);
uint32_t epoch_renumberings(void);
uint32_t epoch_first_generation(uint32_t epoch);
uint32_t epoch_last_generation(uint32_t epoch); /* larger only for merged ones */

#endif
