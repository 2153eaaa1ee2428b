/*
 * A pool inside one block of 4,096 bytes: 10 pooled blocks of 40 bytes, 3 freed one by one; a
 * second pool is reset with 5 blocks, refilled with 2, and one more destroyed with its 4 blocks.
 * Live and pooled: 7 + 2.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static char *arena(void)
{
	return malloc(4096);
}

static void from_pool(const char *pool, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		allocscope_pool_alloc(pool, pool + 64 + i * 40, 40);
}

int main(void)
{
	char *first = arena();
	char *second = arena();
	char *third = arena();

	CHECK(first != NULL && second != NULL && third != NULL);
	allocscope_pool_create(first, "objects");
	allocscope_pool_create(second, "scratch");
	allocscope_pool_create(third, "gone");
	from_pool(first, 0, 10);
	for (size_t i = 0; i < 3; i++)
		allocscope_pool_free(first, first + 64 + i * 40);
	from_pool(second, 0, 5);
	allocscope_pool_reset(second);
	from_pool(second, 0, 2);
	from_pool(third, 0, 4);
	allocscope_pool_destroy(third);
	free(third);
	say("pooled");
	return 0;
}
