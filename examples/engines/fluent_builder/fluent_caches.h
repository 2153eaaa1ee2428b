/*
 * Two caches, one without a bound and one with: memoizeCurried and the schemas used last.
 *
 * A curried function f(a)(b) is memoised in two levels: for each a a map from b to the result. Nothing is ever thrown
 * away. The schema cache holds at most so many; a get and a set make an entry the last used, an insert into a full
 * cache drops the one that was not used for longest.
 */
#ifndef ENGINES_FLUENT_CACHES_H
#define ENGINES_FLUENT_CACHES_H

#include "engines/fluent_builder/fluent_blocks.h"
#include "engines/ledger/omap.h"

struct fluent_schema;

struct fluent_memo {
	struct value (*compute)(struct value a, struct value b);
	struct omap curried; /* a -> struct fluent_memo_curried */
	uint64_t computations;
};

/* f(a): what is known of it. */
struct fluent_memo_curried {
	struct fluent_memo *memo;
	struct value a;
	struct omap results; /* b -> result */
};

/* f(a); the cache's. */
struct fluent_memo_curried *fluent_memo_call(struct fluent_memo *memo, struct value a);
/* f(a)(b). */
struct value fluent_memo_curried_call(struct fluent_memo_curried *curried, struct value b);
/* Forgets everything. */
void fluent_memo_clear(struct fluent_memo *memo);

struct fluent_cached_schema {
	const struct fluent_schema *schema;
	char *key;
	uint32_t key_bytes;
	struct fluent_cached_schema *used_before, *used_after;
};

struct fluent_schema_cache {
	struct omap entries;			   /* key -> struct fluent_cached_schema */
	struct fluent_cached_schema *first, *last; /* by use */
	uint32_t max_size;
};

/* NULL: not there. */
const struct fluent_schema *fluent_schema_cache_get(
    struct fluent_schema_cache *cache, const char *key);
/* KEY is copied, SCHEMA borrowed. */
void fluent_schema_cache_set(
    struct fluent_schema_cache *cache, const char *key, const struct fluent_schema *schema);
void fluent_schema_cache_clear(struct fluent_schema_cache *cache);

#endif
