/*
 * C++ operator new and delete. With the C library's malloc they are left alone: they arrive through malloc. An
 * allocator that brings its own (jemalloc, tcmalloc, mimalloc) serves them without calling malloc, so there
 * they are recorded here, when the malloc hook did not see the block already.
 *
 * A C program may dlopen C++ libraries privately: nothing stands behind us in the global scope then, and the
 * right function is the one that the calling library itself would have found.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/guard.h"
#include "preload/interpose.h"
#include "preload/machine.h"
#include "preload/modules.h"
#include "preload/next_symbols.h"
#include "preload/record.h"

/* Index, mangled name, argument count of new / delete, of which the first is the size or the block. */
enum { NEW_COUNT = 8, DELETE_COUNT = 12 };

static const char *const new_names[NEW_COUNT] = {"_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t"};
static const char *const delete_names[DELETE_COUNT] = {"_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm",
    "_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t", "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t", "_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t"};

typedef void *new_function(size_t size, uintptr_t second, uintptr_t third);
typedef void delete_function(void *block, uintptr_t second, uintptr_t third);

static _Atomic(new_function *) next_new[NEW_COUNT];
static _Atomic(delete_function *) next_delete[DELETE_COUNT];
static atomic_int allocator_brings_new = -1; /* -1 not known yet */

/* NAME as the library that holds CALLER would find it. That library stays loaded as long as it calls us. */
COLD static void *find_for_caller(const char *name, const void *caller)
{
	Dl_info info;
	struct link_map *map = NULL;
	void *symbol = NULL;

	if (dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL)
		return NULL;
	void *handle = dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);

	if (handle != NULL) {
		symbol = dlsym(handle, name);
		(void)dlclose(handle);
	}
	return symbol;
}

/* The real function called NAME, or NULL when there is none anywhere. The loader's own allocations on the way are
 * ours, not the host's: the guard hides them. */
COLD static void *find(const char *name, const void *caller, void *own)
{
	struct thread_state *state = guard_enter();
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL) {
		symbol = find_for_caller(name, caller);
		if (symbol == own)
			symbol = NULL;
	}
	if (state != NULL)
		guard_leave(state);
	return symbol;
}

COLD static bool find_out_who_brings_new(void)
{
	void *symbol = dlsym(RTLD_NEXT, "_Znwm");
	void *allocator;
	Dl_info a, b;
	bool brings;

	memcpy(&allocator, &next.malloc, sizeof allocator);
	brings = symbol != NULL && allocator != NULL && dladdr(symbol, &a) != 0 &&
		 dladdr(allocator, &b) != 0 && a.dli_fbase == b.dli_fbase;
	atomic_store_explicit(&allocator_brings_new, brings, memory_order_relaxed);
	return brings;
}

static void resolve_all(void)
{
	for (int i = 0; i < NEW_COUNT; i++) {
		void *symbol = dlsym(RTLD_NEXT, new_names[i]);
		new_function *real;

		memcpy(&real, &symbol, sizeof real);
		atomic_store_explicit(&next_new[i], real, memory_order_relaxed);
	}
	for (int i = 0; i < DELETE_COUNT; i++) {
		void *symbol = dlsym(RTLD_NEXT, delete_names[i]);
		delete_function *real;

		memcpy(&real, &symbol, sizeof real);
		atomic_store_explicit(&next_delete[i], real, memory_order_relaxed);
	}
	(void)find_out_who_brings_new();
}

/* Only where some library is likely to bring them: a look-up that fails leaves its text behind for the host to free. */
void interpose_new_init(void)
{
	static const char *const bringers[] = {
	    "libstdc++", "libc++", "jemalloc", "tcmalloc", "mimalloc"};

	for (uint32_t row = 1; row < modules_count(); row++)
		for (size_t i = 0; i < sizeof bringers / sizeof bringers[0]; i++)
			if (strstr(modules_get(row)->path, bringers[i]) != NULL) {
				resolve_all();
				return;
			}
}

static bool is_recorded_here(void)
{
	int known = atomic_load_explicit(&allocator_brings_new, memory_order_relaxed);

	return known >= 0 ? known != 0 : find_out_who_brings_new();
}

/*
 * No guard across the real call: it may throw. If it came through malloc after all, the malloc hook has
 * recorded the block, and last_block tells, or with sample=BYTES has offered it to the sampler. Inlined: the frame is the exported function's.
 */
__attribute__((always_inline)) static inline void *new_recorded(
    new_function *real, size_t size, uintptr_t second, uintptr_t third)
{
	struct thread_state *before = thread_current;
	uint64_t offered = before != NULL ? before->sampler.allocs : 0;

	if (before != NULL)
		before->last_block = NULL;
	void *block = real(size, second, third);

	if (block == NULL ||
	    (before != NULL && (before->last_block == block || before->sampler.allocs != offered)))
		return block;
	struct thread_state *state = guard_enter();

	if (state != NULL) {
		if (state->last_block != block)
			record_alloc(state, block, size, MACHINE_HOOK_FRAME);
		guard_leave(state);
	}
	return block;
}

COLD static void *new_without_library(size_t size)
{
	void *block = malloc(size);

	if (block == NULL)
		abort(); /* there is no C++ library that could throw */
	return block;
}

__attribute__((always_inline)) static inline void *new_common(
    int index, size_t size, uintptr_t second, uintptr_t third, const void *caller, void *own)
{
	new_function *real = atomic_load_explicit(&next_new[index], memory_order_relaxed);

	if (unlikely(real == NULL)) {
		void *symbol = find(new_names[index], caller, own);

		if (symbol == NULL)
			return new_without_library(size);
		memcpy(&real, &symbol, sizeof real);
		atomic_store_explicit(&next_new[index], real, memory_order_relaxed);
	}
	if (unlikely(is_recorded_here()))
		return new_recorded(real, size, second, third);
	return real(size, second, third); /* a tail call: no frame of ours in the stack */
}

__attribute__((always_inline)) static inline void delete_common(
    int index, void *block, uintptr_t second, uintptr_t third, const void *caller, void *own)
{
	delete_function *real = atomic_load_explicit(&next_delete[index], memory_order_relaxed);

	if (unlikely(real == NULL)) {
		void *symbol = find(delete_names[index], caller, own);

		if (symbol == NULL) {
			free(block);
			return;
		}
		memcpy(&real, &symbol, sizeof real);
		atomic_store_explicit(&next_delete[index], real, memory_order_relaxed);
	}
	if (unlikely(block != NULL && is_recorded_here())) {
		struct thread_state *state = guard_enter_free();

		if (state != NULL) {
			(void)record_free(state, block);
			guard_leave(state);
		}
	}
	real(block, second, third);
}

/* The arguments behind the first are passed on unseen: an alignment, a size or a reference to nothrow. */
#define NEW_HOOK(index, name)                                                                      \
	EXPORT void *name(size_t size, uintptr_t second, uintptr_t third);                         \
	EXPORT void *name(size_t size, uintptr_t second, uintptr_t third)                          \
	{                                                                                          \
		return new_common(index, size, second, third, __builtin_return_address(0),         \
		    (void *)(uintptr_t)&name);                                                     \
	}
#define DELETE_HOOK(index, name)                                                                   \
	EXPORT void name(void *block, uintptr_t second, uintptr_t third);                          \
	EXPORT void name(void *block, uintptr_t second, uintptr_t third)                           \
	{                                                                                          \
		delete_common(index, block, second, third, __builtin_return_address(0),            \
		    (void *)(uintptr_t)&name);                                                     \
	}

NEW_HOOK(0, _Znwm)
NEW_HOOK(1, _Znam)
NEW_HOOK(2, _ZnwmRKSt9nothrow_t)
NEW_HOOK(3, _ZnamRKSt9nothrow_t)
NEW_HOOK(4, _ZnwmSt11align_val_t)
NEW_HOOK(5, _ZnamSt11align_val_t)
NEW_HOOK(6, _ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_HOOK(7, _ZnamSt11align_val_tRKSt9nothrow_t)
DELETE_HOOK(0, _ZdlPv)
DELETE_HOOK(1, _ZdaPv)
DELETE_HOOK(2, _ZdlPvm)
DELETE_HOOK(3, _ZdaPvm)
DELETE_HOOK(4, _ZdlPvRKSt9nothrow_t)
DELETE_HOOK(5, _ZdaPvRKSt9nothrow_t)
DELETE_HOOK(6, _ZdlPvSt11align_val_t)
DELETE_HOOK(7, _ZdaPvSt11align_val_t)
DELETE_HOOK(8, _ZdlPvmSt11align_val_t)
DELETE_HOOK(9, _ZdaPvmSt11align_val_t)
DELETE_HOOK(10, _ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE_HOOK(11, _ZdaPvSt11align_val_tRKSt9nothrow_t)
