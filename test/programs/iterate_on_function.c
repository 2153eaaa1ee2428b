/* Source without marks: work is called 25 times, recursively twice each; it keeps 1 block of 6 bytes per outer call. */
#include "program.h"

static void *kept[25];
void work(size_t slot, int depth);

void work(size_t slot, int depth)
{
	if (depth > 0) {
		work(slot, depth - 1);
		return;
	}
	kept[slot] = malloc(6);
}

int main(void)
{
	for (size_t i = 0; i < 25; i++)
		work(i, 2);
	say("25 calls");
	return 0;
}
