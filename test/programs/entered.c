/*
 * parse, a local function, is entered 20 times; each time 3 blocks of 16 bytes stay and 5 of 32 bytes go. How:
 *   (nothing)   a loop calls it
 *   recursion   each of the 20 calls itself 9 times more, and the allocations lie in the innermost one
 *   jumps       it is left by longjmp
 *   depths      from another depth of the stack each time
 *   tail        its caller's last call, which is a jump when optimised
 *   handler     from a signal handler
 *   blocked     while all signals are blocked that can be
 *   waiting     from a handler that ends a wait in which all other signals are blocked
 */
#include <setjmp.h>
#include <signal.h>

#include "program.h"

#define ROUNDS 20

static void *retained[ROUNDS][3];
static size_t entries;
static jmp_buf out;
static volatile int depth;

static void work(void)
{
	for (size_t i = 0; i < 3; i++)
		retained[entries][i] = malloc(16);
	for (int i = 0; i < 5; i++)
		free(malloc(32));
	entries++;
}

__attribute__((noinline)) static int parse(int levels, bool jump)
{
	if (levels > 0)
		return parse(levels - 1, jump) + 1;
	work();
	if (jump)
		longjmp(out, 1);
	return 0;
}

__attribute__((noinline)) static int parse_at_the_end(int levels)
{
	return parse(levels, false);
}

static int deeper(int levels)
{
	volatile char room[64] = {0};

	return levels > 0 ? deeper(levels - 1) + room[0] : parse(0, false);
}

static void handler(int number)
{
	(void)number;
	(void)parse(0, false);
}

static void wait_for_handler(void)
{
	sigset_t all, others;

	CHECK(
	    sigfillset(&all) == 0 && sigfillset(&others) == 0 && sigdelset(&others, SIGUSR1) == 0);
	CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0 && raise(SIGUSR1) == 0);
	CHECK(sigsuspend(&others) == -1 && errno == EINTR);
}

static void enter(const char *way, int round)
{
	if (strcmp(way, "recursion") == 0)
		CHECK(parse(9, false) == 9);
	else if (strcmp(way, "jumps") == 0)
		if (setjmp(out) == 0)
			(void)parse(0, true);
		else
			depth++;
	else if (strcmp(way, "depths") == 0)
		CHECK(deeper(round * 7 % 5) == 0);
	else if (strcmp(way, "tail") == 0)
		CHECK(parse_at_the_end(0) == 0);
	else if (strcmp(way, "waiting") == 0)
		wait_for_handler();
	else if (strcmp(way, "handler") == 0)
		CHECK(raise(SIGUSR1) == 0);
	else
		CHECK(parse(0, false) == 0);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	struct sigaction action = {.sa_handler = handler};
	sigset_t all;

	CHECK(sigfillset(&all) == 0 && sigfillset(&action.sa_mask) == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	if (strcmp(way, "blocked") == 0)
		CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	for (int round = 0; round < ROUNDS; round++)
		enter(way, round);
	CHECK(entries == ROUNDS);
	say("20 entries");
	return 0;
}
