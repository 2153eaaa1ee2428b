/*
 * What a thread needs while it records: one mapped block per thread, reached through one initial-exec
 * thread-local word. A thread that ends leaves its block, counters included, to the next one that starts:
 * sums over all blocks stay exact, and thread-per-request servers don't grow.
 *
 * A signal handler that interrupts a hook gets a block of its own (`nested`), so that nothing half-written is
 * touched twice. Every block, nested or not, is in the list that the gate and the snapshot walk.
 */
#ifndef PRELOAD_THREAD_STATE_H
#define PRELOAD_THREAD_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/sampler.h"
#include "preload/unwind_top.h"

#define THREAD_ROWS_MAX                                                                            \
	256 /* threads with a root of their own in the call tree; later ones share the last row */
#define THREAD_LEVELS_MAX 4 /* hook < handler < handler in a handler's hook ... */

/* Which iteration a block is born in: epoch in the low half, generation in the high half; one word, never torn. */
typedef uint64_t iteration_tag;
static inline uint32_t tag_epoch(iteration_tag tag)
{
	return (uint32_t)tag;
}
static inline uint32_t tag_generation(iteration_tag tag)
{
	return (uint32_t)(tag >> 32);
}
static inline iteration_tag tag_make(uint32_t epoch, uint32_t generation)
{
	return (uint64_t)generation << 32 | epoch;
}

/* Sums over all stacks, kept by the thread that owns the block; others read them at iteration marks. */
struct thread_totals {
	uint64_t allocs, bytes, frees, freed_bytes, reallocs, temporary, temporary_bytes;
};

/* Marks that the program does not make itself: mark.h. */
enum mark_kind { MARK_BY_CALL, MARK_BY_FUNCTION, MARK_BY_SIGNAL, MARK_BY_COUNT, MARK_KINDS };

struct stack_counters;
struct survival_record;
struct large_record;

struct thread_state {
	/* hot */
	atomic_uint
	    busy; /* inside a hook; read by whoever closes the gate. Of a shared block: whose */
	uint32_t
	    is_unusual; /* paused, sample=BYTES, or another unwinder: record_usual.h stands aside */
	const atomic_uint_least64_t *tag; /* &process_tag, or &own_tag with scope=thread */
	int64_t unpublished; /* live bytes not yet added to the process's count: counters.c */
	int64_t
	    watermark; /* single-threaded: `unpublished` above which the iteration's peak rises */
	struct unwind_top top;		  /* the last stack: unwind_chain.c */
	struct thread_totals totals;	  /* of all threads that ever owned the block */
	uintptr_t *frames;		  /* room for max_frames return addresses and our own */
	struct stack_counters **counters; /* chunks by stack number */
	void **kept_counters;	/* the same, as they were at the last iteration end: counters.c */
	void *unwinder;		/* of this block: unwind_validated.c; NULL until it is needed */
	uint32_t row;		/* of THREADS, the root of its stacks */
	atomic_uint pending;	/* enum thread_pending: to be done when the hook is left */
	const void *last_block; /* what this thread recorded last: interpose_new.c */

	_Alignas(64) struct sampler sampler; /* with sample=BYTES */

	/* rare */
	uint32_t paused;	   /* depth of allocscope_pause */
	uint32_t **survival_index; /* chunks: stack number -> survival record + 1 */
	struct survival_record *survival;
	uint32_t survival_count;
	uint32_t free_record_count;
	uint32_t free_record;	     /* head of the free large records of this thread */
	atomic_uint in_use;	     /* a living thread owns the block */
	struct thread_totals before; /* totals when the present owner came */
	atomic_uint tid;	     /* of the present owner; read by whoever closes the gate */
	uint32_t level;
	uint32_t locks_held;		   /* held_lock.h */
	uint32_t ignored_begins;	   /* depth of begins that were ignored */
	atomic_uint due_marks[MARK_KINDS]; /* by kind; not made yet, for we were inside: mark.c */
	uint64_t counted_allocs;	   /* iterate_every: those that are in the sum */
	uintptr_t entry_sp;		   /* iterate_on: of the last entry that counted */
	atomic_uint_least64_t
	    deadline_ns; /* the same with scope=thread: when its next one begins */
	atomic_uint_least64_t own_tag;
	struct thread_state *nested; /* the block for a handler that interrupts us */
	struct thread_state *next;   /* in the list of all */
	uint64_t interrupted;	     /* hooks that a handler left by longjmp */
	uint64_t unbooked; /* events whose counters had no memory: the table is the truth */
	uint64_t handler_allocs, handler_frees; /* of handlers for which there was no block */
	uint64_t lost_nested, unknown_frees, paused_allocs, lost_blocks, lost_stacks, frames_cut,
	    replaced, lost_survival;
	_Alignas(8) unsigned char open_iteration
	    [128]; /* scope=thread: struct open_iteration of iteration.c */
	char name[16];
};

enum thread_pending {
	THREAD_PENDING_SNAPSHOT = 1, /* a signal asked for one while we were inside a hook */
	THREAD_PENDING_TRIGGER = 2,  /* peak or growth was reached */
	THREAD_PENDING_MARK = 4,     /* due_marks */
	THREAD_PENDING_EVERY = 8,    /* iterate_every is on: always */
};

extern THREAD_LOCAL struct thread_state *thread_current;

/* Once, before the first hook records. Returns false when memory is short: nothing is recorded then. */
bool thread_states_init(void);
/* The calling thread's block, made or taken over; NULL when there is no memory for one. */
struct thread_state *thread_state_attach(void);
/* STATE records nothing while DEPTH is not 0. */
void thread_state_pause(struct thread_state *state, uint32_t depth);
/* The block for a handler above STATE, or NULL. */
struct thread_state *thread_state_nested(struct thread_state *state);
/* Head of the list of all blocks; walk with ->next. Blocks are never removed. */
struct thread_state *thread_states_first(void);
/* Blocks owned by living threads, nested ones not counted. */
uint32_t thread_states_living(void);
uint32_t thread_states_most(void);    /* highest number of living ones so far */
bool thread_states_nested_used(void); /* a handler interrupted a hook and allocated or freed */
uint64_t thread_states_lost(void);    /* threads for which there was no memory */
/* What the ended threads of ROW did, and how many threads began in it; *RET_TID: the last of them. */
struct thread_totals thread_row_ended(uint32_t row, uint32_t *ret_uses, uint32_t *ret_tid);
uint32_t thread_states_rows(void); /* rows handed out, at most THREAD_ROWS_MAX */
/* In a forked child: all other threads' blocks are free again. */
void thread_states_after_fork(void);
/* scope=thread: every state gets its tag from itself. */
void thread_states_use_own_tags(void);

#endif
