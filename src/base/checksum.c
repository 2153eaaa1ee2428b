#include "base/checksum.h"

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(sizeof(XXH3_state_t) <= sizeof(struct checksum), "the state fits");

uint64_t checksum_of(const void *bytes, size_t count)
{
	return XXH3_64bits(bytes, count);
}

void checksum_begin(struct checksum *checksum)
{
	(void)XXH3_64bits_reset((XXH3_state_t *)(void *)checksum->state);
}

void checksum_add(struct checksum *checksum, const void *bytes, size_t count)
{
	(void)XXH3_64bits_update((XXH3_state_t *)(void *)checksum->state, bytes, count);
}

uint64_t checksum_end(const struct checksum *checksum)
{
	return XXH3_64bits_digest((const XXH3_state_t *)(const void *)checksum->state);
}
