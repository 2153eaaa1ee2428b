/* Text built into a given buffer, without stdio, locale or allocation. Async-signal-safe. What does not fit is
 * cut; the buffer always ends in '\0'. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *start;
	size_t capacity; /* bytes, with the final '\0' */
	size_t length;	 /* without it */
	bool cut;	 /* something did not fit */
};

/* CAPACITY at least 1. */
void text_init(struct text *text, char *buffer, size_t capacity);
void text_add(struct text *text, const char *string); /* NULL adds nothing */
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_add_unsigned(struct text *text, uint64_t number);
void text_add_signed(struct text *text, int64_t number);
void text_add_hex(struct text *text, uint64_t number);
/* 1536 -> "1.50 KiB": three significant digits, steps of 1024. */
void text_add_size(struct text *text, uint64_t bytes);

/* Decimal number at the start of STRING (COUNT bytes). Returns the digits read, 0 when there are none or it overflows. */
size_t text_parse_unsigned(const char *string, size_t count, uint64_t *ret_number);

#endif
