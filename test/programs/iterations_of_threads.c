/*
 * While main has an iteration open, a second thread allocates: helper keeps 1 block of 9 bytes
 * in each of 5 iterations. With scope=process those are born in the iteration; with scope=thread
 * in none.
 */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

static void *kept[10];

static void *helper(void *argument)
{
	*(void **)argument = malloc(9);
	return NULL;
}

static void own(size_t slot)
{
	kept[slot] = malloc(11);
}

int main(void)
{
	for (size_t i = 0; i < 5; i++) {
		pthread_t thread;

		allocscope_iteration_begin_phase("shared", ALLOCSCOPE_COUNTED);
		CHECK(pthread_create(&thread, NULL, helper, &kept[i]) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
		own(5 + i);
		allocscope_iteration_end();
	}
	say("5 iterations");
	return 0;
}
