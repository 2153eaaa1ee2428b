/*
 * A file in memory that the program appends lines to, and that is read here like memory, without a system call: what
 * mark_lines.h needs of the system. Like system.h: 0 on success, -errno on failure; nothing touches errno, allocates from
 * the host's heap or is a cancellation point; all are async-signal-safe. Linux: system_lines_linux.c.
 */
#ifndef PRELOAD_SYSTEM_LINES_H
#define PRELOAD_SYSTEM_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define SYSTEM_LINES_START 19 /* bytes of the line that the file begins with */

/* Let NUMBER be such a file. Its first CAPACITY bytes will stand at *RET_BYTES, what is not written yet as zeros or, from
 * the start of the next page on, not to be read at all. -EEXIST when NUMBER is open, but for the file of a process before. */
int system_lines_open(int number, size_t capacity, const char **ret_bytes);
/* What is written to NUMBER, if that is such a file, goes nowhere from now on. */
void system_lines_discard(int number);
/* BYTE, the first of a page, can be read. */
bool system_lines_can_read(const char *byte);
/* Pages that nobody will read any more: give back their memory where the system can. */
void system_lines_forget(const char *start, size_t bytes);

#endif
