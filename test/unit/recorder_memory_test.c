/*
 * Memory fails at every place where the recorder asks for some, once or from then on. Whatever is lost: the file can be
 * read, its books balance stack by stack, and where nothing is said to be lost every number is that of a run with memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/annotations.h"
#include "preload/guard.h"
#include "preload/iteration.h"
#include "preload/snapshot_take.h"
#include "snapshot/snapshot_reader.h"
#include "snapshot/snapshot_verify.h"
#include "support/recorder/failing_map.h"
#include "support/recorder/recorder_host.h"

#define STACKS	    2600 /* more than two chunks of counters */
#define BLOCKS	    3000
#define FIRST_BLOCK 0x100000000u

static char path[64];

/* ---- a program ---- */

static uintptr_t place(uint32_t block)
{
	return FIRST_BLOCK + (uintptr_t)(block % 3) * (64u << 20) + (uintptr_t)block * 4096;
}

static void make(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		recorder_stand_in(i % STACKS);
		recorder_alloc(place(i), i % 7 == 0 ? 3000 : 16 + i % 300);
	}
}

static void drop(uint32_t first, uint32_t end, uint32_t step)
{
	for (uint32_t i = first; i < end; i += step)
		recorder_free(place(i));
}

static void iterate(uint32_t first, uint32_t end)
{
	struct thread_state *state = thread_state_attach();

	iteration_begin(state, "all", 0);
	make(first, end);
	drop(first, end, 2);
	iteration_end(state);
}

static void *other_thread(void *argument)
{
	(void)argument;
	drop(1, 1200, 3);
	make(2700, 2800);
	drop(2700, 2750, 1);
	return NULL;
}

static void annotate(void)
{
	struct thread_state *state = guard_enter();

	annotation_ignore(state, (void *)place(1402)); /* NOLINT(performance-no-int-to-ptr) */
	annotation_pool_create(path, "pool");
	for (uintptr_t i = 1; i < 2000; i++)
		annotation_pool_alloc(state, path, (void *)(i << 40), 24, NULL); /* NOLINT */
	annotation_pool_free(state, path, (void *)((uintptr_t)7 << 40));	 /* NOLINT */
	guard_leave(state);
}

static void *live(void *argument)
{
	pthread_t thread;

	(void)argument;
	make(0, 2000);
	iterate(2000, 2400);
	drop(0, 300, 3);
	recorder_resize(place(302), place(2999), 5000);
	recorder_resize(place(305), place(305), 5);
	recorder_fail_to_resize(place(308));
	if (pthread_create(&thread, NULL, other_thread, NULL) == 0)
		(void)pthread_join(thread, NULL);
	iterate(2400, 2600);
	annotate();
	drop(1200, 1300, 1);
	drop(2600, 2990, 1); /* most were never made */
	return NULL;
}

/* ---- what the file says of it ---- */

struct summary {
	struct snapshot_totals totals;
	uint64_t deaths, series, iterations, extras, pool_allocs, thread_uses;
	struct snapshot_losses losses;
};

/* Shared with the processes that record; the last is that of the run with memory. */
static struct summary *summary, expected;

static void tell(void *context, const char *rule, const char *sentence)
{
	(void)context;
	(void)fprintf(stderr, "# %s: %s\n", rule, sentence);
}

static bool stack_books_balance(const struct snapshot *snapshot)
{
	uint64_t *live_of = calloc(2 * snapshot->stack_count, sizeof *live_of);
	bool balance = true;

	for (size_t i = 0; i < snapshot->block_count; i++) {
		live_of[2 * snapshot->block_stack[i]]++;
		live_of[2 * snapshot->block_stack[i] + 1] += snapshot->block_size[i];
	}
	for (size_t i = 0; i < snapshot->stack_count; i++) {
		const struct snapshot_stack *stack = &snapshot->stacks[i];

		if (stack->allocs - stack->frees == live_of[2 * i] &&
		    stack->bytes - stack->freed_bytes == live_of[2 * i + 1])
			continue;
		(void)fprintf(stderr,
		    "# stack %zu: %lu - %lu blocks, %lu alive; %lu - %lu bytes, %lu alive\n", i,
		    stack->allocs, stack->frees, live_of[2 * i], stack->bytes, stack->freed_bytes,
		    live_of[2 * i + 1]);
		balance = false;
		break;
	}
	free(live_of);
	return balance;
}

static void sum_up(const struct snapshot *snapshot, struct summary *into)
{
	*into = (struct summary){.totals = snapshot->run->totals,
	    .losses = snapshot->run->losses,
	    .series = snapshot->series_count,
	    .extras = snapshot->extra_count,
	    .iterations = snapshot->iteration_count};
	for (size_t i = 0; i < snapshot->deaths_count; i++)
		for (unsigned age = 0; age < SNAPSHOT_AGE_BUCKETS; age++)
			into->deaths += snapshot->deaths[i].by_age[age];
	for (size_t i = 0; i < snapshot->pool_count; i++)
		into->pool_allocs += snapshot->pools[i].allocs;
	for (size_t i = 0; i < snapshot->thread_count; i++)
		into->thread_uses += snapshot->threads[i].uses;
}

/* 0, or what is wrong with the file: the exit status of the process that wrote it. */
static int judge(struct summary *into)
{
	struct snapshot *snapshot;
	struct status_error error = {0};

	if (snapshot_open(path, &snapshot, &error) != 0) {
		(void)fprintf(stderr, "# it cannot be read: %s\n", error.sentence);
		return 1;
	}
	sum_up(snapshot, into);
	int status = snapshot_verify(snapshot, tell, NULL) != 0 ? 2 : 0;

	if (status == 0 && !stack_books_balance(snapshot))
		status = 3;
	snapshot_close(snapshot);
	return status;
}

/* Nobody may say that all is well and have other numbers. */
static bool tells_what_is_lost(const struct summary *seen, const struct summary *right)
{
	struct snapshot_losses losses = seen->losses;
	static const struct snapshot_losses none;

	/* what was lost may be freed; peaks of two threads are known to a step */
	losses.unknown_frees = 0;
	if (memcmp(&losses, &none, sizeof none) == 0) {
		struct summary same = *seen;

		same.losses = right->losses;
		same.totals.peak_bytes = right->totals.peak_bytes;
		return memcmp(&same, right, sizeof same) == 0;
	}
	return seen->totals.allocs + losses.blocks >= right->totals.allocs &&
	       seen->totals.live_blocks + losses.blocks + losses.journal >=
		   right->totals.live_blocks &&
	       seen->totals.live_blocks <= right->totals.live_blocks;
}

/* ---- runs ---- */

struct plan {
	const char *options;
	uint32_t trigger;
	uint32_t skip, count;
	bool in_snapshot_too;
};

static int record(const struct plan *plan, uint32_t *ret_asked)
{
	recorder_start(plan->options);
	failing_map_refuse(plan->skip, plan->count);
	(void)live(NULL);
	*ret_asked = failing_map_asked();
	if (!plan->in_snapshot_too)
		failing_map_refuse(0, 0);
	(void)unlink(path);
	int result = snapshot_take(path, plan->trigger, "test");

	*ret_asked = plan->in_snapshot_too ? failing_map_asked() : *ret_asked;
	failing_map_refuse(0, 0);
	return result == 0 ? judge(summary) : (plan->in_snapshot_too ? 100 : 4);
}

/* Exit status of a process that records under PLAN; the mappings that it asked for. */
static int run(const struct plan *plan, uint32_t *ret_asked)
{
	uint32_t *asked = (void *)(summary + 1);
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(record(plan, asked));
	assert_int_equal(waitpid(child, &status, 0), child);
	*ret_asked = *asked;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

static void sweep(struct plan plan)
{
	uint32_t most, asked;
	unsigned wrong = 0;

	plan.count = 0;
	assert_int_equal(run(&plan, &most), 0);
	expected = *summary;
	for (uint32_t n = 0; n < most; n++)
		for (unsigned all = 0; all < 2; all++) {
			plan.skip = n;
			plan.count = all != 0 ? FAILING_MAP_ALL : 1;
			int status = run(&plan, &asked);

			if (status == 100)
				continue; /* no file, and it said so */
			if (status == 0 && !tells_what_is_lost(summary, &expected))
				status = 5;
			if (status == 0)
				continue;
			(void)fprintf(stderr, "# mapping %u of %u%s: status %d\n", n, most,
			    all != 0 ? " and all after it" : "", status);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

static void while_it_records(void **state)
{
	(void)state;
	sweep((struct plan){.options = "", .trigger = SNAPSHOT_BY_API});
}

static void while_it_keeps_a_journal(void **state)
{
	(void)state;
	sweep((struct plan){.options = "snapshot_at=last", .trigger = SNAPSHOT_AT_LAST});
}

static void while_it_writes(void **state)
{
	(void)state;
	sweep((struct plan){
	    .options = "snapshot_at=last", .trigger = SNAPSHOT_AT_LAST, .in_snapshot_too = true});
}

static int set_up(void **state)
{
	(void)state;
	summary = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)snprintf(path, sizeof path, "/tmp/recorder_memory_test.%d.snap", (int)getpid());
	return summary == MAP_FAILED;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return munmap(summary, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(while_it_records),
	    cmocka_unit_test(while_it_keeps_a_journal),
	    cmocka_unit_test(while_it_writes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
