#include "preload/epoch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/arena.h"
#include "preload/gate.h"
#include "preload/message.h"
#include "preload/system.h"

#define HOLD_SLEEP_NS 100000u
#define TABLE_BYTES   (((size_t)EPOCH_MAX + 1) * sizeof(uint32_t))

static uint32_t *first_generations, *last_generations; /* by epoch; the second only after a merge */
static uint32_t *renumbered;			       /* by old epoch, of the last renumbering */
static atomic_uint last_epoch;
static atomic_uint renumberings;
static atomic_bool is_held;

bool epoch_init(void)
{
	first_generations = arena_map(TABLE_BYTES, ARENA_ITERATIONS);
	return first_generations != NULL;
}

uint32_t epoch_last(void)
{
	return atomic_load_explicit(&last_epoch, memory_order_relaxed);
}

uint32_t epoch_renumberings(void)
{
	return atomic_load_explicit(&renumberings, memory_order_relaxed);
}

uint32_t epoch_fresh(uint32_t generation)
{
	uint32_t epoch = epoch_last();

	if (epoch < EPOCH_MAX) /* else: renumbering had no memory; births share the last epoch */
		epoch++;
	if (last_generations != NULL) {
		last_generations[epoch] = generation;
		if (epoch == epoch_last())
			generation = first_generations[epoch];
	}
	first_generations[epoch] = generation;
	atomic_store_explicit(&last_epoch, epoch, memory_order_relaxed);
	return epoch;
}

uint32_t epoch_first_generation(uint32_t epoch)
{
	return first_generations[epoch];
}

uint32_t epoch_last_generation(uint32_t epoch)
{
	return last_generations != NULL ? last_generations[epoch] : first_generations[epoch];
}

uint32_t epoch_renumbered(uint32_t old)
{
	return renumbered != NULL ? renumbered[old] : old;
}

/* Fill `renumbered` and fold the generation tables in place: the new number is never above the old one. */
static void renumber_table(void)
{
	uint32_t last = epoch_last();
	uint32_t fresh = 1; /* 1: all that was born outside iterations */
	bool open_pair = false;

	for (uint32_t old = 1; old <= last; old++) {
		uint32_t first = first_generations[old];
		uint32_t end = last_generations[old];

		if (first == 0 && end == 0) {
			renumbered[old] = 1;
			continue;
		}
		if (open_pair) {
			last_generations[fresh] = end;
		} else {
			fresh++;
			first_generations[fresh] = first;
			last_generations[fresh] = end;
		}
		open_pair = !open_pair;
		renumbered[old] = fresh;
	}
	first_generations[1] = 0;
	last_generations[1] = 0;
	atomic_store_explicit(&last_epoch, fresh, memory_order_relaxed);
}

bool epoch_reserve_gated(uint32_t count)
{
	if (epoch_last() + count <= EPOCH_MAX)
		return false;
	if (renumbered == NULL)
		renumbered = arena_map(TABLE_BYTES, ARENA_ITERATIONS);
	if (last_generations == NULL) {
		last_generations = arena_map(TABLE_BYTES, ARENA_ITERATIONS);
		for (uint32_t old = 1; last_generations != NULL && old <= epoch_last(); old++)
			last_generations[old] = first_generations[old];
	}
	if (renumbered == NULL || last_generations == NULL)
		return false;
	if (epoch_renumberings() == 0)
		message_warn(
		    "the epochs are used up; from now on births of neighbouring iterations share a number, "
		    "and a block's birth is a range of iterations",
		    NULL);
	renumber_table();
	live_table_renumber(epoch_renumbered);
	atomic_fetch_add_explicit(&renumberings, 1, memory_order_relaxed);
	return true;
}

void epoch_hold(void)
{
	atomic_store_explicit(&is_held, true, memory_order_release);
}

void epoch_let_go(void)
{
	atomic_store_explicit(&is_held, false, memory_order_release);
}

bool epoch_reserve(uint32_t count)
{
	if (epoch_last() + count <= EPOCH_MAX)
		return false;
	while (atomic_load_explicit(&is_held, memory_order_acquire))
		system_sleep_ns(HOLD_SLEEP_NS);
	(void)gate_close(thread_current);
	bool done = epoch_reserve_gated(count);

	(void)gate_open();
	return done;
}
