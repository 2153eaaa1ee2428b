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

bool stack_table_init(void);
/* The number of FRAMES (innermost first, COUNT of them) in thread row ROW; CUT when outer frames are missing. */
uint32_t stack_table_intern(const uintptr_t *frames, size_t count, uint32_t row, bool cut);

uint32_t stack_table_count(void); /* numbers handed out + 1 */
uint32_t stack_table_node_count(void);
/* Rows below the counts above. NULL for the reserved row 0. */
const struct stack_row *stack_table_get(uint32_t number);
const struct node_row *stack_table_node(uint32_t number);

#endif
