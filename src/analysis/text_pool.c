#include "analysis/text_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"

#define CHUNK_BYTES 65536

/* Texts stand in chunks that never move; a long text gets a chunk of its own. */
struct text_chunk {
	struct text_chunk *next;
	size_t used, bytes;
	char text[];
};

struct text_pool {
	struct text_chunk *chunks;
	const char **texts; /* by number */
	uint64_t *hashes;   /* by number */
	uint32_t count, capacity;
	uint32_t *slots; /* number + 1; open addressing, at most half full */
	size_t slot_count;
};

static char *text_pool_copy(struct text_pool *pool, const char *text, size_t length)
{
	struct text_chunk *chunk = pool->chunks;

	if (chunk == NULL || chunk->bytes - chunk->used <= length) {
		size_t bytes = length + 1 > CHUNK_BYTES ? length + 1 : CHUNK_BYTES;

		chunk = malloc(sizeof(*chunk) + bytes);
		if (chunk == NULL)
			return NULL;
		chunk->bytes = bytes;
		chunk->used = 0;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	char *copy = chunk->text + chunk->used;

	memcpy(copy, text, length);
	copy[length] = '\0';
	chunk->used += length + 1;
	return copy;
}

/* Room for one more text in all arrays; nothing changes when memory runs out. */
static int text_pool_grow(struct text_pool *pool)
{
	if (pool->count < pool->capacity)
		return 0;
	if (pool->capacity > UINT32_MAX / 4)
		return -1;
	uint32_t capacity = pool->capacity != 0 ? 2 * pool->capacity : 256;
	size_t slot_count = 2 * (size_t)capacity;
	const char **texts = realloc(pool->texts, capacity * sizeof(*texts));

	if (texts != NULL)
		pool->texts = texts;
	uint64_t *hashes = realloc(pool->hashes, capacity * sizeof(*hashes));

	if (hashes != NULL)
		pool->hashes = hashes;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (texts == NULL || hashes == NULL || slots == NULL) {
		free(slots);
		return -1;
	}
	for (uint32_t number = 0; number < pool->count; number++) {
		size_t slot = hashes[number] & (slot_count - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (slot_count - 1);
		slots[slot] = number + 1;
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = slot_count;
	pool->capacity = capacity;
	return 0;
}

uint32_t text_pool_intern(struct text_pool *pool, const char *text)
{
	if (text == NULL)
		text = "";
	size_t length = strlen(text);
	uint64_t hash = checksum_of(text, length);

	if (text_pool_grow(pool) != 0)
		return UINT32_MAX;
	size_t slot = hash & (pool->slot_count - 1);

	while (pool->slots[slot] != 0) {
		uint32_t number = pool->slots[slot] - 1;

		if (pool->hashes[number] == hash && strcmp(pool->texts[number], text) == 0)
			return number;
		slot = (slot + 1) & (pool->slot_count - 1);
	}
	char *copy = text_pool_copy(pool, text, length);

	if (copy == NULL)
		return UINT32_MAX;
	pool->texts[pool->count] = copy;
	pool->hashes[pool->count] = hash;
	pool->slots[slot] = pool->count + 1;
	return pool->count++;
}

const char *text_pool_text(const struct text_pool *pool, uint32_t number)
{
	return pool->texts[number];
}

struct text_pool *text_pool_open(void)
{
	struct text_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	if (text_pool_intern(pool, "") != 0) {
		text_pool_close(pool);
		return NULL;
	}
	return pool;
}

void text_pool_close(struct text_pool *pool)
{
	if (pool == NULL)
		return;
	while (pool->chunks != NULL) {
		struct text_chunk *next = pool->chunks->next;

		free(pool->chunks);
		pool->chunks = next;
	}
	free(pool->texts);
	free(pool->hashes);
	free(pool->slots);
	free(pool);
}

struct text_line text_line_begin(char *text, size_t bytes)
{
	if (bytes != 0)
		text[0] = '\0';
	return (struct text_line){.text = text, .bytes = bytes, .length = 0};
}

void text_line_add(struct text_line *line, const char *text)
{
	size_t length = strlen(text);

	if (line->length + 1 < line->bytes) {
		size_t room = line->bytes - line->length - 1;
		size_t part = length < room ? length : room;

		memcpy(line->text + line->length, text, part);
		line->text[line->length + part] = '\0';
	}
	line->length += length;
}

static void text_line_add_number(struct text_line *line, uint64_t number, unsigned base)
{
	char digits[24];
	size_t place = sizeof(digits) - 1;

	digits[place] = '\0';
	do {
		digits[--place] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	text_line_add(line, digits + place);
}

void text_line_add_decimal(struct text_line *line, uint64_t number)
{
	text_line_add_number(line, number, 10);
}

void text_line_add_hexadecimal(struct text_line *line, uint64_t number)
{
	text_line_add(line, "0x");
	text_line_add_number(line, number, 16);
}
