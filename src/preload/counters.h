/*
 * Numbers per stack, in plain arrays of each thread: no shared writes per event. A stack's value is the sum over
 * all threads' blocks; a free counts for the stack where the block was born, in the freeing thread's array.
 *
 * The peak and each stack's share in it: `peak_serial` rises whenever the process reaches a new maximum. A
 * counter that is about to change for the first time since then saves its live bytes, so that at any later
 * time value-at-peak = saved if touched since the peak, else the current value. Exact on one thread; with
 * several, live bytes are published in steps of COUNTERS_PUBLISH_BYTES and the peak carries that error.
 */
#ifndef PRELOAD_COUNTERS_H
#define PRELOAD_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "preload/journal.h"
#include "preload/live_table.h"
#include "preload/stack_table.h"
#include "preload/thread_state.h"

#define COUNTERS_PUBLISH_BYTES 65536
#define COUNTERS_PUBLISH_NOW   INT64_MIN /* a watermark: publish at the next event */
#define SURVIVAL_AGE_BUCKETS   16
#define SURVIVAL_BUCKETS       16
#define SURVIVAL_RECORDS_MAX   16384u

struct stack_counters {
	uint64_t allocs, bytes, frees, freed_bytes, temporary, temporary_bytes;
	int64_t peak_bytes; /* live bytes of this thread's share when peak_serial was current */
	uint32_t peak_serial;
	uint32_t reallocs;
};
_Static_assert(sizeof(struct stack_counters) == 64, "one cache line");

/* Deaths in later generations than birth, of one stack by one thread. */
struct survival_record {
	uint32_t stack;
	uint32_t width_shift; /* a bucket of the matrix spans 2^width_shift generations */
	uint64_t by_age[SURVIVAL_AGE_BUCKETS];
	uint32_t deaths[SURVIVAL_BUCKETS][SURVIVAL_BUCKETS]; /* [born bucket][died bucket] */
};

extern atomic_uint counters_peak_serial;
extern atomic_bool counters_multi_threaded;

/* Chunk of STATE's counters for STACK, mapped when missing; NULL when memory is short. */
struct stack_counters *counters_chunk_slow(struct thread_state *state, uint32_t stack);
/* snapshot_at=last: save COUNTERS as they were when the last iteration ended, once per end. */
void counters_keep_end(
    struct thread_state *state, uint32_t stack, const struct stack_counters *counters);
/* COUNTERS of STACK in STATE as they were then. */
const struct stack_counters *counters_at_end(const struct thread_state *state, uint32_t stack);
/* Live bytes of the process rose above STATE's watermark, or left the band that is published. */
void counters_live_changed(struct thread_state *state);
/* Add STATE's unpublished live bytes to the process's. */
void counters_publish(struct thread_state *state);
void counters_become_multi_threaded(void);
int64_t counters_watermark(void);
/* WEIGHT blocks of generation >= 1 died in a later generation, or after their own: NOW is then the next one. */
void counters_late_death(
    struct thread_state *state, uint32_t stack, uint32_t born, uint32_t now, uint32_t weight);

/* Fold pairs of rows and columns until a bucket spans 2^WIDTH_SHIFT generations. */
void survival_widen(struct survival_record *record, uint32_t width_shift);

/* An iteration begins: its peak starts at the current live bytes. */
void counters_iteration_begins(void);
uint64_t counters_iteration_peak(void);
uint64_t counters_peak(void);
uint64_t counters_peak_error(void);
uint32_t counters_peak_generation(void);
/* Live bytes now, exact when no thread is inside a hook. */
uint64_t counters_live_bytes(void);
/* Sum of all threads' totals. */
struct thread_totals counters_sum(void);

static inline struct stack_counters *counters_of(struct thread_state *state, uint32_t stack)
{
	struct stack_counters *chunk = state->counters[stack >> STACK_CHUNK_BITS];

	if (unlikely(chunk == NULL)) {
		chunk = counters_chunk_slow(state, stack);
		if (unlikely(chunk == NULL))
			return NULL;
	}
	return &chunk[stack & (STACK_CHUNK - 1)];
}

/* Before a counter changes: keep what it was at the last peak. */
static inline void counters_keep_peak(struct stack_counters *counters)
{
	uint32_t serial = atomic_load_explicit(&counters_peak_serial, memory_order_relaxed);

	if (counters->peak_serial != serial) {
		counters->peak_bytes = (int64_t)(counters->bytes - counters->freed_bytes);
		counters->peak_serial = serial;
	}
}

/* The same, and at the last iteration end (journal.h). */
static inline void counters_keep(
    struct thread_state *state, uint32_t stack, struct stack_counters *counters)
{
	if (journal_is_on())
		counters_keep_end(state, stack, counters);
	counters_keep_peak(counters);
}

static inline void counters_grow(struct thread_state *state, uint64_t bytes)
{
	state->unpublished += (int64_t)bytes;
	if (unlikely(state->unpublished > __atomic_load_n(&state->watermark, __ATOMIC_RELAXED)))
		counters_live_changed(state);
}

static inline void counters_shrink(struct thread_state *state, uint64_t bytes)
{
	state->unpublished -= (int64_t)bytes;
	if (unlikely(state->unpublished < -COUNTERS_PUBLISH_BYTES ||
		     __atomic_load_n(&state->watermark, __ATOMIC_RELAXED) == COUNTERS_PUBLISH_NOW))
		counters_live_changed(state);
}

#endif
