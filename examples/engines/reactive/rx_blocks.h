/*
 * An engine's own books: how many blocks of each kind it made and freed.
 *
 * Every kind of block has one constructor, a function of its own that is never inlined and calls calloc directly.
 * A heap profiler that groups by the innermost function must therefore find exactly the numbers kept here; the
 * tests compare the two. A constructor does nothing but count and label; it never calls another one.
 */
#ifndef ENGINES_RX_BLOCKS_H
#define ENGINES_RX_BLOCKS_H

#include <allocscope/allocscope.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __clang__
#	define RX_CONSTRUCTOR __attribute__((noinline))
#else
#	define RX_CONSTRUCTOR __attribute__((noinline, noclone))
#endif

struct rx_block_count {
	const char *constructor; /* the function that alone makes blocks of this kind */
	const char *label; /* the block's struct, so that the profiler can name its fields; NULL for
				blocks too short-lived to name */
	uint64_t allocs, bytes, frees, freed_bytes;
};

static inline uint64_t rx_blocks_live(const struct rx_block_count *count)
{
	return count->allocs - count->frees;
}

/* Book BLOCK, just allocated. An example that runs out of memory says so and ends. */
static inline void *rx_block_made(struct rx_block_count *count, void *block, size_t size_bytes)
{
	if (block == NULL) {
		fprintf(stderr, "out of memory in %s\n", count->constructor);
		abort();
	}
	count->allocs++;
	count->bytes += size_bytes;
	if (count->label != NULL)
		allocscope_label(block, count->label);
	return block;
}

/* A collection of books is set to 0; only when nothing is alive. */
static inline void rx_blocks_reset(struct rx_block_count *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct rx_block_count){
		    .constructor = rows[i].constructor, .label = rows[i].label};
}

static inline void rx_block_free(struct rx_block_count *count, void *block, size_t size_bytes)
{
	if (block == NULL)
		return;
	count->frees++;
	count->freed_bytes += size_bytes;
	free(block);
}

/* The members of a JSON object, without its braces; a constructor's name is a C identifier and needs no escapes. */
static inline void rx_block_count_write(FILE *out, const struct rx_block_count *count)
{
	fprintf(out,
	    "\"function\":\"%s\",\"allocs\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"frees\":%" PRIu64
	    ",\"freed_bytes\":%" PRIu64 ",\"live_blocks\":%" PRIu64 ",\"live_bytes\":%" PRIu64,
	    count->constructor, count->allocs, count->bytes, count->frees, count->freed_bytes,
	    rx_blocks_live(count), count->bytes - count->freed_bytes);
}

#endif
