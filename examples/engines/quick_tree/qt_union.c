/* Which values a type takes, and which member of a union a snapshot chooses. */
#include "engines/quick_tree/qt_internal.h"

static bool is_node_of(const struct qt_type *type, struct value value)
{
	const struct qt_node *node = qt_is_read_only_node(value) ? value.as.object : NULL;

	return node != NULL && node->type == type;
}

static const struct qt_plain *plain_of(struct value value, bool is_array)
{
	const struct qt_plain *plain = value_is(value, VALUE_OBJECT) ? value.as.object : NULL;

	return plain != NULL && plain->kind == QT_PLAIN && plain->is_array == is_array ? plain
										       : NULL;
}

static bool is_model(const struct qt_type *type, struct value value)
{
	const struct qt_model *model = &type->as.model;
	const struct qt_plain *plain = plain_of(value, false);

	if (plain == NULL)
		return is_node_of(type, value);
	for (uint32_t i = 0; i < model->declaration.property_count; i++)
		if (!qt_is(model->properties[i].type, qt_field(plain, model->properties[i].name)))
			return false;
	return true;
}

static bool is_container(const struct qt_type *type, struct value value)
{
	const struct qt_plain *plain = plain_of(value, type->kind == QT_KIND_ARRAY);

	if (plain == NULL)
		return is_node_of(type, value);
	for (uint64_t i = 0; i < plain->count; i++)
		if (!qt_is(type->inner, plain->fields[i].value))
			return false;
	return true;
}

static bool is_optional(const struct qt_optional *optional, struct value value)
{
	for (uint32_t i = 0; i < optional->absent_count; i++)
		if (value_same(optional->absent[i], value))
			return true;
	return value_is(value, VALUE_UNDEFINED) || qt_is(optional->inner, value);
}

static bool is_word(const struct qt_type *type, struct value value)
{
	for (uint32_t i = 0; i < type->as.enumeration.count; i++)
		if (value_same(type->as.enumeration.words[i], value))
			return true;
	return false;
}

static bool is_number(struct value value)
{
	return value_is(value, VALUE_INTEGER) || value_is(value, VALUE_NUMBER);
}

static bool is_integer(struct value value)
{
	return value_is(value, VALUE_INTEGER) ||
	       (value_is(value, VALUE_NUMBER) &&
		   value.as.number == (double)(int64_t)value.as.number);
}

static bool is_referable(const struct qt_type *type, struct value value)
{
	return value_is(value, VALUE_STRING) || is_node_of(qt_resolve_late(type->inner), value) ||
	       (type->kind == QT_KIND_SAFE_REFERENCE && value_is(value, VALUE_UNDEFINED));
}

static bool is_member(const struct qt_type *type, struct value value)
{
	for (uint32_t i = 0; i < type->as.any.member_count; i++)
		if (qt_is(type->as.any.members[i], value))
			return true;
	return false;
}

bool qt_is(const struct qt_type *type, struct value value)
{
	switch (type->kind) {
	case QT_KIND_STRING:
	case QT_KIND_IDENTIFIER:
		return value_is(value, VALUE_STRING);
	case QT_KIND_NUMBER:
		return is_number(value);
	case QT_KIND_INTEGER:
		return is_integer(value);
	case QT_KIND_BOOLEAN:
		return value_is(value, VALUE_BOOLEAN);
	case QT_KIND_DATE:
		return is_number(value) || value_is(value, VALUE_DATE);
	case QT_KIND_LITERAL:
		return value_same(type->as.literal, value);
	case QT_KIND_FROZEN:
	case QT_KIND_CUSTOM:
		return true;
	case QT_KIND_OPTIONAL:
		return is_optional(&type->as.optional, value);
	case QT_KIND_MAYBE:
		return value_is(value, VALUE_UNDEFINED) || qt_is(type->inner, value);
	case QT_KIND_MAYBE_NULL:
		return value_is(value, VALUE_UNDEFINED) || value_is(value, VALUE_NULL) ||
		       qt_is(type->inner, value);
	case QT_KIND_ARRAY:
	case QT_KIND_MAP:
		return is_container(type, value);
	case QT_KIND_REFERENCE:
	case QT_KIND_SAFE_REFERENCE:
		return is_referable(type, value);
	case QT_KIND_LATE:
		return qt_is(qt_resolve_late(type), value);
	case QT_KIND_UNION:
		return is_member(type, value);
	case QT_KIND_ENUMERATION:
		return is_word(type, value);
	case QT_KIND_REFINEMENT:
		return qt_is(type->inner, value) && type->as.test(value);
	case QT_KIND_MODEL:
		return is_model(type, value);
	}
	return false;
}

/* Does MEMBER's property of that name stand for VALUE, as a literal or an optional one? */
static bool is_discriminated(const struct qt_type *member, const char *name, struct value value)
{
	const struct qt_type *model = qt_resolve_late(member);

	if (model->kind != QT_KIND_MODEL)
		return false;
	for (uint32_t i = 0; i < model->as.model.declaration.property_count; i++) {
		const struct qt_property *property = &model->as.model.properties[i];

		if (strcmp(property->name, name) == 0)
			return qt_is(property->type, value);
	}
	return false;
}

const struct qt_type *qt_union_member(
    const struct qt_type *type, struct value snapshot, struct qt_error *ret_error)
{
	const struct qt_union *any = &type->as.any;
	const struct qt_plain *plain = plain_of(snapshot, false);
	const bool discriminated = any->discriminator != NULL && plain != NULL;
	const struct qt_type *chosen = any->dispatch != NULL ? any->dispatch(snapshot) : NULL;

	for (uint32_t i = 0; chosen == NULL && any->dispatch == NULL && i < any->member_count; i++)
		if (discriminated ? is_discriminated(any->members[i], any->discriminator,
					qt_field(plain, any->discriminator))
				  : qt_is(any->members[i], snapshot))
			chosen = any->members[i];
	if (chosen == NULL)
		qt_fail(ret_error, "no member of the union takes the snapshot");
	return chosen;
}
