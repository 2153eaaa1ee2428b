#include "preload/next_symbols.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define BOOTSTRAP_BYTES		(256u * 1024)
#define BOOTSTRAP_ALIGNMENT_MAX 65536u /* the largest page */

struct next_symbols next;

struct bootstrap_header {
	size_t bytes;
	size_t reserved;
};

static _Alignas(64) char bootstrap_pool[BOOTSTRAP_BYTES];
static atomic_size_t bootstrap_used;

void *bootstrap_allocate(size_t bytes, size_t alignment)
{
	if (alignment < 16)
		alignment = 16;
	if (bytes > BOOTSTRAP_BYTES || alignment > BOOTSTRAP_ALIGNMENT_MAX)
		return NULL;
	for (;;) {
		size_t used = atomic_load_explicit(&bootstrap_used, memory_order_relaxed);
		uintptr_t start =
		    (uintptr_t)bootstrap_pool + used + sizeof(struct bootstrap_header);

		start = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
		size_t end = start - (uintptr_t)bootstrap_pool + bytes;

		if (end > BOOTSTRAP_BYTES)
			return NULL;
		if (!atomic_compare_exchange_weak(&bootstrap_used, &used, end))
			continue;
		((struct bootstrap_header *)start - 1)->bytes = bytes;
		return (void *)start;
	}
}

bool bootstrap_owns(const void *block)
{
	return (uintptr_t)block - (uintptr_t)bootstrap_pool < BOOTSTRAP_BYTES;
}

size_t bootstrap_size(const void *block)
{
	return ((const struct bootstrap_header *)block - 1)->bytes;
}

void next_symbols_resolve(void)
{
	/* ISO C has no cast from object to function pointer; the bytes are the same on every system with dlsym */
#define NEXT_RESOLVE(name, type, parameters)                                                       \
	{                                                                                          \
		void *symbol = dlsym(RTLD_NEXT, #name);                                            \
		memcpy(&next.name, &symbol, sizeof symbol);                                        \
	}
	NEXT_ALLOCATOR_LIST(NEXT_RESOLVE)
#undef NEXT_RESOLVE
}

bool next_symbols_allocator_is_libc(void)
{
	Dl_info allocator, library;
	void *symbol;
	void *known;

	memcpy(&symbol, &next.malloc, sizeof symbol);
	known = dlsym(RTLD_NEXT, "getpid");
	return symbol != NULL && known != NULL && dladdr(symbol, &allocator) != 0 &&
	       dladdr(known, &library) != 0 && allocator.dli_fbase == library.dli_fbase;
}
