#include "analysis/large_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES ((size_t)2 << 20)
#define WORTH_IT_BYTES	 (4 * LARGE_PAGE_BYTES)

void *large_array(size_t count, size_t row_bytes)
{
	if (count >= SIZE_MAX / 2 / row_bytes)
		return NULL;
	size_t bytes = (count + 1) * row_bytes;

	if (bytes < WORTH_IT_BYTES)
		return malloc(bytes);
	bytes = (bytes + LARGE_PAGE_BYTES - 1) & ~(LARGE_PAGE_BYTES - 1);
	void *rows = aligned_alloc(LARGE_PAGE_BYTES, bytes);

	/* A wish, no more: a kernel without large pages refuses, and nothing is lost. */
	if (rows != NULL)
		(void)madvise(rows, bytes, MADV_HUGEPAGE);
	return rows;
}

void *large_array_of_zeros(size_t count, size_t row_bytes)
{
	void *rows = large_array(count, row_bytes);

	if (rows != NULL)
		memset(rows, 0, (count + 1) * row_bytes);
	return rows;
}
