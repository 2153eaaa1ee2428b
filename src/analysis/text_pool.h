/*
 * Strings of the analysis: a pool that keeps each text once and numbers it, and a builder of texts
 * in a buffer of fixed size. Equal texts have equal numbers, so rows are matched by comparing
 * integers.
 */
#ifndef ANALYSIS_TEXT_POOL_H
#define ANALYSIS_TEXT_POOL_H

#include <stddef.h>
#include <stdint.h>

struct text_pool;

/* NULL when out of memory. */
struct text_pool *text_pool_open(void);
void text_pool_close(struct text_pool *pool);
/* Number of TEXT (NULL counts as ""), from 0 for "". UINT32_MAX when out of memory. */
uint32_t text_pool_intern(struct text_pool *pool, const char *text);
/* Lives as long as the pool. */
const char *text_pool_text(const struct text_pool *pool, uint32_t number);

/* Builds a text that is cut to fit and always ended; length is that of the uncut text. */
struct text_line {
	char *text;
	size_t bytes, length;
};
struct text_line text_line_begin(char *text, size_t bytes);
void text_line_add(struct text_line *line, const char *text);
void text_line_add_decimal(struct text_line *line, uint64_t number);
void text_line_add_hexadecimal(struct text_line *line, uint64_t number);

#endif
