/*
 * A program with a handler of its own for SIGTRAP: it sees its own traps, sent and executed, with the signals blocked that
 * it asked for, and what sigaction tells of them; parse is entered between them, and inside the handler. With an argument
 * there is no handler, and the trap ends the program.
 */
#include <signal.h>
#include <sys/wait.h>

#include "program.h"

static volatile int traps, codes_sent, masked;

__attribute__((noinline)) static int parse(int number)
{
	free(malloc(16));
	return number;
}

static void trap(void)
{
#if defined(__x86_64__)
	__asm__ volatile("int3");
#else
	raise(SIGTRAP);
#endif
}

static void handler(int number, siginfo_t *info, void *context)
{
	sigset_t mask;

	(void)context;
	CHECK(number == SIGTRAP && sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	masked += sigismember(&mask, SIGUSR2);
	codes_sent += info->si_code <= 0;
	traps += parse(1);
}

/* As those do that execute another program. */
__attribute__((noinline)) static int forget_in_child(void)
{
	int status;
	pid_t child = vfork();

	if (child == 0) {
		(void)signal(SIGTRAP, SIG_DFL);
		_exit(0);
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO}, old;

	(void)argv;
	CHECK(sigaddset(&action.sa_mask, SIGUSR2) == 0);
	CHECK(sigaction(SIGTRAP, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
	if (argc > 1) {
		(void)parse(1);
		say("before the trap");
		trap();
	}
	CHECK(sigaction(SIGTRAP, &action, &old) == 0 && old.sa_handler == SIG_DFL);
	CHECK(forget_in_child() == 0);
	for (int i = 0; i < 10; i++) {
		CHECK(parse(i) == i);
		trap();
		CHECK(raise(SIGTRAP) == 0);
	}
	CHECK(traps == 20 && codes_sent == 10 && masked == 20);
	CHECK(sigaction(SIGTRAP, NULL, &old) == 0 && old.sa_sigaction == handler);
	CHECK(signal(SIGTRAP, SIG_IGN) != SIG_ERR && raise(SIGTRAP) == 0 && traps == 20);
	say("20 traps");
	return 0;
}
