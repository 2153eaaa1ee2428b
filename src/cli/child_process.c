#include "cli/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd_io.h"
#include "cli/fatal.h"

static volatile sig_atomic_t child_pid; /* for the handler that passes signals on */

static void pass_on(int signal_number)
{
	int saved_errno = errno;

	if (child_pid > 0)
		(void)kill((pid_t)child_pid, signal_number);
	errno = saved_errno;
}

static const int terminal_signals[] = {
    SIGINT, SIGQUIT}; /* the program gets them from the terminal */
static const int passed_signals[] = {SIGTERM, SIGHUP};

struct saved_signals {
	struct sigaction terminal[2], passed[2];
	sigset_t mask;
};

/* A signal that comes before the child is known must wait: those that are passed on stay blocked. */
static void take_signals(struct saved_signals *saved)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	sigset_t held;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < 2; i++)
		(void)sigaddset(&held, passed_signals[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &saved->mask);

	for (size_t i = 0; i < 2; i++) {
		(void)sigaction(terminal_signals[i], &ignore, &saved->terminal[i]);
		(void)sigaction(passed_signals[i], NULL, &saved->passed[i]);
		if (saved->passed[i].sa_handler != SIG_IGN) /* nohup stays nohup */
			(void)sigaction(passed_signals[i], &pass, NULL);
	}
}

static void give_back_signals(const struct saved_signals *saved)
{
	for (size_t i = 0; i < 2; i++) {
		(void)sigaction(terminal_signals[i], &saved->terminal[i], NULL);
		(void)sigaction(passed_signals[i], &saved->passed[i], NULL);
	}
}

_Noreturn static void become(const char *path, char **arguments, int closed, int error_fd)
{
	int error = 0;

	if (error_fd == closed)
		error_fd = fcntl(error_fd, F_DUPFD_CLOEXEC, 3);
	if (closed >= 0)
		(void)close(closed);
	execvp(path,
	    arguments); /* with a slash inside it is taken as it is; p: a script without #! gets sh */
	error = errno;
	(void)fd_write_full(error_fd, &error, sizeof error);
	_exit(127);
}

struct child_result child_run(const char *path, char **arguments, int closed)
{
	struct child_result result = {0};
	struct saved_signals saved;
	int ends[2];
	int status = 0;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		die(EXIT_USAGE, "cannot make a pipe: %s", strerror(errno));
	take_signals(&saved);
	pid = fork();
	if (pid < 0)
		die(EXIT_USAGE, "cannot start a process: %s", strerror(errno));
	if (pid == 0) {
		give_back_signals(&saved);
		(void)sigprocmask(SIG_SETMASK, &saved.mask, NULL);
		become(path, arguments, closed, ends[1]);
	}
	child_pid = pid;
	(void)sigprocmask(SIG_SETMASK, &saved.mask, NULL);
	(void)close(ends[1]);
	if (fd_read_full(ends[0], &result.exec_errno, sizeof result.exec_errno) !=
	    sizeof result.exec_errno)
		result.exec_errno = 0; /* closed by exec: the program runs */
	(void)close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	child_pid = 0;
	give_back_signals(&saved);
	result.pid = pid;
	result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return result;
}
