/*
 * The child of a process with threads loads argv[1], whose function keeps 3 blocks of 111 bytes there,
 * unloads it and loads argv[2], which keeps 2 of 222: its snapshot names both. Exits with 5.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>

#include "program.h"

static void *sleep_long(void *unused)
{
	pause();
	return unused;
}

static void call_in(const char *path, const char *function, bool unload)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	CHECK(library != NULL);
	void *symbol = dlsym(library, function);

	CHECK(symbol != NULL);
	((void (*)(void))symbol)();
	CHECK(!unload || dlclose(library) == 0);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int status;

	CHECK(argc == 3);
	CHECK(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		call_in(argv[1], "first_variant", true);
		call_in(argv[2], "second_variant", false);
		exit(5);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
	say("child loaded");
	return 0;
}
