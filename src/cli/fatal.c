#include "cli/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 1, 0))) static void message_list(const char *format, va_list list)
{
	fflush(stdout); /* what was printed so far belongs before the message */
	fputs("allocscope: ", stderr);
	(void)vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

void message(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_list(format, list);
	va_end(list);
}

void die(enum exit_code code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	message_list(format, list);
	va_end(list);
	exit((int)code);
}

static void *or_die(void *block)
{
	if (block == NULL)
		die(EXIT_USAGE, "out of memory");
	return block;
}

void *xmalloc(size_t bytes)
{
	return or_die(malloc(bytes != 0 ? bytes : 1));
}

void *xcalloc(size_t count, size_t bytes)
{
	return or_die(calloc(count != 0 ? count : 1, bytes != 0 ? bytes : 1));
}

void *xrealloc(void *block, size_t bytes)
{
	return or_die(realloc(block, bytes != 0 ? bytes : 1));
}

char *xstrdup(const char *text)
{
	return or_die(strdup(text));
}

char *xformat(const char *format, ...)
{
	va_list list;
	char *text = NULL;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	return or_die(text);
}
