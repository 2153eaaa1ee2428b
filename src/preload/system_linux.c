/* Linux, any C library: raw system calls. See system.h. */
#include "preload/system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/compiler.h"
#include "base/fd_io.h"
#include "base/system_call.h"

#ifndef PR_SET_VMA
#	define PR_SET_VMA	     0x53564d41
#	define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef MADV_POPULATE_WRITE
#	define MADV_POPULATE_WRITE 23
#endif
#ifndef RENAME_NOREPLACE
#	define RENAME_NOREPLACE 1
#endif

void *system_map(size_t bytes, const char *name)
{
	long at = system_call(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at < 0 && at > -4096)
		return NULL;
	(void)system_call(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, bytes, name);
	return (void *)at;
}

void system_unmap(void *start, size_t bytes)
{
	(void)system_call(SYS_munmap, start, bytes);
}

void system_clear(void *start, size_t bytes)
{
	(void)system_call(SYS_madvise, start, bytes, MADV_DONTNEED);
}

void system_touch(void *start, size_t bytes)
{
	const size_t page = system_page_bytes();
	volatile char *at = start;

	if (bytes == 0 || system_call(SYS_madvise, start, (bytes + page - 1) / page * page,
			      MADV_POPULATE_WRITE) == 0)
		return;
	for (size_t i = 0; i < bytes; i += page) /* a kernel before 5.14 */
		at[i] = 0;
}

size_t system_page_bytes(void)
{
	static atomic_size_t known;
	size_t bytes = atomic_load_explicit(&known, memory_order_relaxed);

	if (unlikely(bytes == 0)) {
		bytes = getauxval(AT_PAGESZ);
		atomic_store_explicit(&known, bytes, memory_order_relaxed);
	}
	return bytes;
}

const void *system_map_file(const char *path, size_t *ret_bytes)
{
	int fd = (int)system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	struct stat status = {0};
	long at = -EBADF;

	if (fd < 0)
		return NULL;
	if (system_call(SYS_fstat, fd, &status) == 0 && S_ISREG(status.st_mode))
		at = system_call(
		    SYS_mmap, NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	(void)system_close(fd);
	*ret_bytes = (size_t)status.st_size;
	return at < 0 && at > -4096 ? NULL : (const void *)at;
}

#define NEAR_STEP   ((uintptr_t)1 << 20)
#define NEAR_STEPS  1900 /* in each direction: 2 GB, less what a module and an operand may take */
#define NEAR_LOWEST ((uintptr_t)1 << 16)

static void *map_at(uintptr_t address, size_t bytes)
{
	long at = address < NEAR_LOWEST
		      ? -EINVAL
		      : system_call(SYS_mmap, address, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at < 0 && at > -4096)
		return NULL;
	if ((uintptr_t)at != address) { /* a kernel before 4.17 takes the address for a wish */
		system_unmap((void *)at, bytes);
		return NULL;
	}
	return (void *)at;
}

void *system_map_near(uintptr_t address, size_t bytes)
{
	uintptr_t base = address & ~(NEAR_STEP - 1);
	void *found = NULL;

	for (uintptr_t step = 1; step < NEAR_STEPS && found == NULL; step++) {
		found = map_at(base + step * NEAR_STEP, bytes);
		if (found == NULL && base > step * NEAR_STEP)
			found = map_at(base - step * NEAR_STEP, bytes);
	}
	return found;
}

int system_make_code(void *start, size_t bytes)
{
	return (int)system_call(SYS_mprotect, start, bytes, PROT_READ | PROT_EXEC);
}

/* Through /proc the page never becomes writable for the program. Where that is forbidden it does, for a moment. */
int system_write_code(uintptr_t address, uint8_t byte)
{
	int fd = (int)system_call(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
	long written = fd < 0 ? fd : system_call(SYS_pwrite64, fd, &byte, 1, address);
	uintptr_t page = address & ~(uintptr_t)(system_page_bytes() - 1);

	if (fd >= 0)
		(void)system_close(fd);
	if (written == 1)
		return 0;
	int result = (int)system_call(
	    SYS_mprotect, page, system_page_bytes(), PROT_READ | PROT_WRITE | PROT_EXEC);

	if (result != 0)
		return result;
	*(volatile uint8_t *)address = byte; // NOLINT(performance-no-int-to-ptr): code
	return (int)system_call(SYS_mprotect, page, system_page_bytes(), PROT_READ | PROT_EXEC);
}

#define PAGEMAP_BATCH	512
#define PAGEMAP_PRESENT ((uint64_t)1 << 63)
#define PAGEMAP_SWAPPED ((uint64_t)1 << 62)

/* Call VISIT for each page with whether it holds anything. */
static void walk_pages(
    uintptr_t start, size_t pages, void (*visit)(void *context, size_t page), void *context)
{
	uint64_t entries[PAGEMAP_BATCH] = {0};
	int fd = system_open_read("/proc/self/pagemap");

	for (size_t first = 0; first < pages; first += PAGEMAP_BATCH) {
		size_t count = pages - first < PAGEMAP_BATCH ? pages - first : PAGEMAP_BATCH;
		long bytes = fd < 0
				 ? fd
				 : system_call(SYS_pread64, fd, entries, count * sizeof entries[0],
				       (start / system_page_bytes() + first) * sizeof entries[0]);

		for (size_t i = 0; i < count; i++)
			if (bytes < (long)((i + 1) * sizeof entries[0]) ||
			    (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) != 0)
				visit(context, first + i);
	}
	if (fd >= 0)
		(void)system_close(fd);
}

struct marked {
	uint64_t *used;
	size_t pieces; /* in all */
};

static void mark_page(void *context, size_t page)
{
	const struct marked *marked = context;
	size_t each = system_page_bytes() / SYSTEM_PIECE_BYTES;

	for (size_t i = page * each; i < (page + 1) * each && i < marked->pieces; i++)
		marked->used[i / 64] |= (uint64_t)1 << i % 64;
}

void system_used_pages(uintptr_t start, size_t bytes, uint64_t ret_used[SYSTEM_PAGES_MAX / 64])
{
	struct marked marked = {.used = ret_used, .pieces = bytes / SYSTEM_PIECE_BYTES};

	for (unsigned i = 0; i < SYSTEM_PAGES_MAX / 64; i++)
		ret_used[i] = 0;
	walk_pages(
	    start, (bytes + system_page_bytes() - 1) / system_page_bytes(), mark_page, &marked);
}

static void count_page(void *context, size_t page)
{
	uint64_t *count = context;

	(void)page;
	*count += 1;
}

uint64_t system_resident_bytes(uintptr_t start, size_t bytes)
{
	uint64_t count = 0;

	walk_pages(
	    start, (bytes + system_page_bytes() - 1) / system_page_bytes(), count_page, &count);
	return count * system_page_bytes();
}

pid_t system_process_id(void)
{
	return (pid_t)system_call(SYS_getpid);
}

pid_t system_parent_id(void)
{
	return (pid_t)system_call(SYS_getppid);
}

pid_t system_thread_id(void)
{
	return (pid_t)system_call(SYS_gettid);
}

/* The C library's clock_gettime goes through the vdso: no system call, errno untouched on success. */
static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t system_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t system_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t system_monotonic_coarse_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

void system_sleep_ns(uint64_t ns)
{
	struct timespec wait = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	(void)system_call(SYS_nanosleep, &wait, NULL);
}

void system_random(void *bytes, size_t count)
{
	unsigned char *at = bytes;

	if (system_call(SYS_getrandom, bytes, count, 1 /* GRND_NONBLOCK */) == (long)count)
		return;
	uint64_t state =
	    system_monotonic_ns() ^ ((uint64_t)system_process_id() << 32) ^ (uintptr_t)bytes;
	for (size_t i = 0; i < count; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		at[i] = (unsigned char)(state >> 56);
	}
}

int system_barrier_register(void)
{
	return (int)system_call(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

int system_barrier_all_threads(void)
{
	return (int)system_call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void system_wait_while(const void *word, uint32_t value, uint64_t ns)
{
	struct timespec limit = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	(void)system_call(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &limit);
}

void system_wake_all(const void *word)
{
	(void)system_call(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

#define KERNEL_SIGSET_BYTES 8

void system_hold_file_size_signal(uint64_t *ret_before)
{
	uint64_t held = (uint64_t)1 << (SIGXFSZ - 1);

	*ret_before = 0;
	(void)system_call(SYS_rt_sigprocmask, SIG_BLOCK, &held, ret_before, KERNEL_SIGSET_BYTES);
}

void system_restore_signals(uint64_t before)
{
	uint64_t held = (uint64_t)1 << (SIGXFSZ - 1);
	struct timespec now = {0, 0};

	if ((before & held) == 0)
		(void)system_call(SYS_rt_sigtimedwait, &held, NULL, &now, KERNEL_SIGSET_BYTES);
	(void)system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, KERNEL_SIGSET_BYTES);
}

int system_open_read(const char *path)
{
	return (int)system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
}

int system_open_new(const char *path)
{
	return (int)system_call(
	    SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int system_open_append(const char *path)
{
	return (int)system_call(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int system_sync(int fd)
{
	return (int)system_call(SYS_fsync, fd);
}

int system_close(int fd)
{
	return (int)system_call(SYS_close, fd);
}

int system_rename(const char *from, const char *to, bool replace)
{
	int result = (int)system_call(
	    SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE);

	/* file systems without the flag: link fails when the name is taken */
	if (result == -EINVAL || result == -ENOSYS) {
		if (replace)
			return (int)system_call(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
		result = (int)system_call(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
		if (result == 0)
			(void)system_unlink(from);
	}
	return result;
}

int system_unlink(const char *path)
{
	return (int)system_call(SYS_unlinkat, AT_FDCWD, path, 0);
}

int system_file_identity(int fd, uint64_t ret_identity[2])
{
	struct stat status = {0};
	long result = system_call(SYS_fstat, fd, &status);

	if (result == 0) {
		ret_identity[0] = status.st_dev;
		ret_identity[1] = status.st_ino;
	}
	return (int)result;
}

int system_file_owner(int fd, uint32_t *ret_user)
{
	struct stat status = {0};
	long result = system_call(SYS_fstat, fd, &status);

	if (result == 0)
		*ret_user = status.st_uid;
	return (int)result;
}

uint32_t system_user_id(void)
{
	return (uint32_t)system_call(SYS_geteuid);
}

int system_duplicate(int fd, int minimum)
{
	return (int)system_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, minimum);
}

ssize_t system_read_file(const char *path, char *buffer, size_t capacity)
{
	int fd = (int)system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	ssize_t length = fd_read_full(fd, buffer, capacity);
	(void)system_close(fd);
	return length;
}
