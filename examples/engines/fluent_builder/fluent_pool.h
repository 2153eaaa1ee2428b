/*
 * A pool of objects used again: a stack, last in, first out, with a bound and with counts.
 *
 * A get from an empty pool makes an object (a miss). A release into a full pool discards: as upstream the object that
 * comes, or, by choice, the one that waited longest. What is discarded is destroyed, never reset. A second release of
 * an object that is in the pool already is not noticed, as upstream, unless it is asked for: the object is then in the
 * pool twice and will be handed out twice.
 */
#ifndef ENGINES_FLUENT_POOL_H
#define ENGINES_FLUENT_POOL_H

#include "engines/fluent_builder/fluent_blocks.h"
#include "engines/ledger/vec.h"

enum fluent_discard { FLUENT_DISCARD_NEWEST, FLUENT_DISCARD_OLDEST };

struct fluent_pool_methods {
	void *(*create)(void *environment);
	void (*reset)(void *environment, void *object);
	void (*destroy)(void *environment, void *object);
};

struct fluent_object_pool {
	const struct fluent_pool_methods *methods;
	void *environment;
	struct vec idle;
	uint32_t max_size;
	enum fluent_discard discard;
	bool check_double_release;
	uint64_t hits, misses, created;
	uint64_t discarded, refused; /* released in vain: the pool was full; the object was in it */
};

struct fluent_pool_statistics {
	uint64_t size, max_size, hits, misses, created;
	double hit_rate;    /* of all gets; 0 without any */
	double utilisation; /* size / max_size; 0 if that is 0 */
};

void *fluent_pool_get(struct fluent_object_pool *pool);
void fluent_pool_release(struct fluent_object_pool *pool, void *object);
/* Destroys what is idle, each object once, and frees the backing. */
void fluent_pool_clear(struct fluent_object_pool *pool);
/* Zeroes hits and misses; what was created stays counted, the objects stay. */
void fluent_pool_reset_statistics(struct fluent_object_pool *pool);
struct fluent_pool_statistics fluent_pool_statistics_of(const struct fluent_object_pool *pool);

#endif
