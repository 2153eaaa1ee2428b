/*
 * The intercepted C functions. Every body has one shape: enter, real call and record in the safe order, leave.
 * The lawful orders are in record.h; what a NULL guard means in guard.h. unguarded.h serves calls that come
 * before the real functions are known.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "preload/guard.h"
#include "preload/interpose.h"
#include "preload/machine.h"
#include "preload/next_symbols.h"
#include "preload/options.h"
#include "preload/record.h"
#include "preload/record_sampled.h"
#include "preload/record_usual.h"
#include "preload/system.h"
#include "preload/unguarded.h"
#include "preload/unsampled.h"

/* Where the walk starts: this file is compiled with frame pointers, so the caller's registers lie there. */
#define HOOK_FRAME MACHINE_HOOK_FRAME

EXPORT void *malloc(size_t size)
{
	if (unlikely(options.sample != 0) && unsampled_alloc(size))
		return next.malloc(size);
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_malloc(size);
	void *block = next.malloc(size);

	if (likely(block != NULL) && unlikely(!record_alloc_usual(state, block, size, HOOK_FRAME)))
		record_alloc(state, block, size, HOOK_FRAME);
	guard_leave(state);
	return block;
}

EXPORT void free(void *block)
{
	if (unlikely(block == NULL))
		return;
	if (unlikely(options.sample != 0) && unsampled_free(block)) {
		next.free(block);
		return;
	}
	struct thread_state *state = guard_enter_free();

	if (unlikely(state == NULL)) {
		unguarded_free(block);
		return;
	}
	/* before: once the real free returns, another thread may own the address */
	if (likely(record_free_usual(state, block) || record_free(state, block) ||
		   !bootstrap_owns(block)))
		next.free(block);
	guard_leave(state);
}

EXPORT void *calloc(size_t count, size_t size)
{
	size_t bytes;

	if (unlikely(options.sample != 0) && !__builtin_mul_overflow(count, size, &bytes) &&
	    unsampled_alloc(bytes))
		return next.calloc(count, size);
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_calloc(count, size);
	void *block = next.calloc(count, size);

	if (likely(block != NULL))
		record_alloc(
		    state, block, count * size, HOOK_FRAME); /* it succeeded: no overflow */
	guard_leave(state);
	return block;
}

/* The old block is known: it leaves the table first, and comes back resized, as it was, or not at all. */
static void *realloc_known(struct thread_state *state, const struct live_block *taken, void *old,
    size_t size, size_t room, const void *hook_frame)
{
	void *fresh = next.realloc(old, size);

	if (likely(fresh != NULL))
		record_resized(
		    state, taken, fresh, size, room, record_resize_stack(state, hook_frame));
	else if (size != 0)
		record_put_back(state, taken); /* failed: the old block is still alive */
	else
		record_taken_freed(state, taken); /* glibc frees on size 0 */
	return fresh;
}

/* sample=BYTES: a block that outgrows its room is offered again. */
COLD static void *realloc_sampled(
    struct thread_state *state, void *old, size_t size, const void *hook_frame)
{
	size_t room = next.malloc_usable_size != NULL ? next.malloc_usable_size(old) : 0;
	struct live_block taken;

	if (record_take(state, old, &taken))
		return realloc_known(state, &taken, old, size, room, hook_frame);
	void *fresh = next.realloc(old, size);

	if (fresh != NULL)
		record_sampled_grown(state, fresh, size, room, hook_frame);
	return fresh;
}

static void *realloc_guarded(
    struct thread_state *state, void *old, size_t size, const void *hook_frame)
{
	struct live_block taken;

	if (unlikely(options.sample != 0) && old != NULL && !bootstrap_owns(old))
		return realloc_sampled(state, old, size, hook_frame);
	if (old != NULL && record_take(state, old, &taken))
		return realloc_known(state, &taken, old, size, 0, hook_frame);
	void *fresh = unlikely(old != NULL && bootstrap_owns(old)) ? unguarded_realloc(old, size)
								   : next.realloc(old, size);

	if (fresh != NULL)
		record_alloc(state, fresh, size, hook_frame);
	return fresh;
}

EXPORT void *realloc(void *old, size_t size)
{
	struct thread_state *state = old != NULL ? guard_enter_free() : guard_enter();

	if (unlikely(state == NULL))
		return unguarded_realloc(old, size);
	void *fresh = realloc_guarded(state, old, size, HOOK_FRAME);

	guard_leave(state);
	return fresh;
}

EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (unlikely(__builtin_mul_overflow(count, size, &bytes))) {
		errno = ENOMEM;
		return NULL;
	}
	struct thread_state *state = old != NULL ? guard_enter_free() : guard_enter();

	if (unlikely(state == NULL))
		return unguarded_realloc(old, bytes);
	void *fresh = realloc_guarded(state, old, bytes, HOOK_FRAME);

	guard_leave(state);
	return fresh;
}

EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_posix_memalign(ret_block, alignment, size);
	/* into a local: the caller's pointer is published only when the block is recorded */
	void *block = NULL;
	int result = next.posix_memalign(&block, alignment, size);

	if (likely(result == 0)) {
		if (block != NULL)
			record_alloc(state, block, size, HOOK_FRAME);
		*ret_block = block;
	}
	guard_leave(state);
	return result;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_memalign(alignment, size);
	void *block = next.aligned_alloc(alignment, size);

	if (likely(block != NULL))
		record_alloc(state, block, size, HOOK_FRAME);
	guard_leave(state);
	return block;
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_memalign(alignment, size);
	void *block = next.memalign(alignment, size);

	if (likely(block != NULL))
		record_alloc(state, block, size, HOOK_FRAME);
	guard_leave(state);
	return block;
}

EXPORT void *valloc(size_t size)
{
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_memalign(system_page_bytes(), size);
	void *block = next.valloc(size);

	if (likely(block != NULL))
		record_alloc(state, block, size, HOOK_FRAME);
	guard_leave(state);
	return block;
}

EXPORT void *pvalloc(size_t size)
{
	struct thread_state *state = guard_enter();

	if (unlikely(state == NULL))
		return unguarded_pvalloc(size);
	void *block = next.pvalloc(size);

	if (likely(block != NULL))
		record_alloc(state, block, size, HOOK_FRAME);
	guard_leave(state);
	return block;
}

EXPORT size_t malloc_usable_size(void *block)
{
	if (unlikely(block == NULL || bootstrap_owns(block)))
		return block != NULL ? bootstrap_size(block) : 0;
	return likely(next.malloc_usable_size != NULL) ? next.malloc_usable_size(block) : 0;
}

/* Old and new names of free. */
EXPORT void cfree(void *block)
{
	free(block);
}

EXPORT void free_sized(void *block, size_t size)
{
	(void)size;
	free(block);
}

EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	free(block);
}
