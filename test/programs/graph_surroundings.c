/*
 * A snapshot with a graph in a difficult program, by the first argument; the file goes to the second. Whatever the
 * program, it must not notice: each case checks what it would see.
 */
#include <allocscope/allocscope.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "program.h"

#define GIGABYTE  ((size_t)1 << 30)
#define MANY	  64
#define MEGABYTES 64

static const char *path;
static atomic_int standing, returned, leaving;
static int release_pipe[2];

static void snap(void)
{
	CHECK(allocscope_snapshot(path) == 0);
}

static long peak_kilobytes(int who)
{
	struct rusage usage;

	CHECK(getrusage(who, &usage) == 0);
	return usage.ru_maxrss;
}

/* Waits in a call, a pointer to a block on the stack. */
static void *hold_and_read(void *label)
{
	void *volatile block = malloc(100);
	char byte;

	allocscope_label(block, label);
	standing++;
	CHECK(read(release_pipe[0], &byte, 1) == 1);
	free(block);
	return NULL;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	int before = standing;

	CHECK(pthread_create(&thread, NULL, run, argument) == 0);
	while (standing == before)
		CHECK(sched_yield() == 0);
	return thread;
}

static void release(pthread_t thread)
{
	CHECK(write(release_pipe[1], "x", 1) == 1);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* 10 GB of which three pages are there: neither we nor the copy may grow. */
static void sparse(void)
{
	const size_t bytes = 10 * GIGABYTE;
	void **map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_t thread = start(hold_and_read, "on-stack");

	CHECK(map != MAP_FAILED);
	map[0] = &map[1];
	map[5 * GIGABYTE / sizeof *map] = malloc(100);
	allocscope_label(map[5 * GIGABYTE / sizeof *map], "far-out");
	map[bytes / sizeof *map - 1] = malloc(100);
	allocscope_label(map[bytes / sizeof *map - 1], "at-the-end");
	long before = peak_kilobytes(RUSAGE_SELF);

	snap();
	CHECK(peak_kilobytes(RUSAGE_SELF) < before + MEGABYTES * 1024);
	CHECK(peak_kilobytes(RUSAGE_CHILDREN) < before + MEGABYTES * 1024);
	release(thread);
}

/* Pages without access, guards, a file that is shorter than its mapping, a device. */
static void unreadable(void)
{
	const size_t page = 4096;
	char name[] = "short.XXXXXX";
	int fd = mkstemp(name);

	CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, (off_t)(2 * page)) == 0);
	char *shared = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *copied = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *closed =
	    mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int zero = open("/dev/zero", O_RDWR);

	CHECK(shared != MAP_FAILED && copied != MAP_FAILED && closed != MAP_FAILED && zero >= 0);
	CHECK(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0) != MAP_FAILED);
	shared[0] = copied[0] = closed[0] = 1;
	shared[page] = copied[page] = closed[page] = 1;
	CHECK(ftruncate(fd, 1) == 0);
	for (size_t i = 0; i < 8; i += 2)
		CHECK(mprotect(closed + i * page, page, PROT_NONE) == 0);
	pthread_t thread = start(hold_and_read, "on-stack");

	snap();
	release(thread);
	snap();
}

static void *block_and_hold(void *label)
{
	sigset_t all;

	sigfillset(&all);
	CHECK(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
	return hold_and_read(label);
}

static void *block_by_force(void *label)
{
	uint64_t all = ~(uint64_t)0;

	CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all) == 0);
	return hold_and_read(label);
}

static void *wait_for_signal(void *unused)
{
	sigset_t all;
	int number;

	sigfillset(&all);
	CHECK(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
	standing++;
	CHECK(sigwait(&all, &number) == 0 && number == SIGUSR1);
	return unused;
}

static void blocked(void)
{
	pthread_t polite = start(block_and_hold, "blocks-signals");
	pthread_t stubborn = start(block_by_force, "blocks-by-force");
	pthread_t waiter = start(wait_for_signal, NULL);

	usleep(20000);
	snap();
	CHECK(pthread_kill(waiter, SIGUSR1) == 0 && pthread_join(waiter, NULL) == 0);
	CHECK(write(release_pipe[1], "xx", 2) == 2);
	CHECK(pthread_join(polite, NULL) == 0 && pthread_join(stubborn, NULL) == 0);
}

static void *spin(void *unused)
{
	void *volatile block = malloc(100);

	allocscope_label(block, "of-spinner");
	standing++;
	while (leaving == 0) {
		errno = 77;
		for (volatile int i = 0; i < 1000; i++)
			;
		CHECK(errno == 77);
	}
	free(block);
	return unused;
}

static void many(void)
{
	pthread_t threads[MANY];

	for (int i = 0; i < MANY; i++)
		threads[i] = i % 8 == 0 ? start(spin, NULL) : start(hold_and_read, "of-reader");
	snap();
	snap();
	leaving = 1;
	for (int i = 0; i < MANY; i++)
		CHECK(i % 8 == 0 || write(release_pipe[1], "x", 1) == 1);
	for (int i = 0; i < MANY; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

/* clone of a process, not of a thread, is refused. */
static void refused(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_VM, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof code[0], code};
	pthread_t thread = start(hold_and_read, "on-stack");

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ==
	      0);
	snap();
	release(thread);
}

static atomic_int children_told;
static void on_child(int number)
{
	(void)number;
	children_told++;
}

static void *wait_for_any(void *unused)
{
	standing++;
	while (leaving == 0)
		CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return unused;
}

static void children(void)
{
	CHECK(signal(SIGCHLD, on_child) != SIG_ERR);
	pthread_t thread = start(wait_for_any, NULL);

	for (int i = 0; i < 3; i++)
		snap();
	leaving = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
	CHECK(children_told == 0);
}

static void on_wake(int number)
{
	(void)number;
}

static atomic_int callers[8]; /* threads in calls, by the order of their start */

static void about_to_call(void)
{
	callers[standing] = (int)syscall(SYS_gettid);
	standing++;
}

/* The thread sleeps in its call: it neither runs nor waits in the handler, which has the signal blocked. */
static bool is_in_call(int tid)
{
	char name[64], text[16] = "";

	(void)snprintf(name, sizeof name, "/proc/self/task/%d/syscall", tid);
	int file = open(name, O_RDONLY | O_CLOEXEC);

	CHECK(file >= 0 && read(file, text, sizeof text - 1) > 0 && close(file) == 0);
	return text[0] >= '0' && text[0] <= '9' && strtol(text, NULL, 10) != SYS_futex;
}

static void wait_for_calls(int count)
{
	for (int i = 0; i < count; i++)
		while (returned == 0 && !is_in_call(callers[i]))
			CHECK(sched_yield() == 0);
	CHECK(returned == 0);
}

static void *in_pause(void *unused)
{
	about_to_call();
	CHECK(pause() == -1 && errno == EINTR);
	returned++;
	return unused;
}

static void *in_sigsuspend(void *unused)
{
	sigset_t none;

	sigemptyset(&none);
	about_to_call();
	CHECK(sigsuspend(&none) == -1 && errno == EINTR);
	returned++;
	return unused;
}

static void *in_poll(void *unused)
{
	about_to_call();
	CHECK(poll(NULL, 0, -1) == -1 && errno == EINTR);
	returned++;
	return unused;
}

static void *in_epoll_wait(void *unused)
{
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC);

	about_to_call();
	CHECK(epoll_wait(fd, &event, 1, -1) == -1 && errno == EINTR);
	returned++;
	return unused;
}

static void *in_sleep(void *unused)
{
	about_to_call();
	CHECK(sleep(1000) > 0);
	returned++;
	return unused;
}

static void calls(void)
{
	void *(*const runs[])(void *) = {in_pause, in_sigsuspend, in_poll, in_epoll_wait, in_sleep};
	enum { COUNT = sizeof runs / sizeof runs[0] };
	pthread_t threads[COUNT];

	CHECK(signal(SIGUSR1, on_wake) != SIG_ERR);
	for (int i = 0; i < COUNT; i++)
		threads[i] = start(runs[i], NULL);
	for (int i = 0; i < 3; i++) {
		wait_for_calls(COUNT);
		snap();
	}
	wait_for_calls(COUNT);
	for (int i = 0; i < COUNT; i++)
		CHECK(
		    pthread_kill(threads[i], SIGUSR1) == 0 && pthread_join(threads[i], NULL) == 0);
	CHECK(returned == COUNT);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
    {"sparse", sparse},
    {"unreadable", unreadable},
    {"blocked", blocked},
    {"many", many},
    {"refused", refused},
    {"children", children},
    {"calls", calls},
};

int main(int count, char **arguments)
{
	CHECK(count == 3 && pipe(release_pipe) == 0);
	path = arguments[2];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(cases[i].name, arguments[1]) == 0)
			cases[i].run();
	say("done");
	return 0;
}
