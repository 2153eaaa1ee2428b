/*
 * 50 threads are cancelled while they sleep; their clean-up handlers free 1 of their 2 blocks of
 * 23 bytes and make another of 22: 100 blocks live.
 */
#include <pthread.h>

#include "program.h"

static void *kept[50][2];

static void clean_up(void *block)
{
	free(block);
	kept[0][0] = malloc(22);
}

static void *sleeper(void *slots)
{
	void **own = slots;
	void *block = malloc(23);

	own[1] = malloc(23);
	pthread_cleanup_push(clean_up, block);
	for (;;)
		pause();
	pthread_cleanup_pop(1);
	return NULL;
}

int main(void)
{
	for (size_t i = 0; i < 50; i++) {
		pthread_t thread;
		void *result;

		CHECK(pthread_create(&thread, NULL, sleeper, kept[i]) == 0);
		while (__atomic_load_n(&kept[i][1], __ATOMIC_ACQUIRE) == NULL)
			usleep(100);
		CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
		CHECK(result == PTHREAD_CANCELED);
	}
	say("50 cancelled");
	return 0;
}
