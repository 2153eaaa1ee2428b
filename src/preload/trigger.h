/* Snapshots that the numbers ask for: snapshot_at=peak and growth=BYTES. */
#ifndef PRELOAD_TRIGGER_H
#define PRELOAD_TRIGGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern atomic_int_least64_t
    trigger_level; /* live bytes at which a snapshot is due; INT64_MAX never */

static inline bool trigger_wants(int64_t live)
{
	return live >= atomic_load_explicit(&trigger_level, memory_order_relaxed);
}

void trigger_init(void);
/* Take the snapshot that is due, if still due. Outside any hook. */
void trigger_fire(void);

#endif
