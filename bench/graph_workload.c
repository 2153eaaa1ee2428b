/*
 * A heap whose blocks point to each other: what a snapshot costs that records who points to whom.
 *
 *   graph_workload BLOCKS BYTES SNAPSHOT
 *
 * Half of all words are pointers to random blocks. A second thread looks at the clock all the time: its longest gap
 * is how long the program stood still. Prints the resident memory before the snapshot, its seconds, and the milliseconds of that gap.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocscope/allocscope.h"
#include "bench/bench_clock.h"
#include "bench/resident.h"

static atomic_bool leaving;
static atomic_uint_least64_t longest_ns;

static void *watch(void *unused)
{
	uint64_t last_ns = bench_clock_wall_ns();

	while (!leaving) {
		uint64_t now_ns = bench_clock_wall_ns();

		if (now_ns - last_ns > longest_ns)
			longest_ns = now_ns - last_ns;
		last_ns = now_ns;
	}
	return unused;
}

/* xorshift: the same heap in every run. */
static uint64_t next_random(void)
{
	static uint64_t state = 12345;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void fill(uint64_t **blocks, size_t count, size_t words)
{
	for (size_t i = 0; i < count; i++) {
		blocks[i] = malloc(words * sizeof(uint64_t));
		if (blocks[i] == NULL)
			abort();
	}
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < words; k++) {
			uint64_t random = next_random();

			blocks[i][k] = (random & 1u << 20) != 0
					   ? (uintptr_t)blocks[(random >> 8) % count]
					   : random & 0xffffff;
		}
}

int main(int argument_count, char **arguments)
{
	pthread_t watcher;

	if (argument_count != 4) {
		(void)fprintf(stderr, "usage: %s BLOCKS BYTES SNAPSHOT\n", arguments[0]);
		return 2;
	}
	size_t count = strtoull(arguments[1], NULL, 10);
	size_t words = strtoull(arguments[2], NULL, 10) / sizeof(uint64_t);
	uint64_t **blocks = mmap(NULL, (count + 1) * sizeof *blocks, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (blocks == MAP_FAILED || count == 0 || words == 0)
		return 2;
	fill(blocks, count, words);
	if (pthread_create(&watcher, NULL, watch, NULL) != 0)
		return 2;
	(void)usleep(100000);
	longest_ns = 0;
	double resident = (double)resident_bytes();
	uint64_t begin_ns = bench_clock_wall_ns();
	int result = allocscope_snapshot(arguments[3]);
	uint64_t end_ns = bench_clock_wall_ns();

	leaving = true;
	if (pthread_join(watcher, NULL) != 0 || result != 0)
		return 2;
	(void)printf("resident_megabytes=%.1f\nsnapshot_seconds=%.6f\nstall_milliseconds=%.6f\n",
	    resident / 1e6, (double)(end_ns - begin_ns) / 1e9, (double)longest_ns / 1e6);
	return 0;
}
