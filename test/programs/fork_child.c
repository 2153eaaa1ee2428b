/*
 * The parent keeps 10 blocks of 100 bytes and forks; the child frees 2 of them, keeps 5 of 50
 * bytes and exits; the parent then keeps 3 of 30 bytes. Each writes its own snapshot.
 */
#include <sys/wait.h>

#include "program.h"

static void *kept[18];

static void before_fork(void)
{
	for (size_t i = 0; i < 10; i++)
		kept[i] = malloc(100);
}
static void in_child(void)
{
	free(kept[0]);
	free(kept[1]);
	for (size_t i = 10; i < 15; i++)
		kept[i] = malloc(50);
}
static void after_fork(void)
{
	for (size_t i = 15; i < 18; i++)
		kept[i] = malloc(30);
}

int main(void)
{
	before_fork();
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		in_child();
		exit(7);
	}
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	after_fork();
	say("both done");
	return 0;
}
