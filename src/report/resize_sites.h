/*
 * Where the buffers of a row were last resized: the birth stack of a buffer that grows often says only who made
 * it. One pass over the resized blocks of the last input of a grouping.
 */
#ifndef REPORT_RESIZE_SITES_H
#define REPORT_RESIZE_SITES_H

#include "analysis/group.h"

/* By key: the logical stack in which the largest resized block of the row was last resized, HEAP_NONE for rows
 * without one. free() it. 0, or STATUS_NO_MEMORY. */
int resize_sites_open(const struct grouping *grouping, uint32_t **ret_stack_of_key);

#endif
