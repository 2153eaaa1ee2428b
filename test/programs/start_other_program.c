/*
 * Starts another program in the way named by the first argument; keep holds 4 blocks of 40 bytes
 * in this one.
 */
#include <spawn.h>
#include <sys/wait.h>

#include "program.h"

extern char **environ;
static void *kept[4];

static void keep(void)
{
	for (size_t i = 0; i < 4; i++)
		kept[i] = malloc(40);
}

static pid_t start(const char *way, char **program)
{
	pid_t child = -1;

	if (strcmp(way, "posix_spawn") == 0) {
		CHECK(posix_spawn(&child, program[0], NULL, NULL, program, environ) == 0);
	} else if (strcmp(way, "vfork") == 0) {
		child = vfork(); // NOLINT: the behaviour under test
		if (child == 0) {
			execv(program[0], program);
			_exit(127);
		}
	} else if (strcmp(way, "vfork_exit") == 0) {
		child = vfork(); // NOLINT: the behaviour under test
		if (child == 0)
			_exit(0);
	} else if (strcmp(way, "fork") == 0) {
		child = fork();
		if (child == 0) {
			execv(program[0], program);
			_exit(127);
		}
	} else if (strcmp(way, "exec") == 0) {
		execv(program[0], program);
		_exit(127);
	}
	return child;
}

int main(int argc, char **argv)
{
	CHECK(argc >= 3);
	keep();
	pid_t child = start(argv[1], argv + 2);
	int status;

	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	say("started");
	return 0;
}
