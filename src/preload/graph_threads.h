/*
 * What threads hold: their registers, their thread-local data, their stacks from the stack pointer on, frame by frame.
 * Read from the frozen memory, by the registers that stop_threads.h saved and those of the calling thread; entered as
 * ranges into graph_roots.h.
 */
#ifndef PRELOAD_GRAPH_THREADS_H
#define PRELOAD_GRAPH_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/block_index.h"
#include "preload/unwind_rules.h"
#include "snapshot/format.h"

/* Registers of a thread that may hold pointers: those of one range of kind SNAPSHOT_ROOT_REGISTERS. */
struct graph_registers {
	uint32_t range;
	uint64_t known;		 /* CFI_BIT */
	const uint64_t *vectors; /* NULL, or STOPPED_VECTORS pairs */
	uintptr_t value[EH_REGISTERS];
};

/* Returns 0 or -ENOMEM; release in any case. */
int graph_threads_begin(void);
void graph_threads_release(void);
/* All threads. CALLER: the registers of this library's own code in the calling thread, somewhere below the program's
 * frames. */
void graph_threads_add(const struct cfi_registers *caller, const struct block_index *index);

size_t graph_registers_count(void);
const struct graph_registers *graph_registers_get(size_t number);
size_t graph_frames_count(void);
const struct snapshot_stack_frame *graph_frames(void);

#endif
