/*
 * Our own memory: mapped pages, never the host's heap. Counted by use, so that `allocscope info` can say what
 * the profiler costs. Async-signal-safe; lock-free.
 */
#ifndef PRELOAD_ARENA_H
#define PRELOAD_ARENA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum arena_use {
	ARENA_LIVE_TABLE,
	ARENA_LARGE_TABLE,
	ARENA_STACK_INDEX,
	ARENA_NODES,
	ARENA_STACKS,
	ARENA_COUNTERS,
	ARENA_SURVIVAL,
	ARENA_ITERATIONS,
	ARENA_THREADS,
	ARENA_RULES, /* of the unwinder */
	ARENA_MODULES,
	ARENA_BUFFERS, /* of snapshots and their graphs */
	ARENA_OTHER,
	ARENA_USES
};

/* Zeroed pages for ever, or NULL when the system refuses. */
void *arena_map(size_t bytes, enum arena_use use);
/* Give back what arena_map returned. */
void arena_unmap(void *start, size_t bytes, enum arena_use use);
/* Give back the pages of what arena_map returned, all but the first: they stay mapped and read as zeros. */
void arena_clear(void *start, size_t bytes);
/* A small zeroed piece for ever, aligned to 16; NULL when memory is short. */
void *arena_small(size_t bytes, enum arena_use use);
/* Each of our mappings that is there now. */
void arena_each(void (*visit)(void *context, uintptr_t start, size_t bytes), void *context);
struct arena_bytes {
	uint64_t resident; /* really there, or swapped */
	uint64_t mapped;   /* address space */
};
/* What there is, by use. Walks the page table: not for the hot path. */
void arena_measure(struct arena_bytes ret_bytes[ARENA_USES]);

/* The chunk of ROWS of TYPE in the atomic SLOT, mapped at its first use; NULL when memory is short. Lock-free. */
#define ARENA_CHUNK(slot, type, rows, use)                                                         \
	({                                                                                         \
		type *chunk_ = atomic_load_explicit((slot), memory_order_acquire);                 \
		if (__builtin_expect(chunk_ == NULL, 0)) {                                         \
			type *fresh_ = arena_map((rows) * sizeof(type), (use));                    \
			if (fresh_ == NULL ||                                                      \
			    atomic_compare_exchange_strong_explicit((slot), &chunk_, fresh_,       \
				memory_order_acq_rel, memory_order_acquire))                       \
				chunk_ = fresh_;                                                   \
			else                                                                       \
				arena_unmap(fresh_, (rows) * sizeof(type), (use));                 \
		}                                                                                  \
		chunk_;                                                                            \
	})

#endif
