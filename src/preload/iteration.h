/*
 * Iterations: begin and end marks, the tag that blocks are born with, a row per iteration, and samples of all
 * stacks at iteration ends.
 *
 * The tag of a block is its epoch (epoch.h) and its generation, the process-wide number of the iteration.
 */
#ifndef PRELOAD_ITERATION_H
#define PRELOAD_ITERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/live_table.h"
#include "preload/thread_state.h"

#define ITERATION_ROWS_MAX	 4096 /* per benchmark; then neighbours merge */
#define ITERATION_BENCHMARKS_MAX 256
#define ITERATION_SAMPLES_MAX	 64
#define ITERATION_SERIES_MAX	 32768

struct benchmark {
	char name[128];
	uint64_t begun, ended, counted;
	uint64_t merge; /* a row holds up to this many iterations */
	uint32_t row_count;
	struct snapshot_iteration *rows;
};

struct series {
	struct {
		uint64_t blocks, bytes;
	} points[ITERATION_SAMPLES_MAX];
};

extern atomic_uint_least64_t process_tag;

bool iteration_init(void);
uint32_t iteration_outside_epoch(void);
/* PHASE: 0 = by the number of warm-up iterations. */
void iteration_begin(struct thread_state *state, const char *benchmark, uint32_t phase);
void iteration_end(struct thread_state *state);
/* The same without the snapshot that may be due: snapshot_iteration_ended. False when there was none to end. */
bool iteration_end_row(struct thread_state *state, struct snapshot_iteration *ret_row);
/*
 * A mark of KIND that the program does not make itself: ends the open iteration if an earlier mark of KIND began it, for
 * MARK_BY_FUNCTION only one of this thread, and begins the next one of BENCHMARK. While another one is open it is ignored
 * and reported once. CONDITION, which may be NULL, is asked when no other mark can come between.
 */
struct mark_condition {
	bool (*is_due)(struct thread_state *state);
	void (*was_made)(struct thread_state *state); /* before another one can come */
};
void iteration_next(struct thread_state *state, const char *benchmark, enum mark_kind kind,
    const struct mark_condition *condition);
/* A thread that ends inside an iteration ends it, if it is its own: with scope=thread, or one of MARK_BY_FUNCTION. */
void iteration_thread_ends(struct thread_state *state);

/* A cut: everything born until now has an epoch <= the returned one, everything later a higher one. Under the gate. */
uint32_t iteration_cut(void);
/* Epoch at the last iteration end: later births are not part of snapshot_at=last. */
uint32_t iteration_last_end_epoch(void);

/* In a forked child, with the lock of the marks: the open iteration is the only thread's. */
void iteration_after_fork(const struct thread_state *state);

uint32_t iteration_generation(void); /* the highest so far */
uint64_t iteration_ended(void);
uint64_t iteration_counted(void);
bool iteration_is_open(void);
uint32_t iteration_benchmark_count(void);
const struct benchmark *iteration_benchmark(uint32_t row);
uint64_t iteration_lost_rows(void);
uint64_t iteration_ignored_marks(void);

/* Samples, for the snapshot. */
struct snapshot_sample;
uint32_t iteration_sample_count(void);
const struct snapshot_sample *iteration_sample(uint32_t number);
/* The series of STACK, or NULL: then its live blocks and bytes were *RET_BLOCKS, *RET_BYTES at every sample. */
const struct series *iteration_series(uint32_t stack, uint64_t *ret_blocks, uint64_t *ret_bytes);
uint64_t iteration_lost_series(void);

/* Fork: hold and release the lock of the marks. */
void iteration_lock(void);
bool iteration_try_lock(void);
void iteration_unlock(void);

#endif
