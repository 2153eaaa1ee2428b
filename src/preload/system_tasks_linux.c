/* Linux: raw system calls and /proc. See system_tasks.h. */
#include "preload/system_tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fd_io.h"
#include "base/system_call.h"
#include "base/text.h"
#include "preload/system.h"

#define KERNEL_SIGSET_BYTES 8
#define DIRECTORY_BYTES	    2048
#define STATUS_BYTES	    2048

/* ---- threads ---- */

struct directory_entry {
	uint64_t inode, next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

static uint32_t entry_number(const struct directory_entry *entry)
{
	uint64_t number = 0;

	return text_parse_unsigned(entry->name, strlen(entry->name), &number) != 0
		   ? (uint32_t)number
		   : 0;
}

int system_each_thread(void (*visit)(void *context, uint32_t tid), void *context)
{
	_Alignas(8) char buffer[DIRECTORY_BYTES] = {0};
	uint32_t self = (uint32_t)system_thread_id();
	int fd = (int)system_call(
	    SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int count = 0;
	long bytes;

	if (fd < 0)
		return fd;
	while ((bytes = system_call(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < bytes;) {
			const struct directory_entry *entry = (const void *)(buffer + at);
			uint32_t tid = entry_number(entry);

			if (tid != 0 && tid != self) {
				visit(context, tid);
				count++;
			}
			at += entry->bytes;
		}
	}
	(void)system_close(fd);
	return bytes < 0 ? (int)bytes : count;
}

static ssize_t read_thread_file(uint32_t tid, const char *name, char *buffer, size_t capacity)
{
	char path[64];
	struct text text;

	text_init(&text, path, sizeof path);
	text_add(&text, "/proc/self/task/");
	text_add_unsigned(&text, tid);
	text_add(&text, "/");
	text_add(&text, name);
	ssize_t bytes = system_read_file(path, buffer, capacity - 1);

	buffer[bytes > 0 ? bytes : 0] = '\0';
	return bytes;
}

static uint64_t parse_hex(const char *at)
{
	uint64_t number = 0;

	for (;; at++) {
		unsigned digit = (unsigned char)*at;

		if (digit - '0' < 10)
			digit -= '0';
		else if ((digit | 32) - 'a' < 6)
			digit = (digit | 32) - 'a' + 10;
		else
			return number;
		number = number << 4 | digit;
	}
}

void system_thread_status(uint32_t tid, struct system_thread_status *ret_status)
{
	char text[STATUS_BYTES];

	*ret_status = (struct system_thread_status){0};
	if (read_thread_file(tid, "status", text, sizeof text) <= 0)
		return;
	const char *state = strstr(text, "\nState:\t");
	const char *blocked = strstr(text, "\nSigBlk:\t");

	if (state != NULL)
		ret_status->state = state[8];
	if (blocked != NULL)
		ret_status->blocked = parse_hex(blocked + 9);
}

/* "NUMBER 0xARGUMENT ... 0xSP 0xPC" with six arguments, "-1 0xSP 0xPC", or "running". */
bool system_thread_call(uint32_t tid, struct system_thread_call *ret_call)
{
	char text[256];
	uintptr_t numbers[SYSTEM_CALL_ARGUMENTS + 2];
	size_t count = 0;
	uint64_t number = 0;
	ssize_t bytes = read_thread_file(tid, "syscall", text, sizeof text);

	memset(ret_call, 0, sizeof *ret_call);
	if (bytes <= 0 || text[0] == 'r')
		return false;
	for (const char *at = text; count < SYSTEM_CALL_ARGUMENTS + 2; count++) {
		at = strstr(at, " 0x");
		if (at == NULL)
			break;
		at += 3;
		numbers[count] = parse_hex(at);
	}
	if (count < 2)
		return false;
	ret_call->sp = numbers[count - 2];
	ret_call->pc = numbers[count - 1];
	ret_call->number = -1;
	if (count == SYSTEM_CALL_ARGUMENTS + 2 &&
	    text_parse_unsigned(text, (size_t)bytes, &number) != 0) {
		ret_call->number = (int64_t)number;
		memcpy(ret_call->arguments, numbers, sizeof ret_call->arguments);
	}
	return true;
}

/* ---- signals ---- */

#ifndef SA_RESTORER
#	define SA_RESTORER 0x04000000
#endif

/* The kernel's struct sigaction on x86-64 and aarch64. */
struct kernel_action {
	system_signal_handler *handler;
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#if defined(__x86_64__)
void system_signal_return(void);
/* The same bytes as the C library's, by which unwinders know it. */
__asm__(".text\n\t.hidden system_signal_return\n\t.globl system_signal_return\n\t"
	".type system_signal_return, @function\n\t"
	"nop\n" /* unwinders look at the byte before a return address */
	"system_signal_return:\n\t"
	"movq $15, %rax\n\tsyscall\n\t"
	".size system_signal_return, .-system_signal_return");
#	define RESTORER      system_signal_return
#	define RESTORER_FLAG SA_RESTORER
#else
#	define RESTORER      NULL
#	define RESTORER_FLAG 0
#endif

static int set_action(
    int number, system_signal_handler *handler, unsigned long flags, uint64_t mask)
{
	struct kernel_action action = {
	    .handler = handler,
	    .flags = flags | SA_SIGINFO | RESTORER_FLAG,
	    .restorer = RESTORER,
	    .mask = mask,
	};

	return (int)system_call(SYS_rt_sigaction, number, &action, NULL, KERNEL_SIGSET_BYTES);
}

int system_signal_install(int number, system_signal_handler *handler)
{
	return set_action(number, handler, SA_RESTART | SA_ONSTACK, ~(uint64_t)0);
}

int system_signal_install_trap(int number, system_signal_handler *handler, bool restart)
{
	return set_action(number, handler, (restart ? SA_RESTART : 0) | SA_ONSTACK | SA_NODEFER, 0);
}

int system_signal_reset(int number)
{
	struct kernel_action action = {0};

	return (int)system_call(SYS_rt_sigaction, number, &action, NULL, KERNEL_SIGSET_BYTES);
}

void system_signal_block(uint64_t set)
{
	(void)system_call(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, KERNEL_SIGSET_BYTES);
}

void system_signal_unblock(uint64_t set)
{
	(void)system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, KERNEL_SIGSET_BYTES);
}

bool system_signal_is_free(int number, system_signal_handler *handler)
{
	struct kernel_action action = {0};

	if (system_call(SYS_rt_sigaction, number, NULL, &action, KERNEL_SIGSET_BYTES) != 0)
		return false;
	return action.handler == NULL || action.handler == handler;
}

int system_signal_thread(uint32_t tid, int number, uintptr_t value)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = number;
	info.si_code = SI_QUEUE;
	info.si_pid = system_process_id();
	info.si_uid = system_user_id();
	info.si_value.sival_ptr = (void *)value; // NOLINT(performance-no-int-to-ptr): a number
	return (int)system_call(SYS_rt_tgsigqueueinfo, info.si_pid, tid, number, &info);
}

bool system_signal_value(const void *info, uintptr_t *ret_value)
{
	const siginfo_t *signal_info = info;

	if (signal_info->si_code != SI_QUEUE || signal_info->si_pid != system_process_id())
		return false;
	*ret_value = (uintptr_t)signal_info->si_value.sival_ptr;
	return true;
}

uintptr_t system_thread_pointer(void)
{
#if defined(__x86_64__)
	uintptr_t pointer = 0;

	(void)system_call(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &pointer);
	return pointer;
#else
	return (uintptr_t)__builtin_thread_pointer();
#endif
}

/* ---- the copy ---- */

int system_copy_process(void)
{
	return (int)system_call(SYS_clone, CLONE_UNTRACED, NULL, NULL, NULL, NULL);
}

void system_close_range(unsigned first, unsigned last)
{
	struct rlimit limit = {0};

	if (first > last || system_call(SYS_close_range, first, last, 0) == 0)
		return;
	if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) != 0 ||
	    limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (unsigned fd = first; fd < limit.rlim_cur && fd <= last; fd++)
		(void)system_close((int)fd);
}

void system_copy_die_with_maker(void)
{
	(void)system_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

void system_copy_settle(
    int fd, int other, void (*unreadable)(int number, void *info, void *context))
{
	int low = other >= 0 && other < fd ? other : fd;
	int high = other > fd ? other : fd;
	uint64_t blocked = ~((uint64_t)1 << (SIGSEGV - 1) | (uint64_t)1 << (SIGBUS - 1));

	(void)system_call(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, KERNEL_SIGSET_BYTES);
	if (low > 0)
		system_close_range(0, (unsigned)low - 1);
	if (high - low > 1)
		system_close_range((unsigned)low + 1, (unsigned)high - 1);
	system_close_range((unsigned)high + 1, UINT_MAX);
	(void)set_action(SIGSEGV, unreadable, 0, ~(uint64_t)0);
	(void)set_action(SIGBUS, unreadable, 0, ~(uint64_t)0);
	int score = (int)system_call(
	    SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);

	if (score >= 0) {
		(void)fd_write_full(score, "1000", 4);
		(void)system_close(score);
	}
}

uintptr_t system_fault_address(const void *info)
{
	return (uintptr_t)((const siginfo_t *)info)->si_addr;
}

int system_map_zeros(uintptr_t address, size_t bytes)
{
	long at = system_call(SYS_mmap, address, bytes, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	return at < 0 && at > -4096 ? (int)at : 0;
}

void system_copy_end(int status)
{
	for (;;)
		(void)system_call(SYS_exit_group, status);
}

int system_copy_ended(int pid, bool wait, int *ret_status)
{
	int status = 0;
	long result;

	do
		result = system_call(SYS_wait4, pid, &status, __WALL | (wait ? 0 : WNOHANG), NULL);
	while (result == -EINTR);
	if (result <= 0)
		return (int)result;
	*ret_status = status;
	return 1;
}

void system_copy_kill(int pid)
{
	(void)system_call(SYS_kill, pid, SIGKILL);
}

void system_prefer_large_pages(void *start, size_t bytes)
{
	if (start != NULL)
		(void)system_call(SYS_madvise, start, bytes & ~(size_t)4095, MADV_HUGEPAGE);
}

void *system_map_shared(size_t bytes)
{
	long at = system_call(
	    SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at < 0 && at > -4096 ? NULL : (void *)at;
}

void system_wait_while_shared(const void *word, uint32_t value, uint64_t ns)
{
	struct timespec limit = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	(void)system_call(SYS_futex, word, FUTEX_WAIT, value, &limit);
}

void system_wake_all_shared(const void *word)
{
	(void)system_call(SYS_futex, word, FUTEX_WAKE, INT32_MAX);
}

int system_truncate(int fd, uint64_t bytes)
{
	return (int)system_call(SYS_ftruncate, fd, bytes);
}
