/*
 * 8 threads malloc -> realloc -> free: 400,000 blocks born in race, 0 retained. A profiler that
 * records a realloc after the fact sees another thread reuse the old address first, and reports
 * leaks that never were.
 */
#include <pthread.h>

#include "program.h"

#define THREADS 8
#define ROUNDS	50000

static void race(unsigned seed)
{
	for (int i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245u + 12345u;
		void *block = malloc(16 + (seed >> 16) % 500);

		CHECK(block != NULL);
		block = realloc(block, 16 + (seed >> 8) % 3000);
		CHECK(block != NULL);
		free(block);
	}
}

static void *thread_main(void *argument)
{
	race((unsigned)(uintptr_t)argument);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, thread_main, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("400000 rounds");
	return 0;
}
