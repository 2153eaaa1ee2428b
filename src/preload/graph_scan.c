#include "preload/graph_scan.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "preload/arena.h"
#include "preload/block_index.h"
#include "preload/graph_classes.h"
#include "preload/graph_roots.h"
#include "preload/graph_threads.h"
#include "preload/memory_map.h"
#include "preload/stop_threads.h"
#include "preload/system.h"
#include "preload/system_tasks.h"

#define WORD_BYTES	  8u
#define ROOT_EDGES_MAX	  ((size_t)1 << 26)
#define VECTORS_FIRST	  17u /* DWARF number of the first vector register */
#define WAITING_WORDS	  64u
#define WORDS_AT_ONCE	  4u
#define CHUNK_HEADER_BACK 8u /* from the end of a block's room back to the next chunk's header */

static struct block_index by_address;
static struct memory_view view;
/* Words that may point to a block, on their way to the index: its lines of cache come meanwhile. */
static struct waiting_word {
	uint64_t value;
	uint32_t row, word;
} waiting[WAITING_WORDS + WORDS_AT_ONCE];
static uint32_t waiting_count;
static size_t next_row; /* the first whose edges have not begun */

/* The first aligned word at ADDRESS or behind. */
static inline uintptr_t word_at(uintptr_t address)
{
	return (address + WORD_BYTES - 1) & ~(uintptr_t)(WORD_BYTES - 1);
}

/* ---- blocks ---- */

COLD static struct graph_chunk *next_chunk(struct graph *graph)
{
	uint64_t number = graph->edge_count / GRAPH_CHUNK_EDGES;

	if (number >= GRAPH_CHUNKS_MAX)
		return NULL;
	if (graph->chunks[number] == NULL) {
		graph->chunks[number] = arena_map(sizeof(struct graph_chunk), ARENA_BUFFERS);
		/* the first edges of a small heap need no large pages */
		if (number > 0)
			system_prefer_large_pages(
			    graph->chunks[number], sizeof(struct graph_chunk));
	}
	return graph->chunks[number];
}

static inline void add_edge(struct graph *graph, uint64_t word, uint32_t target, uint64_t into)
{
	uint32_t at = (uint32_t)(graph->edge_count % GRAPH_CHUNK_EDGES);
	struct graph_chunk *chunk = graph->edge_count / GRAPH_CHUNK_EDGES < GRAPH_CHUNKS_MAX
					? graph->chunks[graph->edge_count / GRAPH_CHUNK_EDGES]
					: NULL;

	if (unlikely(chunk == NULL)) {
		chunk = next_chunk(graph);
		if (chunk == NULL) {
			graph->row.lost_edges++;
			return;
		}
	}
	chunk->word[at] = (uint32_t)word;
	chunk->target[at] = target;
	chunk->into[at] = into < UINT32_MAX ? (uint32_t)into : UINT32_MAX;
	graph->edge_count++;
}

/* Look the waiting words up, in order; first[row] is known when a word of that row, or a later one, comes. */
static void look_up(struct graph *graph)
{
	for (uint32_t i = 0; i < waiting_count; i++) {
		const struct waiting_word *word = &waiting[i];
		uint64_t into;

		while (next_row <= word->row)
			graph->first[next_row++] = graph->edge_count;
		uint32_t target = block_index_find(&by_address, word->value, &into);

		if (target != BLOCK_NONE)
			add_edge(graph, word->word, target, into);
	}
	waiting_count = 0;
}

/* An object of a C++ class begins with the address of the class's virtual table: WORD is the first of block ROW. */
static inline void note_class(uint32_t row, uint64_t word)
{
	if (unlikely(graph_classes_may_be(word)) && by_address.blocks[row].size >= sizeof word)
		graph_classes_note(row, word);
}

/* The words of [*FROM, end) that are in view together: from *FROM, which moves, to *RET_LIMIT. False: there are no more. */
static inline bool see_words(
    struct graph *graph, uintptr_t *from, uintptr_t end, uintptr_t *ret_limit)
{
	uintptr_t first = word_at(*from);

	if (first + WORD_BYTES > end)
		return false;
	first = word_at(memory_see(&view, first, end));
	if (first >= end)
		return false;
	uintptr_t limit = (view.high < end ? view.high : end) & ~(uintptr_t)(WORD_BYTES - 1);

	graph->row.scanned_bytes += limit - first;
	*from = first;
	*ret_limit = limit;
	return true;
}

/* A word that may be a pointer waits. Which ones may nobody can foretell: no branch depends on it. */
static inline void note_word(uint32_t row, uint32_t word, uint64_t value)
{
	bool may_hold = block_index_may_hold(&by_address, value);

	waiting[waiting_count] = (struct waiting_word){.value = value, .row = row, .word = word};
	waiting_count += may_hold;
	block_index_prefetch(
	    &by_address, by_address.low + ((value - by_address.low) & -(uint64_t)may_hold));
}

/* Whether any of WORDS_AT_ONCE may be a pointer: of plain data none is, and that is soon told. */
static inline bool any_may_hold(uintptr_t from)
{
	bool any = false;

	for (unsigned i = 0; i < WORDS_AT_ONCE; i++)
		any |= block_index_may_hold(
		    &by_address, memory_view_word(&view, from + i * WORD_BYTES));
	return any;
}

/* The words of [from, end), which belong to block ROW. */
static void scan_words(struct graph *graph, uint32_t row, uintptr_t from, uintptr_t end)
{
	uintptr_t start = by_address.blocks[row].address;
	uintptr_t limit;

	while (see_words(graph, &from, end, &limit)) {
		if (from == start && from < limit)
			note_class(row, memory_view_word(&view, from));
		while (from < limit) {
			uintptr_t stop = limit - from > WORDS_AT_ONCE * WORD_BYTES
					     ? from + WORDS_AT_ONCE * WORD_BYTES
					     : limit;

			if (stop - from == WORDS_AT_ONCE * WORD_BYTES && !any_may_hold(from)) {
				from = stop;
				continue;
			}
			for (; from < stop; from += WORD_BYTES)
				note_word(row, (uint32_t)((from - start) / WORD_BYTES),
				    memory_view_word(&view, from));
			if (waiting_count >= WAITING_WORDS)
				look_up(graph);
		}
	}
}

/* As block_usable, for blocks in ascending order: the chunk's header is mostly in view. */
static inline uint64_t room_of(uint32_t row)
{
	uintptr_t header = by_address.blocks[row].address - WORD_BYTES;

	if (likely(by_address.is_libc && by_address.around == NULL &&
		   header - view.low < view.high - view.low))
		return block_usable_by(&by_address.blocks[row], memory_view_word(&view, header));
	return block_usable(&by_address, row);
}

/* The words of block ROW. */
static void scan_block(struct graph *graph, uint32_t row)
{
	const struct block_row *block = &by_address.blocks[row];
	uintptr_t end = block->address + room_of(row);
	uintptr_t from = block->address;

	/* a block inside this one has words of its own */
	for (uint32_t inner = row + 1; by_address.around != NULL && inner < by_address.count &&
				       by_address.blocks[inner].address < end;
	     inner++) {
		if (by_address.around[inner] != row)
			continue;
		scan_words(graph, row, from, by_address.blocks[inner].address);
		from = by_address.blocks[inner].address + by_address.blocks[inner].size;
	}
	scan_words(graph, row, from, end);
}

static int scan_blocks(struct graph *graph)
{
	graph->first_count = by_address.count + 1;
	graph->first = arena_map(graph->first_count * sizeof *graph->first, ARENA_BUFFERS);
	if (graph->first == NULL || graph_classes_begin(by_address.count) != 0)
		return -ENOMEM;
	waiting_count = 0;
	next_row = 0;
	for (size_t row = 0; row < by_address.count; row++)
		scan_block(graph, (uint32_t)row);
	look_up(graph);
	while (next_row <= by_address.count)
		graph->first[next_row++] = graph->edge_count;
	return graph_classes_are_all() ? 0 : -ENOMEM;
}

/* ---- roots ---- */

static void add_root_edge(
    struct graph *graph, size_t range, uint64_t address, uint32_t target, uint64_t into)
{
	if (graph->root_edge_count == ROOT_EDGES_MAX) {
		graph->row.lost_edges++;
		return;
	}
	graph->root_edges[graph->root_edge_count++] =
	    (struct snapshot_root_edge){.address = address,
		.range = (uint32_t)range,
		.target = target,
		.into = into < UINT32_MAX ? (uint32_t)into : UINT32_MAX};
}

/* glibc's lists of free chunks point to the headers of chunks; the header of one that follows a block lies in the
 * block's last word. */
static bool is_chunk_header(uint32_t target, uint64_t into)
{
	return by_address.is_libc && into != 0 &&
	       into == block_usable(&by_address, target) - CHUNK_HEADER_BACK;
}

static void scan_root_words(
    struct graph *graph, size_t range, uintptr_t from, uintptr_t end, bool of_libc)
{
	uintptr_t limit;

	while (see_words(graph, &from, end, &limit))
		for (; from < limit; from += WORD_BYTES) {
			uint64_t value = memory_view_word(&view, from), into;
			uint32_t target = block_index_find(&by_address, value, &into);

			if (target != BLOCK_NONE && !(of_libc && is_chunk_header(target, into)))
				add_root_edge(graph, range, from, target, into);
		}
}

/* The range without the blocks that lie in it, whose words are theirs. */
static void scan_around_blocks(
    struct graph *graph, size_t number, const struct graph_range *range, bool of_libc)
{
	uintptr_t from = range->start;
	uint64_t into;
	uint32_t first = block_index_find(&by_address, from, &into);

	if (first != BLOCK_NONE && into < by_address.blocks[first].size)
		from += by_address.blocks[first].size - into;
	for (size_t row = block_index_at(&by_address, from);
	     row < by_address.count && by_address.blocks[row].address < range->end; row++) {
		uintptr_t end =
		    by_address.blocks[row].address + block_usable(&by_address, (uint32_t)row);

		if (by_address.blocks[row].address > from)
			scan_root_words(
			    graph, number, from, by_address.blocks[row].address, of_libc);
		from = end > from ? end : from;
	}
	if (from < range->end)
		scan_root_words(graph, number, from, range->end, of_libc);
}

static void scan_registers(struct graph *graph, const struct graph_registers *registers)
{
	uint64_t into;

	for (unsigned i = 0; i < EH_REGISTERS; i++) {
		if ((registers->known >> i & 1) == 0)
			continue;
		uint32_t target = block_index_find(&by_address, registers->value[i], &into);

		if (target != BLOCK_NONE)
			add_root_edge(graph, registers->range, i, target, into);
	}
	for (unsigned i = 0; registers->vectors != NULL && i < STOPPED_VECTORS; i++)
		for (unsigned half = 0; half < 2; half++) {
			uint32_t target =
			    block_index_find(&by_address, registers->vectors[2 * i + half], &into);

			if (target == BLOCK_NONE)
				continue;
			/* a register is one place; one of its halves is enough to hold the block */
			add_root_edge(graph, registers->range, VECTORS_FIRST + i, target, into);
			break;
		}
}

static int scan_roots(struct graph *graph)
{
	uint32_t libc = graph_module_of_libc();
	size_t next_registers = 0;

	graph->root_edges = arena_map(ROOT_EDGES_MAX * sizeof *graph->root_edges, ARENA_BUFFERS);
	if (graph->root_edges == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < graph_roots_count(); i++) {
		const struct graph_range *range = graph_roots_get(i);
		bool of_libc = range->module != 0 && range->module == libc;

		switch (range->kind) {
		case SNAPSHOT_ROOT_REGISTERS:
			scan_registers(graph, graph_registers_get(next_registers++));
			break;
		case SNAPSHOT_ROOT_DATA:
		case SNAPSHOT_ROOT_MAPPING:
			scan_around_blocks(graph, i, range, of_libc);
			break;
		default:
			scan_root_words(graph, i, range->start, range->end, of_libc);
		}
	}
	return 0;
}

/* ---- all ---- */

static int find_roots(const struct cfi_registers *caller)
{
	int result = graph_roots_begin();

	if (result == 0)
		result = graph_threads_begin();
	if (result != 0)
		return result;
	graph_roots_add_given();
	graph_threads_add(caller, &by_address);
	graph_roots_add_modules();
	graph_roots_add_mappings(&by_address);
	return 0;
}

int graph_scan(struct graph *graph, const struct snapshot_cut *cut,
    const struct cfi_registers *caller, int in_copy)
{
	uint64_t start = system_monotonic_ns();
	int result = memory_map_open(in_copy != 0);

	memset(&view, 0, sizeof view);
	if (result == 0)
		result = block_index_build(&by_address, cut);
	if (result == 0)
		result = find_roots(caller);
	if (result == 0)
		result = scan_blocks(graph);
	if (result == 0)
		result = scan_roots(graph);
	graph->row.absent_bytes = memory_absent_bytes();
	graph->row.unreadable_bytes = memory_unreadable_bytes();
	graph->row.scan_ns = system_monotonic_ns() - start;
	block_index_release(&by_address);
	return result;
}

void graph_release(struct graph *graph)
{
	for (uint32_t i = 0; i < GRAPH_CHUNKS_MAX; i++)
		arena_unmap(graph->chunks[i], sizeof(struct graph_chunk), ARENA_BUFFERS);
	arena_unmap(graph->first, graph->first_count * sizeof *graph->first, ARENA_BUFFERS);
	arena_unmap(graph->root_edges, ROOT_EDGES_MAX * sizeof *graph->root_edges, ARENA_BUFFERS);
	graph_classes_release();
	graph_threads_release();
	graph_roots_release();
	memory_map_close(); /* names of ranges stand there */
	memset(graph, 0, sizeof *graph);
}
