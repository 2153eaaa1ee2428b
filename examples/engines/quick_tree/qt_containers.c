/*
 * Array and map nodes. The children of an array are made in a block of their own first, and copied to elements of the
 * exact number, as the original maps a snapshot to a temporary array; values that are only copied need no such block.
 */
#include "engines/quick_tree/qt_internal.h"

const struct omap_kind qt_map_kind = {.table = &qt_books[QT_MAP_TABLE], .first_capacity = 4};

/* The plain array or object of a snapshot; NULL: absent. */
static const struct qt_plain *plain_of(struct value snapshot)
{
	const struct qt_plain *plain = value_is(snapshot, VALUE_OBJECT) ? snapshot.as.object : NULL;

	return plain != NULL && plain->kind == QT_PLAIN ? plain : NULL;
}

/* An unresolved member of a container of safe references is left out. */
static bool is_dropped(const struct qt_type *inner, struct value child)
{
	return inner->kind == QT_KIND_SAFE_REFERENCE && !inner->as.accepts_undefined &&
	       value_is(child, VALUE_UNDEFINED);
}

static size_t bytes_of(uint64_t count)
{
	return count * sizeof(struct value);
}

static void free_children(const struct value *children, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		qt_slot_free(children[i]);
}

/* The children of PLAIN to CHILDREN; how many, or -1 when one failed and those before it are freed. */
static int64_t make_children(struct qt_creation *creation, const struct qt_plain *plain,
    struct qt_array *array, struct value *children)
{
	const struct qt_type *inner = qt_resolve_late(array->node.type->inner);
	uint32_t count = 0;

	for (uint64_t i = 0; i < plain->count; i++) {
		if (!qt_make(
			creation, inner, plain->fields[i].value, &array->node, &children[count])) {
			if (!qt_options.leak_on_error)
				free_children(children, count);
			return -1;
		}
		count += !is_dropped(inner, children[count]);
	}
	return count;
}

static void set_elements(struct qt_array *array, uint32_t count)
{
	array->elements = count > 0 ? qt_array_elements_new(bytes_of(count)) : NULL;
	array->count = count;
}

static bool fill(struct qt_creation *creation, const struct qt_plain *plain, struct qt_array *array)
{
	struct value *children = NULL;
	int64_t count = 0;

	if (qt_is_copied(array->node.type->inner)) {
		set_elements(array, (uint32_t)plain->count);
		for (uint64_t i = 0; i < plain->count; i++) {
			array->elements[i] = plain->fields[i].value;
			array->elements[i].owned_bytes = 0;
		}
		return true;
	}
	children = qt_array_temporary_new(bytes_of(plain->count));
	count = make_children(creation, plain, array, children);
	if (count > 0) {
		set_elements(array, (uint32_t)count);
		memcpy(array->elements, children, bytes_of((uint64_t)count));
	}
	if (count >= 0 || !qt_options.leak_on_error)
		qt_free(QT_ARRAY_TEMPORARY, children, bytes_of(plain->count));
	return count >= 0;
}

bool qt_array_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value)
{
	const struct qt_plain *plain = plain_of(snapshot);
	struct qt_array *array = qt_array_header_new(sizeof(*array));

	*array = (struct qt_array){.node = {.kind = QT_ARRAY_NODE,
				       .type = type,
				       .parent = parent,
				       .context = creation->context}};
	qt_link(creation);
	if (plain != NULL && plain->count > 0 && !fill(creation, plain, array)) {
		if (!qt_options.leak_on_error)
			qt_node_free(&array->node);
		return false;
	}
	*ret_value = qt_own(array, sizeof(*array));
	return true;
}

static bool fill_map(struct qt_creation *creation, const struct qt_plain *plain, struct qt_map *map)
{
	const struct qt_type *inner = qt_resolve_late(map->node.type->inner);

	for (uint64_t i = 0; i < plain->count; i++) {
		struct value child = value_undefined();

		if (!qt_make(creation, inner, plain->fields[i].value, &map->node, &child))
			return false;
		if (!is_dropped(inner, child))
			omap_set(
			    &map->entries, &qt_map_kind, value_string(plain->fields[i].key), child);
	}
	return true;
}

bool qt_map_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value)
{
	const struct qt_plain *plain = plain_of(snapshot);
	struct qt_map *map = qt_map_header_new(sizeof(*map));

	*map = (struct qt_map){
	    .node = {
		.kind = QT_MAP_NODE, .type = type, .parent = parent, .context = creation->context}};
	omap_open(&map->entries, &qt_map_kind);
	qt_link(creation);
	if (plain != NULL && !fill_map(creation, plain, map)) {
		if (!qt_options.leak_on_error)
			qt_node_free(&map->node);
		return false;
	}
	*ret_value = qt_own(map, sizeof(*map));
	return true;
}
