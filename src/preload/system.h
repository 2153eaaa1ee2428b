/*
 * All that depends on the operating system: about twenty calls, each 0 or a value on success and -errno on
 * failure. Nothing here touches errno, allocates from the host's heap or is a cancellation point; all are
 * async-signal-safe. Linux: system_linux.c.
 */
#ifndef PRELOAD_SYSTEM_H
#define PRELOAD_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Fresh zeroed pages, not backed until touched; labelled NAME in /proc/PID/maps where the kernel can. NULL on failure. */
void *system_map(size_t bytes, const char *name);
void system_unmap(void *start, size_t bytes);
/* Give back the pages of what system_map returned; they read as zeros. START is the start of a page. */
void system_clear(void *start, size_t bytes);
/* Have the pages of fresh zeroed memory backed now: a later first write does not wait for them. */
void system_touch(void *start, size_t bytes);
size_t system_page_bytes(void);

/* The whole file, to read; its length goes to *RET_BYTES. Symbolic links are followed. NULL on failure. */
const void *system_map_file(const char *path, size_t *ret_bytes);
/* A fresh page within 2 GB of ADDRESS, then code: it can be written until system_make_code. NULL on failure. */
void *system_map_near(uintptr_t address, size_t bytes);
int system_make_code(void *start, size_t bytes);
/* Change one byte of code that is mapped from a file and only we see. */
int system_write_code(uintptr_t address, uint8_t byte);

/*
 * Which pieces of [start, start + bytes) hold anything: bit i of RET_USED for piece i; resident or swapped. A piece is
 * a page of the smallest size there is; all of a larger page are used together. START is the start of a page. Without
 * /proc/self/pagemap all count as used. At most SYSTEM_PAGES_MAX pieces.
 */
#define SYSTEM_PIECE_BYTES 4096u
#define SYSTEM_PAGES_MAX   4096u
void system_used_pages(uintptr_t start, size_t bytes, uint64_t ret_used[SYSTEM_PAGES_MAX / 64]);
/* Their number, in bytes, over any length. */
uint64_t system_resident_bytes(uintptr_t start, size_t bytes);

pid_t system_process_id(void);
pid_t system_parent_id(void);
pid_t system_thread_id(void);

uint64_t system_unix_ns(void);
uint64_t system_monotonic_ns(void);
/* The same clock as it stood at the kernel's last tick, 1 to 10 ms ago: a few instructions. */
uint64_t system_monotonic_coarse_ns(void);
void system_sleep_ns(uint64_t ns);
void system_random(void *bytes, size_t count);

/* After it returns every other running thread of the process has passed a full memory barrier. */
int system_barrier_register(void);
int system_barrier_all_threads(void);
/* Sleep while *WORD is VALUE, at most NS; may wake early. */
void system_wait_while(const void *word, uint32_t value, uint64_t ns);
void system_wake_all(const void *word);

/* Block SIGXFSZ in the calling thread; the mask before goes to *RET_BEFORE. */
void system_hold_file_size_signal(uint64_t *ret_before);
/* Drop a SIGXFSZ that came meanwhile, and set the mask back. */
void system_restore_signals(uint64_t before);

int system_open_read(const char *path);
int system_open_new(
    const char *path); /* created, must not exist, mode 0600, close-on-exec, no symlink followed */
int system_open_append(const char *path);
int system_sync(int fd);
int system_close(int fd);
int system_rename(
    const char *from, const char *to, bool replace); /* -EEXIST when TO exists and !REPLACE */
int system_unlink(const char *path);
/* Device and inode of a descriptor: to know whether a number still means what it meant. */
int system_file_identity(int fd, uint64_t ret_identity[2]);
/* Owner of the file behind FD. */
int system_file_owner(int fd, uint32_t *ret_user);
uint32_t system_user_id(void);
/* A copy of FD with a number of at least MINIMUM, close-on-exec. */
int system_duplicate(int fd, int minimum);
/* Whole contents of a small file. Returns its length or -errno. */
ssize_t system_read_file(const char *path, char *buffer, size_t capacity);

#endif
