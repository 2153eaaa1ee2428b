/*
 * allocscope_snapshot to the path in argv[1] twice (the second replaces the first), to the
 * pattern, and to a path that can't be written. early: 2 blocks of 20 bytes; late: 3 of 30.
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *kept[5];

static void early(void)
{
	kept[0] = malloc(20);
	kept[1] = malloc(20);
}

static void late(void)
{
	for (size_t i = 2; i < 5; i++)
		kept[i] = malloc(30);
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	early();
	int missing = allocscope_active() ? 0 : -ENOSYS;

	CHECK(allocscope_snapshot(argv[1]) == missing);
	late();
	CHECK(allocscope_snapshot(argv[1]) == missing);
	free(kept[0]);
	CHECK(allocscope_snapshot(NULL) == missing);
	CHECK(allocscope_snapshot("/nonexistent/directory/x.snap") ==
	      (allocscope_active() ? -ENOENT : -ENOSYS));
	say("taken");
	return 0;
}
