/*
 * Sends itself the signal number in argv[1] twice, after keep grew to 2 and to 5 blocks of 15
 * bytes.
 */
#include <signal.h>

#include "program.h"

static void *kept[5];

static void keep(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		kept[i] = malloc(15);
}

static void send(int number)
{
	CHECK(raise(number) == 0);
	free(malloc(
	    1)); /* the next entry into the allocator, where a pending snapshot may be taken */
}

int main(int argc, char **argv)
{
	CHECK(argc >= 2);
	int number = (int)strtol(argv[1], NULL, 10);

	if (argc > 2)
		CHECK(signal(number, SIG_IGN) != SIG_ERR);
	keep(0, 2);
	send(number);
	keep(2, 3);
	send(number);
	say("sent twice");
	return 0;
}
