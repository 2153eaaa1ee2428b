/*
 * A timer strikes every 50 us, also inside the hooks (the allocator below is re-entrant). Main
 * makes 300,000 blocks and frees them; the handler makes 1 and frees 1. When it is over, the exact
 * counters have moved by exactly as many events as there were calls.
 */
#include <allocscope/allocscope.h>
#include <signal.h>
#include <sys/time.h>

#include "program.h"

#define ROUNDS 300000

static volatile uint64_t handler_calls;

static void handler(int signal_number)
{
	(void)signal_number;
	free(malloc(24));
	handler_calls++;
}

static void work(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *block = malloc(16 + (size_t)i % 64);

		block = realloc(block, 100);
		free(block);
	}
}

int main(void)
{
	struct itimerval every = {{0, 50}, {0, 50}};
	struct itimerval never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct allocscope_stats before = allocscope_stats_now();

	CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
	work();
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && signal(SIGALRM, SIG_IGN) != SIG_ERR);
	struct allocscope_stats after = allocscope_stats_now();

	CHECK(handler_calls > 0);
	if (allocscope_active()) {
		CHECK(after.process.allocs - before.process.allocs == ROUNDS + handler_calls);
		CHECK(after.process.frees - before.process.frees == ROUNDS + handler_calls);
		CHECK(after.process.live_blocks == before.process.live_blocks);
		CHECK(after.process.live_bytes == before.process.live_bytes);
	}
	say("storm over");
	return 0;
}
