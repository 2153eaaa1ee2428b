/*
 * 4 threads end and leave 100 blocks of 24 bytes each behind: 400 blocks, 9,600 bytes under hold.
 */
#include <pthread.h>

#include "program.h"

static void *held[4][100];

static void *hold(void *argument)
{
	void **slots = argument;

	for (size_t i = 0; i < 100; i++)
		slots[i] = malloc(24);
	return NULL;
}

int main(void)
{
	for (size_t i = 0; i < 4; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, hold, held[i]) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	CHECK(held[3][99] != NULL);
	say("held");
	return 0;
}
