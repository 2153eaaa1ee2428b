/*
 * One pair of malloc(48) and free at the end of a stack of a chosen depth and habit.
 *
 *   hot_workload DEPTH HABIT PAIRS THREADS
 *
 * HABIT  same    every pair comes from one and the same stack
 *        inner   the return addresses of the four innermost frames change at every pair
 *        random  every pair descends from the outermost frame along one of 1,024 stacks, chosen at random
 *                (depth 5 has only 16)
 *
 * DEPTH counts frames from the function in which a thread begins to the one that calls malloc; each of THREADS
 * threads makes PAIRS pairs. The same loop runs first without malloc and free, so that what it takes can be taken
 * off. Prints ns_per_loop, and ns_per_pair without it. One thread: its CPU time. Several: the wall time of the
 * slowest, times the processors that can work at once, so that perfect scaling shows the number of one thread.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench_clock.h"
#include "bench/call_chain.h"
#include "bench/processors.h"

#define THREADS_MAX 64
#define STACKS	    1024
#define BLOCK_BYTES 48

#define PHASES 3 /* warm-up, without malloc, with it */

enum hot_habit { HABIT_SAME, HABIT_INNER, HABIT_RANDOM };

struct hot_worker {
	void (*act)(const struct hot_worker *worker, uint64_t turn);
	struct call_chain chain;
	enum hot_habit habit;
	unsigned levels, phases;
	uint64_t pairs, repeat, first_random, random, sink;
	uint64_t loop_ns, pair_ns;
	size_t block_bytes;
	clockid_t clock;
	pthread_barrier_t *start;
};

/* BLOCK_BYTES and block_bytes are equal; the compiler must not know, or it would make one call of the two. */
__attribute__((noinline)) static void make_pair(const struct hot_worker *worker, uint64_t turn)
{
	void *volatile block = turn % 2 == 0 ? malloc(BLOCK_BYTES) : malloc(worker->block_bytes);

	free(block);
}

__attribute__((noinline)) static void make_nothing(const struct hot_worker *worker, uint64_t turn)
{
	const void *volatile block = turn % 2 == 0 ? NULL : worker;

	(void)block;
}

/* A frame with two places that call the next one. What follows each differs, or the two would become one. */
#define INNER_FRAME(name, next)                                                                    \
	__attribute__((noinline)) static void name(const struct hot_worker *worker, uint64_t turn) \
	{                                                                                          \
		volatile unsigned char frame[40];                                                  \
                                                                                                   \
		frame[0] = 0;                                                                      \
		if (turn % 2 == 0) {                                                               \
			next(worker, turn);                                                        \
			frame[0]++;                                                                \
		} else {                                                                           \
			next(worker, turn);                                                        \
			frame[0]--;                                                                \
		}                                                                                  \
	}
INNER_FRAME(inner_second, worker->act)
INNER_FRAME(inner_first, inner_second)

__attribute__((noinline)) static uint64_t leaf_same(void *argument)
{
	const struct hot_worker *worker = argument;

	for (uint64_t i = 0; i < worker->repeat; i++)
		worker->act(worker, 0);
	return worker->repeat;
}

__attribute__((noinline)) static uint64_t leaf_inner(void *argument)
{
	const struct hot_worker *worker = argument;

	for (uint64_t i = 0; i < worker->repeat; i += 2) {
		inner_first(worker, 0);
		inner_first(worker, 1);
	}
	return worker->repeat;
}

static inline uint64_t next_stack(struct hot_worker *worker)
{
	worker->random =
	    worker->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return worker->random >> 33;
}

/* Nanoseconds of PAIRS turns. Inlined, as a frame of its own would change the depth. */
__attribute__((always_inline)) static inline uint64_t run_turns(
    struct hot_worker *worker, uint64_t pairs)
{
	const int is_random = worker->habit == HABIT_RANDOM;
	const uint64_t descents = is_random ? pairs : 1;

	worker->repeat = is_random ? 1 : pairs;
	if (worker->start != NULL)
		(void)pthread_barrier_wait(worker->start);

	uint64_t begin_ns = bench_clock_ns(worker->clock);

	for (uint64_t i = 0; i < descents; i++)
		worker->sink += call_chain_descend(
		    &worker->chain, worker->levels, call_chain_path(next_stack(worker) % STACKS));
	return bench_clock_ns(worker->clock) - begin_ns;
}

/*
 * The warm-up teaches the profiler the stacks, so it must be run from the place where the measured turns are: one
 * call in a loop that the compiler cannot unroll. It meets almost all random stacks; the measured pairs begin with the same ones.
 */
__attribute__((noinline)) static void *hot_worker_run(void *argument)
{
	struct hot_worker *worker = argument;
	const uint64_t warm_up =
	    worker->habit == HABIT_RANDOM ? UINT64_C(4) * STACKS : worker->pairs / 8 + 2;
	uint64_t elapsed_ns[PHASES] = {0};

	for (unsigned phase = 0; phase < worker->phases; phase++) {
		worker->act = phase == 1 ? make_nothing : make_pair;
		worker->random = worker->first_random;
		elapsed_ns[phase] = run_turns(worker, phase == 0 ? warm_up : worker->pairs);
	}
	worker->loop_ns = elapsed_ns[1];
	worker->pair_ns = elapsed_ns[2];
	return NULL;
}

static void run_threads(struct hot_worker *workers, unsigned threads)
{
	pthread_t ids[THREADS_MAX];
	pthread_barrier_t start;

	(void)pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		workers[i].start = &start;
		if (pthread_create(&ids[i], NULL, hot_worker_run, &workers[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(ids[i], NULL);
	(void)pthread_barrier_destroy(&start);
}

static int habit_of(const char *word, enum hot_habit *ret_habit)
{
	static const char *const words[] = {"same", "inner", "random"};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0) {
			*ret_habit = (enum hot_habit)i;
			return 0;
		}
	return -1;
}

static void print_times(const struct hot_worker *workers, unsigned threads)
{
	uint64_t loop_ns = 0, pair_ns = 0;

	for (unsigned i = 0; i < threads; i++) {
		loop_ns = workers[i].loop_ns > loop_ns ? workers[i].loop_ns : loop_ns;
		pair_ns = workers[i].pair_ns > pair_ns ? workers[i].pair_ns : pair_ns;
	}

	double scale = (double)processors_at_once(threads) / ((double)workers->pairs * threads);
	double per_loop = (double)loop_ns * scale, per_pair = (double)pair_ns * scale;

	(void)printf("ns_per_loop=%.3f\nns_per_pair=%.3f\n", per_loop, per_pair - per_loop);
}

int main(int argument_count, char **arguments)
{
	static struct hot_worker workers[THREADS_MAX];
	enum hot_habit habit;

	if (argument_count != 5 || habit_of(arguments[2], &habit) != 0) {
		(void)fprintf(
		    stderr, "usage: %s DEPTH same|inner|random PAIRS THREADS\n", arguments[0]);
		return 2;
	}
	unsigned depth = (unsigned)strtoul(arguments[1], NULL, 10);
	uint64_t pairs = strtoull(arguments[3], NULL, 10);
	unsigned threads = (unsigned)strtoul(arguments[4], NULL, 10);
	call_chain_leaf leaf = habit == HABIT_INNER ? leaf_inner : leaf_same;

	if (depth < 5 || pairs == 0 || threads == 0 || threads > THREADS_MAX)
		return 2;
	for (unsigned i = 0; i < threads; i++)
		workers[i] = (struct hot_worker){
		    .chain = {.leaves = {leaf, leaf, leaf, leaf}, .argument = &workers[i]},
		    .habit = habit,
		    .levels = depth - (habit == HABIT_INNER ? 5 : 3),
		    .phases = PHASES,
		    .pairs = pairs,
		    .first_random = 1 + i,
		    .block_bytes = BLOCK_BYTES,
		    .clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC};
	if (threads == 1)
		(void)hot_worker_run(&workers[0]);
	else
		run_threads(workers, threads);
	print_times(workers, threads);
	return 0;
}
