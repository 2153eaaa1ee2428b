/*
 * What the loader has loaded. dl_iterate_phdr takes the loader's lock. A forked child may have inherited that
 * lock from a thread that does not exist there (it was in dlopen at the fork, and glibc does not reset the
 * lock): to take it would be to wait for ever. So a child asks only for single addresses, without the lock,
 * until one of its own calls has shown that the lock is free. So does a signal handler that interrupted one of
 * these functions. Async-signal-safe in these states.
 */
#ifndef PRELOAD_LOADER_H
#define PRELOAD_LOADER_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

typedef int loader_visitor(struct dl_phdr_info *info, size_t bytes, void *context);

/* All objects, under the loader's lock. False, and nothing visited, when the lock must not be taken. */
bool loader_visit_all(loader_visitor *visit, void *context);
/* The object that holds ADDRESS, among others maybe; without the lock when it must not be taken. */
void loader_visit_for(uintptr_t address, loader_visitor *visit, void *context);
/* A handler left one of these functions by longjmp. */
void loader_was_left(void);
/* In a forked child. */
void loader_after_fork(void);
/* The loader's lock was taken and released in this process. */
void loader_lock_is_free(void);
bool loader_lock_is_suspect(void);

#endif
