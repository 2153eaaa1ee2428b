#include "preload/gate.h"

#include "preload/mark_lines.h"
#include "preload/system.h"

atomic_uint gate_word;
static atomic_bool gate_was_passed; /* somebody went on while it was closed */
static atomic_uint_least64_t closings, longest_wait_ns, longest_stand_ns;

void gate_init(void)
{
	if (system_barrier_register() != 0)
		atomic_store_explicit(&gate_word, GATE_NEEDS_FENCE, memory_order_relaxed);
}

static bool is_closed(void)
{
	return (atomic_load_explicit(&gate_word, memory_order_acquire) & GATE_CLOSED) != 0;
}

/* A block that threads share may have been entered meanwhile, and is another thread's until that leaves. */
static void enter_again(struct thread_state *state, unsigned busy)
{
	unsigned holder = 0;

	while (!atomic_compare_exchange_weak_explicit(
	    &state->busy, &holder, busy, memory_order_acquire, memory_order_relaxed)) {
		if (holder != 0)
			(void)system_sleep_ns(1000);
		holder = 0;
	}
	state->tid = (uint32_t)system_thread_id();
	atomic_thread_fence(memory_order_seq_cst);
}

static void keep_longest(atomic_uint_least64_t *longest, uint64_t ns)
{
	uint_least64_t before = atomic_load_explicit(longest, memory_order_relaxed);

	while (before < ns && !atomic_compare_exchange_weak_explicit(
				  longest, &before, ns, memory_order_relaxed, memory_order_relaxed))
		;
}

struct gate_waits gate_waits(void)
{
	return (struct gate_waits){
	    .closings = atomic_load_explicit(&closings, memory_order_relaxed),
	    .longest_wait_ns = atomic_load_explicit(&longest_wait_ns, memory_order_relaxed),
	    .longest_stand_ns = atomic_load_explicit(&longest_stand_ns, memory_order_relaxed),
	};
}

/*
 * The wait has a limit too: whoever closed the gate may be waiting, in fork or in the loader, for a lock that we
 * hold. Going on makes the cut approximate.
 */
static void pass(struct thread_state *state)
{
	const unsigned busy = atomic_load_explicit(&state->busy, memory_order_relaxed);
	uint64_t start = system_monotonic_ns();

	do {
		atomic_store_explicit(&state->busy, 0, memory_order_release);
		while (is_closed() && system_monotonic_ns() - start < GATE_STAND_NS)
			system_wait_while(&gate_word,
			    atomic_load_explicit(&gate_word, memory_order_relaxed) | GATE_CLOSED,
			    GATE_STAND_NS);
		enter_again(state, busy);
		if (system_monotonic_ns() - start >= GATE_STAND_NS) {
			atomic_store_explicit(&gate_was_passed, true, memory_order_relaxed);
			break;
		}
	} while (is_closed());
	keep_longest(&longest_stand_ns, system_monotonic_ns() - start);
}

/* No block that threads share. */
static void make_marks(struct thread_state *state)
{
	atomic_store_explicit(&state->busy, 0, memory_order_release);
	mark_lines_take(state);
	atomic_store_explicit(&state->busy, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (is_closed())
		pass(state);
}

COLD void gate_look(struct thread_state *state)
{
	if (atomic_load_explicit(&gate_word, memory_order_relaxed) != GATE_HAS_LINES)
		atomic_thread_fence(memory_order_seq_cst);
	if (is_closed())
		pass(state);
	if ((atomic_load_explicit(&gate_word, memory_order_relaxed) & GATE_HAS_LINES) != 0 &&
	    mark_lines_wait() && mark_lines_may_take(state))
		make_marks(state);
}

/* STATE and the blocks of its handlers, or the blocks below it, belong to the thread that closes. */
static bool is_own(const struct thread_state *self, const struct thread_state *state)
{
	return self != NULL && state->tid == self->tid &&
	       atomic_load_explicit(&state->in_use, memory_order_relaxed) != 0;
}

static bool all_outside(const struct thread_state *self)
{
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		if (atomic_load_explicit(&state->busy, memory_order_acquire) != 0 &&
		    !is_own(self, state))
			return false;
	return true;
}

/* All others have left their hooks: false when one does not in time. */
static bool wait_for_hooks(const struct thread_state *self, uint64_t start)
{
	for (unsigned round = 0; !all_outside(self); round++) {
		if (system_monotonic_ns() - start > GATE_WAIT_NS)
			return false;
		if (round > 16)
			system_sleep_ns(50000);
	}
	return true;
}

bool gate_close(const struct thread_state *self)
{
	atomic_store_explicit(&gate_was_passed, false, memory_order_relaxed);
	unsigned before = atomic_fetch_or_explicit(&gate_word, GATE_CLOSED, memory_order_seq_cst);

	if ((before & GATE_NEEDS_FENCE) != 0 || system_barrier_all_threads() != 0)
		atomic_thread_fence(memory_order_seq_cst);
	uint64_t start = system_monotonic_ns();
	bool is_alone = wait_for_hooks(self, start);

	atomic_fetch_add_explicit(&closings, 1, memory_order_relaxed);
	keep_longest(&longest_wait_ns, system_monotonic_ns() - start);
	return is_alone;
}

bool gate_open(void)
{
	bool kept = !atomic_load_explicit(&gate_was_passed, memory_order_relaxed);

	atomic_fetch_and_explicit(&gate_word, ~(unsigned)GATE_CLOSED, memory_order_release);
	system_wake_all(&gate_word);
	return kept;
}
