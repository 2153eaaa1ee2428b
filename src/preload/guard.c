#include "preload/guard.h"

#include <errno.h>

#include "preload/control.h"
#include "preload/lifecycle.h"
#include "preload/loader.h"
#include "preload/mark.h"
#include "preload/system.h"
#include "preload/trigger.h"
#include "preload/unwind.h"

/* The block that all threads without one share. Its busy flag is its lock and names the holder, in one word. *RET_INSIDE: a
 * hook of this thread holds it already. */
static struct thread_state *enter_shared(struct thread_state *state, bool *ret_inside)
{
	const unsigned self = (unsigned)system_thread_id();
	unsigned holder = 0;

	while (!atomic_compare_exchange_weak_explicit(
	    &state->busy, &holder, self, memory_order_acquire, memory_order_relaxed)) {
		if (holder == self) {
			*ret_inside = true;
			return state;
		}
		if (holder != 0)
			(void)system_sleep_ns(1000);
		holder = 0;
	}
	state->tid = self;
	gate_look(state);
	return state;
}

/* For a thread that has no block yet, or shares one after its end; NULL when nothing is recorded. */
static struct thread_state *first_entry(bool *ret_inside)
{
	*ret_inside = false;
	if (!lifecycle_is_recording() && !lifecycle_start())
		return NULL;
	struct thread_state *state = thread_state_attach();

	if (state == NULL)
		return NULL;
	if (state != thread_current)
		return enter_shared(state, ret_inside);
	gate_enter(state);
	return state;
}

/* A handler left hooks by longjmp. STATE stays busy, those above it are free. */
static void forget_interrupted(struct thread_state *state)
{
	state->interrupted++;
	loader_was_left();
	while ((state = state->nested) != NULL)
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

/* The block for a handler's hook above STATE. Without one nothing is recorded, and *LOST, of STATE, counts it. */
static struct thread_state *handler_level(struct thread_state *state, uint64_t *lost)
{
	state = free_level(state);
	*lost += state == NULL;
	return state;
}

/* STATE is busy already. */
static struct thread_state *enter_again(struct thread_state *state)
{
	switch (unwind_surroundings()) {
	case UNWIND_IN_HOOK:
		state->lost_nested++;
		return NULL;
	case UNWIND_IN_HANDLER:
		return handler_level(state, &state->handler_allocs);
	case UNWIND_PLAIN:
		forget_interrupted(state);
		gate_look(state);
		break;
	}
	return state;
}

COLD struct thread_state *guard_enter_slow(void)
{
	int saved_errno = errno;
	struct thread_state *state = thread_current;
	bool is_inside = true;

	if (state == NULL)
		state = first_entry(&is_inside);
	if (state != NULL && is_inside)
		state = enter_again(state);
	errno = saved_errno;
	return state;
}

COLD struct thread_state *guard_enter_free_slow(void)
{
	int saved_errno = errno;
	struct thread_state *state = thread_current;
	bool is_inside = true;

	if (state == NULL)
		state = first_entry(&is_inside);
	if (state != NULL && is_inside)
		state = handler_level(state, &state->handler_frees);
	errno = saved_errno;
	return state;
}

COLD void guard_leave_slow(struct thread_state *state)
{
	int saved_errno = errno;

	/* a handler that interrupted code of ours must not wait for what that holds */
	if (state->level == 0 && state == thread_current && state->locks_held == 0) {
		unsigned pending = atomic_fetch_and_explicit(
		    &state->pending, THREAD_PENDING_EVERY, memory_order_relaxed);

		if ((pending & THREAD_PENDING_SNAPSHOT) != 0)
			control_take_pending();
		if ((pending & (THREAD_PENDING_MARK | THREAD_PENDING_EVERY)) != 0)
			mark_take_pending(state, pending);
		if ((pending & THREAD_PENDING_TRIGGER) != 0)
			trigger_fire();
	}
	errno = saved_errno;
}
