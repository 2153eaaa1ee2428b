#include "preload/control.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/fd_io.h"
#include "base/text.h"
#include "preload/lifecycle.h"
#include "preload/mark.h"
#include "preload/message.h"
#include "preload/options.h"
#include "preload/snapshot_take.h"
#include "preload/system.h"
#include "preload/thread_state.h"
#include "snapshot/format.h"

static atomic_bool signal_waits, request_waits; /* what control_take_pending has to do */
static atomic_flag reading = ATOMIC_FLAG_INIT;	/* the buffers below */
static char request_path[128], reply_path[128], reply_temporary[128];
static char request[OPTIONS_PATH_BYTES], reply[OPTIONS_PATH_BYTES + 64];

static void name_file(char *path, size_t capacity, const char *suffix)
{
	struct text text;

	text_init(&text, path, capacity);
	text_add(&text, "/tmp/allocscope-");
	text_add_unsigned(&text, system_user_id());
	text_add(&text, "/");
	text_add_unsigned(&text, (uint64_t)lifecycle_process_id());
	text_add(&text, suffix);
}

/* The path that is asked for ("" = the pattern). False when there is no request of our own user. */
static bool read_request(void)
{
	uint32_t owner = 0;

	name_file(request_path, sizeof request_path, ".request");
	int fd = system_open_read(request_path);

	if (fd < 0)
		return false;
	bool trusted =
	    system_file_owner(fd, &owner) == 0 && (owner == system_user_id() || owner == 0);
	ssize_t bytes = fd_read_full(fd, request, sizeof request - 1);

	(void)system_close(fd);
	if (!trusted || bytes < 0)
		return false;
	request[bytes] = '\0';
	request[strcspn(request, "\n")] = '\0';
	return true;
}

/* In a copy of the process too. */
static void write_reply(int result, const char *written)
{
	struct text text;

	text_init(&text, reply, sizeof reply);
	if (result == 0) {
		text_add(&text, "ok ");
		text_add(&text, written);
	} else {
		text_add(&text, "error ");
		text_add_signed(&text, -result);
		text_add(&text, result == -EBUSY ? " another snapshot is being written"
						 : " the snapshot could not be written");
	}
	text_add(&text, "\n");
	name_file(reply_path, sizeof reply_path, ".reply");
	name_file(reply_temporary, sizeof reply_temporary, ".reply.tmp");
	(void)system_unlink(reply_temporary);
	int fd = system_open_new(reply_temporary);

	if (fd < 0)
		return;
	(void)fd_write_full(fd, reply, text.length);
	(void)system_close(fd);
	(void)system_rename(reply_temporary, reply_path, true);
}

static void serve_request(void)
{
	if (atomic_flag_test_and_set(&reading))
		return;
	if (read_request()) {
		int result = snapshot_request(
		    request[0] != '\0' ? request : NULL, SNAPSHOT_BY_CONTROL, write_reply);

		if (result == -EBUSY)
			atomic_store(&request_waits, true);
		else if (result == -EALREADY)
			write_reply(-EBUSY, NULL);
	}
	atomic_flag_clear(&reading);
}

static void serve(void)
{
	if (atomic_exchange(&request_waits, false))
		serve_request();
	if (atomic_exchange(&signal_waits, false)) {
		int result = snapshot_request(NULL, SNAPSHOT_BY_SIGNAL, NULL);

		if (result == -EBUSY || result == -EALREADY)
			atomic_store(&signal_waits, true);
	}
}

/* What waits, and the end of a copy, are looked for when this thread leaves its next hook. */
static void remember(struct thread_state *state)
{
	if (state != NULL &&
	    (atomic_load(&signal_waits) || atomic_load(&request_waits) || snapshot_is_at_work()))
		atomic_fetch_or(&state->pending, THREAD_PENDING_SNAPSHOT);
}

/* Inside a hook: later. Outside, or in a thread without a block: now. When somebody, maybe the interrupted code or a
 * copy, is at it: at the end of this thread's next hook, or of the process. */
static void serve_now_or_later(void)
{
	struct thread_state *state = thread_current;

	if (!lifecycle_is_recording() || !lifecycle_is_own_process())
		return;
	if (state == NULL || atomic_load_explicit(&state->busy, memory_order_relaxed) == 0)
		serve();
	remember(state);
}

void control_take_pending(void)
{
	serve();
	remember(thread_current);
}

static void on_control_signal(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)number;
	(void)context;
	if (info->si_code == SI_QUEUE && info->si_value.sival_int == CONTROL_VALUE) {
		atomic_store(&request_waits, true);
		serve_now_or_later();
	}
	errno = saved_errno;
}

static void on_user_signal(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)number;
	(void)info;
	(void)context;
	atomic_store(&signal_waits, true);
	serve_now_or_later();
	errno = saved_errno;
}

static void on_mark_signal(int number, siginfo_t *info, void *context)
{
	int saved_errno = errno;

	(void)number;
	(void)info;
	(void)context;
	mark_now_or_later(MARK_BY_SIGNAL);
	errno = saved_errno;
}

/* Returns false when the program (or another library) has a handler of its own. */
static bool install(int number, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction old, fresh;

	memset(&fresh, 0, sizeof fresh);
	fresh.sa_sigaction = handler;
	fresh.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	(void)sigemptyset(&fresh.sa_mask);
	if (sigaction(number, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
		return false;
	return sigaction(number, &fresh, NULL) == 0;
}

static const struct {
	const char *name;
	int number;
} signals[] = {
    {"HUP", SIGHUP},
    {"INT", SIGINT},
    {"QUIT", SIGQUIT},
    {"USR1", SIGUSR1},
    {"USR2", SIGUSR2},
    {"ALRM", SIGALRM},
    {"TERM", SIGTERM},
    {"CONT", SIGCONT},
    {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},
    {"URG", SIGURG},
    {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},
    {"IO", SIGIO},
    {"PWR", SIGPWR},
};

/* "USR2", "SIGUSR2", "12" or "RTMIN+3". 0: no such signal. */
static int signal_number(const char *name)
{
	uint64_t number = 0;

	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (strcmp(name, signals[i].name) == 0)
			return signals[i].number;
	bool real_time = strncmp(name, "RTMIN+", 6) == 0;
	const char *digits = real_time ? name + 6 : name;

	if (digits[0] == '\0' ||
	    text_parse_unsigned(digits, strlen(digits), &number) != strlen(digits))
		return 0;
	if (real_time)
		number += (uint64_t)SIGRTMIN;
	return number <= (uint64_t)SIGRTMAX ? (int)number : 0;
}

/* What the user asked for: by NAME of a signal, a handler of ours. */
struct user_signal {
	const char *name;
	void (*handler)(int, siginfo_t *, void *);
	const char *unknown, *refused;
	int number; /* handled by us; 0 not */
};
static struct user_signal user_signals[] = {
    {.name = options.signal,
	.handler = on_user_signal,
	.unknown = "ALLOCSCOPE_SIGNAL: no such signal",
	.refused = "ALLOCSCOPE_SIGNAL: the program handles this signal itself; no snapshots by it"},
    {.name = options.iterate_on_signal,
	.handler = on_mark_signal,
	.unknown = "iterate_on_signal: no such signal",
	.refused =
	    "iterate_on_signal: the program handles this signal itself; it marks no iterations"},
};
#define USER_SIGNALS (sizeof user_signals / sizeof user_signals[0])

void control_take_last(void)
{
	snapshot_wait();
	serve();
}

void control_process_ends(void)
{
	struct sigaction now;

	for (size_t i = 0; i < USER_SIGNALS; i++) {
		const struct user_signal *wanted = &user_signals[i];

		if (wanted->number != 0 && sigaction(wanted->number, NULL, &now) == 0 &&
		    now.sa_sigaction != wanted->handler)
			message_warn(wanted->refused, wanted->name);
	}
}

static void install_wanted(struct user_signal *wanted)
{
	if (wanted->name[0] == '\0' || strcmp(wanted->name, "off") == 0 ||
	    strcmp(wanted->name, "0") == 0)
		return;
	int number = signal_number(wanted->name);

	if (number == 0)
		message_warn(wanted->unknown, wanted->name);
	else if (!install(number, wanted->handler))
		message_warn(wanted->refused, wanted->name);
	else
		wanted->number = number;
}

void control_init(void)
{
	(void)install(CONTROL_SIGNAL, on_control_signal);
	mark_name(MARK_BY_SIGNAL, "signal ", options.iterate_on_signal);
	for (size_t i = 0; i < USER_SIGNALS; i++)
		install_wanted(&user_signals[i]);
}
