/* Whether the process that started us is recorded as well: what we have to say may have been said there. */
#ifndef PRELOAD_RECORDED_PARENT_H
#define PRELOAD_RECORDED_PARENT_H

#include <stdbool.h>

/* By its /proc/PID/maps. False when that cannot be read. Outside hooks, one thread at a time. */
bool recorded_parent_exists(void);

#endif
