/* parse is entered 5 times, and 5 times more in a forked child and in a child of vfork; each time 1 block of 16 bytes stays. */
#include <sys/wait.h>

#include "program.h"

static void *kept[20];
static int calls;

__attribute__((noinline)) static void parse(void)
{
	kept[calls++] = malloc(16);
}

static void enter(int times)
{
	for (int i = 0; i < times; i++)
		parse();
}

int main(void)
{
	int status;

	enter(5);
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		enter(5);
		exit(calls == 10 ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	child = vfork();
	if (child == 0)
		_exit(0);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	enter(1);
	say("forked");
	return 0;
}
