/*
 * For the tests of src/symbols: a directory of its own below build/, programs compiled at test time, and
 * what binutils say about them.
 */
#ifndef TEST_SUPPORT_SYMBOL_FIXTURE_H
#define TEST_SUPPORT_SYMBOL_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The absolute path of the directory, created at the first call. */
const char *symbol_fixture_directory(void);
/* Remove it with everything in it. */
void symbol_fixture_remove(void);
/* Path of NAME in it; one of four buffers that are used in turn. */
const char *symbol_fixture_path(const char *name);
void symbol_fixture_write(const char *name, const void *bytes, size_t count);
/* The bytes of NAME (free them). Fails the test when there is no such file. */
unsigned char *symbol_fixture_read(const char *name, size_t *ret_count);
/* Run a shell command inside the directory, quietly. True when it exits with 0. */
bool symbol_fixture_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, fails the test when the command does. Returns what it wrote to stdout (free it). */
char *symbol_fixture_output(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The build-id of the file NAME, from readelf; "" when it has none. One buffer. */
const char *symbol_fixture_build_id(const char *name);
/* The address before the end of every call instruction in the section .text of PATH: what a profiler
 * asks for. At most CAPACITY. Returns how many. */
size_t symbol_fixture_calls(const char *path, uint64_t *ret_addresses, size_t capacity);
/* The value of SYMBOL in the file NAME, from nm; fails the test when it has none. */
uint64_t symbol_fixture_symbol(const char *name, const char *symbol);

#define ORACLE_FRAMES_MAX 32
struct oracle_frame {
	char function[2048]; /* not demangled; "" unknown */
	char file[1024];     /* last component; "" unknown */
	uint32_t line;
};
struct oracle_answer {
	uint64_t address;
	struct oracle_frame frames[ORACLE_FRAMES_MAX];
	size_t count;
};
/* What addr2line says of COUNT addresses of PATH (free it). */
struct oracle_answer *symbol_fixture_ask_oracle(
    const char *path, const uint64_t *addresses, size_t count);

#endif
