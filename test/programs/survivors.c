/*
 * Iterations that leave behind what the arguments say, for the limits of `allocscope check`.
 *
 *   survivors ITERATIONS WORD...
 *
 *   first=N, second=N   in every Nth iteration one block of 16 bytes stays, from a function of that name
 *   first_bytes=N       of this size instead
 *   churn=N             N blocks of 100 bytes are made and freed in each iteration
 *   lost=N              in every Nth iteration one block of 24 bytes is forgotten
 *   innocent            what real programs do and no gate should call growth: tables made when first needed, a buffer
 *                       that doubles, a cache that fills up and then replaces, output through stdio
 *
 * Then x.snap while all of it is there. Suppresses, as LeakSanitizer asks, what comes from meant_to_stay, which
 * leaves a block of 8 bytes in every iteration if the word `meant` is given.
 */
#include <allocscope/allocscope.h>

#include "program.h"

#define CACHE 50

struct survivors {
	size_t first, second, first_bytes, churn, lost;
	bool innocent, meant;
};

struct link {
	struct link *next;
};

static struct {
	struct link *list;
	void *table, *cache[CACHE];
	char *buffer;
	size_t used, capacity;
} held;

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "# this one is meant\nleak:^meant_to_stay$\n";
}

static void keep(void *block)
{
	struct link *link = block;

	CHECK(link != NULL);
	link->next = held.list;
	held.list = link;
}

static void first(size_t bytes)
{
	keep(calloc(1, bytes));
}

static void second(void)
{
	keep(calloc(1, 16));
}

static void meant_to_stay(void)
{
	keep(calloc(1, 8));
}

static void lose(void)
{
	*(volatile char *)malloc(24) = 1;
}

static void make_churn(size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(malloc(100));
}

static void be_innocent(size_t iteration)
{
	size_t slot = iteration % CACHE;

	if (held.table == NULL)
		held.table = calloc(100, 8);
	if (held.used == held.capacity) {
		held.capacity = held.capacity != 0 ? 2 * held.capacity : 16;
		held.buffer = realloc(held.buffer, held.capacity);
	}
	held.used++;
	free(held.cache[slot]);
	held.cache[slot] = malloc(40);
	printf("%zu\n", iteration);
}

static bool is_due(size_t every, size_t iteration)
{
	return every != 0 && iteration % every == 0;
}

/* No frame of main's work is on the stack when the snapshot is taken. */
static __attribute__((noinline)) void work(size_t iterations, const struct survivors *survivors)
{
	for (size_t i = 1; i <= iterations; i++) {
		ALLOCSCOPE_ITERATION("work")
		{
			make_churn(survivors->churn);
			if (is_due(survivors->first, i))
				first(survivors->first_bytes);
			if (is_due(survivors->second, i))
				second();
			if (is_due(survivors->lost, i))
				lose();
			if (survivors->meant)
				meant_to_stay();
			if (survivors->innocent)
				be_innocent(i);
		}
	}
}

static void read_word(const char *word, struct survivors *survivors)
{
	const char *equals = strchr(word, '=');
	size_t number = equals != NULL ? strtoul(equals + 1, NULL, 10) : 0;

	if (strncmp(word, "first=", 6) == 0)
		survivors->first = number;
	else if (strncmp(word, "second=", 7) == 0)
		survivors->second = number;
	else if (strncmp(word, "first_bytes=", 12) == 0)
		survivors->first_bytes = number;
	else if (strncmp(word, "churn=", 6) == 0)
		survivors->churn = number;
	else if (strncmp(word, "lost=", 5) == 0)
		survivors->lost = number;
	else if (strcmp(word, "innocent") == 0)
		survivors->innocent = true;
	else if (strcmp(word, "meant") == 0)
		survivors->meant = true;
	else
		program_fail("survivors: unknown word\n");
}

int main(int argc, char **argv)
{
	struct survivors survivors = {.first_bytes = 16};

	for (int i = 2; i < argc; i++)
		read_word(argv[i], &survivors);
	work(argc > 1 ? strtoul(argv[1], NULL, 10) : 20, &survivors);
	(void)allocscope_snapshot("x.snap");
	return 0;
}
