/* Linux: another program as the child of a copy of the process. See system_tasks.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/system_call.h"
#include "preload/system.h"
#include "preload/system_tasks.h"

#define KERNEL_SIGSET_BYTES 8
#define SIGNALS		    64
#define STEP_NS		    20000000u

static uint64_t block_signals(void)
{
	uint64_t all = ~(uint64_t)0, before = 0;

	(void)system_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, KERNEL_SIGSET_BYTES);
	return before;
}

static void set_signals(uint64_t mask)
{
	(void)system_call(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, KERNEL_SIGSET_BYTES);
}

/* Handlers of the program must not run in the copy when the signals are let through. */
static void default_signals(void)
{
	const struct {
		uint64_t handler, flags, restorer, mask;
	} action = {0};

	for (int number = 1; number <= SIGNALS; number++)
		(void)system_call(SYS_rt_sigaction, number, &action, NULL, KERNEL_SIGSET_BYTES);
}

__attribute__((noreturn)) static void become(const char *const *paths, const char *const *arguments,
    const char *const *environment, int output)
{
	system_copy_die_with_maker();
	/* they may be one of the three: out of the way */
	output = system_duplicate(output, 3);
	int input =
	    system_duplicate((int)system_call(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0), 3);

	(void)system_call(SYS_dup3, input, 0, 0);
	(void)system_call(SYS_dup3, output, 1, 0);
	(void)system_call(SYS_dup3, output, 2, 0);
	system_close_range(3, UINT_MAX);
	default_signals();
	set_signals(0);
	for (; *paths != NULL; paths++)
		(void)system_call(SYS_execve, *paths, arguments, environment);
	system_copy_end(SYSTEM_PROGRAM_ABSENT);
}

/* An executed program tells its parent of its end by SIGCHLD, whatever it was made with: so its parent is a copy, whose
 * end tells nobody. */
__attribute__((noreturn)) static void stand_between(const char *const *paths,
    const char *const *arguments, const char *const *environment, int output)
{
	int status = 0;

	system_copy_die_with_maker();
	int child = system_copy_process();

	if (child == 0)
		become(paths, arguments, environment, output);
	system_close_range(0, UINT_MAX);
	if (child < 0 || system_copy_ended(child, true, &status) < 0)
		system_copy_end(SYSTEM_PROGRAM_ABSENT - 1);
	system_copy_end(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int system_program_start(const char *const *paths, const char *const *arguments,
    const char *const *environment, struct system_program *ret_program)
{
	int ends[2] = {-1, -1};
	int result = (int)system_call(SYS_pipe2, ends, O_CLOEXEC);

	if (result != 0)
		return result;
	uint64_t before = block_signals();
	int copy = system_copy_process();

	if (copy == 0)
		stand_between(paths, arguments, environment, ends[1]);
	set_signals(before);
	(void)system_close(ends[1]);
	if (copy < 0) {
		(void)system_close(ends[0]);
		return copy;
	}
	*ret_program = (struct system_program){.copy = copy, .output = ends[0], .has_ended = false};
	return 0;
}

static bool is_readable(int fd, uint64_t ns)
{
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	struct timespec limit = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	return system_call(SYS_ppoll, &poll, 1, &limit, NULL, KERNEL_SIGSET_BYTES) > 0;
}

/* It has ended, and PROGRAM knows how. */
static bool look_for_end(struct system_program *program, bool wait)
{
	int status = 0;

	if (program->has_ended)
		return true;
	int result = system_copy_ended(program->copy, wait, &status);

	if (result == 0)
		return false;
	program->has_ended = true; /* below 0: somebody else waited for it */
	program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

/* The pipe may be open in a child that the program forked meanwhile: the end of the output is that of the copy, too. */
ssize_t system_program_read(
    struct system_program *program, char *buffer, size_t capacity, uint64_t ns)
{
	uint64_t start = system_monotonic_ns();
	long bytes;

	while (!is_readable(program->output, STEP_NS)) {
		if (look_for_end(program, false) && !is_readable(program->output, 0))
			return 0;
		if (system_monotonic_ns() - start >= ns)
			return -EAGAIN;
	}
	do
		bytes = system_call(SYS_read, program->output, buffer, capacity);
	while (bytes == -EINTR);
	return bytes;
}

int system_program_end(struct system_program *program, bool kill)
{
	if (kill)
		system_copy_kill(program->copy);
	(void)system_close(program->output);
	(void)look_for_end(program, true);
	return program->status;
}
