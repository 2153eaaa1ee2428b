/* Reading a tree: properties, memoised views, functions and actions, places in the tree. Nothing is allocated but by a
 * view of the user's. */
#include "engines/quick_tree/qt_internal.h"

bool qt_is_read_only_node(struct value value)
{
	const uint32_t *kind = value_is(value, VALUE_OBJECT) ? value.as.object : NULL;

	return kind != NULL && *kind >= QT_INSTANCE_NODE && *kind <= QT_MAP_NODE;
}

static struct value memoised(struct qt_instance *instance, uint32_t slot, qt_view_function compute)
{
	if (instance->slots[slot].tag == QT_NOT_MEMOISED)
		instance->slots[slot] = compute(&instance->node);
	return instance->slots[slot];
}

static struct value read_view(struct qt_instance *instance, uint32_t index)
{
	const struct qt_model *model = &instance->node.type->as.model;
	const struct qt_snapshotted_view *view = &model->metadata->views[index];
	struct value *memo = &instance->slots[model->first_view + index];
	const struct value input = instance->slots[model->first_input + index];

	if (memo->tag == QT_NOT_MEMOISED && !value_is(input, VALUE_UNDEFINED))
		*memo = view->hydrate(input);
	return memoised(instance, model->first_view + index, view->compute);
}

/* The slot of a property or volatile, or -1. */
static int64_t plain_slot(const struct qt_model *model, const char *name)
{
	for (uint32_t i = 0; i < model->declaration.property_count; i++)
		if (strcmp(model->properties[i].name, name) == 0)
			return i;
	for (uint32_t i = 0; i < model->metadata->volatile_count; i++)
		if (strcmp(model->metadata->volatiles[i].name, name) == 0)
			return model->first_volatile + i;
	return -1;
}

struct value qt_get(struct qt_node *node, const char *name)
{
	struct qt_instance *instance = (struct qt_instance *)node;
	const struct qt_model *model = &node->type->as.model;
	const int64_t slot = plain_slot(model, name);

	if (slot >= 0)
		return instance->slots[slot];
	for (uint32_t i = 0; i < model->metadata->getter_count; i++)
		if (strcmp(model->metadata->getters[i].name, name) == 0)
			return memoised(
			    instance, model->getter_slots[i], model->metadata->getters[i].compute);
	for (uint32_t i = 0; i < model->metadata->view_count; i++)
		if (strcmp(model->metadata->views[i].name, name) == 0)
			return read_view(instance, i);
	return value_undefined();
}

bool qt_poke(struct qt_node *node, const char *name, struct value value)
{
	struct qt_instance *instance = (struct qt_instance *)node;
	const int64_t slot = plain_slot(&node->type->as.model, name);

	if (slot < 0)
		return false;
	qt_slot_free(instance->slots[slot]);
	instance->slots[slot] = value;
	return true;
}

bool qt_call(struct qt_node *node, const char *name, struct value argument,
    struct value *ret_result, struct qt_error *ret_error)
{
	const struct qt_metadata *metadata = node->type->as.model.metadata;

	for (uint32_t i = 0; i < metadata->function_count; i++) {
		const struct qt_function *function = &metadata->functions[i];

		if (strcmp(function->name, name) != 0)
			continue;
		if (function->role == QT_ACTION)
			return qt_fail(
			    ret_error, "Can't run action \"%s\" for a readonly instance", name);
		*ret_result = function->call(node, argument);
		return true;
	}
	return qt_fail(ret_error, "%s has no function %s", node->type->name, name);
}

uint32_t qt_size(const struct qt_node *container)
{
	return container->kind == QT_ARRAY_NODE ? ((const struct qt_array *)container)->count
						: ((const struct qt_map *)container)->entries.count;
}

struct value qt_item(const struct qt_node *array, uint32_t index)
{
	return ((const struct qt_array *)array)->elements[index];
}

struct value qt_entry(const struct qt_node *map, const char *key)
{
	const struct value *found = omap_find_string(&((const struct qt_map *)map)->entries, key);

	return found != NULL ? *found : value_undefined();
}

const char *qt_key(const struct qt_node *map, uint32_t index)
{
	return ((const struct qt_map *)map)->entries.entries[index].key.as.string;
}

bool qt_mutate(struct qt_node *container, const char *mutator, struct qt_error *ret_error)
{
	return container->kind == QT_ARRAY_NODE
		   ? qt_fail(ret_error, "cannot %s a QuickArray instance", mutator)
		   : qt_fail(ret_error, "%s not supported in QuickMap", mutator);
}

struct qt_node *qt_parent(const struct qt_node *node)
{
	return node->parent;
}

struct qt_node *qt_root(struct qt_node *node)
{
	while (node->parent != NULL)
		node = node->parent;
	return node;
}

bool qt_is_root(const struct qt_node *node)
{
	return node->parent == NULL;
}

bool qt_env(struct qt_node *node, void **ret_env, struct qt_error *ret_error)
{
	if (node->context == NULL || node->context->env == NULL)
		return qt_fail(ret_error, "the tree has no env");
	*ret_env = node->context->env;
	return true;
}

const void *qt_context_of(const struct qt_node *node)
{
	return node->context;
}

const char *qt_identifier_of(const struct qt_node *node)
{
	const struct qt_instance *instance = (const struct qt_instance *)node;
	const int32_t slot =
	    node->kind == QT_INSTANCE_NODE ? node->type->as.model.identifier_slot : -1;

	return slot >= 0 && value_is(instance->slots[slot], VALUE_STRING)
		   ? instance->slots[slot].as.string
		   : NULL;
}

static struct qt_node *search_in(struct qt_node *node, const char *identifier);

static struct qt_node *search_value(struct value value, const char *identifier)
{
	return value.owned_bytes != 0 && qt_is_read_only_node(value)
		   ? search_in(value.as.object, identifier)
		   : NULL;
}

/* The cache that this walk stands for is entered children first and in order, and later ones win: so a node before what
 * is in it, and that backwards. */
static struct qt_node *search_in(struct qt_node *node, const char *identifier)
{
	const struct qt_instance *instance = (const struct qt_instance *)node;
	const struct qt_array *array = (const struct qt_array *)node;
	const struct qt_map *map = (const struct qt_map *)node;
	const char *own = qt_identifier_of(node);
	struct qt_node *found = own != NULL && strcmp(own, identifier) == 0 ? node : NULL;
	uint32_t count = 0;

	if (node->kind == QT_INSTANCE_NODE)
		count = node->type->as.model.declaration.property_count;
	else
		count = node->kind == QT_ARRAY_NODE ? array->count : map->entries.count;
	while (found == NULL && count-- > 0) {
		if (node->kind == QT_INSTANCE_NODE)
			found = search_value(instance->slots[count], identifier);
		else
			found = search_value(node->kind == QT_ARRAY_NODE
						 ? array->elements[count]
						 : map->entries.entries[count].value,
			    identifier);
	}
	return found;
}

struct qt_node *qt_resolve_identifier(struct qt_node *node, const char *identifier)
{
	const struct omap *cache = node->context != NULL ? node->context->cache : NULL;
	const struct value *found = cache != NULL ? omap_find_string(cache, identifier) : NULL;

	if (cache == NULL)
		return search_in(qt_root(node), identifier);
	return found != NULL ? found->as.object : NULL;
}
