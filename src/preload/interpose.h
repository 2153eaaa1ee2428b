/* Prototypes of intercepted functions that no system header declares on all systems. */
#ifndef PRELOAD_INTERPOSE_H
#define PRELOAD_INTERPOSE_H

#include <stddef.h>

/* Look up the real operators of C++, when a library that brings them is there: later, in a forked child, the loader
 * may be out of reach. */
void interpose_new_init(void);
/* Look up the real functions of the signal mask. */
void interpose_signals_init(void);

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void *reallocarray(void *old, size_t count, size_t size);
int posix_memalign(void **ret_block, size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);
size_t malloc_usable_size(void *block);
void cfree(void *block);
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

#endif
