#include "preload/live_copy.h"

#include "preload/arena.h"
#include "preload/system.h"

/* Blocks and pages that come between the reservation and the gate. */
#define SLACK_WORDS 4096
#define SLACK_PAGES 256
#define PARTS	    (LIVE_PAGE_WORDS / 64)

static void *map_touched(size_t count, size_t row_bytes, size_t touched)
{
	void *rows = arena_map(count * row_bytes, ARENA_BUFFERS);

	if (rows != NULL)
		system_touch(rows, touched * row_bytes);
	return rows;
}

bool live_copy_reserve(struct live_copy *copy, size_t blocks, uint64_t table_bytes)
{
	size_t pages = table_bytes / (LIVE_PAGE_WORDS * sizeof(uint64_t));
	size_t rich = live_table_rich_most();

	*copy = (struct live_copy){
	    .page_capacity = pages + pages / 8 + SLACK_PAGES,
	    .word_capacity = blocks + blocks / 8 + SLACK_WORDS,
	    .rich_capacity = rich + rich / 8 + SLACK_WORDS,
	};
	copy->pages = map_touched(copy->page_capacity, sizeof *copy->pages, pages);
	copy->words = map_touched(copy->word_capacity, sizeof *copy->words, blocks);
	copy->rich =
	    map_touched(copy->rich_capacity, sizeof *copy->rich, rich < blocks ? rich : blocks);
	return copy->pages != NULL && copy->words != NULL && copy->rich != NULL;
}

void live_copy_release(struct live_copy *copy)
{
	arena_unmap(copy->pages, copy->page_capacity * sizeof *copy->pages, ARENA_BUFFERS);
	arena_unmap(copy->words, copy->word_capacity * sizeof *copy->words, ARENA_BUFFERS);
	arena_unmap(copy->rich, copy->rich_capacity * sizeof *copy->rich, ARENA_BUFFERS);
	*copy = (struct live_copy){0};
}

/* Words without room, or rich ones whose record has none: lost, and not in the bit map. */
static bool fits(struct live_copy *copy, uint64_t word)
{
	bool is_rich = (word & LIVE_RICH) != 0;

	if (copy->word_count == copy->word_capacity ||
	    (is_rich && copy->rich_count == copy->rich_capacity)) {
		copy->lost++;
		return false;
	}
	if (is_rich)
		copy->rich[copy->rich_count++] = *live_table_rich(word);
	return true;
}

/* 64 words; returns the bit map of those that hold a block. */
static uint64_t copy_part(struct live_copy *copy, const atomic_uint_least64_t *words)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < 64; i++) {
		uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);

		if (word == 0 || unlikely(!fits(copy, word)))
			continue;
		copy->words[copy->word_count++] = word;
		used |= (uint64_t)1 << i;
	}
	return used;
}

static bool copy_page(void *context, uintptr_t first, atomic_uint_least64_t *words)
{
	struct live_copy *copy = context;
	struct live_page scratch;
	bool has_room = copy->page_count < copy->page_capacity;
	struct live_page *page = has_room ? &copy->pages[copy->page_count] : &scratch;
	size_t words_before = copy->word_count, rich_before = copy->rich_count;

	page->first = first;
	for (unsigned part = 0; part < PARTS; part++)
		page->used[part] = copy_part(copy, words + (size_t)part * 64);
	if (likely(has_room)) {
		copy->page_count += copy->word_count != words_before;
	} else {
		copy->lost += copy->word_count - words_before;
		copy->word_count = words_before;
		copy->rich_count = rich_before;
	}
	return true;
}

void live_copy_take(struct live_copy *copy)
{
	live_table_each_page(copy_page, copy);
}

/* The cursor's next 64 words that hold any. False at the end. */
static bool next_part(const struct live_copy *copy, struct live_copy_cursor *cursor)
{
	while (cursor->left == 0) {
		if (cursor->part == PARTS) {
			cursor->page++;
			cursor->part = 0;
		}
		if (cursor->page >= copy->page_count)
			return false;
		cursor->left = copy->pages[cursor->page].used[cursor->part++];
	}
	return true;
}

bool live_copy_next(
    const struct live_copy *copy, struct live_copy_cursor *cursor, struct live_block *ret_block)
{
	if (unlikely(cursor->left == 0) && !next_part(copy, cursor))
		return false;
	unsigned bit = (unsigned)__builtin_ctzll(cursor->left);
	size_t number = (size_t)(cursor->part - 1) * 64 + bit;
	uint64_t word = copy->words[cursor->word++];

	cursor->left &= cursor->left - 1;
	if (unlikely((word & LIVE_RICH) != 0))
		*ret_block = copy->rich[cursor->rich++];
	else
		live_block_unpack(
		    live_address(copy->pages[cursor->page].first, number, word), word, ret_block);
	return true;
}
