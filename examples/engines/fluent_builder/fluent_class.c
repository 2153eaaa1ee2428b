/* Constructing, and finding out what would be constructed. */
#include "engines/fluent_builder/fluent_class.h"

#include <string.h>

void fluent_draft_set(struct fluent_draft *draft, const char *key, struct value value)
{
	for (uint32_t i = 0; i < draft->count; i++)
		if (strcmp(draft->fields[i].key, key) == 0) {
			fluent_value_release(draft->fields[i].value);
			draft->fields[i].value = value;
			return;
		}
	if (draft->count == FLUENT_DRAFT_FIELDS_MAX) {
		draft->overflow = true;
		fluent_value_release(value);
		return;
	}
	draft->fields[draft->count++] = (struct fluent_field){.key = key, .value = value};
}

void fluent_draft_assign(struct fluent_draft *draft, const struct fluent_object *data)
{
	for (uint32_t i = 0; i < data->count; i++)
		if (!value_is(data->fields[i].value, VALUE_UNDEFINED))
			fluent_draft_set(
			    draft, data->fields[i].key, fluent_value_retain(data->fields[i].value));
}

void fluent_draft_release(struct fluent_draft *draft)
{
	for (uint32_t i = 0; i < draft->count; i++) {
		fluent_value_release(draft->fields[i].value);
		draft->fields[i].value = value_undefined();
	}
}

static void open_draft(struct fluent_draft *draft)
{
	draft->count = 0;
	draft->overflow = false;
}

/* Fills DRAFT; what it threw, or NULL. */
static const char *fill(const struct fluent_class *class_of, struct fluent_draft *draft,
    const struct fluent_object *data)
{
	const char *message = NULL;

	open_draft(draft);
	message = class_of->construct(draft, data);
	return message == NULL && draft->overflow ? "too many fields" : message;
}

struct fluent_object *fluent_construct(
    const struct fluent_class *class_of, const struct fluent_object *data, const char **ret_message)
{
	struct fluent_draft draft;
	const char *message = fill(class_of, &draft, data);
	struct fluent_object *instance = NULL;

	if (message != NULL) {
		fluent_draft_release(&draft);
		*ret_message = message;
		return NULL;
	}
	instance = fluent_object_new(FLUENT_RESULT, draft.count);
	instance->class_of = class_of;
	memcpy(instance->fields, draft.fields, draft.count * sizeof(draft.fields[0]));
	instance->count = draft.count;
	return instance;
}

void fluent_class_record_keys(const struct fluent_class *class_of, struct fluent_draft *recorded)
{
	static const struct fluent_object empty;
	const struct fluent_object *const inputs[] = {NULL, &empty, NULL};
	/* The first attempt is a plain call, which a class refuses. */
	const size_t first = class_of->kind == FLUENT_FUNCTION_PLAIN ? 0 : 1;

	for (size_t i = first; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		const char *message = fill(class_of, recorded, inputs[i]);

		fluent_draft_release(recorded);
		if (message == NULL && recorded->count > 0)
			return;
	}
	open_draft(recorded);
}

bool fluent_call(const struct fluent_object *object, const char *name, struct value *ret_value)
{
	const struct fluent_method *method =
	    object->class_of != NULL ? object->class_of->methods : NULL;

	for (; method != NULL && method->name != NULL; method++)
		if (strcmp(method->name, name) == 0) {
			*ret_value = method->run(object);
			return true;
		}
	return false;
}
