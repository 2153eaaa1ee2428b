/* Allocates in its constructor and, when everything ends, in its destructor. */
#include <stdlib.h>

extern int constructed_blocks(void);
static void *blocks[3];

static void __attribute__((constructor)) construct(void)
{
	for (int i = 0; i < 3; i++)
		blocks[i] = malloc(90);
}

static void __attribute__((destructor)) destruct(void)
{
	free(blocks[0]);
	blocks[0] = malloc(91);
	free(malloc(92));
}

int constructed_blocks(void)
{
	return (blocks[0] != NULL) + (blocks[1] != NULL) + (blocks[2] != NULL);
}
