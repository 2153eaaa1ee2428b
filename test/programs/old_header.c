/*
 * A program that was compiled with the header of the first version: its table ends with assert_retained. Two blocks
 * of 24 bytes survive. Prints the count; "hold": nothing survives.
 */
#include <dlfcn.h>

#include "program.h"

struct first_mark {
	uint32_t epoch, thread;
	uint64_t allocs;
};
struct first_functions {
	size_t size;
	void (*before_mark_now[10])(void);
	void (*mark_now)(struct first_mark *ret_mark);
	void (*before_assert_retained[6])(void);
	uint64_t (*assert_retained)(
	    struct first_mark mark, bool process, const char *name, const char *file, int line);
};

static void *kept[2];

static void keep_two(void)
{
	kept[0] = malloc(24);
	kept[1] = malloc(24);
}

int main(int argc, char **argv)
{
	const struct first_functions *f =
	    (const struct first_functions *)dlsym(RTLD_DEFAULT, "allocscope_functions_1");
	struct first_mark mark;

	CHECK(f != NULL && f->size >= sizeof *f);
	f->mark_now(&mark);
	if (argc > 1 && strcmp(argv[1], "hold") == 0)
		free(malloc(24));
	else
		keep_two();
	say(f->assert_retained(mark, false, "first", "first.c", 1) == 2 ? "two" : "none");
	return 0;
}
