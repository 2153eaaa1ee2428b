/* Keeps 2 blocks of 222 bytes, from a function at another offset than variant_first's. */
#include <stdlib.h>

extern void second_variant(void);
extern int second_padding(int number);
void *volatile second_kept[3];

int second_padding(int number)
{
	return number * 3 + 1;
}

void second_variant(void)
{
	for (int i = 0; i < second_padding(0) + 1; i++)
		second_kept[i] = malloc(222);
}
