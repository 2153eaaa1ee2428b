/* The intercepted functions when nothing is recorded: the real ones, or bootstrap memory while they are unknown. */
#ifndef PRELOAD_UNGUARDED_H
#define PRELOAD_UNGUARDED_H

#include <stddef.h>

void *unguarded_malloc(size_t size);
void unguarded_free(void *block);
void *unguarded_calloc(size_t count, size_t size);
void *unguarded_realloc(void *old, size_t size);
int unguarded_posix_memalign(void **ret_block, size_t alignment, size_t size);
void *unguarded_memalign(size_t alignment, size_t size);
void *unguarded_pvalloc(size_t size);

#endif
