/*
 * Every size from 1 to 2,048 bytes, 16 blocks of each, back to back: neighbours of one size class belong to four
 * functions in turn. stays: 4 of each size, live. leaves_in_order, leaves_in_reverse, leaves_in_disorder: freed so,
 * over all sizes. comes_back: 4 of each size, in the room that became free, live. grows: 1 of each size, first by one
 * byte, all the way to 2,049 bytes, by realloc; freed when size is odd. Prints how close two blocks ever lay.
 */
#include "program.h"

#define SIZES  2048u
#define BLOCKS 4u /* of each size, in each function */
#define COUNT  (SIZES * BLOCKS)

static void *staying[COUNT];
static void *in_order[COUNT];
static void *in_reverse[COUNT];
static void *in_disorder[COUNT];
static void *coming_back[COUNT];
static void *growing[SIZES];

static void *filled(size_t size)
{
	char *block = malloc(size);

	CHECK(block != NULL);
	memset(block, 1, size);
	return block;
}

static void stays(size_t at, size_t size)
{
	staying[at] = filled(size);
}

static void leaves_in_order(size_t at, size_t size)
{
	in_order[at] = filled(size);
}

static void leaves_in_reverse(size_t at, size_t size)
{
	in_reverse[at] = filled(size);
}

static void leaves_in_disorder(size_t at, size_t size)
{
	in_disorder[at] = filled(size);
}

static void comes_back(size_t at, size_t size)
{
	coming_back[at] = filled(size);
}

static void grows(size_t at, size_t size)
{
	char *block = filled(size);

	for (size_t bytes = size + 1; bytes <= SIZES + 1; bytes += bytes < 64 ? 1 : bytes / 8) {
		block = realloc(block, bytes);
		CHECK(block != NULL && block[size - 1] == 1);
	}
	growing[at] = block = realloc(block, SIZES + 1);
	CHECK(block != NULL);
}

static uintptr_t distance(const void *one, const void *other)
{
	uintptr_t a = address_of(one), b = address_of(other);

	return a < b ? b - a : a - b;
}

static uintptr_t closest(void)
{
	uintptr_t bytes = UINTPTR_MAX;

	for (size_t at = 0; at < COUNT; at++) {
		const void *neighbours[] = {in_order[at], in_reverse[at], in_disorder[at]};

		for (size_t i = 0; i < sizeof neighbours / sizeof neighbours[0]; i++)
			if (distance(staying[at], neighbours[i]) < bytes)
				bytes = distance(staying[at], neighbours[i]);
	}
	return bytes;
}

static void allocate(void)
{
	for (size_t at = 0; at < COUNT; at++) {
		size_t size = 1 + at / BLOCKS;

		stays(at, size);
		leaves_in_order(at, size);
		leaves_in_reverse(at, size);
		leaves_in_disorder(at, size);
	}
}

static void release(void)
{
	for (size_t at = 0; at < COUNT; at++)
		free(in_order[at]);
	for (size_t at = COUNT; at-- > 0;)
		free(in_reverse[at]);
	/* 5,003 is a prime: each is met once */
	for (size_t i = 0, at = 0; i < COUNT; i++, at = (at + 5003) % COUNT)
		free(in_disorder[at]);
}

int main(void)
{
	char words[] = "closest blocks: 00 bytes";

	allocate();
	uintptr_t bytes = closest();

	release();
	for (size_t at = COUNT; at-- > 0;)
		comes_back(at, 1 + at / BLOCKS);
	for (size_t size = 1; size <= SIZES; size++)
		grows(size - 1, size);
	for (size_t size = 1; size <= SIZES; size += 2)
		free(growing[size - 1]);
	CHECK(bytes < 100);
	words[16] = (char)('0' + bytes / 10);
	words[17] = (char)('0' + bytes % 10);
	say(words);
	return 0;
}
