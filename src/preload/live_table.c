#include "preload/live_table.h"

#include "preload/arena.h"
#include "preload/system.h"

#define RECORD_CHUNK_BITS 12
#define RECORD_CHUNK	  (1u << RECORD_CHUNK_BITS)
#define RECORD_CHUNKS_MAX (1u << 16)
#define TOP_PAGE	  512 /* regions per page of live_top */
#ifdef ALLOCSCOPE_STRESS
#	define BATCH 2
#else
#	define BATCH 128 /* free records passed on at once */
#endif

_Atomic(atomic_uint_least64_t *) *live_top;
unsigned live_granule_shift = 5;
uint64_t live_bit_4_mask = LIVE_BIT_4;

struct large_record {
	struct live_block block;
	uint32_t next; /* free: the next one in the list of its thread or batch */
	/* free, first of a batch: first of the next batch. Who pops may read it when another one has popped already. */
	atomic_uint next_batch;
};

static _Atomic(struct large_record *) record_chunks[RECORD_CHUNKS_MAX];
static atomic_uint record_count =
    BATCH; /* number 0 is none; whole batches, so that none crosses a chunk */
/* Stack of batches: number of the first record, and a counter against its reuse between read and swap (ABA). */
static atomic_uint_least64_t free_batches;

bool live_table_init(unsigned granule_shift)
{
	live_granule_shift = granule_shift;
	live_bit_4_mask = granule_shift == 5 ? LIVE_BIT_4 : 0;
	live_top = arena_map(LIVE_REGIONS * sizeof live_top[0], ARENA_LIVE_TABLE);
	return live_top != NULL;
}

/* One bit per page of live_top: a walk need not touch the rest. */
static atomic_uint_least64_t used_top_pages[LIVE_REGIONS / TOP_PAGE / 64];

static void region_used(size_t region)
{
	size_t page = region / TOP_PAGE;

	atomic_fetch_or_explicit(
	    &used_top_pages[page / 64], (uint64_t)1 << page % 64, memory_order_release);
}

static size_t leaf_words(void)
{
	return (size_t)1 << (LIVE_REGION_BITS - live_granule_shift);
}

atomic_uint_least64_t *live_table_word_slow(uintptr_t address)
{
	if (address >> LIVE_ADDRESS_BITS != 0)
		return NULL;
	_Atomic(atomic_uint_least64_t *) *slot = &live_top[address >> LIVE_REGION_BITS];
	size_t bytes = leaf_words() * sizeof(uint64_t);
	atomic_uint_least64_t *none = NULL;
	atomic_uint_least64_t *leaf = arena_map(bytes, ARENA_LIVE_TABLE);

	if (leaf == NULL)
		return live_table_word(address); /* another thread may have had more luck */
	if (!atomic_compare_exchange_strong_explicit(
		slot, &none, leaf, memory_order_acq_rel, memory_order_acquire))
		arena_unmap(leaf, bytes, ARENA_LIVE_TABLE);
	else
		region_used(address >> LIVE_REGION_BITS);
	return live_table_word(address);
}

static struct large_record *record_at(uint32_t number)
{
	struct large_record *chunk =
	    atomic_load_explicit(&record_chunks[number >> RECORD_CHUNK_BITS], memory_order_acquire);

	return &chunk[number & (RECORD_CHUNK - 1)];
}

static uint32_t pop_batch(void)
{
	uint64_t head = atomic_load_explicit(&free_batches, memory_order_acquire);

	while ((uint32_t)head != 0) {
		uint64_t after = (head >> 32 << 32) + ((uint64_t)1 << 32) +
				 atomic_load_explicit(
				     &record_at((uint32_t)head)->next_batch, memory_order_relaxed);

		if (atomic_compare_exchange_weak_explicit(
			&free_batches, &head, after, memory_order_acq_rel, memory_order_acquire))
			return (uint32_t)head;
	}
	return 0;
}

static void push_batch(uint32_t first)
{
	uint64_t head = atomic_load_explicit(&free_batches, memory_order_relaxed);
	uint64_t fresh;

	do {
		atomic_store_explicit(
		    &record_at(first)->next_batch, (uint32_t)head, memory_order_relaxed);
		fresh = (head >> 32 << 32) + ((uint64_t)1 << 32) + first;
	} while (!atomic_compare_exchange_weak_explicit(
	    &free_batches, &head, fresh, memory_order_release, memory_order_relaxed));
}

/* BATCH fresh records, chained. Returns the first, or 0 when memory is short. */
static uint32_t fresh_batch(void)
{
	uint32_t first = atomic_fetch_add_explicit(&record_count, BATCH, memory_order_relaxed);

	if (first > RECORD_CHUNKS_MAX * RECORD_CHUNK - 2u * BATCH) {
		atomic_fetch_sub_explicit(&record_count, BATCH, memory_order_relaxed);
		return 0;
	}
	for (uint32_t number = first; number < first + BATCH; number += BATCH - 1) {
		if (ARENA_CHUNK(&record_chunks[number >> RECORD_CHUNK_BITS], struct large_record,
			RECORD_CHUNK, ARENA_LARGE_TABLE) == NULL)
			return 0;
	}
	for (uint32_t number = first; number < first + BATCH; number++)
		record_at(number)->next = number + 1 < first + BATCH ? number + 1 : 0;
	return first;
}

static uint32_t record_take(struct thread_state *state)
{
	if (state->free_record == 0) {
		state->free_record = pop_batch();
		if (state->free_record == 0)
			state->free_record = fresh_batch();
		if (state->free_record == 0)
			return 0;
		state->free_record_count = BATCH;
	}
	uint32_t number = state->free_record;

	state->free_record = record_at(number)->next;
	state->free_record_count--;
	return number;
}

/* Keep at most two batches; the older one goes to whoever needs it. */
static void record_give(struct thread_state *state, uint32_t number)
{
	record_at(number)->next = state->free_record;
	state->free_record = number;
	if (++state->free_record_count < 2 * BATCH)
		return;
	uint32_t first = state->free_record;
	uint32_t last = first;

	for (unsigned i = 1; i < BATCH; i++)
		last = record_at(last)->next;
	state->free_record = record_at(last)->next;
	state->free_record_count -= BATCH;
	record_at(last)->next = 0;
	push_batch(first);
}

bool live_table_take_rich(struct thread_state *state, uint64_t word, struct live_block *ret_block)
{
	uint32_t number = (uint32_t)word;

	*ret_block = record_at(number)->block;
	record_give(state, number);
	return true;
}

bool live_table_put(struct thread_state *state, const struct live_block *block)
{
	atomic_uint_least64_t *word = live_table_word(block->address);
	bool plain = block->size < LIVE_COMPACT_LIMIT && block->flags == 0 &&
		     block->end_serial == 0 && block->weight == 0;

	if (word == NULL)
		word = live_table_word_slow(block->address);
	if (word == NULL)
		return false;
	if (plain) {
		atomic_store_explicit(word,
		    live_word(block->address, block->size, block->stack, block->epoch),
		    memory_order_relaxed);
		return true;
	}
	uint32_t number = record_take(state);

	if (number == 0)
		return false;
	record_at(number)->block = *block;
	atomic_store_explicit(
	    word, LIVE_RICH | live_bit_4(block->address) | number, memory_order_release);
	return true;
}

const struct live_block *live_table_rich(uint64_t word)
{
	return &record_at((uint32_t)word)->block;
}

size_t live_table_rich_most(void)
{
	return atomic_load_explicit(&record_count, memory_order_relaxed);
}

static void unpack(uintptr_t address, uint64_t word, struct live_block *ret_block)
{
	if ((word & LIVE_RICH) != 0)
		*ret_block = *live_table_rich(word);
	else
		live_block_unpack(address, word, ret_block);
}

bool live_table_find(uintptr_t address, struct live_block *ret_block)
{
	atomic_uint_least64_t *slot = live_table_word(address);
	uint64_t word = slot != NULL ? atomic_load_explicit(slot, memory_order_acquire) : 0;

	if (word == 0 || (word & LIVE_BIT_4) != live_bit_4(address))
		return false;
	unpack(address, word, ret_block);
	return true;
}

/* Pages of a leaf that were never written are not read either: reading would make them resident. */
static bool walk_leaf(
    size_t region, atomic_uint_least64_t *leaf, live_page_visitor *visit, void *context)
{
	uint64_t used[SYSTEM_PAGES_MAX / 64];
	const size_t part = (size_t)SYSTEM_PAGES_MAX * LIVE_PAGE_WORDS;

	for (size_t first = 0; first < leaf_words(); first += part) {
		size_t words = leaf_words() - first < part ? leaf_words() - first : part;

		system_used_pages((uintptr_t)(leaf + first), words * sizeof leaf[0], used);
		for (size_t page = 0; page < words / LIVE_PAGE_WORDS; page++) {
			size_t word = first + page * LIVE_PAGE_WORDS;

			if ((used[page / 64] >> page % 64 & 1) != 0 &&
			    !visit(context, region << LIVE_REGION_BITS | word << live_granule_shift,
				leaf + word))
				return false;
		}
	}
	return true;
}

void live_table_each_page(live_page_visitor *visit, void *context)
{
	for (size_t page = 0; page < LIVE_REGIONS / TOP_PAGE; page++) {
		uint64_t bits =
		    atomic_load_explicit(&used_top_pages[page / 64], memory_order_acquire);

		if ((bits >> page % 64 & 1) == 0)
			continue;
		for (size_t region = page * TOP_PAGE; region < (page + 1) * TOP_PAGE; region++) {
			atomic_uint_least64_t *leaf =
			    atomic_load_explicit(&live_top[region], memory_order_acquire);

			if (leaf != NULL && !walk_leaf(region, leaf, visit, context))
				return;
		}
	}
}

struct each {
	bool (*visit)(void *context, const struct live_block *block);
	void *context;
};

static bool each_in_page(void *context, uintptr_t first, atomic_uint_least64_t *words)
{
	const struct each *each = context;

	for (size_t i = 0; i < LIVE_PAGE_WORDS; i++) {
		uint64_t word = atomic_load_explicit(&words[i], memory_order_acquire);
		struct live_block block;

		if (word == 0)
			continue;
		unpack(live_address(first, i, word), word, &block);
		if (!each->visit(each->context, &block))
			return false;
	}
	return true;
}

void live_table_each(bool (*visit)(void *context, const struct live_block *block), void *context)
{
	struct each each = {visit, context};

	live_table_each_page(each_in_page, &each);
}

static void renumber_word(atomic_uint_least64_t *slot, uint32_t (*renumbered)(uint32_t old))
{
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);

	if (word == 0)
		return;
	if ((word & LIVE_RICH) != 0) {
		struct live_block *block = &record_at((uint32_t)word)->block;

		block->epoch = renumbered(block->epoch);
		return;
	}
	uint64_t epoch = renumbered((uint32_t)(word >> LIVE_EPOCH_SHIFT & LIVE_EPOCH_MAX));

	word &= ~((uint64_t)LIVE_EPOCH_MAX << LIVE_EPOCH_SHIFT);
	atomic_store_explicit(slot, word | epoch << LIVE_EPOCH_SHIFT, memory_order_relaxed);
}

static bool renumber_page(void *context, uintptr_t first, atomic_uint_least64_t *words)
{
	uint32_t (*const *renumbered)(uint32_t old) = context;

	(void)first;
	for (size_t i = 0; i < LIVE_PAGE_WORDS; i++)
		renumber_word(&words[i], *renumbered);
	return true;
}

void live_table_renumber(uint32_t (*renumbered)(uint32_t old))
{
	live_table_each_page(renumber_page, &renumbered);
}

bool live_table_was_used(uintptr_t start, uintptr_t end)
{
	const uintptr_t page_span = (uintptr_t)LIVE_PAGE_WORDS << live_granule_shift;

	while (start < end && start >> LIVE_ADDRESS_BITS == 0) {
		uintptr_t region_end = ((start >> LIVE_REGION_BITS) + 1) << LIVE_REGION_BITS;
		uintptr_t limit = end < region_end ? end : region_end;
		atomic_uint_least64_t *first = live_table_word(start & ~(page_span - 1));

		if (first != NULL && system_resident_bytes((uintptr_t)first,
					 (limit - (start & ~(page_span - 1)) + page_span - 1) /
					     page_span * system_page_bytes()) != 0)
			return true;
		start = limit;
	}
	return false;
}
