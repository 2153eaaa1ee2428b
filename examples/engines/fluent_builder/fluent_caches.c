/* The memo of curried functions, and the cache of schemas. */
#include "engines/fluent_builder/fluent_caches.h"

#include <string.h>

enum { FIRST_CAPACITY = 4 };

static const struct omap_kind memo_kind = {
    .table = &fluent_books[FLUENT_MEMO_TABLE], .first_capacity = FIRST_CAPACITY};
static const struct omap_kind curried_kind = {
    .table = &fluent_books[FLUENT_MEMO_CURRIED_TABLE], .first_capacity = FIRST_CAPACITY};
static const struct omap_kind schemas_kind = {
    .table = &fluent_books[FLUENT_SCHEMA_TABLE], .first_capacity = FIRST_CAPACITY};

struct fluent_memo_curried *fluent_memo_call(struct fluent_memo *memo, struct value a)
{
	const struct value *found = omap_find(&memo->curried, a);
	struct fluent_memo_curried *curried = NULL;

	if (found != NULL)
		return found->as.object;
	curried = fluent_new_memo_curried(sizeof(*curried));
	*curried = (struct fluent_memo_curried){.memo = memo, .a = a};
	(void)omap_set(&memo->curried, &memo_kind, a, value_object(curried));
	return curried;
}

struct value fluent_memo_curried_call(struct fluent_memo_curried *curried, struct value b)
{
	const struct value *found = omap_find(&curried->results, b);

	if (found != NULL)
		return *found;
	curried->memo->computations++;
	return *omap_set(
	    &curried->results, &curried_kind, b, curried->memo->compute(curried->a, b));
}

void fluent_memo_clear(struct fluent_memo *memo)
{
	for (uint32_t i = 0; i < memo->curried.count; i++) {
		struct fluent_memo_curried *curried = memo->curried.entries[i].value.as.object;

		omap_release(&curried->results, &curried_kind);
		fluent_free(FLUENT_MEMO_CURRIED, curried, sizeof(*curried));
	}
	omap_release(&memo->curried, &memo_kind);
}

static void unlink_entry(struct fluent_schema_cache *cache, struct fluent_cached_schema *entry)
{
	if (entry->used_before != NULL)
		entry->used_before->used_after = entry->used_after;
	else
		cache->first = entry->used_after;
	if (entry->used_after != NULL)
		entry->used_after->used_before = entry->used_before;
	else
		cache->last = entry->used_before;
}

static void link_last(struct fluent_schema_cache *cache, struct fluent_cached_schema *entry)
{
	entry->used_before = cache->last;
	entry->used_after = NULL;
	if (cache->last != NULL)
		cache->last->used_after = entry;
	else
		cache->first = entry;
	cache->last = entry;
}

/* The entry, now the last used; or NULL. */
static struct fluent_cached_schema *use(struct fluent_schema_cache *cache, const char *key)
{
	const struct value *found = omap_find_string(&cache->entries, key);
	struct fluent_cached_schema *entry = found != NULL ? found->as.object : NULL;

	if (entry != NULL) {
		unlink_entry(cache, entry);
		link_last(cache, entry);
	}
	return entry;
}

static void free_entry(struct fluent_cached_schema *entry)
{
	fluent_free(FLUENT_CACHED_KEY, entry->key, entry->key_bytes);
	fluent_free(FLUENT_CACHED_SCHEMA, entry, sizeof(*entry));
}

static void drop_first(struct fluent_schema_cache *cache)
{
	struct fluent_cached_schema *first = cache->first;

	unlink_entry(cache, first);
	(void)omap_delete(&cache->entries, value_string(first->key), NULL);
	free_entry(first);
}

const struct fluent_schema *fluent_schema_cache_get(
    struct fluent_schema_cache *cache, const char *key)
{
	const struct fluent_cached_schema *entry = use(cache, key);

	return entry != NULL ? entry->schema : NULL;
}

void fluent_schema_cache_set(
    struct fluent_schema_cache *cache, const char *key, const struct fluent_schema *schema)
{
	struct fluent_cached_schema *entry = use(cache, key);
	const size_t key_bytes = strlen(key) + 1;

	if (entry != NULL) {
		entry->schema = schema;
		return;
	}
	if (cache->max_size == 0)
		return;
	if (cache->entries.count == cache->max_size)
		drop_first(cache);
	entry = fluent_new_cached_schema(sizeof(*entry));
	*entry = (struct fluent_cached_schema){.schema = schema,
	    .key = memcpy(fluent_new_cached_key(key_bytes), key, key_bytes),
	    .key_bytes = (uint32_t)key_bytes};
	(void)omap_set(
	    &cache->entries, &schemas_kind, value_string(entry->key), value_object(entry));
	link_last(cache, entry);
}

void fluent_schema_cache_clear(struct fluent_schema_cache *cache)
{
	struct fluent_cached_schema *entry = cache->first;

	while (entry != NULL) {
		struct fluent_cached_schema *next = entry->used_after;

		free_entry(entry);
		entry = next;
	}
	cache->first = NULL;
	cache->last = NULL;
	omap_release(&cache->entries, &schemas_kind);
}
