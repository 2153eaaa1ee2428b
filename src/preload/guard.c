#include "preload/guard.h"

#include <errno.h>

#include "preload/control.h"
#include "preload/lifecycle.h"
#include "preload/system.h"
#include "preload/trigger.h"
#include "preload/unwind.h"

/* The calling thread's block when it has none yet, or shares one after its end; NULL when nothing is recorded. */
static struct thread_state *first_entry(void)
{
	if (!lifecycle_is_recording() && !lifecycle_start())
		return NULL;
	struct thread_state *state = thread_state_attach();

	if (state == NULL)
		return NULL;
	if (state == thread_current) {
		gate_enter(state);
		return state;
	}
	/* shared by all that have none: busy is its lock */
	unsigned expected = 0;

	while (!atomic_compare_exchange_weak_explicit(
	    &state->busy, &expected, 1, memory_order_acquire, memory_order_relaxed)) {
		if (state->tid == (uint32_t)system_thread_id())
			return NULL; /* we hold it already: a hook in a hook */
		expected = 0;
		(void)system_sleep_ns(1000);
	}
	state->tid = (uint32_t)system_thread_id();
	gate_look(state);
	return state;
}

static void forget_interrupted(struct thread_state *state)
{
	state->interrupted++;
	for (; state != NULL; state = state->nested)
		atomic_store_explicit(&state->busy, 0, memory_order_relaxed);
}

/* The innermost block of STATE's thread whose hook was not interrupted; NULL when the levels are used up. */
static struct thread_state *free_level(struct thread_state *state)
{
	while (state != NULL && atomic_load_explicit(&state->busy, memory_order_relaxed) != 0)
		state = thread_state_nested(state);
	if (state != NULL)
		gate_enter(state);
	return state;
}

/* The block for a handler's hook. Without one nothing is recorded, and *LOST, of the thread, counts it. */
static struct thread_state *handler_level(uint64_t *lost)
{
	struct thread_state *state = free_level(thread_current);

	*lost += state == NULL;
	return state;
}

COLD struct thread_state *guard_enter_slow(void)
{
	int saved_errno = errno;
	struct thread_state *state = thread_current;

	if (state == NULL) {
		state = first_entry();
	} else {
		switch (unwind_surroundings()) {
		case UNWIND_IN_HOOK:
			state->lost_nested++;
			state = NULL;
			break;
		case UNWIND_IN_HANDLER:
			state = handler_level(&state->handler_allocs);
			break;
		case UNWIND_PLAIN:
			forget_interrupted(state);
			gate_enter(state);
			break;
		}
	}
	errno = saved_errno;
	return state;
}

COLD struct thread_state *guard_enter_free_slow(void)
{
	int saved_errno = errno;
	struct thread_state *state =
	    thread_current != NULL ? handler_level(&thread_current->handler_frees) : first_entry();

	errno = saved_errno;
	return state;
}

COLD void guard_leave_slow(struct thread_state *state)
{
	int saved_errno = errno;

	if (state->level == 0 && state == thread_current) {
		unsigned pending =
		    atomic_exchange_explicit(&state->pending, 0, memory_order_relaxed);

		if ((pending & THREAD_PENDING_SNAPSHOT) != 0)
			control_take_pending();
		if ((pending & THREAD_PENDING_TRIGGER) != 0)
			trigger_fire();
	}
	errno = saved_errno;
}
