/*
 * What tells the C++ class of a block: its first word, when that points to a virtual table. Which words do is asked
 * of the memory map and the module list, once for each address; what is kept is the address, a number for each
 * distinct one, and each block's number.
 *
 * A word is taken for one when it lies in a module, in memory that cannot be written, behind a head as the C++ ABI
 * (Itanium) has it: the distance to the start of the object, 0 in a block's first word, and the address of type
 * information, 0 without. Whether it is one is for the module's symbols to tell.
 *
 * One scan at a time, between memory_map_open and memory_map_close; async-signal-safe.
 */
#ifndef PRELOAD_GRAPH_CLASSES_H
#define PRELOAD_GRAPH_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/live_table.h"
#include "snapshot/format.h"

/* A bit for each region of 64 MB with memory that cannot be written: no heap's, mostly. Read through the function
 * below. */
extern uint64_t graph_class_regions[LIVE_REGIONS / 64];

/* Returns 0 or -ENOMEM; release in any case. */
int graph_classes_begin(size_t block_count);
void graph_classes_release(void);
static inline bool graph_classes_may_be(uint64_t word)
{
	uint64_t region = word >> LIVE_REGION_BITS;

	return word % sizeof word == 0 && region < LIVE_REGIONS &&
	       (graph_class_regions[region / 64] >> region % 64 & 1) != 0;
}
/* WORD, which may be one, is the first of block ROW. */
void graph_classes_note(size_t row, uint64_t word);
/* False: memory was short, and some block's is not known. */
bool graph_classes_are_all(void);

/* Rows 0 (empty) to *RET_COUNT - 1; *RET_OF_BLOCKS has a row for each block. NULL when there are none. */
const struct snapshot_virtual_table *graph_classes_get(
    size_t *ret_count, const uint32_t **ret_of_blocks);

#endif
