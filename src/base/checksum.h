/* XXH3-64 with seed 0 (Yann Collet's xxHash), one-shot and streaming: the checksum of snapshot sections.
 * A thin cover, so that one file decides how xxhash.h is compiled. No allocation; async-signal-safe. */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

struct checksum {
	_Alignas(64) unsigned char state[640]; /* XXH3_state_t */
};

uint64_t checksum_of(const void *bytes, size_t count);
void checksum_begin(struct checksum *checksum);
void checksum_add(struct checksum *checksum, const void *bytes, size_t count);
uint64_t checksum_end(const struct checksum *checksum);

#endif
