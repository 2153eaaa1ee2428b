#include "preload/unguarded.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/next_symbols.h"
#include "preload/system.h"

COLD static void *from_bootstrap(size_t bytes, size_t alignment)
{
	void *block = bootstrap_allocate(bytes, alignment);

	if (block == NULL)
		errno = ENOMEM;
	return block;
}

COLD void *unguarded_malloc(size_t size)
{
	return next.malloc != NULL ? next.malloc(size) : from_bootstrap(size, 16);
}

COLD void unguarded_free(void *block)
{
	if (!bootstrap_owns(block) && next.free != NULL)
		next.free(block);
}

COLD void *unguarded_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (next.calloc != NULL)
		return next.calloc(count, size);
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return from_bootstrap(bytes, 16); /* zeroed: handed out once */
}

COLD void *unguarded_realloc(void *old, size_t size)
{
	if (old != NULL && !bootstrap_owns(old) && next.realloc != NULL)
		return next.realloc(old, size);
	void *fresh = unguarded_malloc(size);

	if (fresh != NULL && old != NULL) {
		size_t before = bootstrap_size(old);

		memcpy(fresh, old, before < size ? before : size);
	}
	return fresh;
}

COLD int unguarded_posix_memalign(void **ret_block, size_t alignment, size_t size)
{
	if (next.posix_memalign != NULL)
		return next.posix_memalign(ret_block, alignment, size);
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	void *block = bootstrap_allocate(size, alignment);

	if (block == NULL)
		return ENOMEM;
	*ret_block = block;
	return 0;
}

COLD void *unguarded_memalign(size_t alignment, size_t size)
{
	return next.memalign != NULL ? next.memalign(alignment, size)
				     : from_bootstrap(size, alignment);
}

COLD void *unguarded_pvalloc(size_t size)
{
	size_t page = system_page_bytes();

	return unguarded_memalign(page, (size + page - 1) & ~(page - 1));
}
