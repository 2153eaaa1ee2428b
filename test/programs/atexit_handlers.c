/*
 * Handlers of atexit still count: at_exit keeps 2 blocks of 70 bytes and frees main's
 * 5 blocks.
 */
#include "program.h"

static void *early[5];
static void *late[2];

static void at_exit(void)
{
	for (size_t i = 0; i < 5; i++)
		free(early[i]);
	late[0] = malloc(70);
	late[1] = malloc(70);
}

static void keep_early(void)
{
	for (size_t i = 0; i < 5; i++)
		early[i] = malloc(60);
}

int main(void)
{
	CHECK(atexit(at_exit) == 0);
	keep_early();
	say("leaving");
	return 0;
}
