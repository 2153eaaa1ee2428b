/*
 * Stands in for system_map (linked with --wrap=system_map): the real one, but for the mappings that a test wants refused.
 */
#ifndef SUPPORT_RECORDER_FAILING_MAP_H
#define SUPPORT_RECORDER_FAILING_MAP_H

#include <stdint.h>

#define FAILING_MAP_ALL UINT32_MAX

/* Of the mappings from now on: the first SKIP are made, the next COUNT are refused, all others are made again. */
void failing_map_refuse(uint32_t skip, uint32_t count);
/* How many were asked for since then. */
uint32_t failing_map_asked(void);

#endif
