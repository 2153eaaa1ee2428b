/*
 * pass: an assertion that holds. fail: 3 blocks of 33 bytes survive. handled: the same with a
 * handler, exit 5. other: another thread's block does not count. process: it does.
 */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

static void *survivors[3];

static void leaking_work(void)
{
	for (size_t i = 0; i < 3; i++)
		survivors[i] = malloc(33);
	free(malloc(34));
}

static void clean_work(void)
{
	for (int i = 0; i < 50; i++)
		free(malloc(34));
}

static void on_failure(const char *name, uint64_t count)
{
	_exit(strcmp(name, "frame") == 0 ? (int)(2 + count) : 1);
}

static void *other_thread(void *barrier)
{
	pthread_barrier_wait(barrier);
	leaking_work();
	pthread_barrier_wait(barrier);
	return NULL;
}

static void with_other_thread(bool process)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
	CHECK(pthread_create(&thread, NULL, other_thread, &barrier) == 0);
	if (process) {
		ALLOCSCOPE_ASSERT_ZERO_RETAINED_PROCESS("frame")
		{
			pthread_barrier_wait(&barrier);
			pthread_barrier_wait(&barrier);
		}
	} else {
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("frame")
		{
			pthread_barrier_wait(&barrier);
			pthread_barrier_wait(&barrier);
		}
	}
	CHECK(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "pass";

	if (strcmp(how, "handled") == 0)
		CHECK(allocscope_on_failure(on_failure) == NULL);
	if (strcmp(how, "other") == 0 || strcmp(how, "process") == 0) {
		with_other_thread(strcmp(how, "process") == 0);
	} else {
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("frame")
		{
			if (strcmp(how, "pass") == 0)
				clean_work();
			else
				leaking_work();
		}
	}
	say("held");
	return 0;
}
