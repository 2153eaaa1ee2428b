/* Samples of all stacks' live blocks at iteration ends: at most 64, the stride doubles when they are full. A stack
 * whose number changed between two samples gets a series; the others need none. Under the marks' lock. */
#ifndef PRELOAD_ITERATION_FOLD_H
#define PRELOAD_ITERATION_FOLD_H

#include <stdint.h>

#include "snapshot/format.h"

/* The iteration with this number (from 1) just ended. */
void fold_iteration_ended(uint64_t number, const struct snapshot_sample *sample);

#endif
