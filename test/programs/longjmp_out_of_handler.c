/*
 * A timer's handler leaves by siglongjmp 200 times, wherever it strikes: also inside a hook (the
 * allocator below is re-entrant). Recording goes on: after holds exactly 100 blocks of 36 bytes.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#include "program.h"

static sigjmp_buf target;
static volatile int jumps;
static void *kept[100];

static void handler(int signal_number)
{
	(void)signal_number;
	jumps++;
	siglongjmp(target, 1);
}

static void interrupted(void)
{
	for (;;) {
		void *block = malloc(32);

		block = realloc(block, 64);
		free(block);
	}
}

static void after(void)
{
	for (size_t i = 0; i < 100; i++)
		kept[i] = malloc(36);
}

int main(void)
{
	struct itimerval once = {{0, 0}, {0, 300}};

	CHECK(signal(SIGALRM, handler) != SIG_ERR);
	if (sigsetjmp(target, 1) == 0 || jumps < 200) {
		CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
		interrupted();
	}
	after();
	CHECK(kept[99] != NULL);
	say("200 jumps");
	return 0;
}
