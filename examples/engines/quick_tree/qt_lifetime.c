/*
 * Contexts and who frees what. A tree lives as long as there is a handle on any of its nodes; then it is freed from its
 * root, each slot, element and entry that owns a block with it.
 *
 * The pool (qt_options.pool_contexts) takes contexts back as soon as a tree is made, with the capacity of their lists;
 * the tree's nodes then know no context, and the handles are counted in its root.
 */
#include "engines/quick_tree/qt_internal.h"

struct qt_options qt_options;
const struct omap_kind qt_cache_kind = {.table = &qt_books[QT_CACHE_TABLE], .first_capacity = 4};
static struct qt_context *qt_context_pool;

static void end_references(struct qt_context *context)
{
	if (context->references == NULL)
		return;
	vec_release(context->references, qt_refs_kind());
	qt_free(QT_REFS_HEADER, context->references, sizeof(*context->references));
	context->references = NULL;
}

static void end_cache(struct qt_context *context)
{
	if (context->cache == NULL)
		return;
	omap_release(context->cache, &qt_cache_kind);
	qt_free(QT_CACHE_HEADER, context->cache, sizeof(*context->cache));
	context->cache = NULL;
}

void qt_context_free(struct qt_context *context)
{
	end_references(context);
	end_cache(context);
	qt_free(QT_CONTEXT, context, sizeof(*context));
}

static struct qt_context *new_context(void)
{
	struct qt_context *context = qt_ctx_new(sizeof(*context));

	*context = (struct qt_context){.handles = 0};
	context->cache = qt_cache_header_new(sizeof(*context->cache));
	*context->cache = (struct omap){0};
	omap_open(context->cache, &qt_cache_kind);
	context->references = qt_refs_header_new(sizeof(*context->references));
	*context->references = (struct vec){0};
	return context;
}

/* A stale pool lets go of its last tree only now. */
static void forget_tree(struct qt_context *context)
{
	struct qt_node *root = context->root;

	context->root = NULL;
	if (root != NULL)
		qt_release(root);
	omap_clear(context->cache);
}

struct qt_context *qt_context_take(void *env)
{
	struct qt_context *context = qt_context_pool;

	if (context != NULL) {
		qt_context_pool = context->next_pooled;
		forget_tree(context);
	} else {
		context = new_context();
	}
	context->env = env;
	context->handles = 1;
	context->next_pooled = NULL;
	return context;
}

static void leave_context(struct qt_node *node);

static void leave_in(struct value value)
{
	if (value.owned_bytes != 0 && qt_is_read_only_node(value))
		leave_context(value.as.object);
}

/* A tree whose context goes back to the pool: its nodes forget it. */
static void leave_context(struct qt_node *node)
{
	const struct qt_instance *instance = (const struct qt_instance *)node;
	const struct qt_array *array = (const struct qt_array *)node;
	const struct qt_map *map = (const struct qt_map *)node;

	node->context = NULL;
	switch ((enum qt_object_kind)node->kind) {
	case QT_INSTANCE_NODE:
		for (uint32_t i = 0; i < node->type->as.model.slot_count; i++)
			leave_in(instance->slots[i]);
		break;
	case QT_ARRAY_NODE:
		for (uint32_t i = 0; i < array->count; i++)
			leave_in(array->elements[i]);
		break;
	case QT_MAP_NODE:
		for (uint32_t i = 0; i < map->entries.count; i++)
			leave_in(map->entries.entries[i].value);
		break;
	default:
		break;
	}
}

static void give_back(struct qt_context *context, struct qt_node *root)
{
	leave_context(root);
	root->handles = context->handles;
	context->root = NULL;
	if (qt_options.pool_stale) {
		context->root = root;
		root->handles++;
	} else {
		omap_clear(context->cache);
	}
	context->env = NULL;
	context->next_pooled = qt_context_pool;
	qt_context_pool = context;
}

void qt_context_settle(struct qt_context *context, struct qt_node *root)
{
	if (qt_options.pool_contexts) {
		give_back(context, root);
		return;
	}
	context->root = root;
	end_references(context);
	if (qt_options.clear_cache)
		end_cache(context);
}

void qt_pool_release(void)
{
	while (qt_context_pool != NULL) {
		struct qt_context *context = qt_context_pool;

		qt_context_pool = context->next_pooled;
		forget_tree(context);
		qt_context_free(context);
	}
}

/* The kind of block behind an owned value that is no node. A closure is all 0. */
static enum qt_block block_kind(struct value value)
{
	if (value_is(value, VALUE_STRING))
		return QT_STRING_BLOCK;
	if (value_is(value, VALUE_DATE))
		return QT_DATE;
	return *(const uint32_t *)value.as.object == QT_OTHER ? QT_ITERATOR : QT_FIELD_CLOSURE;
}

void qt_slot_free(struct value value)
{
	if (value.owned_bytes == 0)
		return;
	if (qt_is_read_only_node(value))
		qt_node_free(value.as.object);
	else
		qt_free(block_kind(value), value.as.object, value.owned_bytes);
}

void qt_value_free(struct value value)
{
	qt_slot_free(value);
}

static void free_instance(struct qt_instance *instance)
{
	const uint32_t slot_count = instance->node.type->as.model.slot_count;

	for (uint32_t i = 0; i < slot_count; i++)
		qt_slot_free(instance->slots[i]);
	qt_free(QT_INSTANCE, instance, sizeof(*instance) + slot_count * sizeof(*instance->slots));
}

static void free_array(struct qt_array *array)
{
	for (uint32_t i = 0; i < array->count; i++)
		qt_slot_free(array->elements[i]);
	qt_free(QT_ARRAY_ELEMENTS, array->elements, array->count * sizeof(*array->elements));
	qt_free(QT_ARRAY_HEADER, array, sizeof(*array));
}

static void free_map(struct qt_map *map)
{
	for (uint32_t i = 0; i < map->entries.count; i++)
		qt_slot_free(map->entries.entries[i].value);
	omap_release(&map->entries, &qt_map_kind);
	qt_free(QT_MAP_HEADER, map, sizeof(*map));
}

void qt_node_free(struct qt_node *node)
{
	switch ((enum qt_object_kind)node->kind) {
	case QT_INSTANCE_NODE:
		free_instance((struct qt_instance *)node);
		break;
	case QT_ARRAY_NODE:
		free_array((struct qt_array *)node);
		break;
	case QT_MAP_NODE:
		free_map((struct qt_map *)node);
		break;
	default:
		break;
	}
}

static uint32_t *handles_of(struct qt_node *node)
{
	return node->context != NULL ? &node->context->handles : &qt_root(node)->handles;
}

void qt_retain(struct qt_node *node)
{
	++*handles_of(node);
}

void qt_release(struct qt_node *node)
{
	struct qt_context *context = node->context;
	struct qt_node *root = qt_root(node);

	if (--*handles_of(node) > 0)
		return;
	qt_node_free(root);
	if (context != NULL)
		qt_context_free(context);
}
