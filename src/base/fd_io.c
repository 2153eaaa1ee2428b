#include "base/fd_io.h"

#include <errno.h>
#include <unistd.h>

int fd_write_full(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		ssize_t done = write(fd, at, count);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		at += done;
		count -= (size_t)done;
	}
	return 0;
}

int fd_pwrite_full(int fd, const void *bytes, size_t count, uint64_t offset)
{
	const char *at = bytes;

	while (count > 0) {
		ssize_t done = pwrite(fd, at, count, (off_t)offset);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
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
		ssize_t done = read(fd, at + total, count - total);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (done == 0)
			break;
		total += (size_t)done;
	}
	return (ssize_t)total;
}
