/* free(NULL) is no event: the exact counters don't move. */
#include <allocscope/allocscope.h>

#include "program.h"

int main(void)
{
	struct allocscope_stats before = allocscope_stats_now();

	for (int i = 0; i < 1000; i++)
		free(NULL);
	struct allocscope_stats after = allocscope_stats_now();

	CHECK(after.process.frees == before.process.frees);
	CHECK(after.thread.frees == before.thread.frees);
	CHECK(after.process.live_blocks == before.process.live_blocks);
	say("nothing freed");
	return 0;
}
