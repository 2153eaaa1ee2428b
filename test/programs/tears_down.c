/*
 * 20 iterations keep 2 blocks of 50 bytes each; afterwards everything is freed, 5 blocks of 60
 * bytes are born outside, and 1 of 70 from before the iterations goes too: the teardown must not
 * erase the evidence of the last iteration.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *kept[40];
static void *first;
static void *afterwards[5];

static void set_up(void)
{
	first = malloc(70);
}

static void keep(size_t slot)
{
	kept[slot] = malloc(50);
}

static void tear_down(void)
{
	for (size_t i = 0; i < 40; i++)
		free(kept[i]);
	free(first);
	for (size_t i = 0; i < 5; i++)
		afterwards[i] = malloc(60);
}

int main(void)
{
	set_up();
	for (size_t i = 0; i < 20; i++) {
		ALLOCSCOPE_ITERATION("work")
		{
			keep(2 * i);
			keep(2 * i + 1);
		}
	}
	tear_down();
	CHECK(afterwards[4] != NULL);
	say("torn down");
	return 0;
}
