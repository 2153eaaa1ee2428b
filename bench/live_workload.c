/*
 * A heap of many live blocks: what a live block costs in our memory, and how long a snapshot takes.
 *
 *   live_workload BLOCKS BYTES|mixed ROUNDS [SNAPSHOT-PREFIX]
 *
 * Round 1 fills BLOCKS blocks of BYTES bytes from 100 stacks (mixed: 8 to 128 bytes, every 64th block 2,048);
 * round 2 replaces one in a hundred and adds one in a hundred. After each round a snapshot goes to SNAPSHOT-PREFIX.N.snap when a prefix is given. ROUNDS 1 or 2.
 * Prints the nanoseconds of one malloc, the growth of the resident set per block, the seconds of each snapshot.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocscope/allocscope.h"
#include "bench/bench_clock.h"
#include "bench/call_chain.h"
#include "bench/resident.h"

#define STACKS 100
#define LEVELS 8

struct live_heap {
	size_t block_bytes; /* 0: mixed */
	size_t count;
	void **blocks; /* not from malloc: it would be one more live block */
};

static size_t mixed_bytes(uint64_t number)
{
	return number % 64 == 63 ? 2048 : 8 + call_chain_path(number) % 121;
}

static inline uint64_t make_block(struct live_heap *heap, uint64_t mark)
{
	size_t bytes = heap->block_bytes != 0 ? heap->block_bytes : mixed_bytes(heap->count);
	unsigned char *block = malloc(bytes);

	if (block == NULL)
		abort();
	block[0] = (unsigned char)mark;
	heap->blocks[heap->count++] = block;
	return mark;
}

#define LIVE_LEAF(number)                                                                          \
	__attribute__((noinline)) static uint64_t live_leaf_##number(void *heap)                   \
	{                                                                                          \
		return make_block(heap, number);                                                   \
	}
LIVE_LEAF(0)
LIVE_LEAF(1)
LIVE_LEAF(2)
LIVE_LEAF(3)

static void add_blocks(struct live_heap *heap, size_t count)
{
	const struct call_chain chain = {
	    .leaves = {live_leaf_0, live_leaf_1, live_leaf_2, live_leaf_3}, .argument = heap};

	for (size_t i = 0; i < count; i++)
		(void)call_chain_descend(&chain, LEVELS, call_chain_path(i % STACKS));
}

static void replace_one_in_a_hundred(struct live_heap *heap)
{
	const size_t count = heap->count;

	for (size_t i = 0; i < count; i += 100) {
		free(heap->blocks[i]);
		add_blocks(heap, 1);
		heap->blocks[i] = heap->blocks[--heap->count];
	}
	add_blocks(heap, count / 100);
}

static void take_snapshot(const char *prefix, int round)
{
	char path[4096];

	if (snprintf(path, sizeof path, "%s.%d.snap", prefix, round) >= (int)sizeof path)
		abort();

	uint64_t begin_ns = bench_clock_wall_ns();
	int result = allocscope_snapshot(path);

	if (result != 0) {
		(void)fprintf(stderr, "allocscope_snapshot: %d\n", result);
		exit(2);
	}
	(void)printf(
	    "snapshot_%d_seconds=%.6f\n", round, (double)(bench_clock_wall_ns() - begin_ns) / 1e9);
}

int main(int argument_count, char **arguments)
{
	struct live_heap heap = {0};

	if (argument_count < 4) {
		(void)fprintf(stderr, "usage: %s BLOCKS BYTES|mixed ROUNDS [SNAPSHOT-PREFIX]\n",
		    arguments[0]);
		return 2;
	}
	size_t block_count = strtoull(arguments[1], NULL, 10);
	int rounds = (int)strtol(arguments[3], NULL, 10);
	size_t table_bytes = (block_count + block_count / 50 + 16) * sizeof *heap.blocks;

	const int is_mixed = strcmp(arguments[2], "mixed") == 0;

	heap.block_bytes = is_mixed ? 0 : strtoull(arguments[2], NULL, 10);
	heap.blocks = mmap(NULL, table_bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (heap.blocks == MAP_FAILED || block_count == 0 || (heap.block_bytes == 0 && !is_mixed))
		return 2;

	uint64_t resident_before = resident_bytes();
	uint64_t begin_ns = bench_clock_thread_ns();

	add_blocks(&heap, block_count);

	double elapsed_ns = (double)(bench_clock_thread_ns() - begin_ns);
	double grown_bytes = (double)(resident_bytes() - resident_before);

	(void)printf("ns_per_malloc=%.3f\nresident_bytes_per_block=%.3f\n",
	    elapsed_ns / (double)block_count, grown_bytes / (double)block_count);
	for (int round = 1; round <= rounds; round++) {
		if (round == 2)
			replace_one_in_a_hundred(&heap);
		if (argument_count > 4)
			take_snapshot(arguments[4], round);
	}
	return 0;
}
