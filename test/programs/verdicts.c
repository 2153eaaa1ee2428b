/*
 * One allocating function for each way to keep blocks, and for each verdict: what is reached from `held` and what is
 * not. 72 iterations, or as many as the argument says; then x.snap, while all of it is there.
 *
 *   pool_new      a ring of 20: each iteration frees the oldest and makes one     bounded
 *   cache_new     ten entries, made when first asked for, the last in the 5th     one-off
 *   setup_new     before the iterations                                           one-off
 *   later_free    freed three iterations later                                    deferred
 *   array_grow    an array that doubles                                           amortised
 *   list_new      one more each time                                              linear
 *   bursts_new    one each time for twelve iterations, none for the next twelve   irregular
 *   forget        one lost each time                                              leaked
 *   churn         freed at once                                                   transient, nothing alive
 */
#include <allocscope/allocscope.h>

#include "program.h"

#define RING 20
#define LATE 3

struct link {
	struct link *next;
};

static struct {
	void *pool[RING], *cache[10], *setup, *late[LATE];
	struct link *list, *bursts;
	char *array;
	size_t count, capacity;
} held;

static void pool_new(size_t iteration)
{
	free(held.pool[iteration % RING]);
	held.pool[iteration % RING] = malloc(24);
}
static void cache_new(size_t iteration)
{
	for (size_t i = 2 * iteration; i < 2 * iteration + 2 && i < 10; i++)
		held.cache[i] = malloc(40);
}
static void setup_new(void)
{
	held.setup = malloc(100);
}
static void later_free(size_t iteration)
{
	free(held.late[iteration % LATE]);
	held.late[iteration % LATE] = malloc(32);
}
static void array_grow(void)
{
	if (held.count == held.capacity) {
		held.capacity = held.capacity != 0 ? 2 * held.capacity : 4;
		held.array = realloc(held.array, held.capacity);
	}
	held.count++;
}
static void push(struct link **list, struct link *link)
{
	CHECK(link != NULL);
	link->next = *list;
	*list = link;
}
static void list_new(void)
{
	push(&held.list, calloc(1, sizeof(struct link)));
}
static void bursts_new(size_t iteration)
{
	if (iteration / 12 % 2 == 0)
		push(&held.bursts, calloc(1, sizeof(struct link)));
}
static void forget(void)
{
	*(volatile char *)malloc(56) = 1;
}
static void churn(void)
{
	free(malloc(64));
}

/* No frame of main's work is on the stack when the snapshot is taken. */
static __attribute__((noinline)) void work(size_t iterations)
{
	for (size_t i = 0; i < iterations; i++) {
		ALLOCSCOPE_ITERATION("day")
		{
			pool_new(i);
			cache_new(i);
			later_free(i);
			array_grow();
			list_new();
			bursts_new(i);
			forget();
			churn();
		}
	}
}

int main(int argc, char **argv)
{
	setup_new();
	work(argc > 1 ? strtoul(argv[1], NULL, 10) : 72);
	(void)allocscope_snapshot("x.snap");
	return 0;
}
