/*
 * Explicit phases win over the warm-up count: 4 warm-up iterations, then 6 counted ones; each
 * keeps a block of 10.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *kept[10];

static void keep(size_t slot)
{
	kept[slot] = malloc(10);
}

int main(void)
{
	for (size_t i = 0; i < 10; i++) {
		allocscope_iteration_begin_phase(
		    "phased", i < 4 ? ALLOCSCOPE_WARMUP : ALLOCSCOPE_COUNTED);
		keep(i);
		allocscope_iteration_end();
	}
	say("10 iterations");
	return 0;
}
