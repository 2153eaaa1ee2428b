/* Another program is started, read and ended, and nobody but its starter sees it. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/system_tasks.h"

#define PATIENCE_NS 60000000000u

static const char *const shell[] = {"/nonexistent/sh", "/", "/bin/sh", NULL};
static const char *const environment[] = {"WORD=ready", NULL};

static struct system_program start(const char *script)
{
	const char *const arguments[] = {"sh", "-c", script, NULL};
	struct system_program program;

	assert_int_equal(system_program_start(shell, arguments, environment, &program), 0);
	return program;
}

/* All output, as text. */
static void read_all(struct system_program *program, char *text, size_t capacity)
{
	size_t length = 0;
	ssize_t bytes;

	while ((bytes = system_program_read(
		    program, text + length, capacity - 1 - length, PATIENCE_NS)) > 0)
		length += (size_t)bytes;
	assert_int_equal(bytes, 0);
	text[length] = '\0';
}

static void output_errors_and_status(void **state)
{
	char text[256];
	struct system_program program = start("echo $WORD; echo aside >&2; read line; exit 3");

	(void)state;
	read_all(&program, text, sizeof text);
	assert_string_equal(text, "ready\naside\n");
	assert_int_equal(system_program_end(&program, false), 3);
}

static void absent(void **state)
{
	const char *const paths[] = {"/nonexistent/sh", "/etc", NULL};
	const char *const arguments[] = {"sh", NULL};
	struct system_program program;
	char text[16];

	(void)state;
	assert_int_equal(system_program_start(paths, arguments, environment, &program), 0);
	read_all(&program, text, sizeof text);
	assert_int_equal(system_program_end(&program, false), SYSTEM_PROGRAM_ABSENT);
}

/* The inner process dies with the outer one: its output ends. */
static void killed_when_late(void **state)
{
	char byte;
	struct system_program program = start("echo; exec sleep 1000");
	int output = dup(program.output);

	(void)state;
	assert_int_equal(system_program_read(&program, &byte, 1, PATIENCE_NS), 1);
	assert_int_equal(system_program_read(&program, &byte, 1, 1), -EAGAIN);
	assert_int_equal(system_program_end(&program, true), 128 + SIGKILL);
	assert_int_equal(read(output, &byte, 1), 0);
	assert_int_equal(close(output), 0);
}

/* The output stays open in a process that the program leaves behind: the end is seen all the same. */
static void output_held_open(void **state)
{
	char text[32];
	struct system_program program = start("sleep 1000 & echo $!");

	(void)state;
	read_all(&program, text, sizeof text);
	assert_int_equal(system_program_end(&program, false), 0);
	assert_int_equal(kill((pid_t)strtol(text, NULL, 10), SIGKILL), 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void unseen(void **state)
{
	char text[16];

	(void)state;
	assert_true(signal(SIGCHLD, on_signal) == SIG_DFL);
	struct system_program program = start("true");

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	read_all(&program, text, sizeof text);
	assert_int_equal(system_program_end(&program, false), 0);
	assert_int_equal(signals, 0);
	(void)signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(output_errors_and_status),
	    cmocka_unit_test(absent),
	    cmocka_unit_test(killed_when_late),
	    cmocka_unit_test(output_held_open),
	    cmocka_unit_test(unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
