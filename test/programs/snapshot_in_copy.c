/*
 * Asks itself for a snapshot by SIGUSR2, by the first argument, and goes on while a copy of the process writes the file
 * of the second argument. The copy is held by SIGSTOP where the program must come first; nobody else's clock decides.
 */
#include <allocscope/allocscope.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "program.h"

#define BLOCKS	 100000 /* the copy is at work long enough to be met */
#define ATTEMPTS 50

static void *kept[BLOCKS];
static const char *path;

static void keep(void)
{
	for (size_t i = 0; i < BLOCKS; i++)
		kept[i] = malloc(24);
}

static void *keep_after(void)
{
	return malloc(77);
}

static bool exists(const char *name)
{
	struct stat status;

	return stat(name, &status) == 0;
}

static void use_the_heap(void)
{
	free(malloc(1));
}

static void wait_for_file(const char *name)
{
	while (!exists(name))
		use_the_heap();
}

/* Our only child, or 0. */
static pid_t child(void)
{
	char name[64], line[32] = "";

	(void)snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(name, "re");

	CHECK(file != NULL);
	(void)fgets(line, sizeof line, file);
	CHECK(fclose(file) == 0);
	return (pid_t)strtol(line, NULL, 10);
}

static char state_of(pid_t pid)
{
	char name[64], state = 0;

	(void)snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(name, "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = 0;
	CHECK(fclose(file) == 0);
	return state;
}

/* The copy stands before its file is there. One that was too fast is asked for again. */
static pid_t begin_and_hold(void)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		CHECK(raise(SIGUSR2) == 0);
		pid_t copy = child();

		CHECK(copy != 0);
		(void)kill(copy, SIGSTOP);
		while (state_of(copy) != 'T' && state_of(copy) != 'Z')
			usleep(1000);
		if (state_of(copy) == 'T' && !exists(path))
			return copy;
		(void)kill(copy, SIGCONT);
		wait_for_file(path);
		CHECK(unlink(path) == 0);
	}
	CHECK(!"the copy was too fast each time");
	return 0;
}

static void goes_on(void)
{
	pid_t copy = begin_and_hold();
	void *volatile after = keep_after();

	CHECK(!exists(path));
	CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	CHECK(kill(copy, SIGCONT) == 0);
	wait_for_file(path);
	while (child() != 0) /* nor is it left as a zombie */
		use_the_heap();
	free(after);
}

static void twice(void)
{
	pid_t copy = begin_and_hold();
	void *volatile after = keep_after();

	CHECK(raise(SIGUSR2) == 0);
	use_the_heap();
	CHECK(child() == copy && !exists(path));
	CHECK(kill(copy, SIGCONT) == 0);
	wait_for_file("x.1.snap");
	free(after);
}

static void ends(void)
{
	CHECK(raise(SIGUSR2) == 0);
}

static void ends_twice(void)
{
	pid_t copy = begin_and_hold();

	CHECK(raise(SIGUSR2) == 0);
	CHECK(kill(copy, SIGCONT) == 0);
}

static void killed(void)
{
	pid_t copy = begin_and_hold();
	void *volatile after = keep_after();

	CHECK(kill(copy, SIGKILL) == 0);
	wait_for_file(path);
	CHECK(child() == 0);
	free(after);
}

/* The child has no copy at work; what it does when it ends is its own. */
static void forks(void)
{
	pid_t copy = begin_and_hold();
	pid_t forked = fork();
	int status;

	CHECK(forked >= 0);
	if (forked == 0)
		exit(child() == 0 ? 0 : 1);
	CHECK(waitpid(forked, &status, 0) == forked && status == 0);
	CHECK(!exists(path));
	CHECK(kill(copy, SIGCONT) == 0);
}

static void drop_rights_to_exceed(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	CHECK(syscall(SYS_capget, &header, data) == 0);
	data[0].effective &= ~(1u << CAP_SYS_ADMIN | 1u << CAP_SYS_RESOURCE);
	CHECK(syscall(SYS_capset, &header, data) == 0);
}

/* The user has all processes that the limit allows. */
static void refused(void)
{
	const struct rlimit none = {0, 0};

	if (geteuid() == 0) {
		CHECK(syscall(SYS_setresuid, 65534, -1, -1) == 0);
		drop_rights_to_exceed();
	}
	CHECK(setrlimit(RLIMIT_NPROC, &none) == 0);
	CHECK(fork() == -1 && errno == EAGAIN);
	CHECK(raise(SIGUSR2) == 0);
	CHECK(exists(path));
}

/* Somebody else asks, too. */
static void held(void)
{
	pid_t copy = begin_and_hold();
	char byte;

	say("held");
	CHECK(read(STDIN_FILENO, &byte, 1) == 1);
	CHECK(kill(copy, SIGCONT) == 0);
	while (read(STDIN_FILENO, &byte, 1) == 1)
		;
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
    {"goes-on", goes_on},
    {"twice", twice},
    {"ends", ends},
    {"ends-twice", ends_twice},
    {"killed", killed},
    {"forks", forks},
    {"refused", refused},
    {"held", held},
};

int main(int count, char **arguments)
{
	CHECK(count == 3);
	path = arguments[2];
	keep();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(cases[i].name, arguments[1]) == 0)
			cases[i].run();
	say("done");
	return 0;
}
