#include "preload/counters.h"

#include <string.h>

#include "preload/arena.h"
#include "preload/iteration.h"
#include "preload/options.h"
#include "preload/trigger.h"

atomic_uint counters_peak_serial = 1;
atomic_bool counters_multi_threaded;

/* Published by all threads. Single-threaded the one thread's `unpublished` comes on top. */
static atomic_int_least64_t process_live;
static atomic_int_least64_t process_peak, iteration_peak;
static atomic_uint peak_generation;

struct stack_counters *counters_chunk_slow(struct thread_state *state, uint32_t stack)
{
	struct stack_counters *chunk = arena_map(STACK_CHUNK * sizeof *chunk, ARENA_COUNTERS);

	state->counters[stack >> STACK_CHUNK_BITS] = chunk;
	return chunk;
}

/* Another thread may lower it to COUNTERS_PUBLISH_NOW at any time; if that store is lost, the next rise publishes. */
static void set_watermark(struct thread_state *state, int64_t bytes)
{
	__atomic_store_n(&state->watermark, bytes, __ATOMIC_RELAXED);
}

/* Counters as they were at the end with this serial. */
struct kept_counters {
	struct stack_counters counters;
	uint32_t serial;
};

void counters_keep_end(
    struct thread_state *state, uint32_t stack, const struct stack_counters *counters)
{
	uint32_t serial = atomic_load_explicit(&journal_serial, memory_order_relaxed);
	struct kept_counters **slot =
	    (struct kept_counters **)&state->kept_counters[stack >> STACK_CHUNK_BITS];

	if (*slot == NULL)
		*slot = arena_map(STACK_CHUNK * sizeof **slot, ARENA_COUNTERS);
	if (*slot == NULL) {
		journal_lose();
		return;
	}
	struct kept_counters *kept = &(*slot)[stack & (STACK_CHUNK - 1)];

	if (kept->serial != serial) {
		kept->counters = *counters;
		kept->serial = serial;
	}
}

const struct stack_counters *counters_at_end(const struct thread_state *state, uint32_t stack)
{
	const struct kept_counters *chunk = state->kept_counters[stack >> STACK_CHUNK_BITS];
	const struct kept_counters *kept = chunk != NULL ? &chunk[stack & (STACK_CHUNK - 1)] : NULL;

	if (kept != NULL &&
	    kept->serial == atomic_load_explicit(&journal_serial, memory_order_relaxed))
		return &kept->counters;
	return &state->counters[stack >> STACK_CHUNK_BITS][stack & (STACK_CHUNK - 1)];
}

static void raise_to(atomic_int_least64_t *peak, int64_t live, bool *ret_raised)
{
	int64_t before = atomic_load_explicit(peak, memory_order_relaxed);

	*ret_raised = false;
	while (live > before)
		if (atomic_compare_exchange_weak_explicit(
			peak, &before, live, memory_order_relaxed, memory_order_relaxed)) {
			*ret_raised = true;
			return;
		}
}

static void note_live(struct thread_state *state, int64_t live)
{
	bool raised;

	raise_to(&iteration_peak, live, &raised);
	raise_to(&process_peak, live, &raised);
	if (raised) {
		atomic_fetch_add_explicit(&counters_peak_serial, 1, memory_order_relaxed);
		atomic_store_explicit(&peak_generation,
		    tag_generation(atomic_load_explicit(state->tag, memory_order_relaxed)),
		    memory_order_relaxed);
	}
	if (unlikely(trigger_wants(live)))
		atomic_fetch_or_explicit(
		    &state->pending, THREAD_PENDING_TRIGGER, memory_order_relaxed);
}

void counters_publish(struct thread_state *state)
{
	int64_t change = state->unpublished;

	state->unpublished = 0;
	note_live(
	    state, atomic_fetch_add_explicit(&process_live, change, memory_order_relaxed) + change);
}

void counters_live_changed(struct thread_state *state)
{
	if (atomic_load_explicit(&counters_multi_threaded, memory_order_relaxed) ||
	    state->level > 0) {
		set_watermark(state, COUNTERS_PUBLISH_BYTES);
		counters_publish(state);
		return;
	}
	if (state->unpublished < 0) {
		/* keep the number near 0; the sum does not change, so this is no new peak */
		atomic_fetch_add_explicit(&process_live, state->unpublished, memory_order_relaxed);
		state->unpublished = 0;
		set_watermark(state, counters_watermark());
		return;
	}
	note_live(
	    state, atomic_load_explicit(&process_live, memory_order_relaxed) + state->unpublished);
	set_watermark(
	    state, state->unpublished); /* every further rise is a new peak of the iteration */
}

int64_t counters_watermark(void)
{
	if (atomic_load_explicit(&counters_multi_threaded, memory_order_relaxed))
		return COUNTERS_PUBLISH_BYTES;
	return atomic_load_explicit(&iteration_peak, memory_order_relaxed) -
	       atomic_load_explicit(&process_live, memory_order_relaxed);
}

/* The one thread so far may hold any amount unpublished: it is told to publish at its next event. */
void counters_become_multi_threaded(void)
{
	if (atomic_exchange_explicit(&counters_multi_threaded, true, memory_order_relaxed))
		return;
	for (struct thread_state *state = thread_states_first(); state != NULL; state = state->next)
		set_watermark(state, COUNTERS_PUBLISH_NOW);
}

uint64_t counters_live_bytes(void)
{
	int64_t live = atomic_load_explicit(&process_live, memory_order_relaxed);

	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		live += state->unpublished;
	return live > 0 ? (uint64_t)live : 0;
}

void counters_iteration_begins(void)
{
	int64_t live = (int64_t)counters_live_bytes();

	atomic_store_explicit(&iteration_peak, live, memory_order_relaxed);
	if (!atomic_load_explicit(&counters_multi_threaded, memory_order_relaxed) &&
	    thread_current != NULL)
		set_watermark(thread_current, thread_current->unpublished);
}

uint64_t counters_iteration_peak(void)
{
	return (uint64_t)atomic_load_explicit(&iteration_peak, memory_order_relaxed);
}

uint64_t counters_peak(void)
{
	return (uint64_t)atomic_load_explicit(&process_peak, memory_order_relaxed);
}

uint64_t counters_peak_error(void)
{
	uint32_t most = thread_states_most();

	/* a handler inside a hook sees half of the event that it interrupted */
	return most > 1 || thread_states_nested_used() ? (uint64_t)most * COUNTERS_PUBLISH_BYTES
						       : 0;
}

uint32_t counters_peak_generation(void)
{
	return atomic_load_explicit(&peak_generation, memory_order_relaxed);
}

struct thread_totals counters_sum(void)
{
	struct thread_totals sum = {0};

	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		sum.allocs += state->totals.allocs;
		sum.bytes += state->totals.bytes;
		sum.frees += state->totals.frees;
		sum.freed_bytes += state->totals.freed_bytes;
		sum.reallocs += state->totals.reallocs;
		sum.temporary += state->totals.temporary;
		sum.temporary_bytes += state->totals.temporary_bytes;
	}
	return sum;
}

/* The record of STACK in STATE, made when new; NULL when the table is full or memory short. */
static struct survival_record *survival_of(struct thread_state *state, uint32_t stack)
{
	uint32_t *chunk = state->survival_index[stack >> STACK_CHUNK_BITS];

	if (state->survival == NULL)
		state->survival =
		    arena_map(SURVIVAL_RECORDS_MAX * sizeof *state->survival, ARENA_SURVIVAL);
	if (chunk == NULL) {
		chunk = arena_map(STACK_CHUNK * sizeof *chunk, ARENA_SURVIVAL);
		state->survival_index[stack >> STACK_CHUNK_BITS] = chunk;
	}
	if (state->survival == NULL || chunk == NULL)
		return NULL;
	uint32_t *number = &chunk[stack & (STACK_CHUNK - 1)];

	if (*number == 0) {
		if (state->survival_count == SURVIVAL_RECORDS_MAX)
			return NULL;
		state->survival[state->survival_count].stack = stack;
		*number = ++state->survival_count;
	}
	return &state->survival[*number - 1];
}

void survival_widen(struct survival_record *record, uint32_t width_shift)
{
	while (record->width_shift < width_shift) {
		uint32_t folded[SURVIVAL_BUCKETS / 2][SURVIVAL_BUCKETS / 2] = {{0}};

		for (unsigned born = 0; born < SURVIVAL_BUCKETS; born++)
			for (unsigned died = 0; died < SURVIVAL_BUCKETS; died++)
				folded[born / 2][died / 2] += record->deaths[born][died];
		memset(record->deaths, 0, sizeof record->deaths);
		for (unsigned born = 0; born < SURVIVAL_BUCKETS / 2; born++)
			memcpy(record->deaths[born], folded[born], sizeof folded[born]);
		record->width_shift++;
	}
}

/* Wide enough that generation NOW has a bucket. */
static uint32_t width_for(uint32_t now)
{
	uint32_t shift = 0;

	while (now >> shift >= SURVIVAL_BUCKETS)
		shift++;
	return shift;
}

static unsigned age_bucket(uint32_t age)
{
	unsigned bucket = age <= 1 ? 0 : 32 - (unsigned)__builtin_clz(age - 1);

	return bucket < SURVIVAL_AGE_BUCKETS ? bucket : SURVIVAL_AGE_BUCKETS - 1;
}

void counters_late_death(
    struct thread_state *state, uint32_t stack, uint32_t born, uint32_t now, uint32_t weight)
{
	struct survival_record *record = survival_of(state, stack);

	if (record == NULL) {
		state->lost_survival++;
		return;
	}
	survival_widen(record, width_for(now));
	uint32_t *deaths = &record->deaths[born >> record->width_shift][now >> record->width_shift];

	if (unlikely(__builtin_add_overflow(*deaths, weight, deaths))) { /* 2^32 estimated deaths */
		*deaths -= weight;
		state->lost_survival++;
		return;
	}
	record->by_age[age_bucket(now > born ? now - born : 1)] += weight;
}
