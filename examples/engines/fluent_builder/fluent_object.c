/* Objects, strings and dates with counted references. */
#include "engines/fluent_builder/fluent_object.h"

#include <stdarg.h>
#include <string.h>

enum { STRING_MAX = 256 };

static size_t object_bytes(uint32_t capacity)
{
	return sizeof(struct fluent_object) + capacity * sizeof(struct fluent_field);
}

struct fluent_object *fluent_object_new(enum fluent_block kind, uint32_t capacity)
{
	struct fluent_object *object = fluent_books[kind].make(object_bytes(capacity));

	*object =
	    (struct fluent_object){.block = (uint16_t)kind, .references = 1, .capacity = capacity};
	return object;
}

void fluent_object_release(struct fluent_object *object)
{
	if (object == NULL || --object->references > 0)
		return;
	for (uint32_t i = 0; i < object->count; i++)
		fluent_value_release(object->fields[i].value);
	fluent_free(object->block, object, object_bytes(object->capacity));
}

static struct fluent_field *find_field(struct fluent_object *object, const char *key)
{
	for (uint32_t i = 0; i < object->count; i++)
		if (object->fields[i].key != NULL && strcmp(object->fields[i].key, key) == 0)
			return &object->fields[i];
	return NULL;
}

const struct value *fluent_object_get(const struct fluent_object *object, const char *key)
{
	for (uint32_t i = 0; i < object->count; i++)
		if (object->fields[i].key != NULL && strcmp(object->fields[i].key, key) == 0)
			return value_is(object->fields[i].value, VALUE_UNDEFINED)
				   ? NULL
				   : &object->fields[i].value;
	return NULL;
}

static bool add_field(struct fluent_object *object, const char *key, struct value value)
{
	if (object->frozen || object->count == object->capacity) {
		fluent_value_release(value);
		return false;
	}
	object->fields[object->count++] = (struct fluent_field){.key = key, .value = value};
	return true;
}

bool fluent_object_set(struct fluent_object *object, const char *key, struct value value)
{
	struct fluent_field *field = find_field(object, key);
	struct value old;

	if (field == NULL || object->frozen)
		return add_field(object, key, value);
	old = field->value;
	field->value = value;
	fluent_value_release(old);
	return true;
}

bool fluent_list_push(struct fluent_object *list, struct value value)
{
	return add_field(list, NULL, value);
}

uint32_t fluent_object_defined(const struct fluent_object *object)
{
	uint32_t defined = 0;

	for (uint32_t i = 0; i < object->count; i++)
		defined += !value_is(object->fields[i].value, VALUE_UNDEFINED);
	return defined;
}

struct fluent_object *fluent_object_copy(
    enum fluent_block kind, const struct fluent_object *source, uint32_t capacity)
{
	struct fluent_object *copy = fluent_object_new(kind, capacity);

	copy->class_of = source->class_of;
	for (uint32_t i = 0; i < source->count; i++)
		if (!value_is(source->fields[i].value, VALUE_UNDEFINED))
			(void)add_field(copy, source->fields[i].key,
			    fluent_value_retain(source->fields[i].value));
	return copy;
}

/* Behind the characters, at the end of the block. */
static uint32_t *string_references(struct value string)
{
	return (uint32_t *)(void *)((char *)string.as.object + string.owned_bytes) - 1;
}

struct value fluent_string(const char *text)
{
	const size_t length = strlen(text) + 1;
	const size_t size_bytes =
	    (length + sizeof(uint32_t) - 1) / sizeof(uint32_t) * sizeof(uint32_t) +
	    sizeof(uint32_t);
	char *copy = fluent_new_string(size_bytes);
	struct value string = value_string(memcpy(copy, text, length));

	string.owned_bytes = (uint32_t)size_bytes;
	*string_references(string) = 1;
	return string;
}

struct value fluent_string_printf(const char *format, ...)
{
	char text[STRING_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return fluent_string(text);
}

struct value fluent_date(int64_t milliseconds)
{
	struct fluent_date *date = fluent_new_date(sizeof(*date));

	*date = (struct fluent_date){.references = 1, .milliseconds = milliseconds};
	return value_date(date);
}

struct value fluent_value_retain(struct value value)
{
	if (value_is(value, VALUE_STRING) && value.owned_bytes > 0)
		++*string_references(value);
	else if (value_is(value, VALUE_OBJECT))
		((struct fluent_object *)value.as.object)->references++;
	else if (value_is(value, VALUE_DATE))
		((struct fluent_date *)value.as.object)->references++;
	return value;
}

static void release_string(struct value string)
{
	if (string.owned_bytes > 0 && --*string_references(string) == 0)
		fluent_free(FLUENT_STRING, string.as.object, string.owned_bytes);
}

static void release_date(struct fluent_date *date)
{
	if (--date->references == 0)
		fluent_free(FLUENT_DATE, date, sizeof(*date));
}

void fluent_value_release(struct value value)
{
	if (value_is(value, VALUE_STRING))
		release_string(value);
	else if (value_is(value, VALUE_OBJECT))
		fluent_object_release(value.as.object);
	else if (value_is(value, VALUE_DATE))
		release_date(value.as.object);
}
