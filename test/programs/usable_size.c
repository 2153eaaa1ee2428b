/*
 * malloc_usable_size answers for every kind of block and is not an event: keep holds 3 blocks,
 * 2,133 bytes.
 */
#include <malloc.h>

#include "program.h"

static void *kept[3];

static void keep(void)
{
	kept[0] = malloc(100);
	kept[1] = calloc(1, 33);
	kept[2] = aligned_alloc(64, 2000);
}

int main(void)
{
	keep();
	CHECK(malloc_usable_size(kept[0]) >= 100);
	CHECK(malloc_usable_size(kept[1]) >= 33);
	CHECK(malloc_usable_size(kept[2]) >= 2000);
	CHECK(malloc_usable_size(NULL) == 0);
	memset(kept[0], 1, malloc_usable_size(kept[0]));
	say("usable");
	return 0;
}
