#include "preload/trigger.h"

#include "preload/counters.h"
#include "preload/options.h"
#include "preload/snapshot_take.h"
#include "snapshot/format.h"

/* A peak file is rewritten when the heap is this much larger than in the last one: 1/16, at least 4 KB. The file
 * says how large the peak was, so that the distance is known. */
#define PEAK_STEP_SHIFT 4
#define PEAK_STEP_BYTES 4096

atomic_int_least64_t trigger_level = INT64_MAX;

static uint64_t growth_bytes; /* 0: off */
static bool wants_peak;
static int64_t next_growth, next_peak;

static void set_level(void)
{
	int64_t level = INT64_MAX;

	if (growth_bytes != 0 && next_growth < level)
		level = next_growth;
	if (wants_peak && next_peak < level)
		level = next_peak;
	atomic_store_explicit(&trigger_level, level, memory_order_relaxed);
}

void trigger_init(void)
{
	for (uint32_t i = 0; i < options.point_count; i++) {
		if (options.points[i].kind == POINT_GROWTH)
			growth_bytes = options.points[i].value;
		wants_peak = wants_peak || options.points[i].kind == POINT_PEAK;
	}
	next_growth = (int64_t)growth_bytes;
	next_peak = 1;
	set_level();
}

void trigger_fire(void)
{
	int64_t live = (int64_t)counters_live_bytes();

	if (growth_bytes != 0 && live >= next_growth) {
		next_growth = live + (int64_t)growth_bytes;
		set_level();
		(void)snapshot_take_point(SNAPSHOT_AT_GROWTH, growth_bytes);
	}
	if (wants_peak && live >= next_peak) {
		int64_t step = live >> PEAK_STEP_SHIFT;

		next_peak = live + (step > PEAK_STEP_BYTES ? step : PEAK_STEP_BYTES);
		set_level();
		(void)snapshot_take_point(SNAPSHOT_AT_PEAK, 0);
	}
}
