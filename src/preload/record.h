/*
 * The hot path: what an intercepted call writes down. Between the hooks (interpose.c) and the tables
 * (unwind.h -> stack_table.h -> live_table.h, counters.h). STATE is the block that guard_enter gave.
 * errno is left alone. Order is law: a free is recorded before the real call, an allocation after it.
 */
#ifndef PRELOAD_RECORD_H
#define PRELOAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "preload/live_table.h"
#include "preload/thread_state.h"

/* BLOCK was just allocated. HOOK_FRAME: MACHINE_HOOK_FRAME of the exported function, see machine.h. */
void record_alloc(struct thread_state *state, void *block, size_t size, const void *hook_frame);
/* BLOCK is about to be freed. False when it was never recorded. */
bool record_free(struct thread_state *state, void *block);

/* realloc: the old block leaves the table before the real call. False when it was never recorded. */
bool record_take(struct thread_state *state, void *old, struct live_block *ret_taken);
/* ... it lives on at FRESH with SIZE bytes: birth and identity are kept; ROOM is what it had before, and matters
 * with sample=BYTES only ... */
uint32_t record_resize_stack(struct thread_state *state, const void *hook_frame);
void record_resized(struct thread_state *state, const struct live_block *taken, void *fresh,
    size_t size, size_t room, uint32_t resize_stack);
/* ... or the real call failed: it is as it was ... */
void record_put_back(struct thread_state *state, const struct live_block *taken);
/* ... or it was freed (size 0). */
void record_taken_freed(struct thread_state *state, const struct live_block *taken);

/* The calling stack's number. HOOK_FRAME NULL: from here. */
uint32_t record_stack(struct thread_state *state, const void *hook_frame);
/* The table still holds a block at ADDRESS, where another one was just allocated: its free was not seen. */
void record_replace(struct thread_state *state, uintptr_t address);
/* Counters only, for blocks that live in another table (pools). */
bool record_count_alloc(struct thread_state *state, uint32_t stack, size_t size);
void record_count_free(struct thread_state *state, const struct live_block *block);

/* The epoch of the last snapshot: identities of blocks born before it must survive a move. */
void record_set_cut(uint32_t epoch);

#endif
