#include "preload/iterate_on.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>

#include "base/spin_lock.h"
#include "base/text.h"
#include "preload/breakpoint.h"
#include "preload/guard.h"
#include "preload/lifecycle.h"
#include "preload/mark.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/next_symbols.h"
#include "preload/options.h"
#include "preload/recorded_parent.h"
#include "preload/trap_signal.h"
#include "preload/unwind_validated.h"
#include "preload/wanted_function.h"

#define LOADER_BYTES 15u /* of code at the loader's function, which is short */

static struct wanted_function function; /* constant from the first breakpoint on */
static atomic_bool is_set;
static struct spin_lock search_lock; /* tried only */
static uint32_t searched_rows = 1;
static uint32_t function_row;	     /* of its module */
static bool is_waiting;		     /* for the loader */
static const struct r_debug *loader; /* what it tells debuggers */

static bool is_in_function(uintptr_t return_address)
{
	return wanted_function_called(&function, return_address);
}

/*
 * The stack pointer of the last entry that counted, again: nothing of the function was above it then, and whatever
 * came there since would have counted or have been above it, too. So the loop that calls it needs no walk.
 */
static bool counts(struct thread_state *state, const struct breakpoint_entry *entry)
{
	uintptr_t sp = entry->caller.value[EH_SP];

	if (state->entry_sp == sp)
		return true;
	struct thread_state *own = guard_enter();

	if (own == NULL)
		return true;
	bool nested = unwind_finds_caller(own, &entry->caller, is_in_function, options.max_frames);

	guard_leave(own);
	if (!nested)
		state->entry_sp = sp;
	return !nested;
}

static void on_entry(const struct breakpoint_entry *entry)
{
	/* a call of ours, of a function of the C library */
	if (!lifecycle_is_recording() || !lifecycle_is_own_process() ||
	    modules_is_self(entry->caller.value[EH_PC]))
		return;
	struct thread_state *state = thread_state_attach();

	if (state == NULL || state != thread_current)
		return; /* the thread has ended, but for a last destructor */
	/* inside a hook: the allocator calls it, or a handler that interrupted one */
	if (atomic_load_explicit(&state->busy, memory_order_relaxed) != 0 ||
	    state->locks_held != 0 || counts(state, entry))
		mark_now_or_later(MARK_BY_FUNCTION);
}

static void warn(const char *problem, const char *hint)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, "iterate_on=");
	text_add(&text, options.iterate_on);
	text_add(&text, ": ");
	text_add(&text, problem);
	text_add(&text, hint);
	message_end_always(&text);
}

static void warn_not_set(uintptr_t address, int problem)
{
	const uint8_t *code = (const uint8_t *)address; // NOLINT(performance-no-int-to-ptr): code
	char hint[64];
	struct text text;

	text_init(&text, hint, sizeof hint);
	if (problem == -EILSEQ) {
		for (unsigned i = 0; i < 8; i++) {
			text_add(&text, code[i] < 16 ? " 0" : " ");
			text_add_hex(&text, code[i]);
		}
		warn("its first instruction cannot be moved, so it marks no iterations; its code:",
		    hint);
	} else if (problem == -ENOTSUP) {
		warn("marks no iterations on this machine, only on x86-64", "");
	} else if (problem == -ENOMEM) {
		warn("no memory near its code for its first instruction; it marks no iterations",
		    "");
	} else {
		warn("the system does not let its code be changed; it marks no iterations", "");
	}
}

static bool is_of_allocator(uintptr_t address)
{
#define IS_NEXT(name, type, parameters)                                                            \
	if (address == (uintptr_t)next.name)                                                       \
		return true;
	NEXT_ALLOCATOR_LIST(IS_NEXT)
#undef IS_NEXT
	return false;
}

static void set_all(void)
{
	bool any = false;

	for (uint32_t i = 0; i < function.entry_count; i++) {
		const struct wanted_range *entry = &function.entries[i];

		if (is_of_allocator(entry->start)) {
			warn("is the allocator, which is recorded; it marks no iterations", "");
			continue;
		}
		int problem = breakpoint_set(entry->start, entry->end - entry->start, on_entry);

		if (problem != 0)
			warn_not_set(entry->start, problem);
		any = any || problem == 0;
	}
	if (any && function.left_out != 0)
		warn(
		    "there are more functions of this name than can be watched; some mark no iterations",
		    "");
}

/* In what was loaded since the last search. False: it is not there. */
static bool search(void)
{
	if (atomic_load(&is_set) || !spin_lock_try(&search_lock))
		return true;
	bool found =
	    wanted_function_find(options.iterate_on, searched_rows, &function, &searched_rows);

	if (found) {
		function_row = modules_find(function.entries[0].start);
		set_all();
		atomic_store(&is_set, true);
	}
	spin_lock_release(&search_lock);
	return found;
}

/* The loader calls it whenever it begins or ends to load something, for debuggers; objects are mapped, but not
 * initialised yet, when its list is consistent. */
static void on_loader(const struct breakpoint_entry *entry)
{
	(void)entry;
	if (!lifecycle_is_recording() || !lifecycle_is_own_process() ||
	    loader->r_state != RT_CONSISTENT || atomic_load(&is_set))
		return;
	modules_refresh();
	(void)search();
}

static void wait_for_libraries(void)
{
	loader = dlsym(RTLD_DEFAULT, "_r_debug");
	is_waiting = is_waiting || (loader != NULL && loader->r_brk != 0 &&
				       breakpoint_set(loader->r_brk, LOADER_BYTES, on_loader) == 0);
}

static void tell_missing(void)
{
	char hint[WANTED_NAME_BYTES + 128];
	struct text text;

	text_init(&text, hint, sizeof hint);
	if (function.nearest[0] != '\0') {
		text_add(&text, "; the nearest name is ");
		text_add(&text, function.nearest);
	}
	if (is_waiting)
		text_add(&text, "; libraries that are loaded later are searched too");
	if (function.is_chosen_late)
		warn("the loader chooses which function that is; name the one that it chooses", "");
	else if (!recorded_parent_exists()) /* the helpers of a program need not have it */
		warn(
		    "there is no such function in the program and its libraries (it may be inlined everywhere; a "
		    "stripped program tells only of what it exports)",
		    hint);
}

void iterate_on_after_unload(void)
{
	if (!atomic_load(&is_set) || function.entry_count == 0 ||
	    modules_find(function.entries[0].start) == function_row || !spin_lock_try(&search_lock))
		return;
	for (uint32_t i = 0; i < function.entry_count; i++)
		breakpoint_forget(function.entries[i].start);
	searched_rows = 1;
	wait_for_libraries();
	atomic_store(&is_set, false);
	spin_lock_release(&search_lock);
}

void iterate_on_init(void)
{
	if (options.iterate_on[0] == '\0' ||
	    (options.iterate_on[0] == '0' && options.iterate_on[1] == '\0'))
		return;
	mark_name(MARK_BY_FUNCTION, "", options.iterate_on);
	modules_refresh();
	if (!trap_signal_take())
		warn("SIGTRAP cannot be had; it marks no iterations", "");
	else if (!search()) {
		wait_for_libraries();
		tell_missing();
	}
}
