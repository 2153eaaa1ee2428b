/* 10,000 short threads, at most 4 at a time: each keeps 1 block of 16 bytes and frees another. */
#include <pthread.h>

#include "program.h"

static void *kept[10000];

static void *short_thread(void *argument)
{
	void **slot = argument;

	*slot = malloc(16);
	free(malloc(48));
	return NULL;
}

int main(void)
{
	pthread_attr_t attributes;

	CHECK(pthread_attr_init(&attributes) == 0);
	CHECK(pthread_attr_setstacksize(&attributes, (size_t)128 * 1024) == 0);
	for (size_t i = 0; i < 10000; i += 4) {
		pthread_t threads[4];

		for (size_t k = 0; k < 4; k++)
			CHECK(pthread_create(
				  &threads[k], &attributes, short_thread, &kept[i + k]) == 0);
		for (size_t k = 0; k < 4; k++)
			CHECK(pthread_join(threads[k], NULL) == 0);
	}
	say("10000 threads");
	return 0;
}
