/* Numbers for people: 1,234,567 blocks, 3.8 MiB, 12.5 ms. JSON never uses these. */
#ifndef REPORT_TEXT_NUMBER_H
#define REPORT_TEXT_NUMBER_H

#include <stdint.h>

/* Room for any of them; by value, so that several fit into one printf. */
struct text_number {
	char text[80];
};

struct text_number text_count(uint64_t value);			/* 1,234,567 */
struct text_number text_signed(int64_t value);			/* +12, -1,234, 0 */
struct text_number text_bytes(uint64_t bytes);			/* 512 B, 3.8 MiB */
struct text_number text_signed_bytes(int64_t bytes);		/* +512 B, -3.8 MiB, 0 B */
struct text_number text_rate(double value);			/* 10, 0.25, 1,234.5, <0.01 */
struct text_number text_rate_bytes(double bytes);		/* 480 B, 0.5 B, 3.8 KiB */
struct text_number text_duration(uint64_t ns);			/* 850 ns, 12.5 ms, 2 min 05 s */
struct text_number text_percent(uint64_t part, uint64_t whole); /* 12.5 %; "-" of nothing */
/* "1 block", "2 blocks" with separators. */
struct text_number text_plural(uint64_t count, const char *singular, const char *plural);

#endif
