#include "preload/trap_signal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/spin_lock.h"
#include "preload/breakpoint.h"
#include "preload/lifecycle.h"
#include "preload/system.h"
#include "preload/system_tasks.h"

#define TRAP_BIT ((uint64_t)1 << (SIGTRAP - 1))

static struct sigaction theirs;
static struct spin_lock lock; /* theirs; tried only: a handler may have interrupted the holder */
static atomic_bool is_taken;

bool trap_signal_is_taken(void)
{
	return atomic_load_explicit(&is_taken, memory_order_relaxed);
}

/* A copy, whole whatever another thread writes: two equal readings. */
static struct sigaction read_theirs(void)
{
	struct sigaction action;
	bool locked = false;

	for (unsigned tries = 0; tries < 1000 && !locked; tries++)
		locked = spin_lock_try(&lock);
	action = theirs;
	if (locked)
		spin_lock_release(&lock);
	return action;
}

static void write_theirs(const struct sigaction *action)
{
	bool locked = false;

	for (unsigned tries = 0; tries < 1000 && !locked; tries++)
		locked = spin_lock_try(&lock);
	theirs = *action;
	if (locked)
		spin_lock_release(&lock);
}

/* The program has no handler: the trap ends it, as it would without us; one that was only sent may be ignored. */
static void take_default(const struct sigaction *action, const siginfo_t *info)
{
	if (action->sa_handler == SIG_IGN && info->si_code <= 0)
		return;
	(void)system_signal_reset(SIGTRAP);
	(void)system_signal_thread((uint32_t)system_thread_id(), SIGTRAP, 0);
}

static void pass_on(int number, siginfo_t *info, void *context)
{
	struct sigaction action = read_theirs();
	uint64_t mask;

	if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
		take_default(&action, info);
		return;
	}
	if ((action.sa_flags & (int)SA_RESETHAND) != 0) {
		struct sigaction reset = {.sa_handler = SIG_DFL};

		write_theirs(&reset);
	}
	/* until the handler returns: then the kernel puts the mask back */
	memcpy(&mask, &action.sa_mask, sizeof mask);
	system_signal_block(mask & ~TRAP_BIT);
	if ((action.sa_flags & SA_SIGINFO) != 0)
		action.sa_sigaction(number, info, context);
	else
		action.sa_handler(number);
}

static void on_trap(int number, void *information, void *context)
{
	siginfo_t *info = information;
	int saved_errno = errno;

	if (info->si_code > 0 && breakpoint_hit(context))
		errno = saved_errno;
	else
		pass_on(number, info, context);
}

bool trap_signal_take(void)
{
	struct sigaction before;

	if (trap_signal_is_taken())
		return true;
	if (sigaction(SIGTRAP, NULL, &before) != 0 ||
	    system_signal_install_trap(SIGTRAP, on_trap, true) != 0)
		return false;
	theirs = before;
	atomic_store_explicit(&is_taken, true, memory_order_release);
	system_signal_unblock(TRAP_BIT); /* who started us may have blocked it */
	return true;
}

void trap_signal_exchange(const struct sigaction *action, struct sigaction *ret_old)
{
	struct sigaction before = read_theirs();

	/* a child of vfork resets signals in our memory; it executes another program soon */
	if (action != NULL && lifecycle_is_own_process()) {
		write_theirs(action);
		(void)system_signal_install_trap(
		    SIGTRAP, on_trap, (action->sa_flags & SA_RESTART) != 0);
	}
	if (ret_old != NULL)
		*ret_old = before;
}
