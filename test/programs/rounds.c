/*
 * 20 rounds without a mark of its own. In each 3 blocks of 16 bytes stay and 5 of 32 bytes go. What begins a round:
 *   (nothing)  a call of begin_round
 *   signal     SIGUSR1, if somebody handles it
 *   inside     SIGUSR1 in the middle of the round's first malloc
 *   handles    signal, with a handler of its own, which must get all of them
 *   slow       50 ms without an allocation
 */
#include <signal.h>
#include <time.h>

#include "program.h"

#define ROUNDS 20

extern volatile bool raise_in_malloc;

static void *retained[ROUNDS][3];
static volatile int handled;

static void handler(int number)
{
	(void)number;
	handled++;
}

static void begin_round(const char *way)
{
	static const struct timespec wait = {0, 50000000};
	struct sigaction action;

	if (strcmp(way, "slow") == 0)
		CHECK(nanosleep(&wait, NULL) == 0);
	CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
	if (action.sa_handler == SIG_DFL)
		return;
	if (strcmp(way, "inside") == 0)
		raise_in_malloc = true;
	else
		raise(SIGUSR1);
}

static void retain(size_t round)
{
	for (size_t i = 0; i < 3; i++)
		retained[round][i] = malloc(16);
}

static void churn(void)
{
	for (int i = 0; i < 5; i++)
		free(malloc(32));
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	if (strcmp(way, "handles") == 0)
		CHECK(signal(SIGUSR1, handler) != SIG_ERR);
	for (size_t round = 0; round < ROUNDS; round++) {
		begin_round(way);
		retain(round);
		churn();
	}
	CHECK(strcmp(way, "handles") != 0 || handled == ROUNDS);
	say("20 rounds");
	return 0;
}
