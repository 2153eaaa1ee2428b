/*
 * Pairs of malloc and free at the end of a call chain.
 *
 *   pair_workload DEPTH PAIRS STACKS BURST THREADS
 *
 * Each thread makes PAIRS pairs of 32 to 256 bytes. It descends to DEPTH frames (its own, from main or the
 * thread's function to the one that calls malloc) along one of STACKS random stacks, makes BURST pairs, returns.
 * Prints the nanoseconds of one pair: thread CPU time for one thread; for several the wall time, times the
 * processors that can work at once, so that perfect scaling shows the number of one thread.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench_clock.h"
#include "bench/call_chain.h"
#include "bench/processors.h"

#define THREADS_MAX 64

struct pair_worker {
	unsigned levels, burst, stacks;
	uint64_t pairs, random, elapsed_ns, sink;
	clockid_t clock;
	pthread_barrier_t *start;
};

static inline uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static inline uint64_t make_pairs(struct pair_worker *worker)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < worker->burst; i++) {
		unsigned char *volatile block = malloc(32 + next_random(&worker->random) % 8 * 32);

		if (block == NULL)
			abort();
		block[0] = (unsigned char)i;
		sum += block[0];
		free(block);
	}
	return sum;
}

/* Four places that call malloc; the constant keeps the compiler from folding them. */
#define PAIR_LEAF(number)                                                                          \
	__attribute__((noinline)) static uint64_t pair_leaf_##number(void *worker)                 \
	{                                                                                          \
		return make_pairs(worker) + (number);                                              \
	}
PAIR_LEAF(0)
PAIR_LEAF(1)
PAIR_LEAF(2)
PAIR_LEAF(3)

__attribute__((noinline)) static void *pair_worker_run(void *argument)
{
	struct pair_worker *worker = argument;
	const struct call_chain chain = {
	    .leaves = {pair_leaf_0, pair_leaf_1, pair_leaf_2, pair_leaf_3}, .argument = worker};
	uint64_t choice = worker->random ^ 0x5eed;

	if (worker->start != NULL)
		(void)pthread_barrier_wait(worker->start);

	uint64_t begin_ns = bench_clock_ns(worker->clock);

	for (uint64_t done = 0; done < worker->pairs; done += worker->burst) {
		uint64_t stack_number = next_random(&choice) % worker->stacks;

		worker->sink +=
		    call_chain_descend(&chain, worker->levels, call_chain_path(stack_number));
	}
	worker->elapsed_ns = bench_clock_ns(worker->clock) - begin_ns;
	return NULL;
}

/* Returns the time of the slowest thread. */
static uint64_t run_threads(struct pair_worker *workers, unsigned threads)
{
	pthread_t ids[THREADS_MAX];
	pthread_barrier_t start;
	uint64_t slowest_ns = 0;

	(void)pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		workers[i].start = &start;
		if (pthread_create(&ids[i], NULL, pair_worker_run, &workers[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		if (workers[i].elapsed_ns > slowest_ns)
			slowest_ns = workers[i].elapsed_ns;
	}
	(void)pthread_barrier_destroy(&start);
	return slowest_ns;
}

int main(int argument_count, char **arguments)
{
	static struct pair_worker workers[THREADS_MAX];

	if (argument_count != 6) {
		(void)fprintf(stderr, "usage: %s DEPTH PAIRS STACKS BURST THREADS\n", arguments[0]);
		return 2;
	}
	unsigned depth = (unsigned)strtoul(arguments[1], NULL, 10);
	uint64_t pairs = strtoull(arguments[2], NULL, 10);
	unsigned stacks = (unsigned)strtoul(arguments[3], NULL, 10);
	unsigned burst = (unsigned)strtoul(arguments[4], NULL, 10);
	unsigned threads = (unsigned)strtoul(arguments[5], NULL, 10);

	if (depth < 4 || pairs == 0 || stacks == 0 || burst == 0 || threads == 0 ||
	    threads > THREADS_MAX)
		return 2;
	for (unsigned i = 0; i < threads; i++)
		workers[i] = (struct pair_worker){.levels = depth - (threads == 1 ? 3 : 2),
		    .burst = burst,
		    .stacks = stacks,
		    .pairs = pairs,
		    .random = 1 + i,
		    .clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC};
	if (threads == 1)
		(void)pair_worker_run(&workers[0]);

	unsigned together = processors_at_once(threads);
	uint64_t elapsed_ns = threads == 1 ? workers[0].elapsed_ns : run_threads(workers, threads);

	(void)printf(
	    "ns_per_pair=%.3f\n", (double)elapsed_ns * together / ((double)pairs * threads));
	return 0;
}
