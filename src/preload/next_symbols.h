/*
 * The real functions: what dlsym(RTLD_NEXT) finds behind us. Until they are known, and while dlsym itself
 * allocates, bootstrap memory serves: a static pool whose blocks are never given to the real free.
 */
#ifndef PRELOAD_NEXT_SYMBOLS_H
#define PRELOAD_NEXT_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

/* name, return type, parameter types: one row per intercepted allocator function (P42: one list, many uses) */
#define NEXT_ALLOCATOR_LIST(ROW)                                                                   \
	ROW(malloc, void *, (size_t))                                                              \
	ROW(free, void, (void *))                                                                  \
	ROW(calloc, void *, (size_t, size_t))                                                      \
	ROW(realloc, void *, (void *, size_t))                                                     \
	ROW(reallocarray, void *, (void *, size_t, size_t))                                        \
	ROW(posix_memalign, int, (void **, size_t, size_t))                                        \
	ROW(aligned_alloc, void *, (size_t, size_t))                                               \
	ROW(memalign, void *, (size_t, size_t))                                                    \
	ROW(valloc, void *, (size_t))                                                              \
	ROW(pvalloc, void *, (size_t))                                                             \
	ROW(malloc_usable_size, size_t, (void *))                                                  \
	ROW(free_sized, void, (void *, size_t))                                                    \
	ROW(free_aligned_sized, void, (void *, size_t, size_t))

struct next_symbols {
#define NEXT_MEMBER(name, type, parameters) type(*name) parameters;
	NEXT_ALLOCATOR_LIST(NEXT_MEMBER)
#undef NEXT_MEMBER
};

extern struct next_symbols next; /* constant after next_symbols_resolve */

/* Look all of them up. A missing optional one stays NULL. */
void next_symbols_resolve(void);
/* True when the allocator behind us is the C library's own: blocks are at least 32 bytes apart. */
bool next_symbols_allocator_is_libc(void);

/* Bootstrap memory: zeroed, aligned to at least ALIGNMENT; NULL when the pool is used up. */
void *bootstrap_allocate(size_t bytes, size_t alignment);
bool bootstrap_owns(const void *block);
size_t bootstrap_size(const void *block);

#endif
