/* realloc(p, 0) frees on glibc: 100 blocks born in make_and_drop, none live. */
#include "program.h"

static volatile size_t nothing;

static void make_and_drop(void)
{
	for (int i = 0; i < 100; i++) {
		void *block = malloc(64);

		CHECK(block != NULL);
		CHECK(realloc(block, nothing) == NULL);
	}
}

int main(void)
{
	make_and_drop();
	say("freed");
	return 0;
}
