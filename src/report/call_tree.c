#include "report/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/status.h"

#define SLOTS_AT_START 1024

int call_tree_init(struct call_tree *tree)
{
	*tree = (struct call_tree){0};
	tree->nodes = calloc(64, sizeof *tree->nodes);
	if (tree->nodes == NULL)
		return STATUS_NO_MEMORY;
	tree->node_capacity = 64;
	tree->node_count = 1;
	tree->nodes[0] = (struct call_node){CALL_TREE_NONE, CALL_TREE_NONE, CALL_TREE_NONE, CALL_TREE_NONE, 0, 0};
	return 0;
}

void call_tree_release(struct call_tree *tree)
{
	for (size_t i = 0; i < tree->text_count; i++)
		free(tree->texts[i]);
	free(tree->texts);
	free(tree->text_slots);
	free(tree->nodes);
	free(tree->node_slots);
	*tree = (struct call_tree){0};
}

/* Room for one more entry in an array; NULL leaves it as it was. */
static void *room_for_one(void *array, size_t count, size_t *capacity, size_t bytes)
{
	size_t wanted = *capacity != 0 ? *capacity * 2 : 64;
	void *grown = NULL;

	if (count < *capacity)
		return array;
	grown = realloc(array, wanted * bytes);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

/* --- open addressing; slots hold index + 1, 0 is empty --- */

static uint64_t text_hash(const struct call_tree *tree, uint32_t text)
{
	return checksum_of(tree->texts[text], strlen(tree->texts[text]));
}

static uint64_t pair_hash(uint32_t parent, uint32_t text)
{
	return ((uint64_t)parent << 32 | text) * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

static uint64_t node_hash(const struct call_tree *tree, uint32_t node)
{
	return pair_hash(tree->nodes[node].parent, tree->nodes[node].text);
}

/* Twice the slots, filled again, when they are half full. */
static int grow_slots(const struct call_tree *tree, uint32_t **slots, size_t *slot_count, size_t used, size_t first,
    uint64_t (*hash)(const struct call_tree *, uint32_t))
{
	size_t wanted = *slot_count != 0 ? *slot_count * 2 : SLOTS_AT_START;
	uint32_t *fresh = NULL;

	if (used * 2 < *slot_count)
		return 0;
	fresh = calloc(wanted, sizeof *fresh);
	if (fresh == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = first; i < used; i++) {
		size_t slot = (size_t)hash(tree, (uint32_t)i) & (wanted - 1);

		while (fresh[slot] != 0)
			slot = (slot + 1) & (wanted - 1);
		fresh[slot] = (uint32_t)i + 1;
	}
	free(*slots);
	*slots = fresh;
	*slot_count = wanted;
	return 0;
}

int call_tree_text(struct call_tree *tree, const char *text, uint32_t *ret_text)
{
	size_t slot = 0;
	char **grown = NULL;

	if (grow_slots(tree, &tree->text_slots, &tree->text_slot_count, tree->text_count, 0, text_hash) != 0)
		return STATUS_NO_MEMORY;
	slot = (size_t)checksum_of(text, strlen(text)) & (tree->text_slot_count - 1);
	for (; tree->text_slots[slot] != 0; slot = (slot + 1) & (tree->text_slot_count - 1)) {
		*ret_text = tree->text_slots[slot] - 1;
		if (strcmp(tree->texts[*ret_text], text) == 0)
			return 0;
	}
	grown = room_for_one(tree->texts, tree->text_count, &tree->text_capacity, sizeof *grown);
	if (grown == NULL)
		return STATUS_NO_MEMORY;
	tree->texts = grown;
	tree->texts[tree->text_count] = strdup(text);
	if (tree->texts[tree->text_count] == NULL)
		return STATUS_NO_MEMORY;
	*ret_text = (uint32_t)tree->text_count++;
	tree->text_slots[slot] = *ret_text + 1;
	return 0;
}

int call_tree_add(struct call_tree *tree, uint32_t parent, uint32_t text, uint64_t blocks, uint64_t bytes,
    uint32_t *ret_node)
{
	struct call_node *grown = NULL;
	uint32_t node = CALL_TREE_NONE;
	size_t slot = 0;

	if (grow_slots(tree, &tree->node_slots, &tree->node_slot_count, tree->node_count, 1, node_hash) != 0)
		return STATUS_NO_MEMORY;
	slot = (size_t)pair_hash(parent, text) & (tree->node_slot_count - 1);
	for (; tree->node_slots[slot] != 0; slot = (slot + 1) & (tree->node_slot_count - 1)) {
		node = tree->node_slots[slot] - 1;
		if (tree->nodes[node].parent == parent && tree->nodes[node].text == text)
			break;
	}
	if (tree->node_slots[slot] == 0) {
		grown = room_for_one(tree->nodes, tree->node_count, &tree->node_capacity, sizeof *grown);
		if (grown == NULL || tree->node_count >= CALL_TREE_NONE - 1)
			return STATUS_NO_MEMORY;
		tree->nodes = grown;
		node = (uint32_t)tree->node_count++;
		grown[node] = (struct call_node){text, parent, CALL_TREE_NONE, grown[parent].first_child, 0, 0};
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
	const struct call_node *a = &context->tree->nodes[*(const uint32_t *)a_void];
	const struct call_node *b = &context->tree->nodes[*(const uint32_t *)b_void];
	uint64_t a_weight = context->by_blocks ? a->blocks : a->bytes;
	uint64_t b_weight = context->by_blocks ? b->blocks : b->bytes;

	if (a_weight != b_weight)
		return a_weight > b_weight ? -1 : 1;
	return strcmp(context->tree->texts[a->text], context->tree->texts[b->text]);
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

		for (uint32_t child = *link; child != CALL_TREE_NONE; child = tree->nodes[child].next_sibling)
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
