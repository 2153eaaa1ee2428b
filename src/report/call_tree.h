/*
 * A prefix tree of texts with two numbers per node, summed over all chains through it. Node 0 is the root
 * ("all"). Children of a node are reached through first_child and next_sibling and come sorted after
 * call_tree_sort.
 */
#ifndef REPORT_CALL_TREE_H
#define REPORT_CALL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/estimate.h"
#include "analysis/text_pool.h"

#define CALL_TREE_NONE UINT32_MAX

struct call_node {
	uint32_t text; /* number of its text */
	uint32_t parent, first_child, next_sibling;
	uint64_t blocks, bytes;
	struct spread spread; /* of both; for the caller to add up */
};

struct call_tree {
	struct call_node *nodes;
	size_t node_count, node_capacity;
	uint32_t *node_slots; /* open addressing by (parent, text) */
	size_t node_slot_count;
	struct text_pool *texts;
};

/* All return 0 or STATUS_NO_MEMORY. */
int call_tree_init(struct call_tree *tree);
void call_tree_release(struct call_tree *tree);
/* The number of TEXT; equal texts have one. */
int call_tree_text(struct call_tree *tree, const char *text, uint32_t *ret_text);
/* The child of PARENT with TEXT, made when new; its numbers grow by BLOCKS and BYTES. */
int call_tree_add(struct call_tree *tree, uint32_t parent, uint32_t text, uint64_t blocks,
    uint64_t bytes, uint32_t *ret_node);
/* Lives as long as the tree. */
const char *call_tree_name(const struct call_tree *tree, uint32_t node);
/* Children of every node: most bytes (or blocks) first, then by text. */
int call_tree_sort(struct call_tree *tree, bool by_blocks);

#endif
