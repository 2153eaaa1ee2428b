/*
 * A child of fork, whose parent has two threads, has lost the memory of a library that nobody told it was unloaded: as if
 * the other thread had been in the middle of dlclose at the fork. The child ends as usual.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "program.h"

static pthread_barrier_t start, end;

static void *other(void *unused)
{
	free(malloc(24));
	(void)pthread_barrier_wait(&start);
	(void)pthread_barrier_wait(&end);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	Dl_info info;
	int status;

	CHECK(argc == 2 && pthread_barrier_init(&start, NULL, 2) == 0);
	CHECK(pthread_barrier_init(&end, NULL, 2) == 0);
	void *library = dlopen(argv[1], RTLD_NOW);

	CHECK(library != NULL && dladdr(dlsym(library, "library_round"), &info) != 0);
	CHECK(pthread_create(&thread, NULL, other, NULL) == 0);
	(void)pthread_barrier_wait(&start);
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		free(malloc(24));
		CHECK(munmap(info.dli_fbase, 4096) == 0);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	(void)pthread_barrier_wait(&end);
	CHECK(pthread_join(thread, NULL) == 0);
	say("the child ended");
	return 0;
}
