/*
 * What every test program shares. A program shows one behaviour, prints only what is the same with and
 * without the preload, and ends with 0; a broken promise ends it with 99 and a sentence. The numbers that
 * a snapshot of it must hold stand in test/integration, found there by the names of its functions: that is
 * why the programs are built without optimisation and allocate in functions with telling names.
 * No stdio before the end of the counted work: stdio allocates buffers.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void program_fail(const char *sentence)
{
	if (write(STDERR_FILENO, sentence, strlen(sentence)) < 0)
		_exit(98);
	_exit(99);
}

#define PROGRAM_TEXT_(line) #line
#define PROGRAM_TEXT(line)  PROGRAM_TEXT_(line)
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			program_fail(__FILE__ ":" PROGRAM_TEXT(__LINE__) ": " #condition "\n");    \
	} while (0)

/* One line on stdout, without stdio. */
static inline void say(const char *sentence)
{
	CHECK(write(STDOUT_FILENO, sentence, strlen(sentence)) >= 0);
	CHECK(write(STDOUT_FILENO, "\n", 1) == 1);
}

/* A size that the compiler can't judge, for the calls that must fail. */
static volatile size_t program_huge = SIZE_MAX / 2;
static inline size_t huge_size(void)
{
	return program_huge;
}

/* The address as a number: comparing a freed pointer is undefined. */
static inline uintptr_t address_of(const void *block)
{
	return (uintptr_t)block;
}

#endif
