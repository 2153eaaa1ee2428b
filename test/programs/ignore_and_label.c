/*
 * cache: 4 blocks of 64 bytes, ignored; nodes: 6 blocks of 48 bytes labelled "computed", 2
 * labelled "edge".
 */
#include <allocscope/allocscope.h>

#include "program.h"

static void *blocks[12];

static void cache(void)
{
	for (size_t i = 0; i < 4; i++) {
		blocks[i] = malloc(64);
		allocscope_ignore(blocks[i]);
	}
}

static void nodes(void)
{
	for (size_t i = 4; i < 12; i++) {
		blocks[i] = malloc(48);
		allocscope_label(blocks[i], i < 10 ? "computed" : "edge");
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		CHECK(allocscope_snapshot(argv[1]) == 0);
	allocscope_iteration_begin_phase("once", ALLOCSCOPE_COUNTED);
	cache();
	nodes();
	allocscope_iteration_end();
	say("labelled");
	return 0;
}
