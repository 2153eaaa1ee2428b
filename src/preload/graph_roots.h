/*
 * Where the program keeps pointers outside of its blocks: the list of root ranges, disjoint, each address in the
 * first one that claims it. Claims are made in this order:
 *
 *   our own memory (no range), ranges given by allocscope_root, thread-local data and stacks (graph_threads.c),
 *   modules' writable segments, then whatever is mapped, belongs to no allocator and is not claimed yet
 *
 * Built by one scan at a time, from the frozen memory (memory_map.h); async-signal-safe.
 */
#ifndef PRELOAD_GRAPH_ROOTS_H
#define PRELOAD_GRAPH_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/block_index.h"
#include "snapshot/format.h"

struct graph_range {
	uintptr_t start, end;
	uint32_t kind; /* enum snapshot_root_kind */
	uint32_t module, thread, tid;
	const char *name;
};

/* A module's data that threads have copies of. */
struct graph_module_tls {
	uint32_t module; /* row */
	size_t number;	 /* in the C library's table of each thread */
	size_t bytes;
	uintptr_t below_pointer; /* fixed distance below the thread register; 0 none known */
};

/* Ask the loader which segments are written to: before anything is stopped, it takes the loader's lock. */
void graph_modules_list(void);
/* Row of the C library's module, 0 unknown. */
uint32_t graph_module_of_libc(void);
size_t graph_module_tls_count(void);
const struct graph_module_tls *graph_module_tls(size_t number);

/* Returns 0 or -ENOMEM; release in any case. */
int graph_roots_begin(void);
void graph_roots_release(void);
/* Nothing in [start, end) is a root. */
void graph_roots_exclude(uintptr_t start, uintptr_t end);
/* The parts of RANGE that nobody claimed yet. */
void graph_roots_add(const struct graph_range *range);
/* An entry that is no memory: registers. */
void graph_roots_add_registers(uint32_t thread, uint32_t tid);
void graph_roots_add_given(void);
void graph_roots_add_modules(void);
void graph_roots_add_mappings(const struct block_index *index);

size_t graph_roots_count(void);
const struct graph_range *graph_roots_get(size_t number);

#endif
