/*
 * Messages to the user and the ways to give up. Only the command line may end the process, so only
 * it includes this; every other module returns a status.
 */
#ifndef CLI_FATAL_H
#define CLI_FATAL_H

#include <stddef.h>

/* Exit codes of every command but `run`, which passes on the program's own. */
enum exit_code {
	EXIT_CLEAN = 0,
	EXIT_FINDING = 1,
	EXIT_USAGE = 2,	  /* wrong use, or the tool itself failed */
	EXIT_DAMAGED = 3, /* the input cannot be read or is damaged */
};

/* One line to stderr, "allocscope: " before it. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, then exit with CODE. */
_Noreturn void die(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Never NULL; they die when memory is gone. */
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *block, size_t bytes);
char *xstrdup(const char *text);
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
