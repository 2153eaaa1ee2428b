/* A tree as plain objects: one block per node, its fields inline. Volatiles and views are no part of it. */
#include "engines/quick_tree/qt_internal.h"

#include <math.h>

struct value qt_field(const struct qt_plain *plain, const char *key)
{
	for (uint64_t i = 0; i < plain->count; i++)
		if (strcmp(plain->fields[i].key, key) == 0)
			return plain->fields[i].value;
	return value_undefined();
}

static struct qt_plain *new_plain(uint64_t count, bool is_array)
{
	struct qt_plain *plain = qt_snapshot_new(qt_plain_bytes(count));

	plain->kind = QT_PLAIN;
	plain->is_array = is_array;
	plain->count = count;
	return plain;
}

/* The number of milliseconds as the snapshot had it. */
static struct value plain_date(struct value date)
{
	const double milliseconds = qt_date_milliseconds(date);

	return milliseconds == floor(milliseconds) && fabs(milliseconds) < 9e15
		   ? value_integer((int64_t)milliseconds)
		   : value_number(milliseconds);
}

static struct value plain_value(struct value value)
{
	if (value_is(value, VALUE_DATE))
		return plain_date(value);
	if (qt_is_read_only_node(value)) {
		struct qt_plain *plain = NULL;

		if (value.owned_bytes == 0)
			return value_string(qt_identifier_of(value.as.object));
		plain = qt_snapshot(value.as.object);
		return qt_own(plain, qt_plain_bytes(plain->count));
	}
	value.owned_bytes = 0;
	return value;
}

static struct qt_plain *plain_instance(const struct qt_instance *instance)
{
	const struct qt_model *model = &instance->node.type->as.model;
	struct qt_plain *plain = new_plain(model->declaration.property_count, false);

	for (uint32_t i = 0; i < plain->count; i++)
		plain->fields[i] = (struct qt_field){
		    .key = model->properties[i].name, .value = plain_value(instance->slots[i])};
	return plain;
}

static struct qt_plain *plain_array(const struct qt_array *array)
{
	struct qt_plain *plain = new_plain(array->count, true);

	for (uint32_t i = 0; i < plain->count; i++)
		plain->fields[i] = (struct qt_field){.value = plain_value(array->elements[i])};
	return plain;
}

static struct qt_plain *plain_map(const struct qt_map *map)
{
	struct qt_plain *plain = new_plain(map->entries.count, false);

	for (uint32_t i = 0; i < plain->count; i++)
		plain->fields[i] = (struct qt_field){.key = map->entries.entries[i].key.as.string,
		    .value = plain_value(map->entries.entries[i].value)};
	return plain;
}

struct qt_plain *qt_snapshot(struct qt_node *node)
{
	if (node->kind == QT_INSTANCE_NODE)
		return plain_instance((const struct qt_instance *)node);
	return node->kind == QT_ARRAY_NODE ? plain_array((const struct qt_array *)node)
					   : plain_map((const struct qt_map *)node);
}

void qt_plain_free(struct qt_plain *plain)
{
	for (uint64_t i = 0; i < plain->count; i++)
		if (plain->fields[i].value.owned_bytes != 0)
			qt_plain_free(plain->fields[i].value.as.object);
	qt_free(QT_SNAPSHOT, plain, qt_plain_bytes(plain->count));
}
