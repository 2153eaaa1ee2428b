/* Equal chains are one node; numbers add up on every level; children come sorted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/call_tree.h"

static uint32_t add(
    struct call_tree *tree, uint32_t parent, const char *text, uint64_t blocks, uint64_t bytes)
{
	uint32_t number = 0, node = 0;

	assert_int_equal(call_tree_text(tree, text, &number), 0);
	assert_int_equal(call_tree_add(tree, parent, number, blocks, bytes, &node), 0);
	return node;
}

static void equal_chains_are_one_node(void **state)
{
	struct call_tree tree;

	(void)state;
	assert_int_equal(call_tree_init(&tree), 0);
	uint32_t first = add(&tree, add(&tree, 0, "main", 1, 10), "f", 1, 10);
	uint32_t again = add(&tree, add(&tree, 0, "main", 2, 20), "f", 2, 20);
	uint32_t elsewhere = add(&tree, 0, "f", 5, 50);

	assert_int_equal(first, again);
	assert_int_not_equal(first, elsewhere);
	assert_int_equal(tree.nodes[first].blocks, 3);
	assert_int_equal(tree.nodes[first].bytes, 30);
	assert_string_equal(call_tree_name(&tree, first), "f");
	assert_string_equal(call_tree_name(&tree, 0), "all");
	call_tree_release(&tree);
}

static void children_come_heaviest_first_then_by_name(void **state)
{
	struct call_tree tree;

	(void)state;
	assert_int_equal(call_tree_init(&tree), 0);
	uint32_t light = add(&tree, 0, "light", 9, 1);
	uint32_t heavy = add(&tree, 0, "heavy", 1, 9);
	uint32_t equal = add(&tree, 0, "equal", 1, 9);

	assert_int_equal(call_tree_sort(&tree, false), 0);
	assert_int_equal(tree.nodes[0].first_child, equal);
	assert_int_equal(tree.nodes[equal].next_sibling, heavy);
	assert_int_equal(tree.nodes[heavy].next_sibling, light);
	assert_int_equal(tree.nodes[light].next_sibling, CALL_TREE_NONE);
	assert_int_equal(call_tree_sort(&tree, true), 0);
	assert_int_equal(tree.nodes[0].first_child, light);
	call_tree_release(&tree);
}

static void many_nodes_are_found_again_after_growing(void **state)
{
	enum { COUNT = 20000 };
	struct call_tree tree;
	char text[32];

	(void)state;
	assert_int_equal(call_tree_init(&tree), 0);
	for (int round = 0; round < 2; round++) {
		uint32_t parent = 0;

		for (int i = 0; i < COUNT; i++) {
			(void)snprintf(text, sizeof text, "f%d", i % 1000);
			uint32_t node = add(&tree, i % 100 == 0 ? 0 : parent, text, 1, 1);

			parent = node;
		}
	}
	/* chains f0..f99, f100..f199, ...: each frame of the 1000 stands at one place */
	assert_int_equal(tree.node_count, 1001);
	uint64_t sum = 0;

	for (size_t i = 1; i < tree.node_count; i++)
		sum += tree.nodes[i].blocks;
	assert_int_equal(sum, 2 * COUNT);
	call_tree_release(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_chains_are_one_node),
	    cmocka_unit_test(children_come_heaviest_first_then_by_name),
	    cmocka_unit_test(many_nodes_are_found_again_after_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
