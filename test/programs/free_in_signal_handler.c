/*
 * A handler that interrupts no allocator call may allocate: it frees main's block and keeps 1 of
 * 80 bytes, 10 times.
 */
#include <signal.h>

#include "program.h"

static void *block;
static void *kept[10];
static int calls;

static void handler(int signal_number)
{
	(void)signal_number;
	free(block);
	kept[calls++] = malloc(80);
}

static void make_block(void)
{
	block = malloc(15);
}

int main(void)
{
	CHECK(signal(SIGUSR1, handler) != SIG_ERR);
	for (int i = 0; i < 10; i++) {
		make_block();
		CHECK(raise(SIGUSR1) == 0);
	}
	CHECK(calls == 10);
	say("handled");
	return 0;
}
