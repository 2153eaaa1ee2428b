#include "preload/journal.h"

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/iteration.h"
#include "preload/options.h"

#define CHUNK_ROWS 4096u
#define CHUNKS_MAX 16384u
#define ROWS_MAX   (CHUNKS_MAX * CHUNK_ROWS)

/* A row is there when its serial is that of the journal: it is stored last, so rows that were handed out and not
 * written, for want of memory or by a thread that was stopped half way, are not read. */
struct journal_row {
	struct live_block block;
	atomic_uint serial;
	bool freed;
};

atomic_uint journal_serial;

static uint32_t serials;
static _Atomic(struct journal_row *) chunks[CHUNKS_MAX];
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

void journal_lose(void)
{
	atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
}

uint32_t journal_count(void)
{
	uint32_t used = atomic_load_explicit(&count, memory_order_acquire);

	return used < ROWS_MAX ? used : ROWS_MAX;
}

static const struct journal_row *row_get(uint32_t number)
{
	struct journal_row *chunk =
	    atomic_load_explicit(&chunks[number / CHUNK_ROWS], memory_order_acquire);
	struct journal_row *row = chunk != NULL ? &chunk[number % CHUNK_ROWS] : NULL;

	return row != NULL && atomic_load_explicit(&row->serial, memory_order_acquire) ==
				  atomic_load_explicit(&journal_serial, memory_order_relaxed)
		   ? row
		   : NULL;
}

const struct live_block *journal_get(uint32_t number)
{
	const struct journal_row *row = row_get(number);

	return row != NULL ? &row->block : NULL;
}

/* A row for one block, or NULL. A full journal counts no further: its counter would come round to 0. */
static struct journal_row *row_new(void)
{
	if (atomic_load_explicit(&count, memory_order_relaxed) >= ROWS_MAX)
		return NULL;
	uint32_t number = atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);

	if (number >= ROWS_MAX)
		return NULL;
	struct journal_row *chunk =
	    ARENA_CHUNK(&chunks[number / CHUNK_ROWS], struct journal_row, CHUNK_ROWS, ARENA_OTHER);

	return chunk != NULL ? &chunk[number % CHUNK_ROWS] : NULL;
}

void journal_add_slow(struct live_block *block, bool freed)
{
	uint32_t serial = atomic_load_explicit(&journal_serial, memory_order_acquire);

	/* born after the end, or already written down when it was resized */
	if (block->epoch > iteration_last_end_epoch() || block->end_serial == serial)
		return;
	struct journal_row *row = row_new();

	if (row == NULL) {
		journal_lose();
		block->end_serial = serial;
		return;
	}
	row->block = *block;
	row->block.end_serial = 0;
	row->freed = freed;
	atomic_store_explicit(&row->serial, serial, memory_order_release);
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
		const struct journal_row *row = row_get(i);
		uint32_t born =
		    row != NULL && row->freed ? epoch_first_generation(row->block.epoch) : 0;

		if (born != 0)
			counters_late_death(
			    state, row->block.stack, born, died, live_block_weight(&row->block));
	}
}
