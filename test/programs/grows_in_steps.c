/*
 * Outside iterations: 64 blocks of 1 MB, all freed again at the end: a peak of 64 MB, reached
 * between steps.
 */
#include "program.h"

static void *blocks[64];

static void grow(void)
{
	for (size_t i = 0; i < 64; i++)
		blocks[i] = malloc((size_t)1 << 20);
}

static void shrink(void)
{
	for (size_t i = 0; i < 64; i++)
		free(blocks[i]);
}

int main(void)
{
	grow();
	CHECK(blocks[63] != NULL);
	shrink();
	for (int i = 0; i < 100; i++)
		free(malloc(10));
	say("grown and shrunk");
	return 0;
}
