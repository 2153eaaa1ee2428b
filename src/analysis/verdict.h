/*
 * The word for a row: is what it keeps alive lost, kept by mistake, or kept on purpose?
 *
 *   leaked      any of its blocks is not reached from a root
 *   abandoned   all are reached, and the row grows with the iterations (linear)
 *   cached      all are reached, and it does not: transient, one-off, deferred, bounded, amortised
 *   unknown     all are reached, and how it grows is irregular or not known
 *   none        no graph, or nothing alive
 */
#ifndef ANALYSIS_VERDICT_H
#define ANALYSIS_VERDICT_H

#include "analysis/growth.h"

enum verdict { VERDICT_NONE, VERDICT_LEAKED, VERDICT_ABANDONED, VERDICT_CACHED, VERDICT_UNKNOWN };

/* "leaked", ...; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);
/* Of a row with BLOCKS alive, LEAKED of them not reached. */
enum verdict verdict_of(uint64_t blocks, uint64_t leaked, enum growth_shape shape);

#endif
