/* allocscope_stats_now and the marks are exact, for the process and for the calling thread. */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

static void *kept[100];

static void *other_thread(void *unused)
{
	for (size_t i = 50; i < 100; i++)
		kept[i] = malloc(100);
	return unused;
}

static void own_thread(void)
{
	for (size_t i = 0; i < 50; i++)
		kept[i] = malloc(10);
	for (size_t i = 0; i < 20; i++)
		free(kept[i]);
	kept[20] = realloc(kept[20], 25); /* grows by 15 */
	kept[21] = realloc(kept[21], 4);  /* shrinks by 6 */
}

static void check_thread(
    const struct allocscope_stats *before, const struct allocscope_stats *after)
{
	CHECK(after->thread.allocs - before->thread.allocs == 50);
	CHECK(after->thread.frees - before->thread.frees == 20);
	CHECK(after->thread.bytes - before->thread.bytes == 515);
	CHECK(after->thread.freed_bytes - before->thread.freed_bytes == 206);
	CHECK(after->thread.live_blocks - before->thread.live_blocks == 30);
	CHECK(after->thread.live_bytes - before->thread.live_bytes == 309);
}

static void check_other(const struct allocscope_stats *before, const struct allocscope_mark *mark)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	struct allocscope_stats after = allocscope_stats_now();
	struct allocscope_retained own = allocscope_retained_since(*mark);
	struct allocscope_retained all = allocscope_retained_since_process(*mark);

	/* What pthread_create itself allocates stands in both books. */
	uint64_t extra_blocks = own.blocks - 30;
	uint64_t extra_bytes = own.bytes - 309;

	CHECK(extra_blocks <= 4);
	CHECK(all.blocks == 80 + extra_blocks && all.bytes == 5309 + extra_bytes);
	CHECK(after.process.live_blocks - before->process.live_blocks == 80 + extra_blocks);
	CHECK(after.process.live_bytes - before->process.live_bytes == 5309 + extra_bytes);
	CHECK(after.process.peak_bytes >= after.process.live_bytes);
}

static void check_older_block(void)
{
	void *older = malloc(5);
	struct allocscope_mark mark = allocscope_mark_now();

	CHECK(older != NULL);
	free(older);
	void *newer = malloc(6);

	CHECK(newer != NULL);
	CHECK(allocscope_retained_since(mark).blocks == (allocscope_active() ? 1 : 0));
	free(newer);
	CHECK(allocscope_retained_since(mark).blocks == 0);
	CHECK(allocscope_retained_since(mark).bytes == 0);
}

int main(void)
{
	check_older_block();
	struct allocscope_stats before = allocscope_stats_now();
	struct allocscope_mark mark = allocscope_mark_now();

	own_thread();
	struct allocscope_stats after = allocscope_stats_now();

	if (allocscope_active()) {
		struct allocscope_retained retained = allocscope_retained_since(mark);

		check_thread(&before, &after);
		CHECK(retained.blocks == 30 && retained.bytes == 309);
		check_other(&before, &mark);
	}
	say("exact");
	return 0;
}
