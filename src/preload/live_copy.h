/*
 * The live table, frozen: what the gate is closed for. Under the gate only the words that hold something are
 * copied, one after the other, with a bit map that says where in its page each one stood; rich blocks are copied
 * after their words. What the words mean is read when the host runs again.
 *
 *   page   first address, 512 bits      words   [word][word][word]...      rich   [block][block]...
 *
 * The room is made, and its pages are touched, before the gate is closed: a fresh page costs more than copying it.
 */
#ifndef PRELOAD_LIVE_COPY_H
#define PRELOAD_LIVE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/live_table.h"

struct live_page {
	uintptr_t first;
	uint64_t used[LIVE_PAGE_WORDS / 64];
};

struct live_copy {
	struct live_page *pages;
	uint64_t *words;
	struct live_block *rich;
	size_t page_count, page_capacity, word_count, word_capacity, rich_count, rich_capacity;
	uint64_t lost; /* blocks that came after the room was made and found none */
};

/* Room for BLOCKS blocks in a table of which TABLE_BYTES are resident, and some more. False when memory is short. */
bool live_copy_reserve(struct live_copy *copy, size_t blocks, uint64_t table_bytes);
/* Fill it. Under the gate. */
void live_copy_take(struct live_copy *copy);
void live_copy_release(struct live_copy *copy);

/* Reads a copy in ascending address. A zeroed cursor stands at the start. */
struct live_copy_cursor {
	size_t page, word, rich;
	uint64_t left; /* bits of the present 64 words that are still to be read */
	unsigned part; /* which 64 words of the page */
};
bool live_copy_next(
    const struct live_copy *copy, struct live_copy_cursor *cursor, struct live_block *ret_block);

#endif
