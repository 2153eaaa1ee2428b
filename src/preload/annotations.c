#include "preload/annotations.h"

#include <string.h>

#include "base/text.h"
#include "preload/arena.h"
#include "preload/held_lock.h"
#include "preload/options.h"
#include "preload/record.h"
#include "preload/record_sampled.h"
#include "snapshot/format.h"

static struct spin_lock lock;
static char (*labels)[ANNOTATION_NAME_BYTES];
static struct root_range *roots;
static struct pool *pools;
static uint32_t label_count, root_count, pool_count;

/* Open addressing; address 0 is empty. Removal closes the gap, so there are no tombstones. */
static struct live_block *pool_blocks;
static size_t pool_block_capacity, pool_block_count;

void annotations_lock(void)
{
	held_lock_take(&lock);
}

bool annotations_try_lock(void)
{
	return held_lock_try(&lock);
}

void annotations_unlock(void)
{
	held_lock_release(&lock);
}

uint32_t annotation_label_count(void)
{
	return label_count;
}

const char *annotation_label_name(uint32_t label)
{
	return labels[label - 1];
}

uint32_t annotation_root_count(void)
{
	return root_count;
}

const struct root_range *annotation_root_get(uint32_t number)
{
	return &roots[number];
}

uint32_t annotation_pool_count(void)
{
	return pool_count;
}

const struct pool *annotation_pool_get(uint32_t number)
{
	return &pools[number];
}

uint32_t annotation_pool_blocks(void)
{
	return (uint32_t)pool_block_count;
}

void annotation_pool_each(
    void (*visit)(void *context, const struct live_block *block), void *context)
{
	for (size_t i = 0; i < pool_block_capacity; i++)
		if (pool_blocks[i].address != 0)
			visit(context, &pool_blocks[i]);
}

static void copy_name(char name[ANNOTATION_NAME_BYTES], const char *from)
{
	struct text text;

	text_init(&text, name, ANNOTATION_NAME_BYTES);
	text_add(&text, from);
}

/* Number of TYPE from 1, or 0 when the table is full. */
static uint32_t label_of(const char *type)
{
	if (labels == NULL)
		labels = arena_map(LABELS_MAX * sizeof labels[0], ARENA_OTHER);
	if (labels == NULL || type == NULL || type[0] == '\0')
		return 0;
	for (uint32_t i = label_count; i-- > 0;)
		if (strncmp(labels[i], type, ANNOTATION_NAME_BYTES - 1) == 0)
			return i + 1;
	if (label_count == LABELS_MAX)
		return 0;
	copy_name(labels[label_count], type);
	return ++label_count;
}

/* Take BLOCK out, change its flags, put it back: its birth stays. */
static void change(struct thread_state *state, const void *block, uint32_t flag, uint32_t label)
{
	struct live_block known;

	if (!live_table_find((uintptr_t)block, &known) ||
	    !live_table_take(state, (uintptr_t)block, &known))
		return;
	known.flags |= flag;
	if (label != 0)
		known.label = label;
	if (!live_table_put(state, &known)) {
		state->lost_blocks++;
		record_count_free(state, &known);
	}
}

void annotation_label(struct thread_state *state, const void *block, const char *type)
{
	held_lock_take(&lock);
	uint32_t label = label_of(type);

	if (label != 0)
		change(state, block, SNAPSHOT_BLOCK_LABELLED, label);
	held_lock_release(&lock);
}

void annotation_ignore(struct thread_state *state, const void *block)
{
	held_lock_take(&lock);
	change(state, block, SNAPSHOT_BLOCK_IGNORED, 0);
	held_lock_release(&lock);
}

void annotation_root(const void *start, size_t bytes, const char *name)
{
	held_lock_take(&lock);
	if (roots == NULL)
		roots = arena_map(ROOTS_MAX * sizeof *roots, ARENA_OTHER);
	if (roots != NULL && root_count < ROOTS_MAX) {
		roots[root_count] = (struct root_range){.start = (uintptr_t)start, .bytes = bytes};
		copy_name(roots[root_count++].name, name);
	}
	held_lock_release(&lock);
}

/* Row of POOL, made when new; POOLS_MAX when there is no room. */
static uint32_t pool_row(const void *address)
{
	if (pools == NULL)
		pools = arena_map(POOLS_MAX * sizeof *pools, ARENA_OTHER);
	if (pools == NULL)
		return POOLS_MAX;
	for (uint32_t i = pool_count; i-- > 0;)
		if (pools[i].address == (uintptr_t)address && !pools[i].destroyed)
			return i;
	if (pool_count == POOLS_MAX)
		return POOLS_MAX;
	pools[pool_count].address = (uintptr_t)address;
	return pool_count++;
}

void annotation_pool_create(const void *pool, const char *name)
{
	held_lock_take(&lock);
	uint32_t row = pool_row(pool);

	if (row < POOLS_MAX)
		copy_name(pools[row].name, name);
	held_lock_release(&lock);
}

static size_t home_of(uintptr_t address)
{
	return (size_t)((uint64_t)address * 0x9e3779b97f4a7c15u >> 20) & (pool_block_capacity - 1);
}

/* Slot of ADDRESS, or the empty one where it belongs. */
static size_t find_slot(uintptr_t address)
{
	size_t at = home_of(address);

	while (pool_blocks[at].address != 0 && pool_blocks[at].address != address)
		at = (at + 1) & (pool_block_capacity - 1);
	return at;
}

static bool make_room(void)
{
	size_t before = pool_block_capacity;
	struct live_block *old = pool_blocks;

	if (pool_block_count * 2 < before)
		return true;
	size_t capacity = before != 0 ? before * 2 : 1024;
	struct live_block *fresh = arena_map(capacity * sizeof *fresh, ARENA_OTHER);

	if (fresh == NULL)
		return pool_block_count + 1 < before;
	pool_blocks = fresh;
	pool_block_capacity = capacity;
	for (size_t i = 0; i < before; i++)
		if (old[i].address != 0)
			pool_blocks[find_slot(old[i].address)] = old[i];
	arena_unmap(old, before * sizeof *old, ARENA_OTHER);
	return true;
}

static void remove_slot(size_t at)
{
	size_t mask = pool_block_capacity - 1;

	pool_block_count--;
	for (size_t next = (at + 1) & mask; pool_blocks[next].address != 0;
	     next = (next + 1) & mask) {
		if (((next - home_of(pool_blocks[next].address)) & mask) < ((next - at) & mask))
			continue;
		pool_blocks[at] = pool_blocks[next];
		at = next;
	}
	pool_blocks[at].address = 0;
}

static void free_slot(struct thread_state *state, size_t at)
{
	struct pool *pool = &pools[pool_blocks[at].label - 1];

	pool->frees += live_block_weight(&pool_blocks[at]);
	pool->freed_bytes += live_block_weight(&pool_blocks[at]) * pool_blocks[at].size;
	pool->live_blocks--;
	record_count_free(state, &pool_blocks[at]);
	remove_slot(at);
}

void annotation_pool_alloc(struct thread_state *state, const void *pool, const void *block,
    size_t bytes, const void *hook_frame)
{
	uint32_t weight = 0;

	if (options.sample != 0) {
		sampler_not_new(&state->sampler, bytes); /* it lies inside one */
		if (sampler_passes(&state->sampler, bytes))
			return;
		weight = sampler_hit(&state->sampler, bytes, options.sample);
	}
	uint32_t stack = record_stack(state, hook_frame);

	held_lock_take(&lock);
	uint32_t row = pool_row(pool);

	if (block == NULL || row == POOLS_MAX || !make_room()) {
		state->lost_blocks += block != NULL;
		held_lock_release(&lock);
		return;
	}
	size_t at = find_slot((uintptr_t)block);

	if (pool_blocks[at].address != 0) {
		state->replaced++;
		free_slot(state, at);
		at = find_slot((uintptr_t)block);
	}
	struct live_block fresh = {
	    .address = (uintptr_t)block,
	    .identity = (uintptr_t)block,
	    .size = bytes,
	    .stack = stack,
	    .epoch = tag_epoch(atomic_load_explicit(state->tag, memory_order_relaxed)),
	    .flags = SNAPSHOT_BLOCK_POOLED,
	    .label = row + 1,
	    .weight = weight,
	};

	if (weight != 0 ? record_sampled_count_alloc(state, &fresh)
			: record_count_alloc(state, stack, bytes)) {
		pool_blocks[at] = fresh;
		pool_block_count++;
		pools[row].allocs += live_block_weight(&fresh);
		pools[row].bytes += live_block_weight(&fresh) * bytes;
		pools[row].live_blocks++;
	} else {
		state->lost_blocks++;
	}
	held_lock_release(&lock);
}

void annotation_pool_free(struct thread_state *state, const void *pool, const void *block)
{
	(void)pool;
	held_lock_take(&lock);
	size_t at = pool_block_capacity != 0 && block != NULL ? find_slot((uintptr_t)block) : 0;

	if (pool_block_capacity != 0 && block != NULL && pool_blocks[at].address != 0)
		free_slot(state, at);
	else
		state->unknown_frees += options.sample == 0;
	held_lock_release(&lock);
}

void annotation_pool_reset(struct thread_state *state, const void *address, bool destroy)
{
	held_lock_take(&lock);
	uint32_t row = pool_row(address);

	if (row < POOLS_MAX) {
		/* removal may move a block back to a slot already passed, over the end: go round until all are gone */
		while (pools[row].live_blocks > 0)
			for (size_t at = 0; at < pool_block_capacity; at++)
				while (pool_blocks[at].address != 0 &&
				       pool_blocks[at].label == row + 1)
					free_slot(state, at);
		pools[row].resets += !destroy;
		pools[row].destroyed = destroy;
	}
	held_lock_release(&lock);
}
