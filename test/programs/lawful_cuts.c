/*
 * argv[1] threads each keep as many blocks of `first` as of `second`, or one more: `first` is called before
 * `second`, and what they made is freed the other way round. Meanwhile main takes 20 snapshots into sa.snap ...
 * st.snap: a cut shows lawful states only, or it is torn.
 */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

#define PAIRS 500

static volatile int stop;

__attribute__((noinline)) static void *first(void)
{
	return malloc(24);
}

__attribute__((noinline)) static void *second(void)
{
	return malloc(2000);
}

static void *keep_the_law(void *argument)
{
	void *firsts[PAIRS], *seconds[PAIRS];
	unsigned pairs = 100 + (unsigned)(uintptr_t)argument * 5;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (unsigned i = 0; i < pairs; i++) {
			firsts[i] = first();
			seconds[i] = second();
		}
		for (unsigned i = pairs; i-- > 0;) {
			free(seconds[i]);
			free(firsts[i]);
		}
		usleep(100);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 8;
	char path[] = "sa.snap";

	CHECK(count >= 1 && count <= 64);
	for (size_t i = 0; i < count; i++)
		CHECK(pthread_create(&threads[i], NULL, keep_the_law, (void *)(uintptr_t)(i + 1)) ==
		      0);
	for (int i = 0; i < 20; i++) {
		usleep(7000);
		path[1] = (char)('a' + i);
		CHECK(allocscope_snapshot(path) == (allocscope_active() ? 0 : -ENOSYS));
	}
	stop = 1;
	for (size_t i = 0; i < count; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("20 cuts");
	return 0;
}
