/*
 * What real programs do between one iteration and the next, one habit at a time, for `check --no-growth`: whoever calls
 * one of these growth cries wolf, and whoever misses the leak is of no use.
 *
 *   habits ITERATIONS HABIT...
 *
 *   lazy        tables made when they are first needed: in iterations 1, 2, 3, 5, 8, 13, ... 89
 *   realloc     an array that doubles by realloc
 *   copy        an array that doubles into a new block and frees the old one
 *   cache       keys that are seen again: it fills up to 64 entries, then each new one replaces the oldest
 *   printf      output through stdio, with lines of growing length
 *   getline     a file read line by line, one longer than the last
 *   fopen       a file opened, read and closed again
 *   threads     blocks made by one thread, freed by the other, some iterations later
 *   leak=N      in every Nth iteration one block of 16 bytes is never freed: the only growth here
 *
 * Then x.snap while all of it is there.
 */
#include <pthread.h>

#include <allocscope/allocscope.h>

#include "program.h"

#define CACHE	   64
#define TABLES	   10
#define IN_TRANSIT 6
#define TEXT	   "lines.txt"

struct link {
	struct link *next;
	void *padding;
};
_Static_assert(sizeof(struct link) == 16, "the leak's blocks have 16 bytes");

static struct {
	void *tables[TABLES], *cache[CACHE];
	char *grown, *copied;
	size_t grown_used, grown_capacity, copied_used, copied_capacity;
	char *line;
	size_t line_capacity;
	FILE *lines;
	struct link *leaked;
} held;

static void lazy(size_t iteration)
{
	size_t due = 1;
	size_t next = 2;

	for (size_t i = 0; i < TABLES; i++) {
		if (iteration == due)
			held.tables[i] = calloc(i + 1, 100);
		size_t sum = due + next;

		due = next;
		next = sum;
	}
}

static void grow_by_realloc(size_t iteration)
{
	(void)iteration;
	if (held.grown_used == held.grown_capacity) {
		held.grown_capacity = held.grown_capacity != 0 ? 2 * held.grown_capacity : 16;
		held.grown = realloc(held.grown, held.grown_capacity);
		CHECK(held.grown != NULL);
	}
	held.grown[held.grown_used++] = 1;
}

static void grow_by_copy(size_t iteration)
{
	(void)iteration;
	if (held.copied_used == held.copied_capacity) {
		size_t capacity = held.copied_capacity != 0 ? 2 * held.copied_capacity : 16;
		char *copy = malloc(capacity);

		CHECK(copy != NULL);
		if (held.copied != NULL)
			memcpy(copy, held.copied, held.copied_used);
		free(held.copied);
		held.copied = copy;
		held.copied_capacity = capacity;
	}
	held.copied[held.copied_used++] = 1;
}

static void cache(size_t iteration)
{
	size_t slot = iteration % CACHE;

	free(held.cache[slot]);
	held.cache[slot] = malloc(24 + iteration % 3);
}

static void print(size_t iteration)
{
	printf("%*zu\n", (int)(iteration % 300), iteration);
}

static void read_line(size_t iteration)
{
	(void)iteration;
	if (held.lines == NULL)
		held.lines = fopen(TEXT, "r");
	CHECK(held.lines != NULL);
	if (getline(&held.line, &held.line_capacity, held.lines) < 0)
		rewind(held.lines);
}

static void open_and_close(size_t iteration)
{
	FILE *file = fopen(TEXT, "r");

	(void)iteration;
	CHECK(file != NULL && fgetc(file) == 'x');
	fclose(file);
}

/* --- threads: a ring that the main thread fills and a worker empties, and one the other way --- */

struct ring {
	void *blocks[IN_TRANSIT];
	size_t put, taken;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static struct ring there, back;
static size_t turns_wanted, turns_done;
static bool worker_runs;

static void *ring_block(size_t number)
{
	void *block = malloc(48 + number % 5);

	CHECK(block != NULL);
	return block;
}

/* Frees the oldest when the ring is full. */
static void ring_exchange(struct ring *mine, struct ring *others)
{
	if (others->put - others->taken == IN_TRANSIT)
		free(others->blocks[others->taken++ % IN_TRANSIT]);
	if (mine->put - mine->taken < IN_TRANSIT) {
		mine->blocks[mine->put % IN_TRANSIT] = ring_block(mine->put);
		mine->put++;
	}
}

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (turns_done == turns_wanted)
			pthread_cond_wait(&turned, &lock);
		ring_exchange(&back, &there);
		turns_done++;
		pthread_cond_broadcast(&turned);
	}
	return NULL;
}

static void threads(size_t iteration)
{
	(void)iteration;
	if (!worker_runs) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, worker, NULL) == 0);
		pthread_detach(thread);
		worker_runs = true;
	}
	pthread_mutex_lock(&lock);
	ring_exchange(&there, &back);
	turns_wanted++;
	pthread_cond_broadcast(&turned);
	while (turns_done != turns_wanted)
		pthread_cond_wait(&turned, &lock);
	pthread_mutex_unlock(&lock);
}

static void leak(void)
{
	struct link *link = calloc(1, sizeof(*link));

	CHECK(link != NULL);
	link->next = held.leaked;
	held.leaked = link;
}

static const struct {
	const char *name;
	void (*turn)(size_t iteration);
} habits[] = {
    {"lazy", lazy},
    {"realloc", grow_by_realloc},
    {"copy", grow_by_copy},
    {"cache", cache},
    {"printf", print},
    {"getline", read_line},
    {"fopen", open_and_close},
    {"threads", threads},
};
#define HABITS (sizeof(habits) / sizeof(habits[0]))

static void write_lines(void)
{
	static const char x[400] = {'x'};
	FILE *file = fopen(TEXT, "w");

	CHECK(file != NULL);
	for (int length = 1; length <= 400; length += 3)
		fprintf(file, "x%*s\n", length, x);
	fclose(file);
}

static void work(size_t iterations, const bool *wanted, size_t leak_every)
{
	for (size_t i = 1; i <= iterations; i++) {
		ALLOCSCOPE_ITERATION("work")
		{
			for (size_t habit = 0; habit < HABITS; habit++)
				if (wanted[habit])
					habits[habit].turn(i);
			if (leak_every != 0 && i % leak_every == 0)
				leak();
		}
	}
}

int main(int argc, char **argv)
{
	bool wanted[HABITS] = {false};
	size_t leak_every = 0;

	CHECK(argc > 2);
	for (int i = 2; i < argc; i++) {
		size_t habit = 0;

		if (strncmp(argv[i], "leak=", 5) == 0) {
			leak_every = strtoul(argv[i] + 5, NULL, 10);
			continue;
		}
		while (habit < HABITS && strcmp(argv[i], habits[habit].name) != 0)
			habit++;
		CHECK(habit < HABITS);
		wanted[habit] = true;
	}
	write_lines();
	work(strtoul(argv[1], NULL, 10), wanted, leak_every);
	(void)allocscope_snapshot("x.snap");
	return 0;
}
