/*
 * 20 iterations of "leak" (each: 3 blocks of 16 bytes retained, 5 of 32 bytes temporary, and the
 * 8-byte block of the iteration before freed, a new one kept), then 15 of "clean" (4 temporary
 * blocks of 100 bytes each), unless there is an argument.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *retained[20][3];
static void *handed_on;

static void retain(size_t iteration)
{
	for (size_t i = 0; i < 3; i++)
		retained[iteration][i] = malloc(16);
}
static void hand_on(void)
{
	free(handed_on);
	handed_on = malloc(8);
}
static void churn(int blocks, size_t bytes)
{
	for (int i = 0; i < blocks; i++)
		free(malloc(bytes));
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < 20; i++) {
		ALLOCSCOPE_ITERATION("leak")
		{
			retain(i);
			hand_on();
			churn(5, 32);
		}
	}
	for (int i = 0; i < 15 && argc == 1; i++) {
		ALLOCSCOPE_ITERATION("clean")
		{
			churn(4, 100);
		}
	}
	say(argc == 1 ? "35 iterations" : argv[1]);
	return 0;
}
