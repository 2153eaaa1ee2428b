/*
 * The public header in both languages, with every compiler, linker and position: 5 counted
 * iterations of keep, 1 block of 8 bytes each. Prints whether the preload was found; compiled by
 * test/integration/header_matrix.bats.
 */
#include <allocscope/allocscope.h>

static void *kept[5];
void *volatile header_use_sink;

static void __attribute__((noinline)) keep(int slot)
{
	kept[slot] = malloc(8);
	header_use_sink = kept[slot];
}

int main(void)
{
	struct allocscope_mark mark = allocscope_mark_now();

	for (int i = 0; i < 5; i++) {
		ALLOCSCOPE_ITERATION("matrix")
		{
			keep(i);
		}
	}
	struct allocscope_retained retained = allocscope_retained_since(mark);

	printf("%s %llu\n", allocscope_active() ? "active" : "inactive",
	    (unsigned long long)retained.blocks);
	return 0;
}
