#include "preload/system_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/fd_io.h"
#include "base/system_call.h"
#include "preload/system.h"

#ifndef MFD_NOEXEC_SEAL
#	define MFD_NOEXEC_SEAL 8u
#endif

static const char start[] = "# allocscope marks\n";
_Static_assert(sizeof start - 1 == SYSTEM_LINES_START, "all of it");

/* 1: such a file, made by us or by the process that we come from; 0: not open; -EEXIST: something else. */
static int is_such_a_file(int number)
{
	char found[sizeof start - 1];
	long bytes = system_call(SYS_pread64, number, found, sizeof found, 0);

	if (bytes == -EBADF && system_call(SYS_fcntl, number, F_GETFD) == -EBADF)
		return 0;
	return bytes == (long)sizeof found && memcmp(found, start, sizeof found) == 0 ? 1 : -EEXIST;
}

static int make_file(void)
{
	long fd =
	    system_call(SYS_memfd_create, "allocscope marks", MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd == -EINVAL) /* a kernel before 6.3 */
		fd = system_call(SYS_memfd_create, "allocscope marks", MFD_ALLOW_SEALING);
	return (int)fd;
}

/* Whoever writes appends, and nobody empties it: a page that was there stays there. */
static int set_up(int fd)
{
	int result = fd_write_full(fd, start, sizeof start - 1);

	if (result == 0)
		result = (int)system_call(SYS_fcntl, fd, F_SETFL, O_RDWR | O_APPEND | O_LARGEFILE);
	if (result == 0)
		result = (int)system_call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL);
	return result;
}

static int map(int fd, size_t capacity, const char **ret_bytes)
{
	/* shared and read-only: no scan for pointers looks into it */
	long at =
	    system_call(SYS_mmap, NULL, capacity, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (at < 0 && at > -4096)
		return (int)at;
	*ret_bytes = (const char *)at;
	return 0;
}

/* FD gets NUMBER, which children inherit, and is closed under its own. */
static int move(int fd, int number)
{
	if (fd == number)
		return 0;
	long result = system_call(SYS_dup3, fd, number, 0);

	(void)system_close(fd);
	return result < 0 ? (int)result : 0;
}

int system_lines_open(int number, size_t capacity, const char **ret_bytes)
{
	int standing = is_such_a_file(number);

	if (standing < 0)
		return standing;
	int fd = make_file();

	if (fd < 0)
		return fd;
	int result = set_up(fd);

	if (result == 0)
		result = map(fd, capacity, ret_bytes);
	if (result != 0) {
		(void)system_close(fd);
		return result;
	}
	result = move(fd, number);
	if (result != 0)
		system_unmap((void *)(uintptr_t)*ret_bytes, capacity);
	return result;
}

void system_lines_discard(int number)
{
	if (is_such_a_file(number) != 1)
		return;
	long fd = system_call(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY, 0);

	if (fd >= 0)
		(void)move((int)fd, number);
}

bool system_lines_can_read(const char *byte)
{
	struct timespec limit = {0, 0};

	/* a wait of no length reads the word, and is told when it cannot; no filter of system calls forbids it */
	return system_call(SYS_futex, byte, FUTEX_WAIT_PRIVATE, 0u, &limit, NULL, 0) != -EFAULT;
}

void system_lines_forget(const char *from, size_t bytes)
{
	(void)system_call(SYS_madvise, from, bytes, MADV_REMOVE);
}
