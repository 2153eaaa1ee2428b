/*
 * A value of 16 bytes, passed by value and never boxed: what the builder engines (quick_tree/, pump/, fluent_builder/)
 * store in their slots, maps and lists.
 *
 * Undefined and null are two things, as in the originals. A string is borrowed and costs nothing, or it is computed: a
 * block of its own, whose size the value carries so that its owner can free it. Who owns a value decides its holder; a
 * copy of a value owns nothing.
 */
#ifndef ENGINES_LEDGER_VALUE_H
#define ENGINES_LEDGER_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum value_tag {
	VALUE_UNDEFINED, /* all bits 0: fresh storage holds undefined */
	VALUE_NULL,
	VALUE_BOOLEAN,
	VALUE_INTEGER,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_OBJECT,
	VALUE_DATE /* an object of the engine's that holds milliseconds */
};

struct value {
	uint32_t tag;
	uint32_t owned_bytes; /* of a computed string's block; 0: borrowed */
	union {
		bool boolean;
		int64_t integer;
		double number;
		const char *string;
		void *object;
	} as;
};

_Static_assert(sizeof(struct value) == 16, "a value is two words");

static inline struct value value_undefined(void)
{
	return (struct value){.tag = VALUE_UNDEFINED};
}

static inline struct value value_null(void)
{
	return (struct value){.tag = VALUE_NULL};
}

static inline struct value value_boolean(bool boolean)
{
	return (struct value){.tag = VALUE_BOOLEAN, .as.boolean = boolean};
}

static inline struct value value_integer(int64_t integer)
{
	return (struct value){.tag = VALUE_INTEGER, .as.integer = integer};
}

static inline struct value value_number(double number)
{
	return (struct value){.tag = VALUE_NUMBER, .as.number = number};
}

/* Borrowed: STRING outlives the value. */
static inline struct value value_string(const char *string)
{
	return (struct value){.tag = VALUE_STRING, .as.string = string};
}

static inline struct value value_object(void *object)
{
	return (struct value){.tag = VALUE_OBJECT, .as.object = object};
}

static inline struct value value_date(void *date)
{
	return (struct value){.tag = VALUE_DATE, .as.object = date};
}

static inline bool value_is(struct value value, enum value_tag tag)
{
	return value.tag == tag;
}

/* Integers and numbers compare by amount, strings by their characters, objects and dates by identity. */
static inline bool value_same(struct value left, struct value right)
{
	if (left.tag != right.tag)
		return (value_is(left, VALUE_INTEGER) && value_is(right, VALUE_NUMBER) &&
			   (double)left.as.integer == right.as.number) ||
		       (value_is(left, VALUE_NUMBER) && value_is(right, VALUE_INTEGER) &&
			   left.as.number == (double)right.as.integer);
	switch ((enum value_tag)left.tag) {
	case VALUE_UNDEFINED:
	case VALUE_NULL:
		return true;
	case VALUE_BOOLEAN:
		return left.as.boolean == right.as.boolean;
	case VALUE_INTEGER:
		return left.as.integer == right.as.integer;
	case VALUE_NUMBER:
		return left.as.number == right.as.number;
	case VALUE_STRING:
		return strcmp(left.as.string, right.as.string) == 0;
	case VALUE_OBJECT:
	case VALUE_DATE:
		return left.as.object == right.as.object;
	}
	return false;
}

#endif
