/* A recursion of 10,000 frames with a block of 18 bytes at its bottom, kept, and one at the top. */
#include "program.h"

static void *kept[2];

static void bottom(void)
{
	kept[0] = malloc(18);
}

static int recurse(int levels)
{
	if (levels == 0) {
		bottom();
		return 0;
	}
	return recurse(levels - 1) + 1;
}

static void top(void)
{
	kept[1] = malloc(19);
}

int main(void)
{
	CHECK(recurse(10000) == 10000);
	top();
	CHECK(kept[0] != NULL && kept[1] != NULL);
	say("10000 frames");
	return 0;
}
