/*
 * What a failed assertion tells besides its line: the survivors by round, iteration and site, the snapshot, who holds the
 * largest, and how to look further. Names and paths come from the tool, which is run on the snapshot: the analysis has
 * no place in the process that is judged.
 */
#ifndef PRELOAD_ASSERTION_DETAILS_H
#define PRELOAD_ASSERTION_DETAILS_H

#include "preload/api_types.h"

void assertion_details(const struct allocscope_scope *scope);

#endif
