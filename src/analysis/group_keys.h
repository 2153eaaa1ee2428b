/*
 * Private to group.c: what makes two stacks or blocks belong to one row, and the row's texts.
 *
 *   stack or block --identity (three integers)--> id_table --> number of the row --> struct
 *   group_key
 */
#ifndef ANALYSIS_GROUP_KEYS_H
#define ANALYSIS_GROUP_KEYS_H

#include "analysis/group.h"
#include "analysis/id_table.h"
#include "analysis/text_pool.h"

struct group_builder {
	struct grouping *grouping;
	struct id_table identities; /* number = row */
	size_t key_capacity;

	/* of the input at hand */
	uint32_t *module_numbers; /* by row of MODULES: number of its name in the pool */
	/* (module, offset, inlined frame) -> row or text, so that each address is named once */
	struct id_table addresses;
	uint32_t *of_address; /* by number of the address + 1; 0 not known yet */
	size_t address_capacity;
};

/* Prepare for INPUT, and forget it. */
int group_keys_begin(struct group_builder *builder, size_t input);
void group_keys_end(struct group_builder *builder);
/* Each fills key_of_stack or key_of_block of INPUT. 0, or STATUS_NO_MEMORY. */
int group_keys_by_site(struct group_builder *builder, size_t input);
int group_keys_by_stack(struct group_builder *builder, size_t input);
int group_keys_by_module(struct group_builder *builder, size_t input);
int group_keys_by_thread(struct group_builder *builder, size_t input);
int group_keys_by_type(struct group_builder *builder, size_t input);
int group_keys_by_born(struct group_builder *builder, size_t input);

#endif
