/* A handler on an alternate stack of 8 KB allocates: 100 blocks of 44 bytes live under handler. */
#include <signal.h>

#include "program.h"

static char stack[8192];
static void *kept[100];
static size_t calls;

static void handler(int signal_number)
{
	(void)signal_number;
	kept[calls++] = malloc(44);
	free(malloc(1000));
}

int main(void)
{
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};

	CHECK(sigaltstack(&alternate, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(raise(SIGUSR1) == 0);
	CHECK(calls == 100);
	say("100 on the alternate stack");
	return 0;
}
