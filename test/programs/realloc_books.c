/*
 * realloc is neither an alloc nor a free. from_null: 1 alloc of 40 bytes. grow: 1 alloc, 10 ->
 * 1000 -> 5000 bytes: 2 reallocs. shrink: 1 alloc, 3000 -> 100: 1 realloc, 2900 bytes freed.
 * cycle: malloc, 2 reallocs, free.
 */
#include "program.h"

static void *kept[3];

static void from_null(void)
{
	kept[0] = realloc(NULL, 40);
}

static void grow(void)
{
	kept[1] = malloc(10);
	kept[1] = realloc(kept[1], 1000);
	kept[1] = realloc(kept[1], 5000);
}

static void shrink(void)
{
	kept[2] = malloc(3000);
	kept[2] = realloc(kept[2], 100);
}

static void cycle(void)
{
	void *block = malloc(8);

	block = realloc(block, 80);
	block = realloc(block, 20);
	free(block);
}

int main(void)
{
	from_null();
	grow();
	shrink();
	cycle();
	CHECK(kept[0] != NULL && kept[1] != NULL && kept[2] != NULL);
	say("done");
	return 0;
}
