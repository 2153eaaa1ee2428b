#include "preload/journal.h"

#include <string.h>

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/iteration.h"
#include "preload/options.h"

#define CHUNK_BLOCKS 4096u
#define CHUNKS_MAX   16384u /* 2^26 blocks */

#define FREED 1u /* in end_serial of a block in the journal */

atomic_uint journal_serial;

static uint32_t serials;
static _Atomic(struct live_block *) chunks[CHUNKS_MAX];
static atomic_uint count;
static atomic_uint_least64_t lost;

bool journal_is_wanted(void)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = options_has_point(POINT_LAST);
	return wanted != 0;
}

void journal_start(void)
{
	if (!journal_is_wanted())
		return;
	atomic_store_explicit(&count, 0, memory_order_relaxed);
	atomic_store_explicit(&lost, 0, memory_order_relaxed);
	if (++serials == 0)
		serials = 1;
	atomic_store_explicit(&journal_serial, serials, memory_order_release);
}

void journal_discard(void)
{
	atomic_store_explicit(&journal_serial, 0, memory_order_release);
}

uint64_t journal_lost(void)
{
	return atomic_load_explicit(&lost, memory_order_relaxed);
}

uint32_t journal_count(void)
{
	uint32_t used = atomic_load_explicit(&count, memory_order_acquire);

	return used < CHUNKS_MAX * CHUNK_BLOCKS ? used : CHUNKS_MAX * CHUNK_BLOCKS;
}

const struct live_block *journal_get(uint32_t number)
{
	struct live_block *chunk =
	    atomic_load_explicit(&chunks[number / CHUNK_BLOCKS], memory_order_acquire);

	return chunk != NULL ? &chunk[number % CHUNK_BLOCKS] : NULL;
}

void journal_add_slow(const struct live_block *block, bool freed)
{
	uint32_t serial = atomic_load_explicit(&journal_serial, memory_order_acquire);

	/* born after the end, or already written down when it was resized */
	if (block->epoch > iteration_last_end_epoch() || block->end_serial == serial)
		return;
	uint32_t number = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);

	if (number >= CHUNKS_MAX * CHUNK_BLOCKS) {
		atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
		return;
	}
	struct live_block *chunk = ARENA_CHUNK(
	    &chunks[number / CHUNK_BLOCKS], struct live_block, CHUNK_BLOCKS, ARENA_OTHER);

	if (chunk == NULL) {
		atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
		return;
	}
	memcpy(&chunk[number % CHUNK_BLOCKS], block, sizeof *block);
	chunk[number % CHUNK_BLOCKS].end_serial = freed ? FREED : 0;
}

bool journal_holds_death(const struct live_block *block)
{
	return journal_is_on() && block->epoch <= iteration_last_end_epoch() &&
	       block->end_serial != atomic_load_explicit(&journal_serial, memory_order_relaxed);
}

void journal_count_deaths(struct thread_state *state)
{
	uint32_t used = journal_is_on() ? journal_count() : 0;
	uint32_t died = epoch_last_generation(iteration_last_end_epoch()) +
			1; /* after its end, before the next */

	for (uint32_t i = 0; i < used; i++) {
		const struct live_block *block = journal_get(i);
		uint32_t born = block != NULL ? epoch_first_generation(block->epoch) : 0;

		if (born != 0 && block->end_serial == FREED)
			counters_late_death(
			    state, block->stack, born, died, live_block_weight(block));
	}
}
