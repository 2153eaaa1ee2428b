/*
 * Faults for unwinder=check to find: linked between the recorder and its unwinders, in a library that only its test
 * preloads. FAULTS times, about every thousandth stack, the stack before it is given in its place; libunwind always
 * loses the outermost frame.
 */
#include "preload/unwind.h"
#include "preload/unwind_validated.h"

#define FAULTS	       10
#define BETWEEN_FAULTS 1000

uint32_t __real_unwind_validated_stack(
    struct thread_state *state, const void *hook_frame, bool *ret_cut);
uint32_t __wrap_unwind_validated_stack(
    struct thread_state *state, const void *hook_frame, bool *ret_cut);
size_t __real_unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust);
size_t __wrap_unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust);

/* The program has one thread. */
static unsigned faults, since_fault;
static uint32_t last_stack;

uint32_t __wrap_unwind_validated_stack(
    struct thread_state *state, const void *hook_frame, bool *ret_cut)
{
	uint32_t stack = __real_unwind_validated_stack(state, hook_frame, ret_cut);
	uint32_t stale = last_stack;

	last_stack = stack;
	if (++since_fault < BETWEEN_FAULTS || faults == FAULTS || stale == 0 || stale == stack)
		return stack;
	since_fault = 0;
	faults++;
	return stale;
}

size_t __wrap_unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust)
{
	size_t count = __real_unwind_capture(ret_frames, capacity, distrust);

	return count > 1 ? count - 1 : count;
}
