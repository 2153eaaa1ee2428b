/*
 * The books of a builder engine: how many blocks of each kind it made and freed, in static storage.
 *
 * One described object is one malloc: no calloc, realloc, strdup in an engine, so that what a profiler thinks of them
 * cannot change a count. An engine lists its kinds of block once, as rows of a macro, and gets from it an enum, the
 * books, and a constructor per kind:
 *
 *     #define DEMO_BLOCKS(ROW)                                                     \
 *             ROW(demo_books, DEMO_NODE, demo_node_new, "node", "demo_node")       \
 *             ROW(demo_books, DEMO_TABLE, demo_table_new, "table", NULL)
 *     enum demo_block { DEMO_BLOCKS(LEDGER_ENUMERATOR) DEMO_BLOCK_COUNT };
 *     DEMO_BLOCKS(LEDGER_DECLARATION)
 * and in one source file
 *     struct ledger_kind demo_books[DEMO_BLOCK_COUNT] = {DEMO_BLOCKS(LEDGER_BOOK)};
 *     DEMO_BLOCKS(LEDGER_CONSTRUCTOR)
 *
 * A constructor calls malloc itself and books the block afterwards, so it is the innermost frame of its allocations:
 * the profiler's site is the constructor without anything to skip, and its row must equal the book.
 */
#ifndef ENGINES_LEDGER_LEDGER_H
#define ENGINES_LEDGER_LEDGER_H

#include "engines/reactive/rx_blocks.h"

#include <stdbool.h>

typedef void *(*ledger_constructor)(size_t size_bytes);

struct ledger_kind {
	const char *name;	 /* as the engine's description calls it: "cache.table" */
	ledger_constructor make; /* nothing else makes blocks of this kind */
	struct rx_block_count count;
};

struct ledger {
	const char *engine;
	struct ledger_kind *kinds;
	size_t kind_count;
};

/* Over all kinds. */
struct ledger_totals {
	uint64_t allocs, bytes, frees, freed_bytes, live_blocks, live_bytes;
};

#define LEDGER_ENUMERATOR(books, kind, constructor, kind_name, label_text) kind,
#define LEDGER_DECLARATION(books, kind, constructor, kind_name, label_text)                        \
	RX_CONSTRUCTOR void *constructor(size_t size_bytes);
#define LEDGER_BOOK(books, kind, constructor_name, kind_name, label_text)                          \
	[kind] = {.name = (kind_name),                                                             \
	    .make = (constructor_name),                                                            \
	    .count = {.constructor = #constructor_name, .label = (label_text)}},
#define LEDGER_CONSTRUCTOR(books, kind, constructor, kind_name, label_text)                        \
	RX_CONSTRUCTOR void *constructor(size_t size_bytes)                                        \
	{                                                                                          \
		return rx_block_made(&(books)[kind].count, malloc(size_bytes), size_bytes);        \
	}

/* SIZE_BYTES is what the constructor was given. BLOCK may be NULL. */
static inline void ledger_free(struct ledger_kind *kind, void *block, size_t size_bytes)
{
	rx_block_free(&kind->count, block, size_bytes);
}

struct ledger_totals ledger_totals(const struct ledger *ledger);
/* The kind called NAME, or NULL. */
struct ledger_kind *ledger_find(const struct ledger *ledger, const char *name);

/* The members of one JSON object, without its braces: the totals; with KINDS also "by_kind", a row for each kind that
 * was ever made. Does not allocate. */
void ledger_write_json(FILE *out, const struct ledger *ledger, bool kinds);

#endif
