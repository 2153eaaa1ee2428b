/* Whole reads and writes on descriptors: EINTR and short transfers are handled here. Async-signal-safe. */
#ifndef BASE_FD_IO_H
#define BASE_FD_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Write all COUNT bytes. Returns 0 or -errno. */
int fd_write_full(int fd, const void *bytes, size_t count);
/* Write all COUNT bytes at OFFSET. Returns 0 or -errno. */
int fd_pwrite_full(int fd, const void *bytes, size_t count, uint64_t offset);
/* Read until COUNT bytes or end of file. Returns the bytes read or -errno. */
ssize_t fd_read_full(int fd, void *bytes, size_t count);

#endif
