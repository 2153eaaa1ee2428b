#include "symbols/string_pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, capacity;
	_Alignas(16) char bytes[];
};

struct pool_slot {
	uint64_t hash;
	const char *text; /* NULL: free */
};

struct string_pool {
	struct pool_chunk *chunks;
	struct pool_slot *slots; /* open addressing; slot_count is a power of two */
	size_t slot_count, string_count;
};

struct string_pool *string_pool_new(void)
{
	return calloc(1, sizeof(struct string_pool));
}

void string_pool_free(struct string_pool *pool)
{
	if (pool == NULL)
		return;
	for (struct pool_chunk *chunk = pool->chunks; chunk != NULL;) {
		struct pool_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(pool->slots);
	free(pool);
}

void *string_pool_allocate(struct string_pool *pool, size_t bytes)
{
	struct pool_chunk *chunk = pool->chunks;
	void *result;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + 15) & ~(size_t)15;
	if (chunk == NULL || chunk->capacity - chunk->used < bytes) {
		size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

		chunk = malloc(sizeof *chunk + capacity);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct pool_chunk){.next = pool->chunks, .capacity = capacity};
		pool->chunks = chunk;
	}
	result = chunk->bytes + chunk->used;
	chunk->used += bytes;
	return result;
}

static bool grow_slots(struct string_pool *pool)
{
	size_t slot_count = pool->slot_count == 0 ? 256 : pool->slot_count * 2;
	struct pool_slot *slots = calloc(slot_count, sizeof *slots);

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < pool->slot_count; i++) {
		size_t at = pool->slots[i].hash & (slot_count - 1);

		if (pool->slots[i].text == NULL)
			continue;
		while (slots[at].text != NULL)
			at = (at + 1) & (slot_count - 1);
		slots[at] = pool->slots[i];
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = slot_count;
	return true;
}

static char cleaned(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7f ? '?' : byte;
}

static bool is_cleaned_copy(const char *stored, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (stored[i] != cleaned(text[i])) /* also at the end of a shorter STORED */
			return false;
	return stored[length] == '\0';
}

static char *copy_cleaned(struct string_pool *pool, const char *text, size_t length)
{
	char *copy = string_pool_allocate(pool, length + 1);

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++)
		copy[i] = cleaned(text[i]);
	copy[length] = '\0';
	return copy;
}

const char *string_pool_intern(struct string_pool *pool, const char *text)
{
	size_t length = text == NULL ? 0 : strnlen(text, STRING_POOL_BYTES_MAX);
	uint64_t hash;
	size_t at;

	if (length == 0)
		return "";
	if (pool->string_count * 4 >= pool->slot_count * 3 && !grow_slots(pool))
		return NULL;
	hash = checksum_of(text, length);
	for (at = hash & (pool->slot_count - 1); pool->slots[at].text != NULL;
	     at = (at + 1) & (pool->slot_count - 1))
		if (pool->slots[at].hash == hash &&
		    is_cleaned_copy(pool->slots[at].text, text, length))
			return pool->slots[at].text;
	pool->slots[at].text = copy_cleaned(pool, text, length);
	if (pool->slots[at].text == NULL)
		return NULL;
	pool->slots[at].hash = hash;
	pool->string_count++;
	return pool->slots[at].text;
}
