/*
 * Intercepted functions of the signal mask: the one signal by which a snapshot with a graph stops threads
 * (stop_threads.h) is never blocked and never waited for, and its handler stays; so is SIGTRAP with iterate_on
 * (trap_signal.h), whose handler of the program is called by ours. All else passes through. What the program sees of
 * its mask lacks these signals, as it lacks the C library's own two.
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "base/compiler.h"
#include "preload/interpose.h"
#include "preload/stop_threads.h"
#include "preload/trap_signal.h"

/* name, return type, parameter types */
#define SIGNAL_FUNCTIONS(ROW)                                                                      \
	ROW(pthread_sigmask, int, (int, const sigset_t *, sigset_t *))                             \
	ROW(sigprocmask, int, (int, const sigset_t *, sigset_t *))                                 \
	ROW(sigaction, int, (int, const struct sigaction *, struct sigaction *))                   \
	ROW(signal, sighandler_t, (int, sighandler_t))                                             \
	ROW(sigwait, int, (const sigset_t *, int *))                                               \
	ROW(sigwaitinfo, int, (const sigset_t *, siginfo_t *))                                     \
	ROW(sigtimedwait, int, (const sigset_t *, siginfo_t *, const struct timespec *))           \
	ROW(sigsuspend, int, (const sigset_t *))                                                   \
	ROW(ppoll, int, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))      \
	ROW(pselect, int,                                                                          \
	    (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))        \
	ROW(epoll_pwait, int, (int, struct epoll_event *, int, int, const sigset_t *))

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

/* The signals that are never blocked. */
static uint64_t our_signals(void)
{
	int number = stop_threads_signal();

	return (number != 0 ? (uint64_t)1 << (number - 1) : 0) |
	       (trap_signal_is_taken() ? (uint64_t)1 << (SIGTRAP - 1) : 0);
}

/* SET, or a copy without our signals. */
static const sigset_t *without_ours(const sigset_t *set, sigset_t *copy)
{
	uint64_t ours = our_signals();
	uint64_t bits;

	if (set == NULL || ours == 0)
		return set;
	memcpy(&bits, set, sizeof bits);
	if ((bits & ours) == 0)
		return set;
	*copy = *set;
	bits &= ~ours;
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
	if (number == SIGTRAP && trap_signal_is_taken()) {
		trap_signal_exchange(action, ret_old);
		return 0;
	}
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
	if (number == SIGTRAP && trap_signal_is_taken()) {
		struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;

		trap_signal_exchange(&action, &before);
		return before.sa_handler;
	}
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

/* Their mask holds for the handlers that end the wait, too. */
EXPORT int sigsuspend(const sigset_t *set)
{
	sigset_t copy;

	resolve();
	return real.sigsuspend(without_ours(set, &copy));
}

EXPORT int ppoll(
    struct pollfd *files, nfds_t count, const struct timespec *limit, const sigset_t *set)
{
	sigset_t copy;

	resolve();
	return real.ppoll(files, count, limit, without_ours(set, &copy));
}

EXPORT int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
    const struct timespec *limit, const sigset_t *set)
{
	sigset_t copy;

	resolve();
	return real.pselect(
	    count, readable, writable, exceptional, limit, without_ours(set, &copy));
}

EXPORT int epoll_pwait(
    int fd, struct epoll_event *events, int most, int milliseconds, const sigset_t *set)
{
	sigset_t copy;

	resolve();
	return real.epoll_pwait(fd, events, most, milliseconds, without_ours(set, &copy));
}
