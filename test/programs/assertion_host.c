/*
 * What a failed assertion does to a program whose handler returns: nothing that it could see. "closed": with the three
 * standard descriptors closed. "fork": an assertion in a child.
 */
#include <allocscope/allocscope.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "program.h"

static void *volatile kept;
static volatile sig_atomic_t signals;
static int failures;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void on_failure(const char *name, uint64_t survivors)
{
	(void)name;
	failures += survivors == 1;
	errno = ERANGE; /* the program's own business */
}

static void fail_once(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("host")
	{
		kept = malloc(100);
		errno = EDOM;
	}
}

static void check_unharmed(const sigset_t *before)
{
	sigset_t now;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fail_once();
	CHECK(errno == ERANGE);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0);
	CHECK(memcmp(&now, before, 8) == 0);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	CHECK(close(lowest) == 0);
	CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) == lowest);
	CHECK(close(lowest) == 0);
	CHECK(signals == 0);
}

static void *in_thread(void *before)
{
	check_unharmed(before);
	return NULL;
}

static void fork_and_assert(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		allocscope_on_failure(NULL);
		signal(SIGABRT, SIG_DFL);
		fail_once();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	say(WIFSIGNALED(status) ? "child failed" : "child passed");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t mask;
	pthread_t thread;

	if (strcmp(how, "fork") == 0) {
		fork_and_assert();
		return 0;
	}
	CHECK(sigaction(SIGCHLD, &action, NULL) == 0 && sigaction(SIGPIPE, &action, NULL) == 0);
	CHECK(sigemptyset(&mask) == 0 && sigaddset(&mask, SIGUSR2) == 0);
	CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
	allocscope_on_failure(on_failure);
	if (strcmp(how, "closed") == 0)
		for (int fd = 0; fd < 3; fd++)
			(void)close(fd);
	check_unharmed(&mask);
	CHECK(pthread_create(&thread, NULL, in_thread, &mask) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	if (strcmp(how, "closed") != 0)
		say(failures == 2 ? "unharmed" : "another number of failures");
	return 0;
}
