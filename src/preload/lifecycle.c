#include "preload/lifecycle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "preload/annotations.h"
#include "preload/control.h"
#include "preload/epoch.h"
#include "preload/gate.h"
#include "preload/interpose.h"
#include "preload/iterate_on.h"
#include "preload/iteration.h"
#include "preload/live_table.h"
#include "preload/mark.h"
#include "preload/mark_lines.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/next_symbols.h"
#include "preload/options.h"
#include "preload/output_path.h"
#include "preload/snapshot_take.h"
#include "preload/stack_table.h"
#include "preload/suppressions.h"
#include "preload/system.h"
#include "preload/thread_state.h"
#include "preload/trigger.h"
#include "preload/unwind.h"
#include "preload/unwind_check.h"

#define ENVIRONMENT_BYTES     (256u * 1024)
#define ENVIRONMENT_VARIABLES 4096u

atomic_uint lifecycle_state;
struct lifecycle_identity lifecycle_identity;

static atomic_int own_process_id;
static atomic_bool has_ended;
static uint32_t starting_thread;

int lifecycle_process_id(void)
{
	return atomic_load_explicit(&own_process_id, memory_order_relaxed);
}

bool lifecycle_is_own_process(void)
{
	return system_process_id() == atomic_load_explicit(&own_process_id, memory_order_relaxed);
}

/* The environment before the C library has set `environ`: as the kernel has it. */
static void read_kernel_environment(void)
{
	char *text = system_map(ENVIRONMENT_BYTES, "allocscope");
	char **variables = system_map(ENVIRONMENT_VARIABLES * sizeof *variables, "allocscope");
	uint32_t count = 0;

	if (text != NULL && variables != NULL) {
		ssize_t bytes = system_read_file("/proc/self/environ", text, ENVIRONMENT_BYTES - 1);

		for (ssize_t at = 0; at < bytes && count + 1 < ENVIRONMENT_VARIABLES;
		     at += (ssize_t)strlen(text + at) + 1)
			variables[count++] = text + at;
		options_read(variables);
	}
	if (text != NULL)
		system_unmap(text, ENVIRONMENT_BYTES);
	if (variables != NULL)
		system_unmap(variables, ENVIRONMENT_VARIABLES * sizeof *variables);
}

static bool set_up(void)
{
	next_symbols_resolve();
	if (environ != NULL)
		options_read(environ);
	else
		read_kernel_environment();
	if (options.enabled == 0 || next.malloc == NULL || next.free == NULL)
		return false;
	atomic_store(&own_process_id, system_process_id());
	system_random(lifecycle_identity.run_id, sizeof lifecycle_identity.run_id);
	lifecycle_identity.start_unix_ns = system_unix_ns();
	lifecycle_identity.start_monotonic_ns = system_monotonic_ns();
	gate_init();
	if (!iteration_init() || !stack_table_init() ||
	    !live_table_init(next_symbols_allocator_is_libc() ? 5 : 3) || !thread_states_init())
		return false;
	if (options.thread_scope)
		thread_states_use_own_tags();
	modules_refresh();
	trigger_init();
	return true;
}

COLD bool lifecycle_start(void)
{
	unsigned expected = LIFECYCLE_NONE;

	if (!atomic_compare_exchange_strong(&lifecycle_state, &expected, LIFECYCLE_STARTING))
		return expected == LIFECYCLE_RECORDING;
	int saved_errno = errno;

	starting_thread = (uint32_t)system_thread_id();
	atomic_store_explicit(
	    &lifecycle_state, set_up() ? LIFECYCLE_RECORDING : LIFECYCLE_OFF, memory_order_release);
	errno = saved_errno;
	return lifecycle_is_recording();
}

/* ---- fork: in the order of locks, lines, snapshot, marks, annotations; then everyone out of the hooks ---- */

static void before_fork(void)
{
	if (!lifecycle_is_recording())
		return;
	mark_lines_look();	      /* what was written so far is of both */
	modules_refresh_if_changed(); /* the child may not be able to ask the loader */
	mark_lines_lock();
	snapshot_lock();
	iteration_lock();
	annotations_lock();
	(void)gate_close(thread_current);
}

static void after_fork_in_parent(void)
{
	if (!lifecycle_is_recording())
		return;
	(void)gate_open();
	annotations_unlock();
	iteration_unlock();
	snapshot_unlock();
	mark_lines_unlock();
}

static void after_fork_in_child(void)
{
	if (!lifecycle_is_recording())
		return;
	atomic_store(&own_process_id, system_process_id());
	modules_after_fork(thread_states_living() > 1);
	thread_states_after_fork();
	memcpy(lifecycle_identity.parent_run_id, lifecycle_identity.run_id,
	    sizeof lifecycle_identity.run_id);
	system_random(lifecycle_identity.run_id, sizeof lifecycle_identity.run_id);
	lifecycle_identity.inherited_epoch = iteration_cut();
	iteration_after_fork(thread_current);
	lifecycle_identity.forked = true;
	atomic_store(&has_ended, false);
	(void)system_barrier_register(); /* not inherited by all kernels */
	snapshot_after_fork();
	if (options.follow_fork == 0) {
		atomic_store(&lifecycle_state, LIFECYCLE_OFF);
		thread_current = NULL; /* every hook takes the slow way, and passes through */
		annotations_switch_off();
	}
	mark_lines_after_fork(options.follow_fork != 0);
	(void)gate_open();
	annotations_unlock();
	iteration_unlock();
	snapshot_unlock();
	mark_lines_unlock();
}

/* ---- end ---- */

void lifecycle_process_ends(void)
{
	int saved_errno = errno;

	if (lifecycle_is_recording() && lifecycle_is_own_process() &&
	    !atomic_exchange(&has_ended, true)) {
		mark_lines_process_ends();
		control_take_last();
		snapshot_process_ends();
		unwind_check_report();
		control_process_ends();
	}
	errno = saved_errno;
}

static void on_exit_handler(int status, void *argument)
{
	(void)status;
	(void)argument;
	lifecycle_process_ends();
}

static void on_quick_exit_handler(void *argument)
{
	(void)argument;
	lifecycle_process_ends();
}

/* ---- environment of children ---- */

static bool names_our_library(const char *entry, size_t bytes)
{
	static const char name[] = "liballocscope.so";

	for (size_t i = 0; i + sizeof name - 1 <= bytes; i++)
		if (memcmp(entry + i, name, sizeof name - 1) == 0)
			return true;
	return false;
}

/* Take our library out of LIST (the value of LD_PRELOAD), in place. False when nothing else is left. */
static bool remove_our_library(char *list)
{
	char *to = list;

	for (const char *from = list; *from != '\0';) {
		size_t bytes = strcspn(from, ": ");

		if (bytes > 0 && !names_our_library(from, bytes)) {
			if (to != list)
				*to++ = ':';
			memmove(to, from, bytes);
			to += bytes;
		}
		from += bytes;
		from += strspn(from, ": ");
	}
	*to = '\0';
	return to != list;
}

/* follow_exec=0: remove our traces in place; nothing may allocate here. */
static void leave_no_trace_in_environment(void)
{
	char **to = environ;

	for (char **from = environ; from != NULL && *from != NULL; from++) {
		if (strncmp(*from, "ALLOCSCOPE_", 11) == 0)
			continue;
		if (strncmp(*from, "LD_PRELOAD=", 11) == 0 && !remove_our_library(*from + 11))
			continue;
		*to++ = *from;
	}
	if (to != NULL)
		*to = NULL;
}

extern int __cxa_at_quick_exit(void (*function)(void *), void *object) __attribute__((weak));

__attribute__((constructor(101))) static void construct(void)
{
	int saved_errno = errno;

	(void)lifecycle_start();
	message_init();
	message_set_quiet(options.quiet != 0);
	options_report();
	if (options.follow_exec == 0)
		leave_no_trace_in_environment();
	if (!lifecycle_is_recording()) {
		annotations_switch_off();
		if (options.enabled != 0)
			message_warn("no memory for the tables: nothing is recorded", NULL);
		errno = saved_errno;
		return;
	}
	interpose_new_init();
	interpose_signals_init();
	output_path_init();
	suppressions_learn();
	if (options.symbols != 0 && options.manifest[0] == '\0')
		message_warn(
		    "symbols=1 takes effect under `allocscope run`, which embeds the names afterwards",
		    NULL);
	mark_lines_init(); /* libunwind keeps descriptors, and takes the lowest free ones */
	unwind_init();
	(void)thread_state_attach(); /* the key for thread ends gets a low number */
	(void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	/* registered before the loader's own handler, so it runs after all destructors */
	(void)on_exit(on_exit_handler, NULL);
	if (__cxa_at_quick_exit != NULL)
		(void)__cxa_at_quick_exit(on_quick_exit_handler, NULL);
	mark_init();
	control_init();
	iterate_on_init();
	errno = saved_errno;
}
