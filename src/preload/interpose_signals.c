/*
 * Intercepted functions of the signal mask: the one signal by which a snapshot with a graph stops threads
 * (stop_threads.h) is never blocked and never waited for, and its handler stays. All else passes through. What the
 * program sees of its mask lacks that signal, as it lacks the C library's own two.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/interpose.h"
#include "preload/stop_threads.h"

/* name, return type, parameter types */
#define SIGNAL_FUNCTIONS(ROW)                                                                      \
	ROW(pthread_sigmask, int, (int, const sigset_t *, sigset_t *))                             \
	ROW(sigprocmask, int, (int, const sigset_t *, sigset_t *))                                 \
	ROW(sigaction, int, (int, const struct sigaction *, struct sigaction *))                   \
	ROW(signal, sighandler_t, (int, sighandler_t))                                             \
	ROW(sigwait, int, (const sigset_t *, int *))                                               \
	ROW(sigwaitinfo, int, (const sigset_t *, siginfo_t *))                                     \
	ROW(sigtimedwait, int, (const sigset_t *, siginfo_t *, const struct timespec *))

static struct {
#define SIGNAL_MEMBER(name, type, parameters) type(*name) parameters;
	SIGNAL_FUNCTIONS(SIGNAL_MEMBER)
#undef SIGNAL_MEMBER
} real;
static atomic_bool is_resolved;

void interpose_signals_init(void)
{
#define SIGNAL_RESOLVE(name, type, parameters)                                                     \
	{                                                                                          \
		void *symbol = dlsym(RTLD_NEXT, #name);                                            \
		memcpy(&real.name, &symbol, sizeof symbol);                                        \
	}
	SIGNAL_FUNCTIONS(SIGNAL_RESOLVE)
#undef SIGNAL_RESOLVE
	atomic_store_explicit(&is_resolved, true, memory_order_release);
}

/* A constructor of another library may come first. */
static inline void resolve(void)
{
	if (unlikely(!atomic_load_explicit(&is_resolved, memory_order_acquire)))
		interpose_signals_init();
}

/* SET, or a copy without our signal. */
static const sigset_t *without_ours(const sigset_t *set, sigset_t *copy)
{
	int number = stop_threads_signal();
	uint64_t bits;

	if (set == NULL || number == 0)
		return set;
	memcpy(&bits, set, sizeof bits);
	if ((bits >> (number - 1) & 1) == 0)
		return set;
	*copy = *set;
	bits &= ~((uint64_t)1 << (number - 1));
	memcpy(copy, &bits, sizeof bits);
	return copy;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *ret_old)
{
	sigset_t copy;

	resolve();
	return real.pthread_sigmask(how, without_ours(set, &copy), ret_old);
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *ret_old)
{
	sigset_t copy;

	resolve();
	return real.sigprocmask(how, without_ours(set, &copy), ret_old);
}

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *ret_old)
{
	struct sigaction copy;
	sigset_t mask;

	resolve();
	if (action == NULL)
		return real.sigaction(number, action, ret_old);
	bool resets = action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN;

	if (resets && !stop_threads_allows_reset(number)) {
		if (ret_old != NULL)
			memset(ret_old, 0,
			    sizeof *ret_old); /* the default action, to all appearances */
		return 0;
	}
	copy = *action;
	copy.sa_mask = *without_ours(&action->sa_mask, &mask);
	return real.sigaction(number, &copy, ret_old);
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	resolve();
	if ((handler == SIG_DFL || handler == SIG_IGN) && !stop_threads_allows_reset(number))
		return SIG_DFL;
	return real.signal(number, handler);
}

EXPORT int sigwait(const sigset_t *set, int *ret_number)
{
	sigset_t copy;

	resolve();
	return real.sigwait(without_ours(set, &copy), ret_number);
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *ret_info)
{
	sigset_t copy;

	resolve();
	return real.sigwaitinfo(without_ours(set, &copy), ret_info);
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *ret_info, const struct timespec *limit)
{
	sigset_t copy;

	resolve();
	return real.sigtimedwait(without_ours(set, &copy), ret_info, limit);
}
