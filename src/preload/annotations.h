/*
 * What the program tells us beyond malloc: labels, ignored blocks, roots, pools. Rare calls under one lock; not
 * async-signal-safe. Pool blocks live inside blocks of malloc, so they have a table of their own.
 */
#ifndef PRELOAD_ANNOTATIONS_H
#define PRELOAD_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/live_table.h"
#include "preload/thread_state.h"

#define ANNOTATION_NAME_BYTES 64
#define LABELS_MAX	      65535
#define ROOTS_MAX	      4096
#define POOLS_MAX	      4096

struct root_range {
	uintptr_t start;
	size_t bytes;
	char name[ANNOTATION_NAME_BYTES];
};

struct pool {
	uintptr_t address;
	uint64_t allocs, bytes, frees, freed_bytes, resets, live_blocks;
	bool destroyed;
	char name[ANNOTATION_NAME_BYTES];
};

void annotation_label(struct thread_state *state, const void *block, const char *type);
void annotation_ignore(struct thread_state *state, const void *block);
void annotation_root(const void *start, size_t bytes, const char *name);
void annotation_pool_create(const void *pool, const char *name);
/* HOOK_FRAME as in record.h. */
void annotation_pool_alloc(struct thread_state *state, const void *pool, const void *block,
    size_t bytes, const void *hook_frame);
void annotation_pool_free(struct thread_state *state, const void *pool, const void *block);
void annotation_pool_reset(struct thread_state *state, const void *pool, bool destroy);

/* enabled=0: allocscope_active() becomes false. */
void annotations_switch_off(void);
/* For the snapshot and for fork. */
void annotations_lock(void);
bool annotations_try_lock(void);
void annotations_unlock(void);
uint32_t annotation_label_count(void);
const char *annotation_label_name(uint32_t label); /* 1..count */
uint32_t annotation_root_count(void);
const struct root_range *annotation_root_get(uint32_t number);
uint32_t annotation_pool_count(void);
const struct pool *annotation_pool_get(uint32_t number);
/* Live pool blocks: `label` holds the pool's row + 1. In no order. */
uint32_t annotation_pool_blocks(void);
void annotation_pool_each(
    void (*visit)(void *context, const struct live_block *block), void *context);

#endif
