#include "preload/mark.h"

#include "base/text.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/options.h"
#include "preload/system.h"

#define STEPS                                                                                      \
	64 /* with several threads, a thread adds its allocations to the sum in steps of N / STEPS */

static char names[MARK_KINDS][128];
static atomic_uint_least64_t allocs_since; /* the last mark, of all threads: what they have added */
static atomic_uint_least64_t deadline_ns;
static atomic_uint handed_on[MARK_KINDS]; /* for whoever leaves a hook next */

void mark_name(enum mark_kind kind, const char *prefix, const char *name)
{
	struct text text;

	text_init(&text, names[kind], sizeof names[kind]);
	text_add(&text, prefix);
	text_add(&text, name);
}

void mark_init(void)
{
	struct text text;

	text_init(&text, names[MARK_BY_COUNT], sizeof names[MARK_BY_COUNT]);
	text_add(&text, "every ");
	if (options.iterate_every_ns != 0) {
		text_add_unsigned(&text, options.iterate_every_ns / 1000000u);
		text_add(&text, " ms");
		atomic_store(&deadline_ns, system_monotonic_coarse_ns() + options.iterate_every_ns);
	} else {
		text_add_unsigned(&text, options.iterate_every_allocs);
		text_add(&text, " allocations");
	}
}

/* A signal found a thread that has no block: it may stand where it gets one, so it cannot get one here. */
static void hand_on(enum mark_kind kind)
{
	atomic_fetch_add_explicit(&handed_on[kind], 1, memory_order_relaxed);
	for (struct thread_state *state = thread_states_first(); state != NULL; state = state->next)
		if (state->level == 0)
			atomic_fetch_or_explicit(
			    &state->pending, THREAD_PENDING_MARK, memory_order_release);
}

void mark_now_or_later(enum mark_kind kind)
{
	struct thread_state *state = thread_current;

	if (!lifecycle_is_recording() || !lifecycle_is_own_process())
		return;
	if (state == NULL) {
		hand_on(kind);
		return;
	}
	if (atomic_load_explicit(&state->busy, memory_order_relaxed) == 0 &&
	    state->locks_held == 0) {
		iteration_next(state, names[kind], kind, NULL);
		return;
	}
	atomic_fetch_add_explicit(&state->due_marks[kind], 1, memory_order_relaxed);
	atomic_fetch_or_explicit(&state->pending, THREAD_PENDING_MARK, memory_order_relaxed);
}

/* Of the thread, those in its handlers too. */
static uint64_t allocs_of(const struct thread_state *state)
{
	uint64_t allocs = 0;

	for (; state != NULL; state = state->nested)
		allocs += state->totals.allocs;
	return allocs;
}

void mark_thread_begins(struct thread_state *state)
{
	state->entry_sp = 0;
	if (!options.thread_scope)
		return; /* what was not added to the sum yet will be */
	state->counted_allocs = allocs_of(state);
	state->deadline_ns = 0;
}

/* How many a thread may keep for itself. Alone, none: then each iteration has exactly N. */
static uint64_t step(void)
{
	uint64_t share = options.iterate_every_allocs / STEPS;

	return thread_states_most() > 1 && share > 1 ? share : 1;
}

/* Whether N is reached, as far as can be seen without the lock of the marks. */
static bool count_allocs(struct thread_state *state)
{
	uint64_t fresh = allocs_of(state) - state->counted_allocs;

	if (options.thread_scope)
		return fresh >= options.iterate_every_allocs;
	if (fresh < step())
		return false;
	state->counted_allocs += fresh;
	return atomic_fetch_add_explicit(&allocs_since, fresh, memory_order_relaxed) + fresh >=
	       options.iterate_every_allocs;
}

/* The same under it: not if another thread has made the mark meanwhile. */
static bool are_enough_allocs(struct thread_state *state)
{
	(void)state;
	return options.thread_scope || atomic_load_explicit(&allocs_since, memory_order_relaxed) >=
					   options.iterate_every_allocs;
}

/* The sum falls last: until then all who add to it come here and wait. */
static void begin_to_count(struct thread_state *state)
{
	if (options.thread_scope)
		state->counted_allocs = allocs_of(state);
	else
		atomic_store_explicit(&allocs_since, 0, memory_order_relaxed);
}

static atomic_uint_least64_t *deadline_of(struct thread_state *state)
{
	return options.thread_scope ? &state->deadline_ns : &deadline_ns;
}

/* Of a new thread it is 0: its first iteration begins at once. */
static bool has_deadline_passed(struct thread_state *state)
{
	return system_monotonic_coarse_ns() >=
	       atomic_load_explicit(deadline_of(state), memory_order_relaxed);
}

static void set_deadline(struct thread_state *state)
{
	atomic_store_explicit(deadline_of(state),
	    system_monotonic_coarse_ns() + options.iterate_every_ns, memory_order_relaxed);
}

static const struct mark_condition by_allocs = {are_enough_allocs, begin_to_count};
static const struct mark_condition by_time = {has_deadline_passed, set_deadline};

static void mark_if_due(struct thread_state *state)
{
	bool is_time = options.iterate_every_ns != 0;

	if (is_time ? has_deadline_passed(state) : count_allocs(state))
		iteration_next(
		    state, names[MARK_BY_COUNT], MARK_BY_COUNT, is_time ? &by_time : &by_allocs);
}

static void take_due(struct thread_state *state)
{
	for (unsigned kind = 0; kind < MARK_KINDS; kind++) {
		unsigned count =
		    atomic_exchange_explicit(&state->due_marks[kind], 0, memory_order_relaxed) +
		    atomic_exchange_explicit(&handed_on[kind], 0, memory_order_acquire);

		for (; count > 0; count--)
			iteration_next(state, names[kind], kind, NULL);
	}
}

void mark_take_pending(struct thread_state *state, unsigned pending)
{
	if ((pending & THREAD_PENDING_MARK) != 0)
		take_due(state);
	if ((pending & THREAD_PENDING_EVERY) != 0)
		mark_if_due(state);
}
