/*
 * 2^20 distinct stacks: at each of 20 levels the path goes through left or right. One temporary
 * block each.
 */
#include "program.h"

static void right(unsigned path, int levels);

static void leaf(void)
{
	free(malloc(40));
}

static void left(unsigned path, int levels)
{
	if (levels == 0)
		leaf();
	else if ((path & 1) != 0)
		right(path >> 1, levels - 1);
	else
		left(path >> 1, levels - 1);
}

static void right(unsigned path, int levels)
{
	if (levels == 0)
		leaf();
	else if ((path & 1) != 0)
		right(path >> 1, levels - 1);
	else
		left(path >> 1, levels - 1);
}

int main(void)
{
	for (unsigned path = 0; path < 1u << 20; path++)
		left(path, 20);
	say("1048576 stacks");
	return 0;
}
