#include "preload/stack_table.h"

#include <stdatomic.h>

#include "base/compiler.h"
#include "preload/arena.h"
#include "preload/hash_index.h"
#include "preload/modules.h"
#include "snapshot/format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define NODE_CHUNK_BITS 14
#define NODE_CHUNK	(1u << NODE_CHUNK_BITS)
#define NODE_CHUNKS_MAX (1u << (HASH_INDEX_NUMBER_BITS - NODE_CHUNK_BITS))
#ifdef ALLOCSCOPE_STRESS
#	define FIRST_SLOTS 16u
#else
#	define FIRST_SLOTS 4096u
#endif

static struct hash_index stack_index, node_index;
static atomic_uint stack_count = 1, node_count = 1;
static _Atomic(struct stack_row *) stack_chunks[STACK_CHUNKS_MAX];
static _Atomic(struct node_row *) node_chunks[NODE_CHUNKS_MAX];

uint32_t stack_table_count(void)
{
	uint32_t count = atomic_load_explicit(&stack_count, memory_order_acquire);

	return count <= STACK_NUMBER_MAX ? count : STACK_NUMBER_MAX + 1;
}

uint32_t stack_table_node_count(void)
{
	uint32_t count = atomic_load_explicit(&node_count, memory_order_acquire);

	return count <= HASH_INDEX_NUMBER_MAX ? count : HASH_INDEX_NUMBER_MAX + 1;
}

const struct stack_row *stack_table_get(uint32_t number)
{
	struct stack_row *chunk =
	    atomic_load_explicit(&stack_chunks[number >> STACK_CHUNK_BITS], memory_order_acquire);

	return chunk != NULL && number != 0 ? &chunk[number & (STACK_CHUNK - 1)] : NULL;
}

const struct node_row *stack_table_node(uint32_t number)
{
	struct node_row *chunk =
	    atomic_load_explicit(&node_chunks[number >> NODE_CHUNK_BITS], memory_order_acquire);

	return chunk != NULL && number != 0 ? &chunk[number & (NODE_CHUNK - 1)] : NULL;
}

static uint64_t node_hash(const struct node_row *node)
{
	return XXH3_64bits(node, sizeof *node);
}

static uint64_t node_hash_of(uint32_t number)
{
	return node_hash(stack_table_node(number));
}

static uint64_t stack_hash_of(uint32_t number)
{
	return stack_table_get(number)->hash;
}

bool stack_table_init(void)
{
	return hash_index_init(&stack_index, FIRST_SLOTS, stack_hash_of, ARENA_STACK_INDEX) &&
	       hash_index_init(&node_index, 2 * FIRST_SLOTS, node_hash_of, ARENA_STACK_INDEX);
}

static bool node_equals(uint32_t number, const void *content)
{
	const struct node_row *node = stack_table_node(number);
	const struct node_row *wanted = content;

	return node->pc == wanted->pc && node->parent == wanted->parent &&
	       node->module == wanted->module;
}

static uint32_t node_add(const struct node_row *wanted, uint64_t hash)
{
	uint32_t number = atomic_fetch_add_explicit(&node_count, 1, memory_order_relaxed);

	if (unlikely(number > HASH_INDEX_NUMBER_MAX)) {
		atomic_store_explicit(&node_count, HASH_INDEX_NUMBER_MAX + 1, memory_order_relaxed);
		return 0;
	}
	struct node_row *chunk = ARENA_CHUNK(
	    &node_chunks[number >> NODE_CHUNK_BITS], struct node_row, NODE_CHUNK, ARENA_NODES);

	if (unlikely(chunk == NULL))
		return 0;
	chunk[number & (NODE_CHUNK - 1)] = *wanted;
	return hash_index_enter(&node_index, hash, node_equals, wanted, number);
}

/* The child of PARENT at PC, added when new; 0 when there is no room. */
static uint32_t node_child(uint32_t parent, uint64_t pc, uint32_t module)
{
	struct node_row wanted = {.pc = pc, .parent = parent, .module = module};
	uint64_t hash = node_hash(&wanted);
	uint32_t number = hash_index_find(&node_index, hash, node_equals, &wanted);

	return likely(number != 0) ? number : node_add(&wanted, hash);
}

static bool stack_equals(uint32_t number, const void *content)
{
	const uint64_t *hash = content;

	return stack_table_get(number)->hash == *hash;
}

uint32_t stack_table_root(uint32_t row)
{
	return node_child(0, (uint64_t)row + 1, 0);
}

uint32_t stack_table_child(uint32_t parent, uintptr_t pc)
{
	return likely(parent != 0) ? node_child(parent, pc, modules_find(pc)) : 0;
}

static struct node_row row_of(uint32_t parent, const struct stack_step *step)
{
	return (struct node_row){.pc = step->pc, .parent = parent, .module = step->module};
}

/*
 * Nothing is known below NODE, so all these nodes are new. Their numbers are taken at once: then all their places in
 * the index are known at once, and the memory there is fetched side by side. Returns how many have a row.
 */
static size_t write_rows(uint32_t first, uint32_t node, struct stack_step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t number = first + (uint32_t)i;
		struct node_row row = row_of(node, &steps[i]);
		struct node_row *chunk = ARENA_CHUNK(&node_chunks[number >> NODE_CHUNK_BITS],
		    struct node_row, NODE_CHUNK, ARENA_NODES);

		if (unlikely(chunk == NULL))
			return i;
		steps[i].hash = node_hash(&row);
		hash_index_prefetch(&node_index, steps[i].hash);
		chunk[number & (NODE_CHUNK - 1)] = row;
		node = number;
	}
	return count;
}

static void add_path(uint32_t node, struct stack_step *steps, size_t count)
{
	uint32_t first =
	    atomic_fetch_add_explicit(&node_count, (uint32_t)count, memory_order_relaxed);
	bool has_room = first + count <= HASH_INDEX_NUMBER_MAX;
	size_t rows = has_room ? write_rows(first, node, steps, count) : 0;

	if (unlikely(!has_room))
		atomic_store_explicit(&node_count, HASH_INDEX_NUMBER_MAX + 1, memory_order_relaxed);
	for (size_t i = 0; i < count; i++) {
		struct node_row row = row_of(node, &steps[i]);

		if (likely(i < rows)) {
			steps[i].node = hash_index_enter(
			    &node_index, steps[i].hash, node_equals, &row, first + (uint32_t)i);
			/* another thread was first: the rows that follow name the wrong parent */
			rows = steps[i].node == first + i ? rows : 0;
		} else {
			steps[i].node =
			    node != 0 ? node_child(node, steps[i].pc, steps[i].module) : 0;
		}
		node = steps[i].node;
	}
}

void stack_table_path(uint32_t node, struct stack_step *steps, size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		steps[i].module = modules_find(steps[i].pc);
		steps[i].node = 0;
	}
	for (; known < count && node != 0; known++) {
		struct node_row row = row_of(node, &steps[known]);
		uint32_t number = hash_index_find(&node_index, node_hash(&row), node_equals, &row);

		if (number == 0)
			break;
		steps[known].node = node = number;
	}
	if (node != 0 && known < count)
		add_path(node, steps + known, count - known);
}

uint32_t stack_table_enter(uint32_t leaf, bool cut, uint64_t hash)
{
	hash += hash == 0; /* 0 marks an orphan */
	if (leaf == 0)
		return 0;
	uint32_t number = atomic_fetch_add_explicit(&stack_count, 1, memory_order_relaxed);

	if (unlikely(number > STACK_NUMBER_MAX)) {
		atomic_store_explicit(&stack_count, STACK_NUMBER_MAX + 1, memory_order_relaxed);
		return 0;
	}
	struct stack_row *chunk = ARENA_CHUNK(
	    &stack_chunks[number >> STACK_CHUNK_BITS], struct stack_row, STACK_CHUNK, ARENA_STACKS);

	if (unlikely(chunk == NULL))
		return 0;
	struct stack_row *stack = &chunk[number & (STACK_CHUNK - 1)];

	*stack =
	    (struct stack_row){.hash = hash, .leaf = leaf, .flags = cut ? SNAPSHOT_STACK_CUT : 0};
	uint32_t winner = hash_index_enter(&stack_index, hash, stack_equals, &hash, number);

	if (winner != number)
		stack->hash = 0;
	return winner;
}

static uint64_t hash_of(const uintptr_t *frames, size_t count, uint32_t row, bool cut)
{
	uint64_t hash = stack_hash_root(row, cut);

	while (count-- > 0)
		hash = stack_hash_add(hash, stack_hash_key(frames[count]));
	return hash + (hash == 0); /* 0 marks an orphan */
}

uint32_t stack_table_find(uint64_t hash)
{
	hash += hash == 0; /* 0 marks an orphan */
	return hash_index_find(&stack_index, hash, stack_equals, &hash);
}

COLD static uint32_t stack_add(
    const uintptr_t *frames, size_t count, uint32_t row, bool cut, uint64_t hash)
{
	modules_refresh_if_changed();
	uint32_t node = stack_table_root(row);

	while (count-- > 0)
		node = stack_table_child(node, frames[count]);
	return stack_table_enter(node, cut, hash);
}

uint32_t stack_table_intern(const uintptr_t *frames, size_t count, uint32_t row, bool cut)
{
	uint64_t hash = hash_of(frames, count, row, cut);
	uint32_t number = stack_table_find(hash);

	return likely(number != 0) ? number : stack_add(frames, count, row, cut, hash);
}
