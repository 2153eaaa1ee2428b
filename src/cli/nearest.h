/* "Did you mean ...?": the word of a list that is nearest to what was typed. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

/* Edit distance: insertions, deletions, substitutions and swaps of neighbours. Longer words than 63 bytes are
 * infinitely far from everything. */
size_t nearest_distance(const char *a, const char *b);
/* True when WORD at DISTANCE is near enough to what was TYPED to be worth suggesting. */
int nearest_is_useful(const char *typed, size_t distance);

#endif
