#include "base/fd_io.h"

#include <errno.h>

#include "base/system_call.h"

int fd_write_full(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		long done = system_call(SYS_write, fd, at, count);

		if (done == -EINTR)
			continue;
		if (done < 0)
			return (int)done;
		at += done;
		count -= (size_t)done;
	}
	return 0;
}

int fd_pwrite_full(int fd, const void *bytes, size_t count, uint64_t offset)
{
	const char *at = bytes;

	while (count > 0) {
		long done = system_call(SYS_pwrite64, fd, at, count, offset);

		if (done == -EINTR)
			continue;
		if (done < 0)
			return (int)done;
		at += done;
		offset += (uint64_t)done;
		count -= (size_t)done;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t count)
{
	char *at = bytes;
	size_t total = 0;

	while (total < count) {
		long done = system_call(SYS_read, fd, at + total, count - total);

		if (done == -EINTR)
			continue;
		if (done < 0)
			return (ssize_t)done;
		if (done == 0)
			break;
		total += (size_t)done;
	}
	return (ssize_t)total;
}
