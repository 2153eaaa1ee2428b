/* Bounded reading of DWARF: past the end nothing is read, zero is returned and `failed` stays set. */
#ifndef PRELOAD_BYTE_CURSOR_H
#define PRELOAD_BYTE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct byte_cursor {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct byte_cursor byte_cursor_over(const uint8_t *at, const uint8_t *end)
{
	return (struct byte_cursor){.at = at, .end = end, .failed = at > end};
}

/* BYTES (at most 8) as a little-endian number. */
static inline uint64_t byte_cursor_number(struct byte_cursor *cursor, size_t bytes)
{
	uint64_t number = 0;

	if (cursor->failed || (size_t)(cursor->end - cursor->at) < bytes) {
		cursor->failed = true;
		return 0;
	}
	memcpy(&number, cursor->at, bytes);
	cursor->at += bytes;
	return number;
}

static inline int64_t byte_cursor_signed(struct byte_cursor *cursor, size_t bytes)
{
	unsigned shift = (unsigned)(64 - 8 * bytes);

	return (int64_t)(byte_cursor_number(cursor, bytes) << shift) >> shift;
}

static inline uint64_t byte_cursor_uleb(struct byte_cursor *cursor)
{
	uint64_t number = 0;
	uint8_t byte;

	for (unsigned shift = 0;; shift += 7) {
		byte = (uint8_t)byte_cursor_number(cursor, 1);
		if (shift < 64)
			number |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return number;
	}
}

static inline int64_t byte_cursor_sleb(struct byte_cursor *cursor)
{
	uint64_t number = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)byte_cursor_number(cursor, 1);
		if (shift < 64)
			number |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0);
	if (shift < 64 && (byte & 0x40) != 0)
		number |= ~(uint64_t)0 << shift;
	return (int64_t)number;
}

static inline void byte_cursor_skip(struct byte_cursor *cursor, uint64_t bytes)
{
	if (cursor->failed || (uint64_t)(cursor->end - cursor->at) < bytes)
		cursor->failed = true;
	else
		cursor->at += bytes;
}

#endif
