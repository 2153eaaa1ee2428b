/* The stack of idle objects and its counts. */
#include "engines/fluent_builder/fluent_pool.h"

#include <string.h>

static const struct vec_kind backing = {
    .backing = &fluent_books[FLUENT_POOL_BACKING],
    .item_bytes = sizeof(void *),
    .first_capacity = 1,
};

void *fluent_pool_get(struct fluent_object_pool *pool)
{
	if (pool->idle.count > 0) {
		pool->hits++;
		return vec_pointer_at(&pool->idle, --pool->idle.count);
	}
	pool->misses++;
	pool->created++;
	return pool->methods->create(pool->environment);
}

static bool is_idle(const struct fluent_object_pool *pool, const void *object, uint32_t end)
{
	for (uint32_t i = 0; i < end; i++)
		if (vec_pointer_at(&pool->idle, i) == object)
			return true;
	return false;
}

/* OBJECT has left the pool; if it was in it twice, it still is and lives on. */
static void destroy(const struct fluent_object_pool *pool, void *object)
{
	if (!is_idle(pool, object, pool->idle.count))
		pool->methods->destroy(pool->environment, object);
}

static void discard_oldest(struct fluent_object_pool *pool)
{
	void **items = pool->idle.items;
	void *oldest = items[0];

	pool->idle.count--;
	memmove(items, items + 1, pool->idle.count * sizeof(*items));
	destroy(pool, oldest);
}

void fluent_pool_release(struct fluent_object_pool *pool, void *object)
{
	if (pool->check_double_release && is_idle(pool, object, pool->idle.count)) {
		pool->refused++;
		return;
	}
	if (pool->idle.count >= pool->max_size) {
		pool->discarded++;
		if (pool->discard == FLUENT_DISCARD_NEWEST || pool->max_size == 0) {
			destroy(pool, object);
			return;
		}
		discard_oldest(pool);
	}
	pool->methods->reset(pool->environment, object);
	vec_push_pointer(&pool->idle, &backing, object);
}

void fluent_pool_clear(struct fluent_object_pool *pool)
{
	while (pool->idle.count > 0)
		destroy(pool, vec_pointer_at(&pool->idle, --pool->idle.count));
	vec_release(&pool->idle, &backing);
}

void fluent_pool_reset_statistics(struct fluent_object_pool *pool)
{
	pool->hits = 0;
	pool->misses = 0;
}

struct fluent_pool_statistics fluent_pool_statistics_of(const struct fluent_object_pool *pool)
{
	const uint64_t gets = pool->hits + pool->misses;

	return (struct fluent_pool_statistics){
	    .size = pool->idle.count,
	    .max_size = pool->max_size,
	    .hits = pool->hits,
	    .misses = pool->misses,
	    .created = pool->created,
	    .hit_rate = gets > 0 ? (double)pool->hits / (double)gets : 0,
	    .utilisation =
		pool->max_size > 0 ? (double)pool->idle.count / (double)pool->max_size : 0,
	};
}
