/* Private to dominators.c: the algorithm over depth-first numbers, without sizes and children. */
#ifndef ANALYSIS_DOMINATORS_BUILD_H
#define ANALYSIS_DOMINATORS_BUILD_H

#include "analysis/reachability.h"

/* Fill IMMEDIATE[node] of every node (HEAP_NONE of the top), and ORDER with all nodes so that each stands after
 * its dominator. 0, or STATUS_NO_MEMORY. */
int dominators_build(const struct reachability *reachability, uint32_t *immediate, uint32_t *order);

#endif
