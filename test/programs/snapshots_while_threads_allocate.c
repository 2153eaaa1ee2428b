/*
 * argv[1] threads allocate, realloc and free; meanwhile main takes 5 snapshots into s0.snap ...
 * s4.snap. More than 8 threads rest now and then, so that main gets its turn. When all is over,
 * every block of allocate is freed.
 */
#include <allocscope/allocscope.h>
#include <pthread.h>

#include "program.h"

#define SLOTS 64

static volatile int stop;
static bool has_rests;

static void *allocate(void *argument)
{
	void *slots[SLOTS] = {NULL};
	unsigned seed = (unsigned)(uintptr_t)argument;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		seed = seed * 1103515245u + 12345u;
		size_t slot = (seed >> 16) % SLOTS;

		if (slots[slot] == NULL) {
			slots[slot] = malloc((seed >> 8) % 2000);
		} else if ((seed >> 4) % 3 == 0) {
			slots[slot] = realloc(slots[slot], 1 + (seed >> 8) % 3000);
		} else {
			free(slots[slot]);
			slots[slot] = NULL;
		}
		if (has_rests && seed % 61 == 0)
			usleep(200);
	}
	for (size_t i = 0; i < SLOTS; i++)
		free(slots[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 8;
	char path[] = "s0.snap";

	CHECK(count >= 1 && count <= 64);
	has_rests = count > 8;
	for (size_t i = 0; i < count; i++)
		CHECK(pthread_create(&threads[i], NULL, allocate, (void *)(uintptr_t)(i + 1)) == 0);
	for (int i = 0; i < 5; i++) {
		usleep(20000);
		path[1] = (char)('0' + i);
		CHECK(allocscope_snapshot(path) == (allocscope_active() ? 0 : -ENOSYS));
	}
	stop = 1;
	for (size_t i = 0; i < count; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	say("5 snapshots");
	return 0;
}
