/*
 * Type expressions. The simple types are constants; every other expression is one block, a typenode, that a model
 * adopts with the declaration in which it stands.
 */
#include "engines/quick_tree/qt_internal.h"

#include <stdarg.h>

const struct qt_type qt_string = {.kind = QT_KIND_STRING, .name = "string"};
const struct qt_type qt_number = {.kind = QT_KIND_NUMBER, .name = "number"};
const struct qt_type qt_integer = {.kind = QT_KIND_INTEGER, .name = "integer"};
const struct qt_type qt_boolean = {.kind = QT_KIND_BOOLEAN, .name = "boolean"};
const struct qt_type qt_identifier = {.kind = QT_KIND_IDENTIFIER, .name = "identifier"};
const struct qt_type qt_date = {.kind = QT_KIND_DATE, .name = "Date"};

bool qt_fail(struct qt_error *ret_error, const char *format, ...)
{
	va_list arguments;

	if (ret_error == NULL)
		return false;
	va_start(arguments, format);
	vsnprintf(ret_error->message, sizeof(ret_error->message), format, arguments);
	va_end(arguments);
	return false;
}

static size_t typenode_bytes(const struct qt_type *type)
{
	const uint32_t members = type->kind == QT_KIND_UNION ? type->as.any.member_count : 0;

	return sizeof(*type) + members * sizeof(void *);
}

static struct qt_type *new_typenode(const struct qt_type *content)
{
	struct qt_type *type = qt_typenode_new(typenode_bytes(content));

	*type = *content;
	return type;
}

static struct qt_type *new_wrapper(
    enum qt_type_kind kind, const char *name, const struct qt_type *inner)
{
	return new_typenode(&(struct qt_type){.kind = kind, .name = name, .inner = inner});
}

struct qt_type *qt_literal(struct value literal)
{
	return new_typenode(
	    &(struct qt_type){.kind = QT_KIND_LITERAL, .name = "literal", .as.literal = literal});
}

struct qt_type *qt_frozen(void)
{
	return new_wrapper(QT_KIND_FROZEN, "frozen", NULL);
}

struct qt_type *qt_optional(const struct qt_optional *optional)
{
	return new_typenode(&(struct qt_type){.kind = QT_KIND_OPTIONAL,
	    .name = "optional",
	    .inner = optional->inner,
	    .as.optional = *optional});
}

struct qt_type *qt_maybe(const struct qt_type *inner)
{
	return new_wrapper(QT_KIND_MAYBE, "maybe", inner);
}

struct qt_type *qt_maybe_null(const struct qt_type *inner)
{
	return new_wrapper(QT_KIND_MAYBE_NULL, "maybeNull", inner);
}

bool qt_require_registered(const struct qt_type *type, struct qt_error *ret_error)
{
	if (type->kind != QT_KIND_MODEL || type->as.model.registered)
		return true;
	return qt_fail(ret_error, "the model %s requires registration", type->name);
}

struct qt_type *qt_array_of(const struct qt_type *inner, struct qt_error *ret_error)
{
	return qt_require_registered(inner, ret_error) ? new_wrapper(QT_KIND_ARRAY, "array", inner)
						       : NULL;
}

struct qt_type *qt_map_of(const struct qt_type *inner, struct qt_error *ret_error)
{
	return qt_require_registered(inner, ret_error) ? new_wrapper(QT_KIND_MAP, "map", inner)
						       : NULL;
}

struct qt_type *qt_reference(const struct qt_type *target)
{
	return new_wrapper(QT_KIND_REFERENCE, "reference", target);
}

struct qt_type *qt_safe_reference(const struct qt_type *target, bool accepts_undefined)
{
	return new_typenode(&(struct qt_type){.kind = QT_KIND_SAFE_REFERENCE,
	    .name = "safeReference",
	    .inner = target,
	    .as.accepts_undefined = accepts_undefined});
}

struct qt_type *qt_late(qt_late_function resolve)
{
	struct qt_type *type = new_wrapper(QT_KIND_LATE, "late", NULL);

	type->as.late.resolve = resolve;
	type->as.late.resolved = NULL;
	type->as.late.place = &type->as.late.resolved;
	return type;
}

struct qt_type *qt_union(const struct qt_union *members)
{
	struct qt_type *type = new_typenode(
	    &(struct qt_type){.kind = QT_KIND_UNION, .name = "union", .as.any = *members});
	const struct qt_type **copies = (const struct qt_type **)(type + 1);

	memcpy(copies, members->members, members->member_count * sizeof(void *));
	type->as.any.members = copies;
	return type;
}

struct qt_type *qt_enumeration(const struct value *words, uint32_t count)
{
	return new_typenode(&(struct qt_type){.kind = QT_KIND_ENUMERATION,
	    .name = "enumeration",
	    .as.enumeration = {.words = words, .count = count}});
}

struct qt_type *qt_refinement(const struct qt_type *inner, qt_test_function test)
{
	return new_typenode(&(struct qt_type){
	    .kind = QT_KIND_REFINEMENT, .name = "refinement", .inner = inner, .as.test = test});
}

struct qt_type *qt_custom(qt_convert_function convert)
{
	return new_typenode(
	    &(struct qt_type){.kind = QT_KIND_CUSTOM, .name = "custom", .as.convert = convert});
}

/* Calls VISIT for the typenodes of an expression, inner ones first. */
static void each_typenode(
    const struct qt_type *type, void (*visit)(void *context, struct qt_type *node), void *context)
{
	const bool is_union = type != NULL && type->kind == QT_KIND_UNION;

	if (type == NULL || type->kind == QT_KIND_MODEL || type->kind <= QT_KIND_DATE)
		return;
	each_typenode(type->inner, visit, context);
	for (uint32_t i = 0; is_union && i < type->as.any.member_count; i++)
		each_typenode(type->as.any.members[i], visit, context);
	/* made by new_typenode, and given to the user as not const */
	visit(context, (struct qt_type *)(uintptr_t)type);
}

static void adopt_one(void *context, struct qt_type *node)
{
	struct qt_model *model = context;

	if (node->adopted)
		return;
	node->adopted = 1;
	node->next_of_model = model->nodes;
	model->nodes = node;
}

void qt_adopt(struct qt_model *model, const struct qt_type *type)
{
	each_typenode(type, adopt_one, model);
}

void qt_typenodes_free(struct qt_type *first)
{
	while (first != NULL) {
		struct qt_type *next = first->next_of_model;

		qt_free(QT_TYPENODE, first, typenode_bytes(first));
		first = next;
	}
}

/* Chained first: an expression may hold the same node twice. */
void qt_type_free(struct qt_type *type)
{
	struct qt_model list = {.nodes = NULL};

	qt_adopt(&list, type);
	qt_typenodes_free(list.nodes);
}

const struct qt_type *qt_resolve_late(const struct qt_type *type)
{
	while (type->kind == QT_KIND_LATE) {
		if (type->as.late.resolved == NULL)
			*type->as.late.place = type->as.late.resolve();
		type = type->as.late.resolved;
		if (type == NULL) {
			fputs("quick_tree: a late type leads to no type\n", stderr);
			abort();
		}
	}
	return type;
}

bool qt_is_copied(const struct qt_type *type)
{
	return type->kind <= QT_KIND_IDENTIFIER || type->kind == QT_KIND_LITERAL ||
	       type->kind == QT_KIND_FROZEN;
}

bool qt_holds_reference(const struct qt_type *type)
{
	if (type->kind == QT_KIND_REFERENCE || type->kind == QT_KIND_SAFE_REFERENCE)
		return true;
	if (type->kind == QT_KIND_MAYBE || type->kind == QT_KIND_MAYBE_NULL)
		return qt_holds_reference(type->inner);
	for (uint32_t i = 0; type->kind == QT_KIND_UNION && i < type->as.any.member_count; i++)
		if (qt_holds_reference(type->as.any.members[i]))
			return true;
	return false;
}
