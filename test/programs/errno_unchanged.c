/*
 * errno leaves every call as the C library leaves it: untouched on success, at any depth, from the
 * first call on.
 */
#include <malloc.h>

#include "program.h"

static void each_call(void)
{
	errno = 1234;
	char *block = malloc(100);

	CHECK(errno == 1234);
	block = realloc(block, 20000);
	CHECK(errno == 1234);
	free(block);
	CHECK(errno == 1234);
	void *zeroed = calloc(10, 10);

	CHECK(errno == 1234);
	free(zeroed);
	void *aligned = NULL;

	CHECK(posix_memalign(&aligned, 64, 100) == 0 && errno == 1234);
	free(aligned);
	aligned = memalign(64, 100);
	CHECK(malloc_usable_size(aligned) >= 100 && errno == 1234);
	free(aligned);
	free(NULL);
	CHECK(errno == 1234);
	void *mapped = malloc((size_t)1 << 22);

	free(mapped);
	CHECK(errno == 1234);
}

static void deeper(int levels)
{
	each_call();
	if (levels > 0)
		deeper(levels - 1);
}

int main(void)
{
	deeper(700);
	say("errno kept");
	return 0;
}
