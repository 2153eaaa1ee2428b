#include "preload/arena.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "preload/system.h"

#define SMALL_CHUNK_BYTES (64u * 1024)
#define SMALL_LIMIT	  (SMALL_CHUNK_BYTES / 4)
#define LARGE_BYTES	  (256u * 1024)
#define HOST_ROOM_BYTES	  (8u << 20)
#define MAPPINGS_MAX	  16384u /* more are not counted, only used */
#define CHUNKS_MAX	  4096u	 /* of small pieces; more are not listed */

/* Every live mapping, so that its resident part can be counted. A slot is free while its start is 0. */
struct mapping {
	atomic_uintptr_t start;
	atomic_size_t bytes;
	atomic_uint use;
};
static struct mapping mappings[MAPPINGS_MAX];
static atomic_uint mapping_count; /* slots ever used */
static atomic_uint_least64_t small_bytes[ARENA_USES];
/* Chunk of the small pieces: base of a SMALL_CHUNK_BYTES-aligned chunk, plus the bytes used in it. One word, so
 * that one compare-and-swap takes a piece. */
static atomic_uintptr_t small_chunk;
static atomic_uintptr_t chunks[CHUNKS_MAX];
static atomic_uint chunk_count;

#ifdef ALLOCSCOPE_STRESS
/* Every n-th mapping after the first fails: proves that all callers survive it. */
static atomic_uint map_count;
static bool stress_refuses(enum arena_use use)
{
	if (use == ARENA_OTHER) /* among them the copies of a snapshot: tests want their files */
		return false;
	unsigned count = atomic_fetch_add_explicit(&map_count, 1, memory_order_relaxed);

	return count > 64 && count % 61 == 0;
}
#else
static bool stress_refuses(enum arena_use use)
{
	(void)use;
	return false;
}
#endif

static void note_mapping(void *start, size_t bytes, enum arena_use use)
{
	uint32_t count = atomic_load_explicit(&mapping_count, memory_order_relaxed);

	/* temporary mappings come and go: look for a free slot among the newest */
	for (uint32_t i = count; i > 0 && i + 16 > count; i--) {
		uintptr_t none = 0;

		if (atomic_compare_exchange_strong(
			&mappings[i - 1].start, &none, (uintptr_t)start)) {
			atomic_store(&mappings[i - 1].use, use);
			atomic_store(&mappings[i - 1].bytes, bytes);
			return;
		}
	}
	uint32_t slot = atomic_fetch_add(&mapping_count, 1);

	if (slot >= MAPPINGS_MAX) {
		atomic_store(&mapping_count, MAPPINGS_MAX);
		return;
	}
	atomic_store(&mappings[slot].use, use);
	atomic_store(&mappings[slot].bytes, bytes);
	atomic_store(&mappings[slot].start, (uintptr_t)start);
}

static void forget_mapping(const void *start)
{
	uint32_t count = atomic_load_explicit(&mapping_count, memory_order_relaxed);

	for (uint32_t i = count < MAPPINGS_MAX ? count : MAPPINGS_MAX; i-- > 0;) {
		uintptr_t expected = (uintptr_t)start;

		if (atomic_load_explicit(&mappings[i].start, memory_order_relaxed) != expected)
			continue;
		atomic_store(&mappings[i].bytes, 0);
		if (atomic_compare_exchange_strong(&mappings[i].start, &expected, 0))
			return;
	}
}

/* Where the address space is limited, a large piece of it for us must not be the last one. */
static void *map_leaving_room(size_t bytes)
{
	const size_t page = system_page_bytes();
	size_t ours = (bytes + page - 1) / page * page;
	char *start = system_map(ours + HOST_ROOM_BYTES, "allocscope");

	if (start != NULL)
		system_unmap(start + ours, HOST_ROOM_BYTES);
	return start;
}

void *arena_map(size_t bytes, enum arena_use use)
{
	void *start = NULL;

	if (!stress_refuses(use))
		start =
		    bytes < LARGE_BYTES ? system_map(bytes, "allocscope") : map_leaving_room(bytes);
	if (start != NULL)
		note_mapping(start, bytes, use);
	return start;
}

void arena_unmap(void *start, size_t bytes, enum arena_use use)
{
	(void)use;
	if (start == NULL)
		return;
	forget_mapping(start);
	system_unmap(start, bytes);
}

/* A fresh aligned chunk, or 0: map twice the size and trim. */
static uintptr_t map_chunk(void)
{
	char *start =
	    stress_refuses(ARENA_THREADS) ? NULL : system_map(2u * SMALL_CHUNK_BYTES, "allocscope");

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

static void note_chunk(uintptr_t start)
{
	uint32_t number = atomic_fetch_add_explicit(&chunk_count, 1, memory_order_relaxed);

	if (number < CHUNKS_MAX)
		atomic_store_explicit(&chunks[number], start, memory_order_relaxed);
	else
		atomic_store_explicit(&chunk_count, CHUNKS_MAX, memory_order_relaxed);
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
			atomic_fetch_add_explicit(&small_bytes[use], bytes, memory_order_relaxed);
			return (void *)word;
		}
		uintptr_t fresh = map_chunk();

		if (fresh == 0)
			return NULL;
		if (!atomic_compare_exchange_strong_explicit(&small_chunk, &word, fresh + 16,
			memory_order_relaxed, memory_order_relaxed))
			system_unmap((void *)fresh, SMALL_CHUNK_BYTES);
		else
			note_chunk(fresh);
	}
}

void arena_each(void (*visit)(void *context, uintptr_t start, size_t bytes), void *context)
{
	uint32_t count = atomic_load_explicit(&mapping_count, memory_order_relaxed);

	for (uint32_t i = 0; i < count && i < MAPPINGS_MAX; i++) {
		uintptr_t start = atomic_load_explicit(&mappings[i].start, memory_order_acquire);
		size_t bytes = atomic_load_explicit(&mappings[i].bytes, memory_order_relaxed);

		if (start != 0 && bytes != 0)
			visit(context, start, bytes);
	}
	count = atomic_load_explicit(&chunk_count, memory_order_relaxed);
	for (uint32_t i = 0; i < count && i < CHUNKS_MAX; i++) {
		uintptr_t start = atomic_load_explicit(&chunks[i], memory_order_relaxed);

		if (start != 0)
			visit(context, start, SMALL_CHUNK_BYTES);
	}
}

void arena_resident(uint64_t ret_bytes[ARENA_USES])
{
	uint32_t count = atomic_load_explicit(&mapping_count, memory_order_relaxed);

	for (unsigned use = 0; use < ARENA_USES; use++)
		ret_bytes[use] = atomic_load_explicit(&small_bytes[use], memory_order_relaxed);
	for (uint32_t i = 0; i < count && i < MAPPINGS_MAX; i++) {
		uintptr_t start = atomic_load_explicit(&mappings[i].start, memory_order_acquire);
		size_t bytes = atomic_load_explicit(&mappings[i].bytes, memory_order_relaxed);

		if (start != 0 && bytes != 0)
			ret_bytes[atomic_load_explicit(&mappings[i].use, memory_order_relaxed)] +=
			    system_resident_bytes(start, bytes);
	}
}
