/*
 * argv[1] blocks of 32 bytes, written to and read back, from 16 sites: the sum shows that the
 * program is unharmed.
 */
#include "program.h"

static unsigned char **blocks;

static unsigned char *make(size_t number)
{
	unsigned char *block = malloc(32);

	if (block != NULL)
		memset(block, (int)(number % 251), 32);
	return block;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned long sum = 0;

	blocks = malloc(count * sizeof(*blocks));
	CHECK(blocks != NULL);
	for (size_t i = 0; i < count; i++)
		blocks[i] = make(i);
	for (size_t i = 0; i < count; i++) {
		CHECK(blocks[i] != NULL);
		sum += blocks[i][31];
	}
	for (size_t i = 0; i < count; i += 2)
		free(blocks[i]);
	printf("%zu blocks, sum %lu\n", count, sum);
	return 0;
}
