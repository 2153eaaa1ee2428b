/*
 * 4 threads allocate at the same time, 100,000 blocks each, every one freed. Meanwhile main sends the process 1000 signals
 * SIGRTMIN+1, of which none is lost, if somebody handles them.
 */
#include <pthread.h>
#include <signal.h>

#include "program.h"

#define THREADS 4

static void *work(void *argument)
{
	for (int i = 0; i < 100000; i++)
		free(malloc(24));
	return argument;
}

static void send_signals(void)
{
	struct sigaction action;

	CHECK(sigaction(SIGRTMIN + 1, NULL, &action) == 0);
	for (int sent = 0; sent < 1000 && action.sa_handler != SIG_DFL;)
		if (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){0}) == 0)
			sent++;
		else
			CHECK(errno == EAGAIN);
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
	send_signals();
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	free(malloc(24)); /* whatever was left to a hook's end */
	say("400,000 blocks");
	return 0;
}
