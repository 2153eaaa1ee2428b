#include "report/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "base/status.h"

#define SLOTS_AT_START 1024

int call_tree_init(struct call_tree *tree)
{
	*tree = (struct call_tree){0};
	tree->texts = text_pool_open();
	tree->nodes = calloc(64, sizeof *tree->nodes);
	if (tree->nodes == NULL || tree->texts == NULL)
		return STATUS_NO_MEMORY;
	tree->node_capacity = 64;
	tree->node_count = 1;
	tree->nodes[0] = (struct call_node){
	    CALL_TREE_NONE, CALL_TREE_NONE, CALL_TREE_NONE, CALL_TREE_NONE, 0, 0, {0, 0}};
	return 0;
}

void call_tree_release(struct call_tree *tree)
{
	if (tree->texts != NULL)
		text_pool_close(tree->texts);
	free(tree->nodes);
	free(tree->node_slots);
	*tree = (struct call_tree){0};
}

/* --- open addressing; slots hold index + 1, 0 is empty --- */

static uint64_t pair_hash(uint32_t parent, uint32_t text)
{
	return ((uint64_t)parent << 32 | text) * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

/* Twice the slots, filled again, when they are half full. */
static int grow_slots(struct call_tree *tree)
{
	size_t wanted = tree->node_slot_count != 0 ? tree->node_slot_count * 2 : SLOTS_AT_START;
	uint32_t *fresh = NULL;

	if (tree->node_count * 2 < tree->node_slot_count)
		return 0;
	fresh = calloc(wanted, sizeof *fresh);
	if (fresh == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 1; i < tree->node_count; i++) {
		size_t slot =
		    (size_t)pair_hash(tree->nodes[i].parent, tree->nodes[i].text) & (wanted - 1);

		while (fresh[slot] != 0)
			slot = (slot + 1) & (wanted - 1);
		fresh[slot] = (uint32_t)i + 1;
	}
	free(tree->node_slots);
	tree->node_slots = fresh;
	tree->node_slot_count = wanted;
	return 0;
}

int call_tree_text(struct call_tree *tree, const char *text, uint32_t *ret_text)
{
	*ret_text = text_pool_intern(tree->texts, text);
	return *ret_text != UINT32_MAX ? 0 : STATUS_NO_MEMORY;
}

const char *call_tree_name(const struct call_tree *tree, uint32_t node)
{
	return node != 0 ? text_pool_text(tree->texts, tree->nodes[node].text) : "all";
}

int call_tree_add(struct call_tree *tree, uint32_t parent, uint32_t text, uint64_t blocks,
    uint64_t bytes, uint32_t *ret_node)
{
	struct call_node *grown = NULL;
	uint32_t node = CALL_TREE_NONE;
	size_t slot = 0;

	if (grow_slots(tree) != 0)
		return STATUS_NO_MEMORY;
	slot = (size_t)pair_hash(parent, text) & (tree->node_slot_count - 1);
	for (; tree->node_slots[slot] != 0; slot = (slot + 1) & (tree->node_slot_count - 1)) {
		node = tree->node_slots[slot] - 1;
		if (tree->nodes[node].parent == parent && tree->nodes[node].text == text)
			break;
	}
	if (tree->node_slots[slot] == 0) {
		if (tree->node_count >= CALL_TREE_NONE - 1)
			return STATUS_NO_MEMORY;
		grown = room_for(
		    tree->nodes, &tree->node_capacity, tree->node_count + 1, sizeof *grown);
		if (grown == NULL)
			return STATUS_NO_MEMORY;
		tree->nodes = grown;
		node = (uint32_t)tree->node_count++;
		grown[node] = (struct call_node){
		    text, parent, CALL_TREE_NONE, grown[parent].first_child, 0, 0, {0, 0}};
		grown[parent].first_child = node;
		tree->node_slots[slot] = node + 1;
	}
	tree->nodes[node].blocks += blocks;
	tree->nodes[node].bytes += bytes;
	*ret_node = node;
	return 0;
}

/* --- order of children --- */

struct sort_context {
	const struct call_tree *tree;
	bool by_blocks;
};

static int by_weight(const void *a_void, const void *b_void, void *context_void)
{
	const struct sort_context *context = context_void;
	const uint32_t a_number = *(const uint32_t *)a_void;
	const uint32_t b_number = *(const uint32_t *)b_void;
	const struct call_node *a = &context->tree->nodes[a_number];
	const struct call_node *b = &context->tree->nodes[b_number];
	uint64_t a_weight = context->by_blocks ? a->blocks : a->bytes;
	uint64_t b_weight = context->by_blocks ? b->blocks : b->bytes;

	if (a_weight != b_weight)
		return a_weight > b_weight ? -1 : 1;
	return strcmp(
	    call_tree_name(context->tree, a_number), call_tree_name(context->tree, b_number));
}

int call_tree_sort(struct call_tree *tree, bool by_blocks)
{
	struct sort_context context = {tree, by_blocks};
	uint32_t *children = malloc(tree->node_count * sizeof *children);

	if (children == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < tree->node_count; i++) {
		uint32_t *link = &tree->nodes[i].first_child;
		size_t count = 0;

		for (uint32_t child = *link; child != CALL_TREE_NONE;
		     child = tree->nodes[child].next_sibling)
			children[count++] = child;
		if (count > 1)
			qsort_r(children, count, sizeof *children, by_weight, &context);
		for (size_t c = 0; c < count; c++) {
			*link = children[c];
			link = &tree->nodes[children[c]].next_sibling;
		}
		*link = CALL_TREE_NONE;
	}
	free(children);
	return 0;
}
