#include "preload/iteration.h"

#include <string.h>

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/held_lock.h"
#include "preload/iteration_fold.h"
#include "preload/journal.h"
#include "preload/message.h"
#include "preload/options.h"
#include "preload/snapshot_take.h"
#include "preload/system.h"
#include "snapshot/format.h"

#define EPOCHS_AHEAD                                                                               \
	4 /* a begin needs at most this many: itself, and what ends and cuts before the next begin take */

/* What was true when an iteration began. */
struct open_iteration {
	struct thread_totals totals;
	uint64_t start_ns, number;
	uint32_t benchmark, phase, generation;
	uint32_t is_open, kind;
	const struct thread_state *thread; /* that began it */
};
_Static_assert(
    sizeof(struct open_iteration) <= sizeof(((struct thread_state *)0)->open_iteration), "it fits");

atomic_uint_least64_t process_tag;

static struct spin_lock lock; /* marks, benchmarks, rows, samples */
static atomic_uint outside_epoch, last_end_epoch, last_generation, open_count;
static atomic_uint_least64_t ended_count, counted_count;
static struct open_iteration process_open; /* scope=process */
static struct benchmark benchmarks[ITERATION_BENCHMARKS_MAX];
static uint32_t benchmark_count;
static uint64_t lost_rows, ignored_marks;
static bool told_nested, told_unmatched;

bool iteration_init(void)
{
	if (!epoch_init())
		return false;
	atomic_store(&outside_epoch, epoch_fresh(0));
	atomic_store(&process_tag, tag_make(iteration_outside_epoch(), 0));
	return true;
}

void iteration_lock(void)
{
	held_lock_take(&lock);
}

bool iteration_try_lock(void)
{
	return held_lock_try(&lock);
}

void iteration_unlock(void)
{
	held_lock_release(&lock);
}

uint32_t iteration_outside_epoch(void)
{
	return atomic_load_explicit(&outside_epoch, memory_order_relaxed);
}

uint32_t iteration_last_end_epoch(void)
{
	return atomic_load_explicit(&last_end_epoch, memory_order_relaxed);
}

uint32_t iteration_generation(void)
{
	return atomic_load_explicit(&last_generation, memory_order_relaxed);
}

uint64_t iteration_ended(void)
{
	return atomic_load_explicit(&ended_count, memory_order_relaxed);
}

uint64_t iteration_counted(void)
{
	return atomic_load_explicit(&counted_count, memory_order_relaxed);
}

bool iteration_is_open(void)
{
	return atomic_load_explicit(&open_count, memory_order_relaxed) != 0;
}

uint32_t iteration_benchmark_count(void)
{
	return benchmark_count;
}

const struct benchmark *iteration_benchmark(uint32_t row)
{
	return &benchmarks[row];
}

uint64_t iteration_lost_rows(void)
{
	return lost_rows;
}

uint64_t iteration_ignored_marks(void)
{
	return ignored_marks;
}

static struct open_iteration *open_of(struct thread_state *state)
{
	return options.thread_scope ? (struct open_iteration *)(void *)state->open_iteration
				    : &process_open;
}

static void set_tag(struct thread_state *state, iteration_tag tag)
{
	atomic_uint_least64_t *word = options.thread_scope ? &state->own_tag : &process_tag;

	atomic_store_explicit(word, tag, memory_order_relaxed);
}

/* Row of NAME, added when new. The last row takes what does not fit. */
static uint32_t benchmark_row(const char *name)
{
	struct text text;

	if (name == NULL)
		name = "";
	for (uint32_t row = 0; row < benchmark_count; row++)
		if (strncmp(benchmarks[row].name, name, sizeof benchmarks[row].name - 1) == 0)
			return row;
	if (benchmark_count == ITERATION_BENCHMARKS_MAX)
		return ITERATION_BENCHMARKS_MAX - 1;
	struct benchmark *fresh = &benchmarks[benchmark_count];

	text_init(&text, fresh->name, sizeof fresh->name);
	text_add(
	    &text, benchmark_count + 1 < ITERATION_BENCHMARKS_MAX ? name : "(further benchmarks)");
	fresh->merge = 1;
	return benchmark_count++;
}

static void renumber_tags(void)
{
	uint32_t outside = epoch_renumbered(iteration_outside_epoch());

	atomic_store_explicit(&outside_epoch, outside, memory_order_relaxed);
	atomic_store_explicit(&last_end_epoch, outside, memory_order_relaxed);
	iteration_tag tag = atomic_load_explicit(&process_tag, memory_order_relaxed);

	atomic_store_explicit(&process_tag,
	    tag_make(epoch_renumbered(tag_epoch(tag)), tag_generation(tag)), memory_order_relaxed);
	for (struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		tag = atomic_load_explicit(&state->own_tag, memory_order_relaxed);
		atomic_store_explicit(&state->own_tag,
		    tag_make(epoch_renumbered(tag_epoch(tag)), tag_generation(tag)),
		    memory_order_relaxed);
	}
}

static void begin_locked(
    struct thread_state *state, const char *name, uint32_t phase, enum mark_kind kind)
{
	struct open_iteration *open = open_of(state);

	if (epoch_reserve(EPOCHS_AHEAD))
		renumber_tags();
	open->benchmark = benchmark_row(name);
	struct benchmark *benchmark = &benchmarks[open->benchmark];

	open->number = ++benchmark->begun;
	open->phase = phase != 0		       ? phase
		      : open->number <= options.warmup ? SNAPSHOT_PHASE_WARMUP
						       : SNAPSHOT_PHASE_COUNTED;
	open->generation = atomic_fetch_add_explicit(&last_generation, 1, memory_order_relaxed) + 1;
	open->is_open = 1;
	open->kind = kind;
	open->thread = state;
	atomic_fetch_add_explicit(&open_count, 1, memory_order_relaxed);
	if (kind == MARK_BY_CALL) {
		journal_count_deaths(state);
		journal_discard();
	} /* else the process may end before it does: the journal goes on */
	uint32_t epoch = epoch_fresh(open->generation);

	open->totals = options.thread_scope ? state->totals : counters_sum();
	counters_iteration_begins();
	open->start_ns = system_monotonic_ns();
	set_tag(state, tag_make(epoch, open->generation));
}

static void tell_once(bool *told, const char *what, const char *name)
{
	if (!*told) {
		*told = true;
		message_warn(what, name);
	}
}

static void ignore_begin(const char *benchmark)
{
	ignored_marks++;
	tell_once(&told_nested,
	    "an iteration began while another one was open; such begins are ignored", benchmark);
}

void iteration_begin(struct thread_state *state, const char *benchmark, uint32_t phase)
{
	held_lock_take(&lock);
	if (open_of(state)->is_open != 0) {
		state->ignored_begins++;
		ignore_begin(benchmark);
	} else {
		begin_locked(state, benchmark, phase, MARK_BY_CALL);
	}
	held_lock_release(&lock);
}

static void row_add(struct snapshot_iteration *into, const struct snapshot_iteration *row)
{
	if (into->last_generation < row->last_generation)
		into->last_generation = row->last_generation;
	if (into->first_generation > row->first_generation)
		into->first_generation = row->first_generation;
	into->count += row->count;
	into->allocs += row->allocs;
	into->bytes += row->bytes;
	into->frees += row->frees;
	into->freed_bytes += row->freed_bytes;
	into->temporary += row->temporary;
	into->temporary_bytes += row->temporary_bytes;
	into->reallocs += row->reallocs;
	into->survived_blocks += row->survived_blocks;
	into->survived_bytes += row->survived_bytes;
	into->live_blocks = row->live_blocks;
	into->live_bytes = row->live_bytes;
	into->ns += row->ns;
#define TAKE_MAXIMUM(member)                                                                       \
	if (into->member < row->member)                                                            \
	into->member = row->member
	TAKE_MAXIMUM(peak_bytes);
	TAKE_MAXIMUM(maximum_allocs);
	TAKE_MAXIMUM(maximum_bytes);
	TAKE_MAXIMUM(maximum_survived_blocks);
	TAKE_MAXIMUM(maximum_survived_bytes);
#undef TAKE_MAXIMUM
}

/* Merge neighbours of one phase in pairs; rows of different phases stay apart. There is at least one row. */
static void rows_merge(struct benchmark *benchmark)
{
	struct snapshot_iteration *rows = benchmark->rows;
	uint32_t kept = 1;

	benchmark->merge *= 2;
	for (uint32_t i = 1; i < benchmark->row_count; i++) {
		struct snapshot_iteration *into = &rows[kept - 1];

		if (into->phase == rows[i].phase && into->count + rows[i].count <= benchmark->merge)
			row_add(into, &rows[i]);
		else
			rows[kept++] = rows[i];
	}
	benchmark->row_count = kept;
}

/* By generation: with scope=thread iterations end in another order than they began. */
static void row_insert(struct benchmark *benchmark, const struct snapshot_iteration *row)
{
	uint32_t at = benchmark->row_count++;

	while (at > 0 && benchmark->rows[at - 1].first_generation > row->first_generation) {
		benchmark->rows[at] = benchmark->rows[at - 1];
		at--;
	}
	benchmark->rows[at] = *row;
}

static void row_store(const struct snapshot_iteration *row)
{
	struct benchmark *benchmark = &benchmarks[row->benchmark];

	if (benchmark->rows == NULL)
		benchmark->rows = arena_map(ITERATION_ROWS_MAX * sizeof *row, ARENA_ITERATIONS);
	if (benchmark->rows == NULL) {
		lost_rows++;
		return;
	}
	struct snapshot_iteration *last =
	    benchmark->row_count > 0 ? &benchmark->rows[benchmark->row_count - 1] : NULL;

	if (last != NULL && last->phase == row->phase && last->count + 1 <= benchmark->merge) {
		row_add(last, row);
		return;
	}
	for (unsigned tries = 0; benchmark->row_count == ITERATION_ROWS_MAX && tries < 64; tries++)
		rows_merge(benchmark);
	if (benchmark->row_count < ITERATION_ROWS_MAX)
		row_insert(benchmark, row);
	else
		lost_rows++;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void make_row(const struct open_iteration *open, const struct thread_state *state,
    const struct thread_totals *now, struct snapshot_iteration *ret_row)
{
	struct thread_totals process = options.thread_scope ? counters_sum() : *now;
	struct snapshot_iteration row = {
	    .benchmark = open->benchmark,
	    .phase = open->phase,
	    .first_generation = open->generation,
	    .last_generation = open->generation,
	    .first = open->number,
	    .count = 1,
	    .allocs = now->allocs - open->totals.allocs,
	    .bytes = now->bytes - open->totals.bytes,
	    .frees = now->frees - open->totals.frees,
	    .freed_bytes = now->freed_bytes - open->totals.freed_bytes,
	    .temporary = now->temporary - open->totals.temporary,
	    .temporary_bytes = now->temporary_bytes - open->totals.temporary_bytes,
	    .reallocs = now->reallocs - open->totals.reallocs,
	    .live_blocks = process.allocs - process.frees,
	    .live_bytes = process.bytes - process.freed_bytes,
	    .peak_bytes = counters_iteration_peak(),
	    .ns = less(system_monotonic_ns(), open->start_ns),
	    .thread = state->row,
	};

	if ((int64_t)row.allocs < 0) /* sampled: blocks made before it were resized in it */
		row.allocs = 0;
	if ((int64_t)row.bytes < 0)
		row.bytes = 0;
	/* other threads went on while their numbers were added */
	row.temporary = least(row.temporary, least(row.allocs, row.frees));
	row.temporary_bytes = least(row.temporary_bytes, least(row.bytes, row.freed_bytes));
	row.survived_blocks = less(row.allocs, row.temporary);
	row.survived_bytes = (int64_t)(row.bytes - row.temporary_bytes);
	row.maximum_allocs = row.allocs;
	row.maximum_bytes = row.bytes;
	row.maximum_survived_blocks = row.survived_blocks;
	row.maximum_survived_bytes = row.survived_bytes > 0 ? (uint64_t)row.survived_bytes : 0;
	if (row.peak_bytes < row.live_bytes)
		row.peak_bytes = row.live_bytes;
	*ret_row = row;
}

/* Close the open iteration and store its row. */
static void end_locked(
    struct thread_state *state, struct open_iteration *open, struct snapshot_iteration *ret_row)
{
	struct thread_totals now = options.thread_scope ? state->totals : counters_sum();
	struct benchmark *benchmark = &benchmarks[open->benchmark];

	journal_count_deaths(state); /* since the end before, if nobody did */
	atomic_store_explicit(&last_end_epoch, epoch_last(), memory_order_relaxed);
	if (journal_is_wanted())
		atomic_store_explicit(&outside_epoch, epoch_fresh(0), memory_order_relaxed);
	set_tag(state, tag_make(iteration_outside_epoch(), 0));
	open->is_open = 0;
	atomic_fetch_sub_explicit(&open_count, 1, memory_order_relaxed);
	make_row(open, state, &now, ret_row);
	row_store(ret_row);
	benchmark->ended++;
	atomic_fetch_add_explicit(&ended_count, 1, memory_order_relaxed);
	if (open->phase == SNAPSHOT_PHASE_COUNTED) {
		benchmark->counted++;
		atomic_fetch_add_explicit(&counted_count, 1, memory_order_relaxed);
	}
	struct snapshot_sample sample = {
	    .generation = open->generation,
	    .benchmark = open->benchmark,
	    .phase = open->phase,
	    .live_blocks = ret_row->live_blocks,
	    .live_bytes = ret_row->live_bytes,
	};
	fold_iteration_ended(iteration_ended(), &sample);
	journal_start();
}

bool iteration_end_row(struct thread_state *state, struct snapshot_iteration *ret_row)
{
	held_lock_take(&lock);
	struct open_iteration *open = open_of(state);

	if (state->ignored_begins > 0 || open->is_open == 0) {
		if (state->ignored_begins > 0)
			state->ignored_begins--;
		else
			ignored_marks++;
		if (open->is_open == 0)
			tell_once(&told_unmatched,
			    "an iteration ended that had not begun; such ends are ignored", NULL);
		held_lock_release(&lock);
		return false;
	}
	end_locked(state, open, ret_row);
	held_lock_release(&lock);
	return true;
}

void iteration_end(struct thread_state *state)
{
	struct snapshot_iteration row;

	if (iteration_end_row(state, &row))
		snapshot_iteration_ended(&row, iteration_ended());
}

static bool is_ended_by(
    const struct open_iteration *open, const struct thread_state *state, enum mark_kind kind)
{
	return open->kind == (uint32_t)kind && (kind != MARK_BY_FUNCTION || open->thread == state);
}

/*
 * End and begin are one step, so that no other thread begins between them. When a snapshot is due at the end it is two,
 * for the snapshot must not show the next iteration.
 */
static void next_locked(struct thread_state *state, const char *benchmark, enum mark_kind kind)
{
	struct open_iteration *open = open_of(state);
	struct snapshot_iteration row;

	if (open->is_open != 0 && is_ended_by(open, state, kind)) {
		end_locked(state, open, &row);
		if (snapshot_is_due(&row, iteration_ended())) {
			held_lock_release(&lock);
			snapshot_iteration_ended(&row, iteration_ended());
			held_lock_take(&lock);
		}
	}
	if (open->is_open == 0)
		begin_locked(state, benchmark, 0, kind);
	else
		ignore_begin(benchmark);
}

void iteration_next(struct thread_state *state, const char *benchmark, enum mark_kind kind,
    const struct mark_condition *condition)
{
	held_lock_take(&lock);
	if (condition == NULL || condition->is_due(state)) {
		next_locked(state, benchmark, kind);
		if (condition != NULL)
			condition->was_made(state);
	}
	held_lock_release(&lock);
}

void iteration_thread_ends(struct thread_state *state)
{
	const struct open_iteration *open = open_of(state);

	if (open->is_open != 0 &&
	    (options.thread_scope || is_ended_by(open, state, MARK_BY_FUNCTION))) {
		state->ignored_begins = 0;
		iteration_end(state);
	}
}

void iteration_after_fork(const struct thread_state *state)
{
	process_open.thread = state;
}

uint32_t iteration_cut(void)
{
	uint32_t states = 4;

	for (struct thread_state *state = thread_states_first(); state != NULL; state = state->next)
		states++;
	if (epoch_reserve_gated(states))
		renumber_tags();
	uint32_t cut = epoch_last();
	uint32_t outside = epoch_fresh(0);
	iteration_tag tag = atomic_load_explicit(&process_tag, memory_order_relaxed);

	atomic_store_explicit(&outside_epoch, outside, memory_order_relaxed);
	uint32_t generation = tag_generation(tag);

	atomic_store_explicit(&process_tag,
	    tag_make(generation != 0 ? epoch_fresh(generation) : outside, generation),
	    memory_order_relaxed);
	for (struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		generation =
		    tag_generation(atomic_load_explicit(&state->own_tag, memory_order_relaxed));
		atomic_store_explicit(&state->own_tag,
		    tag_make(generation != 0 ? epoch_fresh(generation) : outside, generation),
		    memory_order_relaxed);
	}
	return cut;
}
