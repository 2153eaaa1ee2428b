/*
 * A growing array with a known law: no block before the first push; then a first capacity, doubled whenever it is full.
 *
 * The header stands in its owner (or in a block of its own, if the owner says so); the backing is one block. Growing is
 * a new block, a copy and a free, never a realloc. What a list is made of stands in its kind, one constant per use.
 */
#ifndef ENGINES_LEDGER_VEC_H
#define ENGINES_LEDGER_VEC_H

#include "engines/ledger/ledger.h"

struct vec {
	void *items;
	uint32_t count, capacity;
};

struct vec_kind {
	struct ledger_kind *backing;
	uint32_t item_bytes;
	uint32_t first_capacity;
};

/* Makes the backing now, for CAPACITY items, in place of the first capacity. VEC is all 0 before. */
void vec_open(struct vec *vec, const struct vec_kind *kind, uint32_t capacity);
/* Copies the item of item_bytes at ITEM behind the last one. */
void vec_push(struct vec *vec, const struct vec_kind *kind, const void *item);
/* Frees the backing; the list is empty and usable. */
void vec_release(struct vec *vec, const struct vec_kind *kind);

static inline void *vec_at(const struct vec *vec, const struct vec_kind *kind, uint32_t index)
{
	return (char *)vec->items + (size_t)index * kind->item_bytes;
}

/* For lists of pointers. */
static inline void vec_push_pointer(struct vec *vec, const struct vec_kind *kind, void *pointer)
{
	vec_push(vec, kind, &pointer);
}

static inline void *vec_pointer_at(const struct vec *vec, uint32_t index)
{
	return ((void **)vec->items)[index];
}

/* The law, for those who predict counts: does the push of item NUMBER (from 1) make a block? */
bool vec_grows_at(uint64_t number, uint32_t first_capacity);

#endif
