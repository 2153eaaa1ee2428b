/* Memory that is freed as a whole, for syntax trees and scopes. */
#include "engines/conformance/script.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16384 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used_bytes, size_bytes;
	alignas(max_align_t) char bytes[];
};

static struct arena_chunk *new_chunk(struct arena *arena, size_t least_bytes)
{
	const size_t size_bytes = least_bytes > CHUNK_BYTES ? least_bytes : CHUNK_BYTES;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size_bytes);

	if (chunk == NULL) {
		fprintf(stderr, "out of memory for %zu bytes\n", size_bytes);
		abort();
	}
	chunk->size_bytes = size_bytes;
	chunk->next = arena->first;
	arena->first = chunk;
	return chunk;
}

void *arena_new(struct arena *arena, size_t size_bytes)
{
	const size_t alignment = alignof(max_align_t);
	const size_t needed_bytes = (size_bytes + alignment - 1) / alignment * alignment;
	struct arena_chunk *chunk = arena->first;
	void *memory = NULL;

	if (chunk == NULL || chunk->size_bytes - chunk->used_bytes < needed_bytes)
		chunk = new_chunk(arena, needed_bytes);
	memory = chunk->bytes + chunk->used_bytes;
	chunk->used_bytes += needed_bytes;
	return memory;
}

const char *arena_text(struct arena *arena, const char *start, size_t length)
{
	char *text = arena_new(arena, length + 1);

	memcpy(text, start, length);
	return text;
}

void arena_release(struct arena *arena)
{
	while (arena->first != NULL) {
		struct arena_chunk *chunk = arena->first;

		arena->first = chunk->next;
		free(chunk);
	}
}
