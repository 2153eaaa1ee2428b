#include "preload/thread_state.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "base/spin_lock.h"
#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/iteration.h"
#include "preload/mark.h"
#include "preload/options.h"
#include "preload/stack_table.h"
#include "preload/system.h"

#define DIRECTORY_BYTES                                                                            \
	(STACK_CHUNKS_MAX * sizeof(void *)) /* of chunks by stack number; touched where used */
#define FRAMES_OF_OURS 16 /* hook, record, unwinder, and what the compiler splits off */

THREAD_LOCAL struct thread_state *thread_current;
/* A row of THREADS: the living owner's numbers stand in its block. */
struct thread_row {
	struct thread_totals ended;
	uint32_t uses, tid;
};
static struct thread_row thread_rows[THREAD_ROWS_MAX];
static struct spin_lock rows_lock;

/* The last destructor ran, or there was no memory for a block: share late_state. */
static THREAD_LOCAL bool thread_shares;

static _Atomic(struct thread_state *) all_states;
static atomic_uint living, most_living, free_blocks, rows_used;
static atomic_uint_least64_t lost_threads;
static atomic_bool nested_used, late_used;
static bool own_tags;
static pthread_key_t exit_key;
static bool exit_key_exists;
/* For what a thread does after its last destructor, and for threads that got no block. Its `busy` is taken with
 * compare-and-swap and holds the number of the thread inside. */
static struct thread_state *late_state;

static void thread_ends(void *argument);

struct thread_state *thread_states_first(void)
{
	return atomic_load_explicit(&all_states, memory_order_acquire);
}

uint32_t thread_states_living(void)
{
	return atomic_load_explicit(&living, memory_order_relaxed);
}

uint32_t thread_states_most(void)
{
	return atomic_load_explicit(&most_living, memory_order_relaxed);
}

bool thread_states_nested_used(void)
{
	return atomic_load_explicit(&nested_used, memory_order_relaxed);
}

uint64_t thread_states_lost(void)
{
	return atomic_load_explicit(&lost_threads, memory_order_relaxed);
}

uint32_t thread_states_rows(void)
{
	uint32_t rows = atomic_load_explicit(&rows_used, memory_order_relaxed);
	bool has_last = atomic_load_explicit(&late_used, memory_order_acquire);

	return rows < THREAD_ROWS_MAX && !has_last ? rows : THREAD_ROWS_MAX;
}

/* A new block in the list, or NULL. */
static struct thread_state *state_new(uint32_t level)
{
	struct thread_state *state = arena_map(sizeof *state, ARENA_THREADS);
	size_t frames_bytes = (options.max_frames + FRAMES_OF_OURS) * sizeof(uintptr_t);
	char *directories; /* three, one after the other */

	if (state == NULL)
		return NULL;
	state->frames = arena_map(frames_bytes, ARENA_THREADS);
	directories = arena_map(3 * DIRECTORY_BYTES, ARENA_THREADS);
	if (state->frames == NULL || directories == NULL) {
		arena_unmap(state->frames, frames_bytes, ARENA_THREADS);
		arena_unmap(directories, 3 * DIRECTORY_BYTES, ARENA_THREADS);
		arena_unmap(state, sizeof *state, ARENA_THREADS);
		return NULL;
	}
	state->counters = (struct stack_counters **)(void *)directories;
	state->kept_counters = (void **)(void *)(directories + DIRECTORY_BYTES);
	state->survival_index = (uint32_t **)(void *)(directories + 2 * DIRECTORY_BYTES);
	state->level = level;
	if (options.sample != 0) {
		uint64_t seed = 0;

		system_random(&seed, sizeof seed);
		sampler_seed(&state->sampler, seed, options.sample);
	}
	atomic_init(&state->own_tag, tag_make(iteration_outside_epoch(), 0));
	state->tag = own_tags ? &state->own_tag : &process_tag;
	state->watermark = counters_watermark();
	atomic_init(&state->pending, options_iterate_every() ? THREAD_PENDING_EVERY : 0);
	thread_state_pause(state, 0);
	struct thread_state *head = atomic_load_explicit(&all_states, memory_order_relaxed);
	do
		state->next = head;
	while (!atomic_compare_exchange_weak_explicit(
	    &all_states, &head, state, memory_order_release, memory_order_relaxed));
	return state;
}

void thread_state_pause(struct thread_state *state, uint32_t depth)
{
	state->paused = depth;
	state->is_unusual =
	    depth != 0 || options.unwinder != UNWINDER_VALIDATED || options.sample != 0;
}

bool thread_states_init(void)
{
	late_state = state_new(0);
	if (late_state == NULL)
		return false;
	late_state->row = THREAD_ROWS_MAX - 1;
	return true;
}

/* A block that an ended thread left, or NULL. */
static struct thread_state *take_over(void)
{
	if (atomic_load_explicit(&free_blocks, memory_order_relaxed) == 0)
		return NULL;
	for (struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		unsigned expected = 0;

		if (state->level != 0 || state == late_state ||
		    !atomic_compare_exchange_strong_explicit(
			&state->in_use, &expected, 1, memory_order_acquire, memory_order_relaxed))
			continue;
		atomic_fetch_sub_explicit(&free_blocks, 1, memory_order_relaxed);
		state->top.slot = 0; /* it was another thread's stack */
		mark_thread_begins(state);
		return state;
	}
	return NULL;
}

static void give_row(struct thread_state *state)
{
	uint32_t row = atomic_fetch_add_explicit(&rows_used, 1, memory_order_relaxed);

	if (row >= THREAD_ROWS_MAX) {
		atomic_store_explicit(&rows_used, THREAD_ROWS_MAX, memory_order_relaxed);
		row = THREAD_ROWS_MAX -
		      1; /* shared; the stack's outermost frames tell what such a thread runs */
	}
	state->row = row;
	state->before = state->totals;
	spin_lock_take(&rows_lock);
	thread_rows[row].uses++;
	thread_rows[row].tid = (uint32_t)system_thread_id();
	spin_lock_release(&rows_lock);
}

/* What the owner did goes to its row; the block starts anew for the next one. */
static void leave_row(struct thread_state *state)
{
	struct thread_totals *ended = &thread_rows[state->row].ended;

	spin_lock_take(&rows_lock);
	ended->allocs += state->totals.allocs - state->before.allocs;
	ended->bytes += state->totals.bytes - state->before.bytes;
	ended->frees += state->totals.frees - state->before.frees;
	ended->freed_bytes += state->totals.freed_bytes - state->before.freed_bytes;
	state->before = state->totals;
	spin_lock_release(&rows_lock);
}

struct thread_totals thread_row_ended(uint32_t row, uint32_t *ret_uses, uint32_t *ret_tid)
{
	*ret_uses = thread_rows[row].uses;
	*ret_tid = thread_rows[row].tid;
	return thread_rows[row].ended;
}

static void count_living(void)
{
	uint32_t now = atomic_fetch_add_explicit(&living, 1, memory_order_relaxed) + 1;
	uint32_t most = atomic_load_explicit(&most_living, memory_order_relaxed);

	while (now > most && !atomic_compare_exchange_weak_explicit(&most_living, &most, now,
				 memory_order_relaxed, memory_order_relaxed))
		;
	if (now > 1)
		counters_become_multi_threaded();
}

/* Before the calling thread's first stack: a file that holds its root has the row. */
static struct thread_state *share(void)
{
	thread_shares = true;
	atomic_store_explicit(&late_used, true, memory_order_release);
	return late_state;
}

struct thread_state *thread_state_attach(void)
{
	if (thread_current != NULL)
		return thread_current;
	if (thread_shares)
		return share();
	count_living(); /* one without a block counts for ever: its end is not seen */
	struct thread_state *state = take_over();

	if (state == NULL) {
		state = state_new(0);
		if (state == NULL) {
			atomic_fetch_add_explicit(&lost_threads, 1, memory_order_relaxed);
			return share();
		}
		atomic_store_explicit(&state->in_use, 1, memory_order_relaxed);
	}
	give_row(state);
	state->tid = (uint32_t)system_thread_id();
	atomic_store_explicit(
	    &state->busy, 1, memory_order_relaxed); /* pthread_setspecific may allocate */
	thread_current = state;
	if (!exit_key_exists)
		exit_key_exists = pthread_key_create(&exit_key, thread_ends) == 0;
	if (exit_key_exists)
		(void)pthread_setspecific(exit_key, state);
	atomic_store_explicit(&state->busy, 0, memory_order_release);
	return state;
}

/* Destructor of the key. Other libraries' destructors may still allocate: come back until the last round. */
static void thread_ends(void *argument)
{
	static THREAD_LOCAL int rounds;
	struct thread_state *state = argument;

	if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
		atomic_store_explicit(&state->busy, 1, memory_order_relaxed);
		(void)pthread_setspecific(exit_key, state);
		atomic_store_explicit(&state->busy, 0, memory_order_release);
		return;
	}
	iteration_thread_ends(state);
	counters_publish(state);
	leave_row(state);
	thread_state_pause(state, 0);
	state->ignored_begins = 0;
	thread_shares = true;
	thread_current = NULL;
	atomic_fetch_sub_explicit(&living, 1, memory_order_relaxed);
	atomic_store_explicit(&state->in_use, 0, memory_order_release);
	atomic_fetch_add_explicit(&free_blocks, 1, memory_order_relaxed);
}

struct thread_state *thread_state_nested(struct thread_state *state)
{
	if (state->nested == NULL && state->level + 1 < THREAD_LEVELS_MAX) {
		struct thread_state *nested = state_new(state->level + 1);

		if (nested != NULL) {
			atomic_store_explicit(&nested->in_use, 1, memory_order_relaxed);
			nested->watermark = 0; /* publishes whenever it grows: handlers are rare */
		}
		state->nested = nested;
	}
	if (state->nested != NULL) {
		atomic_store_explicit(&nested_used, true, memory_order_relaxed);
		state->nested->row = state->row;
		state->nested->tid = state->tid;
	}
	return state->nested;
}

void thread_states_after_fork(void)
{
	struct thread_state *mine = thread_current;

	spin_lock_release(&rows_lock); /* its holder, if there was one, is not in this process */
	for (struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		bool is_mine = state == mine || state->level != 0 || state == late_state;

		/* it stayed inside a hook longer than the gate waits, and ends in this process half way */
		if (state != mine && atomic_exchange(&state->busy, 0) != 0)
			state->interrupted++;
		if (is_mine || atomic_load_explicit(&state->in_use, memory_order_relaxed) == 0)
			continue;
		leave_row(state);
		atomic_store_explicit(&state->in_use, 0, memory_order_relaxed);
		atomic_fetch_add_explicit(&free_blocks, 1, memory_order_relaxed);
	}
	atomic_store_explicit(&living, mine != NULL ? 1 : 0, memory_order_relaxed);
	if (mine != NULL)
		mine->tid = (uint32_t)system_thread_id();
}

void thread_states_use_own_tags(void)
{
	own_tags = true;
	for (struct thread_state *state = thread_states_first(); state != NULL; state = state->next)
		state->tag = &state->own_tag;
}
