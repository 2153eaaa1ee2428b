/*
 * What a block is and what lies at an offset of it. Its type is, in this order: the label that the program gave,
 * the C++ class of its virtual table, the type that the code behind its allocation keeps it as. The last is
 * probable, not proven; with none of them a block goes by its site and a field by its offset.
 *
 * Path of data: block -> stack, label -> object_names, symbolizer -> type, field -> reports.
 */
#ifndef REPORT_BLOCK_TYPES_H
#define REPORT_BLOCK_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/group.h"
#include "report/object_names.h"

struct block_types;

/* OBJECTS are of the same snapshot. Both must outlive the types. 0 or STATUS_NO_MEMORY. */
int block_types_open(
    const struct group_input *input, struct object_names *objects, struct block_types **ret_types);
/* NULL is fine. */
void block_types_close(struct block_types *types);
/* The type of BLOCK, NULL unknown. Lives as long as the types. */
const char *block_types_of(struct block_types *types, uint32_t block);
/* The same for analysis; lives as long as TYPES. */
const struct block_names *block_types_names(const struct block_types *types);
/* ".subscribers", "[2].next", or "+16" when nothing is known, of OFFSET in BLOCK. */
void block_types_field(
    struct block_types *types, uint32_t block, uint64_t offset, char *text, size_t bytes);

#endif
