#include "preload/arena.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "preload/system.h"

#define SMALL_CHUNK_BYTES (64u * 1024)
#define SMALL_LIMIT	  (SMALL_CHUNK_BYTES / 4)

static atomic_uint_least64_t used[ARENA_USES];
/* Chunk of the small pieces: base of a SMALL_CHUNK_BYTES-aligned chunk, plus the bytes used in it. One word, so
 * that one compare-and-swap takes a piece. */
static atomic_uintptr_t small_chunk;

#ifdef ALLOCSCOPE_STRESS
/* Every n-th mapping after the first fails: proves that all callers survive it. */
static atomic_uint map_count;
static bool stress_refuses(void)
{
	unsigned count = atomic_fetch_add_explicit(&map_count, 1, memory_order_relaxed);

	return count > 64 && count % 61 == 0;
}
#else
static bool stress_refuses(void)
{
	return false;
}
#endif

void *arena_map(size_t bytes, enum arena_use use)
{
	void *start = stress_refuses() ? NULL : system_map(bytes, "allocscope");

	if (start != NULL)
		atomic_fetch_add_explicit(&used[use], bytes, memory_order_relaxed);
	return start;
}

void arena_unmap(void *start, size_t bytes, enum arena_use use)
{
	if (start == NULL)
		return;
	system_unmap(start, bytes);
	atomic_fetch_sub_explicit(&used[use], bytes, memory_order_relaxed);
}

/* A fresh aligned chunk, or 0: map twice the size and trim. */
static uintptr_t map_chunk(void)
{
	char *start = stress_refuses() ? NULL : system_map(2u * SMALL_CHUNK_BYTES, "allocscope");

	if (start == NULL)
		return 0;
	uintptr_t base =
	    ((uintptr_t)start + SMALL_CHUNK_BYTES - 1) & ~(uintptr_t)(SMALL_CHUNK_BYTES - 1);
	size_t before = base - (uintptr_t)start;

	if (before > 0)
		system_unmap(start, before);
	if (SMALL_CHUNK_BYTES - before > 0)
		system_unmap((char *)base + SMALL_CHUNK_BYTES, SMALL_CHUNK_BYTES - before);
	return base;
}

void *arena_small(size_t bytes, enum arena_use use)
{
	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > SMALL_LIMIT)
		return arena_map(bytes, use);
	for (;;) {
		uintptr_t word = atomic_load_explicit(&small_chunk, memory_order_relaxed);
		uintptr_t taken = word & (SMALL_CHUNK_BYTES - 1);

		/* offset 0 is never handed out, so that "full" and "fresh" differ */
		if (word != 0 && taken + bytes < SMALL_CHUNK_BYTES) {
			if (!atomic_compare_exchange_weak_explicit(&small_chunk, &word,
				word + bytes, memory_order_relaxed, memory_order_relaxed))
				continue;
			atomic_fetch_add_explicit(&used[use], bytes, memory_order_relaxed);
			return (void *)word;
		}
		uintptr_t fresh = map_chunk();

		if (fresh == 0)
			return NULL;
		if (!atomic_compare_exchange_strong_explicit(&small_chunk, &word, fresh + 16,
			memory_order_relaxed, memory_order_relaxed))
			system_unmap((void *)fresh, SMALL_CHUNK_BYTES);
	}
}

uint64_t arena_bytes(enum arena_use use)
{
	return atomic_load_explicit(&used[use], memory_order_relaxed);
}
