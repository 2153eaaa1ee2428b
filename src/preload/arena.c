#include "preload/arena.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "preload/system.h"

#define SMALL_CHUNK_BYTES (64u * 1024)
#define SMALL_LIMIT	  (SMALL_CHUNK_BYTES / 4)
#define LARGE_BYTES	  (256u * 1024)
#define HOST_ROOM_BYTES	  (8u << 20)
#define LIST_CHUNK	  1024u
#define LIST_CHUNKS_MAX	  1024u

/*
 * Every live mapping, so that its resident part can be counted and nobody takes it for memory of the host. A slot is
 * free while its start is 0. Slot 0 of a chunk is the chunk itself. What cannot be listed is not used.
 */
struct mapping {
	atomic_uintptr_t start;
	atomic_size_t bytes;
	atomic_uint
	    use; /* enum arena_use, or ARENA_USES: of small pieces, which are counted one by one */
};
static _Atomic(struct mapping *) list[LIST_CHUNKS_MAX];
static atomic_uint listed; /* slots ever used; never above the limit */
static atomic_uint_least64_t small_bytes[ARENA_USES];
/* Chunk of the small pieces: base of a SMALL_CHUNK_BYTES-aligned chunk, plus the bytes used in it. One word, so
 * that one compare-and-swap takes a piece. */
static atomic_uintptr_t small_chunk;

#ifdef ALLOCSCOPE_STRESS
/* Every n-th mapping after the first fails: proves that all callers survive it. */
static atomic_uint map_count;
static bool stress_refuses(enum arena_use use)
{
	if (use >= ARENA_RULES) /* among them the copies of a snapshot: tests want their files */
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

static void fill_slot(struct mapping *slot, size_t bytes, unsigned use)
{
	atomic_store(&slot->use, use);
	atomic_store(&slot->bytes, bytes);
}

/* Chunk NUMBER of the list, made when missing; NULL when memory is short. */
static struct mapping *list_chunk(uint32_t number)
{
	const size_t bytes = LIST_CHUNK * sizeof(struct mapping);
	struct mapping *chunk = atomic_load_explicit(&list[number], memory_order_acquire);

	if (chunk != NULL)
		return chunk;
	struct mapping *fresh = system_map(bytes, "allocscope");

	if (fresh == NULL)
		return NULL;
	fill_slot(&fresh[0], bytes, ARENA_OTHER);
	atomic_store(&fresh[0].start, (uintptr_t)fresh);
	if (atomic_compare_exchange_strong_explicit(
		&list[number], &chunk, fresh, memory_order_acq_rel, memory_order_acquire))
		return fresh;
	system_unmap(fresh, bytes);
	return chunk;
}

/* Slot NUMBER, whose chunk exists. */
static struct mapping *list_slot(uint32_t number)
{
	return &atomic_load_explicit(
	    &list[number / LIST_CHUNK], memory_order_acquire)[number % LIST_CHUNK];
}

static bool claim_slot(struct mapping *slot, uintptr_t start)
{
	uintptr_t none = 0;

	return atomic_compare_exchange_strong(&slot->start, &none, start);
}

/* Temporary mappings come and go: a free slot among the newest, or NULL. */
static struct mapping *reuse_slot(uintptr_t start)
{
	uint32_t count = atomic_load_explicit(&listed, memory_order_acquire);

	for (uint32_t i = count; i > 0 && i + 16 > count; i--)
		if (claim_slot(list_slot(i - 1), start))
			return list_slot(i - 1);
	return NULL;
}

/* A slot that was never used, or NULL: the list is full or cannot grow. */
static struct mapping *fresh_slot(uintptr_t start)
{
	uint32_t count = atomic_load_explicit(&listed, memory_order_relaxed);

	while (count < LIST_CHUNK * LIST_CHUNKS_MAX) {
		struct mapping *chunk = list_chunk(count / LIST_CHUNK);

		if (chunk == NULL)
			return NULL;
		if (!atomic_compare_exchange_weak_explicit(
			&listed, &count, count + 1, memory_order_release, memory_order_relaxed))
			continue;
		if (claim_slot(&chunk[count % LIST_CHUNK], start))
			return &chunk[count % LIST_CHUNK];
		count++;
	}
	return NULL;
}

/* The order lets a reader see a start only together with no bytes or with its own. */
static bool note_mapping(void *start, size_t bytes, unsigned use)
{
	struct mapping *slot = reuse_slot((uintptr_t)start);

	if (slot == NULL)
		slot = fresh_slot((uintptr_t)start);
	if (slot == NULL)
		return false;
	fill_slot(slot, bytes, use);
	return true;
}

static void forget_mapping(const void *start)
{
	for (uint32_t i = atomic_load_explicit(&listed, memory_order_acquire); i-- > 0;) {
		struct mapping *slot = list_slot(i);

		if (atomic_load_explicit(&slot->start, memory_order_relaxed) != (uintptr_t)start)
			continue;
		atomic_store(&slot->bytes, 0);
		atomic_store(&slot->start, 0);
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
	if (start != NULL && !note_mapping(start, bytes, use)) {
		system_unmap(start, bytes);
		start = NULL;
	}
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

void arena_clear(void *start, size_t bytes)
{
	const size_t page = system_page_bytes();

	if (bytes > page)
		system_clear((char *)start + page, bytes - page);
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
	if (note_mapping((void *)base, SMALL_CHUNK_BYTES, ARENA_USES))
		return base;
	system_unmap((void *)base, SMALL_CHUNK_BYTES);
	return 0;
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
			arena_unmap((void *)fresh, SMALL_CHUNK_BYTES, use);
	}
}

/* Call VISIT for each mapping. One that is made or given back meanwhile is seen as it was or not at all. */
static void each_mapping(
    void (*visit)(void *context, uintptr_t start, size_t bytes, unsigned use), void *context)
{
	uint32_t count = atomic_load_explicit(&listed, memory_order_acquire);

	for (uint32_t i = 0; i < count; i++) {
		struct mapping *slot = list_slot(i);
		uintptr_t start = atomic_load(&slot->start);
		size_t bytes = atomic_load(&slot->bytes);
		unsigned use = atomic_load(&slot->use);

		if (start != 0 && bytes != 0 && start == atomic_load(&slot->start))
			visit(context, start, bytes, use);
	}
}

struct each {
	void (*visit)(void *context, uintptr_t start, size_t bytes);
	void *context;
};

static void visit_any(void *context, uintptr_t start, size_t bytes, unsigned use)
{
	const struct each *each = context;

	(void)use;
	each->visit(each->context, start, bytes);
}

void arena_each(void (*visit)(void *context, uintptr_t start, size_t bytes), void *context)
{
	struct each each = {visit, context};

	each_mapping(visit_any, &each);
}

static void add_mapping(void *context, uintptr_t start, size_t bytes, unsigned use)
{
	const size_t page = system_page_bytes();
	struct arena_bytes *sums = context;

	if (use == ARENA_USES)
		return;
	sums[use].resident += system_resident_bytes(start, bytes);
	sums[use].mapped += (bytes + page - 1) / page * page;
}

void arena_measure(struct arena_bytes ret_bytes[ARENA_USES])
{
	for (unsigned use = 0; use < ARENA_USES; use++) {
		uint64_t bytes = atomic_load_explicit(&small_bytes[use], memory_order_relaxed);

		ret_bytes[use] = (struct arena_bytes){.resident = bytes, .mapped = bytes};
	}
	each_mapping(add_mapping, ret_bytes);
}
