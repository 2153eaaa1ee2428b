/*
 * 100 blocks of 64 bytes, snapshot, all freed, 100 more at the same addresses, snapshot: 100 born
 * and 100 died.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *blocks[100];

static void first_round(void)
{
	for (size_t i = 0; i < 100; i++)
		blocks[i] = malloc(64);
}

static void second_round(void)
{
	for (size_t i = 0; i < 100; i++)
		blocks[i] = malloc(64);
}

int main(int argc, char **argv)
{
	static uintptr_t old[100];
	int reused = 0;

	CHECK(argc == 3);
	first_round();
	(void)allocscope_snapshot(argv[1]);
	for (size_t i = 0; i < 100; i++) {
		old[i] = address_of(blocks[i]);
		free(blocks[i]);
	}
	second_round();
	for (size_t i = 0; i < 100; i++)
		for (size_t k = 0; k < 100; k++)
			reused += address_of(blocks[i]) == old[k];
	CHECK(reused > 50); /* else this program shows nothing */
	(void)allocscope_snapshot(argv[2]);
	say("reused");
	return 0;
}
