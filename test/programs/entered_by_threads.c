/*
 * handle keeps 1 of 13 bytes and frees 1 of 14. How:
 *   together        4 threads, 50 calls each, at the same time
 *   one_by_one      20 threads, one after the other, 1 call each
 *   overlapping     main calls it, and while its round goes on another thread calls it 5 times
 */
#include <pthread.h>
#include <stdatomic.h>

#include "program.h"

static void *kept[200];
static atomic_int calls;
static pthread_barrier_t start;

__attribute__((noinline)) static void handle(void)
{
	kept[atomic_fetch_add(&calls, 1)] = malloc(13);
	free(malloc(14));
}

static void *run(void *argument)
{
	int count = *(int *)argument;

	if (count == 50)
		(void)pthread_barrier_wait(&start);
	for (int i = 0; i < count; i++)
		handle();
	return NULL;
}

static void run_threads(int together, int rounds, int count)
{
	pthread_t threads[4];

	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < together; i++)
			CHECK(pthread_create(&threads[i], NULL, run, &count) == 0);
		for (int i = 0; i < together; i++)
			CHECK(pthread_join(threads[i], NULL) == 0);
	}
}

int main(int argc, char **argv)
{
	CHECK(argc == 2 && pthread_barrier_init(&start, NULL, 4) == 0);
	if (strcmp(argv[1], "together") == 0) {
		run_threads(4, 1, 50);
	} else if (strcmp(argv[1], "one_by_one") == 0) {
		run_threads(1, 20, 1);
	} else {
		handle();
		run_threads(1, 1, 5);
		handle();
	}
	say("handled");
	return 0;
}
