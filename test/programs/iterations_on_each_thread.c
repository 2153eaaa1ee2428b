/*
 * 4 threads run 50 iterations each at the same time, under scope=thread: 200 iterations; work
 * keeps 1 of 13 bytes in each.
 */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

static void *kept[4][50];

static void work(void **slot)
{
	*slot = malloc(13);
	free(malloc(14));
}

static void *thread_main(void *argument)
{
	void **slots = argument;

	for (size_t i = 0; i < 50; i++) {
		allocscope_iteration_begin_phase("parallel", ALLOCSCOPE_COUNTED);
		work(&slots[i]);
		allocscope_iteration_end();
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, thread_main, kept[i]) == 0);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("200 iterations");
	return 0;
}
