/*
 * What fields hold, and what is built of them: strings, dates, lists, records, instances of classes.
 *
 * The originals are shared by reference and collected; here each owned block counts its references. A value that is
 * handed to a function which "takes" it brings one reference along. Borrowed strings, numbers and the like have no
 * block and cost nothing.
 *
 *     object:  block kind, frozen | references | count | capacity | class | field 0 (key, value) | field 1 ...
 *     string:  characters, 0, padding | references		(a pointer to the string is a pointer to its block)
 */
#ifndef ENGINES_FLUENT_OBJECT_H
#define ENGINES_FLUENT_OBJECT_H

#include "engines/fluent_builder/fluent_blocks.h"
#include "engines/ledger/value.h"

struct fluent_class;

struct fluent_field {
	const char *key; /* borrowed; NULL in lists */
	struct value value;
};

struct fluent_object {
	uint16_t block; /* enum fluent_block */
	bool frozen;
	uint32_t references;
	uint32_t count, capacity;
	const struct fluent_class *class_of; /* NULL: of none */
	struct fluent_field fields[];
};

struct fluent_date {
	uint32_t references;
	int64_t milliseconds;
};

/* One block with room for CAPACITY fields, one reference, no field. KIND is one of the kinds that are objects. */
struct fluent_object *fluent_object_new(enum fluent_block kind, uint32_t capacity);
/* Gives up one reference; the last frees the block and what it holds. Takes NULL. */
void fluent_object_release(struct fluent_object *object);

/* The value's place, or NULL: absent. A field that is undefined is absent. */
const struct value *fluent_object_get(const struct fluent_object *object, const char *key);
/* Takes VALUE. Replaces a field, or adds it while there is room. False, and VALUE is released: frozen, or full. */
bool fluent_object_set(struct fluent_object *object, const char *key, struct value value);
/* Adds an item to a list; takes VALUE. False, and VALUE is released: full. */
bool fluent_list_push(struct fluent_object *list, struct value value);
/* How many fields are not undefined. */
uint32_t fluent_object_defined(const struct fluent_object *object);
/* A new object of KIND with the defined fields of SOURCE, by reference, in their order. */
struct fluent_object *fluent_object_copy(
    enum fluent_block kind, const struct fluent_object *source, uint32_t capacity);

/* A string of our own: one block. */
struct value fluent_string(const char *text);
struct value fluent_string_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A date: one block. */
struct value fluent_date(int64_t milliseconds);

/* One reference more; returns VALUE. */
struct value fluent_value_retain(struct value value);
/* Gives up one reference. */
void fluent_value_release(struct value value);

static inline const struct fluent_object *fluent_value_object(struct value value)
{
	return value_is(value, VALUE_OBJECT) ? value.as.object : NULL;
}

#endif
