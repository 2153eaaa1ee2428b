#include "engines/ledger/vec.h"

#include <string.h>

static void move_to(struct vec *vec, const struct vec_kind *kind, uint32_t capacity)
{
	void *items = kind->backing->make((size_t)capacity * kind->item_bytes);

	if (vec->items != NULL)
		memcpy(items, vec->items, (size_t)vec->count * kind->item_bytes);
	ledger_free(kind->backing, vec->items, (size_t)vec->capacity * kind->item_bytes);
	vec->items = items;
	vec->capacity = capacity;
}

void vec_open(struct vec *vec, const struct vec_kind *kind, uint32_t capacity)
{
	move_to(vec, kind, capacity);
}

void vec_push(struct vec *vec, const struct vec_kind *kind, const void *item)
{
	if (vec->count == vec->capacity)
		move_to(vec, kind, vec->capacity == 0 ? kind->first_capacity : 2 * vec->capacity);
	memcpy(vec_at(vec, kind, vec->count), item, kind->item_bytes);
	vec->count++;
}

void vec_release(struct vec *vec, const struct vec_kind *kind)
{
	ledger_free(kind->backing, vec->items, (size_t)vec->capacity * kind->item_bytes);
	*vec = (struct vec){0};
}

bool vec_grows_at(uint64_t number, uint32_t first_capacity)
{
	uint64_t capacity = first_capacity;

	if (number == 1)
		return true;
	while (capacity < number - 1)
		capacity *= 2;
	return capacity == number - 1;
}
