/*
 * grow: 6 * 50 bytes through reallocarray, then a product that overflows: the block stays as it
 * was.
 */
#include "program.h"

static char *block;

static void grow(void)
{
	block = reallocarray(NULL, 6, 25);
	CHECK(block != NULL);
	block = reallocarray(block, 6, 50);
	CHECK(block != NULL);
	memset(block, 'x', 300);
}

int main(void)
{
	grow();
	errno = 0;
	CHECK(reallocarray(block, huge_size(), 3) == NULL);
	CHECK(errno == ENOMEM && block[299] == 'x');
	say("kept");
	return 0;
}
