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
	/* by stack: call chains and the frames that make them, equal in both inputs */
	struct id_table chains, tokens;
	uint32_t key_capacity;
};

/* Each fills key_of_stack or key_of_block of INPUT. 0, or STATUS_NO_MEMORY. */
int group_keys_by_site(struct group_builder *builder, size_t input);
int group_keys_by_stack(struct group_builder *builder, size_t input);
int group_keys_by_module(struct group_builder *builder, size_t input);
int group_keys_by_thread(struct group_builder *builder, size_t input);
int group_keys_by_type(struct group_builder *builder, size_t input);
int group_keys_by_born(struct group_builder *builder, size_t input);

#endif
