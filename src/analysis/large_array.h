/*
 * Arrays that are walked at random: over a million blocks most of the time goes into finding pages, so large arrays
 * ask the system for large ones. Where it has none they are arrays like any other.
 */
#ifndef ANALYSIS_LARGE_ARRAY_H
#define ANALYSIS_LARGE_ARRAY_H

#include <stddef.h>

/* COUNT + 1 rows of ROW_BYTES, not initialised (never NULL for want of rows); free() them. NULL without memory. */
void *large_array(size_t count, size_t row_bytes);
/* The same, zeros. */
void *large_array_of_zeros(size_t count, size_t row_bytes);

#endif
