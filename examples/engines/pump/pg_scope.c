/*
 * Scopes: the cache, tags, presets and extensions, and how a scope ends.
 *
 * A scope is seven blocks: itself, its execution tree, and five map headers (downstream, presets, cleanup registry, and
 * the tree's two). The headers of cache and tags stand in it.
 */
#include "engines/pump/pg_internal.h"

#include <stddef.h>

enum { FIRST_CAPACITY = 8 };

static const struct omap_kind cache_kind = {
    .table = &pg_books[PG_CACHE_TABLE], .first_capacity = FIRST_CAPACITY};
static const struct omap_kind tags_kind = {
    .table = &pg_books[PG_TAGS_TABLE], .first_capacity = FIRST_CAPACITY};
static const struct pg_map_kind presets_kind = {
    PG_PRESETS_HEADER, {.table = &pg_books[PG_PRESETS_TABLE], .first_capacity = FIRST_CAPACITY}};
static const struct vec_kind extensions_kind = {.backing = &pg_books[PG_EXTENSIONS],
    .item_bytes = sizeof(struct pg_extension *),
    .first_capacity = 1};
struct pg_options pg_options = {.tree_limit = PG_TREE_LIMIT};
struct pg_counts pg_counts;

struct pg_options pg_options_upstream(void)
{
	return (struct pg_options){.tree_limit = PG_TREE_LIMIT};
}

struct pg_options pg_options_mended(struct pg_options options)
{
	options.unique_edges = 1;
	options.run_replaced_cleanups = 1;
	options.pre_resolve_cached = 1;
	options.release_runs_cleanups = 1;
	options.dispose_clears = 1;
	options.give_back_early = 1;
	return options;
}

/* --- the cache --- */

static struct pg_entry *entry_of(const struct value *found)
{
	return found != NULL ? found->as.object : NULL;
}

struct pg_entry *pg_cache_find(const struct pg_scope *scope, const struct pg_executor *executor)
{
	return entry_of(omap_find(&scope->cache, pg_key(executor)));
}

void pg_cache_store(struct pg_scope *scope, struct pg_executor *executor, struct value value)
{
	struct pg_entry *entry = pg_cache_find(scope, executor);

	pg_counts.stores++;
	if (entry != NULL) {
		pg_value_release(entry->value);
		entry->value = value;
		return;
	}
	entry = pg_cache_entry_new(sizeof(*entry));
	*entry = (struct pg_entry){.executor = executor, .value = value};
	pg_executor_hold(executor);
	omap_set(&scope->cache, &cache_kind, pg_key(executor), value_object(entry));
}

static void cache_entry_free(struct pg_entry *entry)
{
	pg_value_release(entry->value);
	pg_executor_drop(entry->executor);
	pg_free(PG_CACHE_ENTRY, entry, sizeof(*entry));
}

void pg_cache_delete(struct pg_scope *scope, const struct pg_executor *executor)
{
	struct omap_entry deleted;

	if (omap_delete(&scope->cache, pg_key(executor), &deleted))
		cache_entry_free(deleted.value.as.object);
}

static void clear_cache(struct pg_scope *scope)
{
	for (uint32_t i = 0; i < scope->cache.count; i++)
		cache_entry_free(scope->cache.entries[i].value.as.object);
	omap_release(&scope->cache, &cache_kind);
}

void pg_scope_reset_cache(struct pg_scope *scope)
{
	pg_enter();
	clear_cache(scope);
	pg_leave();
}

/* --- tags --- */

void pg_scope_set_tag(struct pg_scope *scope, const struct pg_tag *tag, struct value value)
{
	struct pg_entry *entry = NULL;

	pg_enter();
	entry = entry_of(omap_find(&scope->tags, pg_tag_value(tag)));
	if (entry == NULL) {
		entry = pg_tag_entry_new(sizeof(*entry));
		*entry = (struct pg_entry){.value = value_undefined()};
		omap_set(&scope->tags, &tags_kind, pg_tag_value(tag), value_object(entry));
	}
	pg_value_release(entry->value);
	entry->value = value;
	pg_leave();
}

bool pg_scope_tag(const struct pg_scope *scope, const struct pg_tag *tag, struct value *ret_value)
{
	const struct pg_entry *entry = NULL;

	pg_enter();
	entry = entry_of(omap_find(&scope->tags, pg_tag_value(tag)));
	if (entry != NULL)
		*ret_value = pg_value_retain(entry->value);
	pg_leave();
	return entry != NULL;
}

bool pg_call_tag(const struct pg_call *call, const struct pg_tag *tag, struct value *ret_value)
{
	return pg_scope_tag(call->scope, tag, ret_value);
}

static void free_tags(struct pg_scope *scope)
{
	for (uint32_t i = 0; i < scope->tags.count; i++) {
		struct pg_entry *entry = scope->tags.entries[i].value.as.object;

		pg_value_release(entry->value);
		pg_free(PG_TAG_ENTRY, entry, sizeof(*entry));
	}
	omap_release(&scope->tags, &tags_kind);
}

/* --- presets --- */

static void add_preset(struct pg_scope *scope, struct pg_preset given)
{
	struct pg_preset *preset = pg_preset_new(sizeof(*preset));

	*preset = given;
	preset->value = pg_value_retain(given.value);
	pg_executor_hold(given.executor);
	if (given.replacement != NULL)
		pg_executor_hold(given.replacement);
	pg_map_set(&scope->presets, &presets_kind, pg_key(given.executor), value_object(preset));
}

static void free_presets(struct pg_scope *scope)
{
	for (uint32_t i = 0; scope->presets != NULL && i < scope->presets->count; i++) {
		struct pg_preset *preset = scope->presets->entries[i].value.as.object;

		pg_value_release(preset->value);
		pg_executor_drop(preset->executor);
		if (preset->replacement != NULL)
			pg_executor_drop(preset->replacement);
		pg_free(PG_PRESET_BLOCK, preset, sizeof(*preset));
	}
	pg_map_free(&scope->presets, &presets_kind);
}

/* --- extensions --- */

struct pg_extension *pg_extension_at(const struct pg_scope *scope, uint32_t place)
{
	return vec_pointer_at(&scope->extensions, place);
}

/* By order; behind those of the same. */
static void add_extension(struct pg_scope *scope, struct pg_extension *extension)
{
	void **items = NULL;
	uint32_t place = scope->extensions.count;

	vec_push_pointer(&scope->extensions, &extensions_kind, extension);
	items = scope->extensions.items;
	for (; place > 0 && pg_extension_at(scope, place - 1)->order > extension->order; place--)
		items[place] = items[place - 1];
	items[place] = extension;
}

static size_t list_bytes(uint32_t count)
{
	return offsetof(struct pg_extension_list, items) + count * sizeof(void *);
}

struct pg_extension_list *pg_extensions_take(struct pg_scope *scope)
{
	const uint32_t count = scope->extensions.count;
	struct pg_extension_list *list = scope->shared_extensions;

	if (count == 0)
		return NULL;
	if (list == NULL) {
		list = pg_exts_copy_new(list_bytes(count));
		list->count = count;
		list->references = 0;
		memcpy(list->items, scope->extensions.items, count * sizeof(void *));
		if (pg_options.share_extensions != 0) {
			scope->shared_extensions = list;
			list->references++;
		}
	}
	list->references++;
	return list;
}

void pg_extensions_give_back(struct pg_extension_list *list)
{
	if (list != NULL && --list->references == 0)
		pg_free(PG_EXTENSIONS_COPY, list, list_bytes(list->count));
}

/* --- a scope's beginning and end --- */

static bool init_extensions(struct pg_scope *scope, struct pg_error *ret_error)
{
	for (uint32_t i = 0; i < scope->extensions.count; i++) {
		struct pg_extension *extension = pg_extension_at(scope, i);

		if (extension->init != NULL && !extension->init(extension, scope, ret_error))
			return false;
	}
	return true;
}

struct pg_scope *pg_scope_open(const struct pg_scope_config *config, struct pg_error *ret_error)
{
	static const struct pg_scope_config none;
	struct pg_scope *scope = NULL;

	config = config != NULL ? config : &none;
	pg_enter();
	scope = pg_scope_new(sizeof(*scope));
	*scope = (struct pg_scope){.tree = pg_tree_open()};
	pg_map_open(&scope->downstream, &pg_downstream_kind);
	pg_map_open(&scope->presets, &presets_kind);
	pg_map_open(&scope->cleanup_registry, &pg_registry_kind);
	for (uint32_t i = 0; i < config->extension_count; i++)
		add_extension(scope, config->extensions[i]);
	for (uint32_t i = 0; i < config->preset_count; i++)
		add_preset(scope, config->presets[i]);
	pg_leave();
	if (init_extensions(scope, ret_error))
		return scope;
	pg_scope_free(scope);
	return NULL;
}

void pg_scope_free(struct pg_scope *scope)
{
	if (scope == NULL)
		return;
	pg_enter();
	clear_cache(scope);
	free_tags(scope);
	pg_downstream_free(scope);
	free_presets(scope);
	pg_forget_cleanups(scope);
	pg_map_free(&scope->cleanup_registry, &pg_registry_kind);
	pg_extensions_give_back(scope->shared_extensions);
	vec_release(&scope->extensions, &extensions_kind);
	pg_tree_free(scope->tree);
	pg_free(PG_SCOPE, scope, sizeof(*scope));
	pg_leave();
}

static bool dispose_extensions(struct pg_scope *scope, struct pg_error *ret_error)
{
	struct pg_extension_list *list = pg_extensions_take(scope);
	bool ok = true;

	for (uint32_t i = 0; list != NULL && ok && i < list->count; i++) {
		struct pg_extension *extension = list->items[i];
		const unsigned taken = pg_leave_all();
		struct pg_error error = {0};

		ok = extension->dispose == NULL || extension->dispose(extension, scope, &error);
		pg_enter_again(taken);
		if (!ok)
			(void)pg_fail(ret_error, "disposing extension %s: %.100s", extension->name,
			    error.message);
	}
	pg_extensions_give_back(list);
	return ok;
}

bool pg_dispose(struct pg_scope *scope, struct pg_error *ret_error)
{
	bool ok = true;

	pg_enter();
	pg_run_all_cleanups(scope);
	ok = dispose_extensions(scope, ret_error);
	if (pg_options.dispose_clears != 0) {
		pg_forget_cleanups(scope);
		clear_cache(scope);
	}
	pg_leave();
	return ok;
}
