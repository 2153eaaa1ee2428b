/*
 * References: a property's identifier is looked up at once; if it is not there yet, a descriptor waits until the whole
 * tree is made. Members of arrays and maps are looked up at once only.
 */
#include "engines/quick_tree/qt_internal.h"

static const struct vec_kind descriptor_pointers = {.backing = &qt_books[QT_REFS_BACKING],
    .item_bytes = sizeof(struct qt_descriptor *),
    .first_capacity = 16};
static const struct vec_kind inline_descriptors = {.backing = &qt_books[QT_REFS_BACKING],
    .item_bytes = sizeof(struct qt_descriptor),
    .first_capacity = 16};

const struct vec_kind *qt_refs_kind(void)
{
	return qt_options.inline_descriptors ? &inline_descriptors : &descriptor_pointers;
}

static struct value look_up(const struct qt_creation *creation, struct value identifier)
{
	const struct value *found = creation->context != NULL && value_is(identifier, VALUE_STRING)
					? omap_find(creation->context->cache, identifier)
					: NULL;

	return found != NULL ? *found : value_undefined();
}

bool qt_reference_make(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct value *ret_value)
{
	*ret_value = look_up(creation, snapshot);
	if (!value_is(*ret_value, VALUE_UNDEFINED) || type->kind == QT_KIND_SAFE_REFERENCE)
		return true;
	return qt_fail(creation->error, "can't resolve reference using identifier %s",
	    value_is(snapshot, VALUE_STRING) ? snapshot.as.string : "undefined");
}

static void defer(struct qt_creation *creation, const struct qt_descriptor *content)
{
	struct qt_descriptor *descriptor = NULL;

	if (qt_options.inline_descriptors) {
		vec_push(creation->context->references, &inline_descriptors, content);
		return;
	}
	descriptor = qt_descriptor_new(sizeof(*descriptor));
	*descriptor = *content;
	vec_push_pointer(creation->context->references, &descriptor_pointers, descriptor);
}

static bool is_required(const struct qt_type *type)
{
	return type->kind == QT_KIND_REFERENCE || type->kind == QT_KIND_UNION;
}

bool qt_reference_property(struct qt_creation *creation, struct qt_instance *owner,
    const struct qt_instruction *instruction, const struct qt_type *type, struct value snapshot)
{
	struct value *slot = &owner->slots[instruction->slot];
	const bool by_identifier = value_is(snapshot, VALUE_STRING);

	if (type->kind == QT_KIND_UNION && !by_identifier)
		return qt_make(creation, type, snapshot, &owner->node, slot);
	if (type->kind == QT_KIND_MAYBE_NULL)
		*slot = value_null();
	if (type->kind != QT_KIND_UNION && by_identifier) {
		const struct value found = look_up(creation, snapshot);

		if (!value_is(found, VALUE_UNDEFINED)) {
			*slot = found;
			return true;
		}
	} else if (type->kind == QT_KIND_UNION &&
		   !value_is(look_up(creation, snapshot), VALUE_UNDEFINED)) {
		return qt_make(creation, type, snapshot, &owner->node, slot);
	}
	defer(creation, &(struct qt_descriptor){
			    .owner = owner,
			    .identifier = by_identifier ? snapshot.as.string : NULL,
			    .instruction = instruction,
			    .instantiate_using = type->kind == QT_KIND_UNION ? type : NULL,
			    .snapshot = snapshot,
			    .required = is_required(type),
			});
	return true;
}

static struct qt_descriptor *descriptor_at(const struct vec *references, uint32_t index)
{
	return qt_options.inline_descriptors ? vec_at(references, &inline_descriptors, index)
					     : vec_pointer_at(references, index);
}

static bool resolve(struct qt_creation *creation, const struct qt_descriptor *descriptor)
{
	struct value *slot = &descriptor->owner->slots[descriptor->instruction->slot];
	struct value found = value_undefined();

	if (descriptor->instantiate_using != NULL)
		return qt_make(creation, descriptor->instantiate_using, descriptor->snapshot,
		    &descriptor->owner->node, slot);
	if (descriptor->identifier != NULL)
		found = look_up(creation, value_string(descriptor->identifier));
	if (!value_is(found, VALUE_UNDEFINED)) {
		*slot = found;
		return true;
	}
	return !descriptor->required ||
	       qt_fail(creation->error,
		   "can't resolve reference for property \"%s\" using identifier %s",
		   descriptor->instruction->key,
		   descriptor->identifier != NULL ? descriptor->identifier : "undefined");
}

bool qt_references_resolve(struct qt_creation *creation)
{
	const struct vec *references = creation->context->references;

	for (uint32_t i = 0; i < references->count; i++)
		if (!resolve(creation, descriptor_at(references, i)))
			return false;
	return true;
}

void qt_references_forget(struct qt_context *context)
{
	struct vec *references = context->references;

	for (uint32_t i = 0; i < references->count && !qt_options.inline_descriptors; i++)
		qt_free(QT_DESCRIPTOR, vec_pointer_at(references, i), sizeof(struct qt_descriptor));
	references->count = 0;
}
