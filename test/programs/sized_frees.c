/*
 * free_sized and free_aligned_sized of C23, where a library offers them: 20 blocks born, none
 * live.
 */
#include <dlfcn.h>

#include "program.h"

typedef void (*free_sized_function)(void *, size_t);
typedef void (*free_aligned_sized_function)(void *, size_t, size_t);

static void drop(
    free_sized_function free_sized_or_null, free_aligned_sized_function free_aligned_or_null)
{
	for (int i = 0; i < 10; i++) {
		void *block = malloc(50);
		void *aligned = aligned_alloc(128, 256);

		if (free_sized_or_null != NULL)
			free_sized_or_null(block, 50);
		else
			free(block);
		if (free_aligned_or_null != NULL)
			free_aligned_or_null(aligned, 128, 256);
		else
			free(aligned);
	}
}

int main(void)
{
	void *sized = dlsym(RTLD_DEFAULT, "free_sized");
	void *aligned = dlsym(RTLD_DEFAULT, "free_aligned_sized");

	drop((free_sized_function)sized, (free_aligned_sized_function)aligned);
	say("freed");
	return 0;
}
