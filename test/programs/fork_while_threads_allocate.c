/*
 * 8 threads allocate while main forks 20 times; each child allocates 10 blocks of 77 bytes and
 * ends with _exit.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "program.h"

static volatile int stop;

static void *allocate(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *block = malloc(64);

		block = realloc(block, 4000);
		free(block);
	}
	return unused;
}

static void in_child(void)
{
	static void *blocks[10];

	for (size_t i = 0; i < 10; i++)
		blocks[i] = malloc(77);
	CHECK(blocks[9] != NULL);
}

int main(void)
{
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, allocate, NULL) == 0);
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0) {
			in_child();
			_exit(0);
		}
		int status;

		CHECK(waitpid(child, &status, 0) == child && status == 0);
	}
	stop = 1;
	for (size_t i = 0; i < 8; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("20 children");
	return 0;
}
