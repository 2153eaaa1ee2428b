/* Keeps 3 blocks of 111 bytes; lies where variant_second will lie. */
#include <stdlib.h>

extern void first_variant(void);
void *volatile first_kept[3];

void first_variant(void)
{
	for (int i = 0; i < 3; i++)
		first_kept[i] = malloc(111);
}
