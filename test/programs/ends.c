/* Ends in the way the argument names; keep holds 7 blocks of 70 bytes. */
#include <pthread.h>
#include <signal.h>

#include "program.h"

static void *kept[7];

static void keep(void)
{
	for (size_t i = 0; i < 7; i++)
		kept[i] = malloc(70);
}

static void *exit_here(void *unused)
{
	exit(3);
	return unused;
}

static void *end_later(void *unused)
{
	usleep(20000);
	return unused;
}

static void end_by(const char *way)
{
	pthread_t thread;

	if (strcmp(way, "exit") == 0)
		exit(3);
	if (strcmp(way, "_exit") == 0)
		_exit(3);
	if (strcmp(way, "_Exit") == 0)
		_Exit(3);
	if (strcmp(way, "quick_exit") == 0)
		quick_exit(3);
	if (strcmp(way, "abort") == 0)
		abort();
	if (strcmp(way, "kill") == 0)
		CHECK(raise(SIGKILL) == 0);
	if (strcmp(way, "thread") == 0) {
		CHECK(pthread_create(&thread, NULL, exit_here, NULL) == 0);
		pause();
	}
	if (strcmp(way, "pthread_exit") == 0) {
		CHECK(pthread_create(&thread, NULL, end_later, NULL) == 0);
		pthread_exit(NULL);
	}
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	keep();
	CHECK(kept[6] != NULL);
	say("ending");
	end_by(argv[1]);
	return 3;
}
