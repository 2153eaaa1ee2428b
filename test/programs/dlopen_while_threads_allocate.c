/*
 * 4 threads allocate while main loads and unloads a library 300 times: no deadlock, books balance.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "program.h"

static volatile int stop;

static void *allocate(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		free(malloc(128));
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];

	CHECK(argc == 2);
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, allocate, NULL) == 0);
	for (int i = 0; i < 300; i++) {
		void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);

		CHECK(library != NULL && dlclose(library) == 0);
	}
	stop = 1;
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("300 loads");
	return 0;
}
