/*
 * Keeps 9 blocks of 90 bytes, says so and sleeps in read until its input ends; read is never
 * interrupted for it.
 */
#include "program.h"

static void *kept[9];

static void keep(void)
{
	for (size_t i = 0; i < 9; i++)
		kept[i] = malloc(90);
}

int main(int argc, char **argv)
{
	char byte;
	ssize_t got;

	keep();
	say("ready");
	do {
		got = read(STDIN_FILENO, &byte, 1);
		if (argc > 1 && strcmp(argv[1], "busy") == 0)
			free(malloc(10));
	} while (got > 0);
	CHECK(got == 0 && kept[8] != NULL);
	say("input ended");
	return 0;
}
