/*
 * The program owns all real-time signals: it handles each, sends each to itself, and gets each
 * exactly once.
 */
#include <signal.h>

#include "program.h"

static volatile int got[65];

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	got[number] += info->si_value.sival_int;
	free(malloc(9));
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	union sigval value = {.sival_int = 1};

	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		CHECK(sigaction(number, &action, NULL) == 0);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		CHECK(sigqueue(getpid(), number, value) == 0);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		CHECK(got[number] == 1);
	say("each once");
	return 0;
}
