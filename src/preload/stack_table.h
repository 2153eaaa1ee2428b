/*
 * Stacks to numbers. A stack is a path in a tree of {return address, caller}, rooted in its thread; tree and
 * stacks are append-only and are what the file holds. Lock-free: hash_index.h.
 *
 *   frames -> one hash of them all -> stack number         (the usual case: one probe)
 *   new stack: walk the tree from the root, adding nodes -> leaf -> new stack number
 *
 * Number 0 stands for "could not be stored" and is counted as a loss.
 */
#ifndef PRELOAD_STACK_TABLE_H
#define PRELOAD_STACK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/modules.h"

#define STACK_CHUNK_BITS  10 /* stacks per chunk of counters */
#define STACK_CHUNK	  (1u << STACK_CHUNK_BITS)
#define STACK_NUMBER_BITS 26
#define STACK_NUMBER_MAX  ((1u << STACK_NUMBER_BITS) - 1)
#define STACK_CHUNKS_MAX  (1u << (STACK_NUMBER_BITS - STACK_CHUNK_BITS))

struct stack_row {
	uint64_t
	    hash; /* of all frames and the thread row; 0 = an orphan that lost a race, not a stack */
	uint32_t leaf;	/* node */
	uint32_t flags; /* enum snapshot_stack_flags */
};

struct node_row {
	uint64_t pc;	 /* of a root: thread row + 1 */
	uint32_t parent; /* 0: a root */
	uint32_t module;
};

/*
 * The hash of a stack is made frame by frame, from the root inwards, so that whoever keeps it for the outer frames
 * pays for the new ones only. 64 bits decide equality: at 10^6 distinct stacks two collide with probability
 * 3 x 10^-8. For a given hash each key gives another one, and the other way round. A key is mixed apart from the hash,
 * so that a long path costs one multiplication after the other and no more.
 */
static inline uint64_t stack_hash_add(uint64_t hash, uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return (hash ^ key ^ key >> 32) * 0x9fb21c651e98df25u;
}
static inline uint64_t stack_hash_root(uint32_t row, bool cut)
{
	return stack_hash_add(0x6a09e667f3bcc909u, (uint64_t)row << 1 | cut);
}
/* What stands for PC: equal addresses of different modules differ. */
static inline uint64_t stack_hash_key(uintptr_t pc)
{
	return likely(!atomic_load_explicit(&modules_reused, memory_order_relaxed))
		   ? pc
		   : modules_distinguish(pc);
}

bool stack_table_init(void);
/* The number of the stack with HASH, 0 when there is none yet. */
uint32_t stack_table_find(uint64_t hash);
/* The number of FRAMES (innermost first, COUNT of them) in thread row ROW; CUT when outer frames are missing. */
uint32_t stack_table_intern(const uintptr_t *frames, size_t count, uint32_t row, bool cut);

/*
 * The same step by step, for whoever knows the nodes of the outer frames already: the root of ROW, the node of a
 * frame below PARENT, and the stack that ends in LEAF. 0 when there is no room; a PARENT of 0 gives 0. Between
 * the root and the stack the list of modules must be current: modules_refresh_if_changed.
 */
uint32_t stack_table_root(uint32_t row);
uint32_t stack_table_child(uint32_t parent, uintptr_t pc);
/* The same for a whole path below NODE, the outermost first: fills in the nodes, 0 from where there is no room. */
struct stack_step {
	uintptr_t pc;
	uint64_t hash; /* for stack_table_path */
	uint32_t node, module;
};
void stack_table_path(uint32_t node, struct stack_step *steps, size_t count);
uint32_t stack_table_enter(uint32_t leaf, bool cut, uint64_t hash);

uint32_t stack_table_count(void); /* numbers handed out + 1 */
uint32_t stack_table_node_count(void);
/* Rows below the counts above. NULL for the reserved row 0. */
const struct stack_row *stack_table_get(uint32_t number);
const struct node_row *stack_table_node(uint32_t number);

#endif
