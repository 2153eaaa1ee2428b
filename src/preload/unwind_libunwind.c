/* The reference unwinder: libunwind. unw_backtrace is its cached walk, the cursor its exact one. */
#include "preload/unwind.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "preload/machine.h"
#include "preload/modules.h"

const char unwind_name[] = "libunwind";

void unwind_init(void)
{
	void *frames[4];

	(void)unw_backtrace(frames, 4);
}

/* On some machines libunwind returns where the call is, one byte less than where it returns to. */
static uintptr_t whole(uintptr_t address)
{
	return (address + MACHINE_CODE_ALIGNMENT - 1) & ~(uintptr_t)(MACHINE_CODE_ALIGNMENT - 1);
}

static size_t capture_exact(uintptr_t *ret_frames, size_t capacity)
{
	unw_context_t context;
	unw_cursor_t cursor;
	size_t count = 0;

	if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0)
		return 0;
	do {
		unw_word_t address;

		if (count == capacity || unw_get_reg(&cursor, UNW_REG_IP, &address) != 0 ||
		    address == 0)
			break;
		ret_frames[count++] = whole(address);
	} while (unw_step(&cursor) > 0);
	return count;
}

size_t unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust)
{
	if (distrust)
		return capture_exact(ret_frames, capacity);
	int count = unw_backtrace((void **)ret_frames, (int)capacity);

	for (int i = 0; i < count; i++)
		ret_frames[i] = whole(ret_frames[i]);
	return count > 0 ? (size_t)count : 0;
}

void unwind_forget(void)
{
	unw_flush_cache(unw_local_addr_space, 0, 0);
}

enum unwind_surroundings unwind_surroundings(void)
{
	unw_context_t context;
	unw_cursor_t cursor;
	bool left_own_hook = false;

	if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0)
		return UNWIND_IN_HOOK;
	do {
		unw_word_t address;

		if (unw_is_signal_frame(&cursor) > 0)
			return UNWIND_IN_HANDLER;
		if (unw_get_reg(&cursor, UNW_REG_IP, &address) != 0)
			break;
		if (!modules_is_self(address))
			left_own_hook = true;
		else if (left_own_hook)
			return UNWIND_IN_HOOK;
	} while (unw_step(&cursor) > 0);
	return UNWIND_PLAIN;
}
