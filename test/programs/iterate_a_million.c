/*
 * 2^20 iterations, each with 2 temporary blocks; every 4,096th keeps one of 10 bytes: 256 live at
 * the end.
 */
#include <allocscope/allocscope.h>

#include "program.h"

#define ITERATIONS (1u << 20)

static void *kept[256];

static void keep(unsigned slot)
{
	kept[slot] = malloc(10);
}

static void churn(void)
{
	free(malloc(20));
	free(malloc(30));
}

int main(void)
{
	for (unsigned i = 0; i < ITERATIONS; i++) {
		allocscope_iteration_begin("many");
		churn();
		if (i % 4096 == 0)
			keep(i / 4096);
		allocscope_iteration_end();
	}
	say("1048576 iterations");
	return 0;
}
