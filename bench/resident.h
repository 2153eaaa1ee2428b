/* How much memory this process has in pages that are there. */
#ifndef BENCH_RESIDENT_H
#define BENCH_RESIDENT_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* Resident bytes of this process, read without malloc. */
static inline uint64_t resident_bytes(void)
{
	char text[128] = {0};
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof text - 1);

	(void)close(fd);
	if (length <= 0)
		return 0;
	char *second = text;

	(void)strtoull(text, &second, 10);
	return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

#endif
