/* Levenshtein distance, for "the nearest is ...". */
#ifndef PRELOAD_EDIT_DISTANCE_H
#define PRELOAD_EDIT_DISTANCE_H

#include <stddef.h>

#define EDIT_DISTANCE_WORD 32 /* longer ones are far from everything */
#define EDIT_DISTANCE_FAR  99

unsigned edit_distance(const char *a, size_t a_count, const char *b, size_t b_count);

#endif
