/*
 * A producer allocates 1,000 blocks of 20 bytes, a consumer frees 990 of them: 10 live under
 * produce.
 */
#include <pthread.h>

#include "program.h"

static void *blocks[1000];

static void *produce(void *unused)
{
	for (size_t i = 0; i < 1000; i++)
		blocks[i] = malloc(20);
	return unused;
}

static void *consume(void *unused)
{
	for (size_t i = 0; i < 990; i++)
		free(blocks[i]);
	return unused;
}

int main(void)
{
	void *(*const steps[])(void *) = {produce, consume};

	for (size_t i = 0; i < 2; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, steps[i], NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	say("consumed");
	return 0;
}
