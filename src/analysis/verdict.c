#include "analysis/verdict.h"

#include <stddef.h>

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_LEAKED:
		return "leaked";
	case VERDICT_ABANDONED:
		return "abandoned";
	case VERDICT_CACHED:
		return "cached";
	case VERDICT_UNKNOWN:
		return "unknown";
	case VERDICT_NONE:
		break;
	}
	return NULL;
}

enum verdict verdict_of(uint64_t blocks, uint64_t leaked, enum growth_shape shape)
{
	if (blocks == 0)
		return VERDICT_NONE;
	if (leaked != 0)
		return VERDICT_LEAKED;
	switch (shape) {
	case GROWTH_LINEAR:
		return VERDICT_ABANDONED;
	case GROWTH_TRANSIENT:
	case GROWTH_ONE_OFF:
	case GROWTH_DEFERRED:
	case GROWTH_BOUNDED:
	case GROWTH_AMORTISED:
		return VERDICT_CACHED;
	case GROWTH_UNKNOWN:
	case GROWTH_IRREGULAR:
		break;
	}
	return VERDICT_UNKNOWN;
}
