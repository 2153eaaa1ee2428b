/*
 * 50 threads with the smallest stack that the system allows (16 KB) allocate: 50 blocks of 19
 * bytes under frugal.
 */
#include <limits.h>
#include <pthread.h>

#include "program.h"

static void *kept[50];

static void *frugal(void *slot)
{
	*(void **)slot = malloc(19);
	free(malloc(2000));
	return NULL;
}

int main(void)
{
	pthread_attr_t attributes;

	CHECK(pthread_attr_init(&attributes) == 0);
	CHECK(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
	for (size_t i = 0; i < 50; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, &attributes, frugal, &kept[i]) == 0);
		CHECK(pthread_join(thread, NULL) == 0 && kept[i] != NULL);
	}
	say("50 frugal threads");
	return 0;
}
