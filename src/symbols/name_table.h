/*
 * What is known about one module's addresses: address -> frames. The symbolizer answers from here, and
 * name_cache.c stores it. Strings stand in the symbolizer's pool.
 */
#ifndef SYMBOLS_NAME_TABLE_H
#define SYMBOLS_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/string_pool.h"
#include "symbols/symbolizer.h"

#define NAME_TABLE_FRAMES_MAX 256 /* of one address; what is deeper is left out at the outer end */

struct name_entry {
	uint64_t address;
	struct symbol_frames frames; /* frames NULL: free slot */
};

struct name_table {
	struct string_pool *pool; /* borrowed */
	struct name_entry *slots; /* open addressing; slot_count is a power of two */
	size_t slot_count, entry_count;
};

void name_table_init(struct name_table *table, struct string_pool *pool);
void name_table_release(struct name_table *table);
/* What is known of ADDRESS; the frames live until the pool goes. False when nothing is. */
bool name_table_find(
    const struct name_table *table, uint64_t address, struct symbol_frames *ret_frames);
/* Store a copy of FRAMES, unless ADDRESS is known already. Returns 0 or STATUS_NO_MEMORY. */
int name_table_add(struct name_table *table, uint64_t address, struct symbol_frames frames);
/* Forget all entries. */
void name_table_clear(struct name_table *table);
/* All addresses, ascending, in *RET_ADDRESSES (free it). Returns 0 or STATUS_NO_MEMORY. */
int name_table_addresses(const struct name_table *table, uint64_t **ret_addresses);

#endif
