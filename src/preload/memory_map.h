/*
 * The memory of the process as a scan may read it: which areas there are (/proc/self/maps), which of their pages hold
 * anything (/proc/self/pagemap, mincore for shared ones), and a view of the words in them. Pages that were never
 * written are not touched: reading would make them resident.
 *
 * In a copy of the process words are read in place, and a page that cannot be read becomes a page of zeros in the
 * handler; in the process itself they are copied by the kernel, which refuses instead of faulting.
 * One scan at a time (under the snapshot lock); not on the host's stack; async-signal-safe.
 */
#ifndef PRELOAD_MEMORY_MAP_H
#define PRELOAD_MEMORY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_area_flags {
	MEMORY_READABLE = 1,
	MEMORY_WRITABLE = 2,
	MEMORY_SHARED = 4,
	MEMORY_FILE = 8,    /* there is a file behind it */
	MEMORY_DEVICE = 16, /* not memory: reading may have effects */
	MEMORY_SPECIAL = 32 /* named by the kernel: [heap], [stack], [vdso] */
};

struct memory_area {
	uintptr_t start, end;
	uint32_t flags;
	const char *name; /* path of the file, name given by the kernel or to it, or "" */
};

/* Read the list. IN_COPY: this is the copy. Returns 0 or -errno. */
int memory_map_open(bool in_copy);
void memory_map_close(void);
size_t memory_map_count(void);
const struct memory_area *memory_map_get(size_t number);
/* The area that holds ADDRESS, or NULL. */
const struct memory_area *memory_map_find(uintptr_t address);

/* The words of [low, high) stand at address + offset. */
struct memory_view {
	uintptr_t low, high;
	uintptr_t offset;
};

static inline uint64_t memory_view_word(const struct memory_view *view, uintptr_t address)
{
	return *(const uint64_t *)(address + view->offset); // NOLINT(performance-no-int-to-ptr)
}

/* Move VIEW to the first address of [from, limit) that can be seen, and return that; LIMIT when there is none. What is
 * passed over is counted. */
uintptr_t memory_see_slow(struct memory_view *view, uintptr_t from, uintptr_t limit);
static inline uintptr_t memory_see(struct memory_view *view, uintptr_t from, uintptr_t limit)
{
	return from - view->low < view->high - view->low ? from
							 : memory_see_slow(view, from, limit);
}
/* Copy from anywhere; false when it cannot be read. */
bool memory_copy(uintptr_t address, void *buffer, size_t bytes);
bool memory_word(uintptr_t address, uint64_t *ret_word);
/* Some page of [start, end) holds anything. */
bool memory_is_used(uintptr_t start, uintptr_t end);

uint64_t memory_absent_bytes(void);	/* passed over: not resident */
uint64_t memory_unreadable_bytes(void); /* passed over or turned out: not readable */
/* The handler of a copy. */
void memory_unreadable(int number, void *info, void *context);

#endif
