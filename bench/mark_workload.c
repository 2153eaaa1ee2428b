/*
 * What an iteration mark costs when the profiler knows many stacks.
 *
 *   mark_workload MARKS STACKS
 *
 * Allocates one block from each of STACKS stacks, then runs MARKS empty iterations.
 * Prints the nanoseconds of one begin and end together, the mean over all of them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "allocscope/allocscope.h"
#include "bench/bench_clock.h"
#include "bench/call_chain.h"

#define LEVELS 20

struct block_list {
	struct block_list *next;
};

#define MARK_LEAF(number)                                                                          \
	__attribute__((noinline)) static uint64_t mark_leaf_##number(void *list)                   \
	{                                                                                          \
		struct block_list **head = list;                                                   \
		struct block_list *block = malloc(sizeof *block + (number));                       \
                                                                                                   \
		if (block == NULL)                                                                 \
			abort();                                                                   \
		block->next = *head;                                                               \
		*head = block;                                                                     \
		return number;                                                                     \
	}
MARK_LEAF(0)
MARK_LEAF(1)
MARK_LEAF(2)
MARK_LEAF(3)

int main(int argument_count, char **arguments)
{
	struct block_list *blocks = NULL;
	const struct call_chain chain = {
	    .leaves = {mark_leaf_0, mark_leaf_1, mark_leaf_2, mark_leaf_3}, .argument = &blocks};

	if (argument_count != 3) {
		(void)fprintf(stderr, "usage: %s MARKS STACKS\n", arguments[0]);
		return 2;
	}
	uint64_t marks = strtoull(arguments[1], NULL, 10);
	uint64_t stacks = strtoull(arguments[2], NULL, 10);

	if (marks == 0)
		return 2;
	for (uint64_t i = 0; i < stacks; i++)
		(void)call_chain_descend(&chain, LEVELS, call_chain_path(i));

	uint64_t begin_ns = bench_clock_thread_ns();

	for (uint64_t i = 0; i < marks; i++) {
		allocscope_iteration_begin("mark");
		allocscope_iteration_end();
	}
	(void)printf(
	    "ns_per_mark=%.3f\n", (double)(bench_clock_thread_ns() - begin_ns) / (double)marks);
	while (blocks != NULL) {
		struct block_list *next = blocks->next;

		free(blocks);
		blocks = next;
	}
	return 0;
}
