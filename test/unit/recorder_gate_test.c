/* The gate counts how often it was closed, and keeps the longest waits on both of its sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "preload/gate.h"
#include "preload/system.h"
#include "support/recorder/recorder_host.h"

enum { OUTSIDE, INSIDE, LEAVE, LEFT, GO, PASSED };
static atomic_int place;

static void reach(int wanted)
{
	atomic_store(&place, wanted);
}

static void wait_until(int wanted)
{
	while (atomic_load(&place) != wanted)
		system_sleep_ns(100000);
}

/* Stays inside a hook until it is told to leave, then comes to the gate. */
static void *use_hooks(void *unused)
{
	struct thread_state *state = thread_state_attach();

	gate_enter(state);
	reach(INSIDE);
	wait_until(LEAVE);
	gate_leave(state);
	reach(LEFT);
	wait_until(GO);
	gate_enter(state);
	gate_leave(state);
	reach(PASSED);
	return unused;
}

static void waits_are_kept(void **state)
{
	pthread_t thread;

	(void)state;
	recorder_start("");
	struct thread_state *own = thread_state_attach();

	assert_int_equal(gate_waits().closings, 0);
	assert_int_equal(pthread_create(&thread, NULL, use_hooks, NULL), 0);
	wait_until(INSIDE);
	assert_false(gate_close(own)); /* it does not leave in time */
	assert_true(gate_open());
	assert_int_equal(gate_waits().closings, 1);
	assert_true(gate_waits().longest_wait_ns >= GATE_WAIT_NS);
	assert_int_equal(gate_waits().longest_stand_ns, 0);

	reach(LEAVE);
	wait_until(LEFT);
	uint64_t longest_ns = gate_waits().longest_wait_ns;

	assert_true(gate_close(own));
	reach(GO);
	for (unsigned i = 0; i < 20; i++) {
		system_sleep_ns(100000);
		assert_int_equal(atomic_load(&place), GO); /* it stands */
	}
	assert_true(gate_open());
	wait_until(PASSED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(gate_waits().closings, 2);
	assert_true(gate_waits().longest_stand_ns > 0);
	assert_true(gate_waits().longest_wait_ns >= longest_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
