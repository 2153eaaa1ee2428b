#include "support/recorder/recorder_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "preload/gate.h"
#include "preload/guard.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/live_table.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/output_path.h"
#include "preload/record.h"
#include "preload/stack_table.h"
#include "preload/system.h"
#include "preload/trigger.h"

/* ---- lifecycle.h, without its constructor and handlers ---- */

atomic_uint lifecycle_state;
struct lifecycle_identity lifecycle_identity;

bool lifecycle_start(void)
{
	return lifecycle_is_recording();
}

int lifecycle_process_id(void)
{
	return system_process_id();
}

bool lifecycle_is_own_process(void)
{
	return true;
}

void recorder_start(const char *recorder_options)
{
	char line[256];
	struct text text;
	char *environment[] = {line, NULL};

	text_init(&text, line, sizeof line);
	text_add(&text, "ALLOCSCOPE_OPTIONS=unwinder=libunwind:graph=0:");
	text_add(&text, recorder_options);
	options_read(environment);
	message_set_quiet(true);
	system_random(lifecycle_identity.run_id, sizeof lifecycle_identity.run_id);
	gate_init();
	if (!iteration_init() || !stack_table_init() || !live_table_init(5) ||
	    !thread_states_init()) {
		(void)fprintf(stderr, "no memory for the tables\n");
		_exit(1);
	}
	modules_refresh();
	trigger_init();
	output_path_init();
	atomic_store(&lifecycle_state, LIFECYCLE_RECORDING);
}

/* ---- stacks ---- */

static _Thread_local uint32_t standing_in;

size_t __wrap_unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust);

size_t __wrap_unwind_capture(uintptr_t *ret_frames, size_t capacity, bool distrust)
{
	(void)capacity;
	(void)distrust;
	ret_frames[0] = 0x1000 + standing_in;
	ret_frames[1] = 0x100000 + standing_in / 8;
	return 2;
}

void recorder_stand_in(uint32_t number)
{
	standing_in = number;
}

/* ---- hooks ---- */

/* Blocks are numbers here. */
static void *block_at(uintptr_t address)
{
	return (void *)address; /* NOLINT(performance-no-int-to-ptr) */
}

void recorder_alloc(uintptr_t address, size_t size)
{
	struct thread_state *state = guard_enter();

	if (state == NULL)
		return;
	record_alloc(state, block_at(address), size, NULL);
	guard_leave(state);
}

void recorder_free(uintptr_t address)
{
	struct thread_state *state = guard_enter_free();

	if (state == NULL)
		return;
	(void)record_free(state, block_at(address));
	guard_leave(state);
}

void recorder_resize(uintptr_t address, uintptr_t fresh, size_t size)
{
	struct thread_state *state = guard_enter_free();
	struct live_block taken;

	if (record_take(state, block_at(address), &taken))
		record_resized(
		    state, &taken, block_at(fresh), size, 0, record_resize_stack(state, NULL));
	else
		record_alloc(state, block_at(fresh), size, NULL);
	guard_leave(state);
}

void recorder_fail_to_resize(uintptr_t address)
{
	struct thread_state *state = guard_enter_free();
	struct live_block taken;

	if (record_take(state, block_at(address), &taken))
		record_put_back(state, &taken);
	guard_leave(state);
}
