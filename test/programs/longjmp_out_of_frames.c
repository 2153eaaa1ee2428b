/*
 * 1,000 longjmps over frames that allocated: 1,000 blocks of 12 bytes under dive, all live, each
 * with main in its stack.
 */
#include <setjmp.h>

#include "program.h"

static jmp_buf target;
static void *kept[1000];

static void jump(size_t slot)
{
	kept[slot] = malloc(12);
	longjmp(target, 1);
}

static void dive(int levels, size_t slot)
{
	if (levels > 0)
		dive(levels - 1, slot);
	else
		jump(slot);
}

int main(void)
{
	for (volatile size_t i = 0; i < 1000; i++) {
		if (setjmp(target) == 0)
			dive((int)(i % 17), i);
		CHECK(kept[i] != NULL);
	}
	say("1000 jumps");
	return 0;
}
