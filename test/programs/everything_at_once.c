/*
 * What could lock each other out, at the same time: 4 threads allocate, one loads and unloads
 * argv[1] 200 times, one forks 20 children that allocate, also in argv[2] which was loaded late,
 * and end, one starts 500 short threads, a timer's handler strikes all along, and main runs 3,000
 * iterations with 10 snapshots in between. At the end nothing of allocate and work is live, and
 * keep holds 3,000 blocks of 18 bytes.
 */
#include <allocscope/allocscope.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "program.h"

static volatile int stop;
static volatile int ticks;
static const char *library_path;
static void (*function_of_library)(void); /* of a library that came after the start */
static void *kept[3000];

static void on_tick(int number)
{
	ticks += number != 0;
}

static void *allocate(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *block = malloc(100);

		block = realloc(block, 3000);
		free(block);
		usleep(10);
	}
	return unused;
}

static void *load(void *unused)
{
	for (int i = 0; i < 200; i++) {
		void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);

		CHECK(library != NULL && dlclose(library) == 0);
	}
	return unused;
}

static void *fork_children(void *unused)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		int status;

		CHECK(child >= 0);
		if (child == 0) {
			free(malloc(50));
			function_of_library();
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child && status == 0);
	}
	return unused;
}

static void *live_shortly(void *unused)
{
	free(malloc(60));
	return unused;
}

static void *start_threads(void *unused)
{
	for (int i = 0; i < 500; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, live_shortly, NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	return unused;
}

static void keep(size_t slot)
{
	kept[slot] = malloc(18);
}

static void work(size_t iteration)
{
	void *first = malloc(40);
	void *second = malloc(iteration % 5000);

	free(first);
	free(second);
	keep(iteration);
}

static void iterate(void)
{
	for (size_t i = 0; i < 3000; i++) {
		ALLOCSCOPE_ITERATION("work")
		{
			work(i);
		}
		if (i % 300 == 0 && allocscope_active())
			CHECK(allocscope_snapshot("middle.snap") == 0);
	}
}

static void load_for_good(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	CHECK(library != NULL);
	void *symbol = dlsym(library, "second_variant");

	CHECK(symbol != NULL);
	function_of_library = (void (*)(void))symbol;
}

int main(int argc, char **argv)
{
	void *(*const others[])(void *) = {
	    allocate, allocate, allocate, allocate, load, fork_children, start_threads};
	enum { OTHERS = sizeof(others) / sizeof(others[0]) };
	struct itimerval every = {{0, 1000}, {0, 1000}};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	pthread_t threads[OTHERS];

	CHECK(argc == 3);
	library_path = argv[1];
	load_for_good(argv[2]);
	CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
	for (size_t i = 0; i < OTHERS; i++)
		CHECK(pthread_create(&threads[i], NULL, others[i], NULL) == 0);
	iterate();
	for (size_t i = 4; i < OTHERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	stop = 1;
	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("everything done");
	return 0;
}
