/*
 * One buffer, born outside all iterations, grows by 1,000 bytes in each of 42 iterations: a leak
 * without any birth.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static char *buffer;
static size_t bytes = 1000;

static void make(void)
{
	buffer = malloc(bytes);
	CHECK(buffer != NULL);
}

static void append(void)
{
	bytes += 1000;
	buffer = realloc(buffer, bytes);
	CHECK(buffer != NULL);
}

int main(void)
{
	make();
	for (int i = 0; i < 42; i++) {
		ALLOCSCOPE_ITERATION("append")
		{
			append();
		}
	}
	say("42 iterations");
	return 0;
}
