/*
 * Classes, as far as a builder must know them: a constructor that fills an instance from a data object, and methods.
 *
 * A constructor writes its fields into a draft, which lies on the stack; the instance is one block made of it. It gets
 * the data object (NULL: it was called without one) and returns NULL, or the message of what it threw.
 */
#ifndef ENGINES_FLUENT_CLASS_H
#define ENGINES_FLUENT_CLASS_H

#include "engines/fluent_builder/fluent_object.h"

enum { FLUENT_DRAFT_FIELDS_MAX = 256 };

struct fluent_draft {
	uint32_t count;
	bool overflow; /* more fields than there is room for: construction fails */
	struct fluent_field fields[FLUENT_DRAFT_FIELDS_MAX];
};

enum fluent_function_kind {
	FLUENT_FUNCTION_CLASS,
	FLUENT_FUNCTION_PLAIN, /* may be called on any object, as constructors once were */
	FLUENT_FUNCTION_ARROW  /* constructs nothing */
};

struct fluent_method {
	const char *name;
	struct value (*run)(const struct fluent_object *self);
};

struct fluent_class {
	const char *name;
	enum fluent_function_kind kind;
	const char *(*construct)(struct fluent_draft *self, const struct fluent_object *data);
	const struct fluent_method *methods; /* ends with a name of NULL; may be NULL */
};

/* Sets or replaces a field; takes VALUE. */
void fluent_draft_set(struct fluent_draft *draft, const char *key, struct value value);
/* Sets every field of DATA, by reference. */
void fluent_draft_assign(struct fluent_draft *draft, const struct fluent_object *data);
void fluent_draft_release(struct fluent_draft *draft);

/* new CLASS(DATA). NULL: it threw; RET_MESSAGE says what. */
struct fluent_object *fluent_construct(const struct fluent_class *class_of,
    const struct fluent_object *data, const char **ret_message);

/*
 * The names of the fields that its instances have, as far as can be found out by making one: by calling a plain
 * function on a recording object, else from an empty object, else from nothing. What an attempt made is freed at once.
 * RECORDED holds keys without values afterwards.
 */
void fluent_class_record_keys(const struct fluent_class *class_of, struct fluent_draft *recorded);

/* Calls a method of an instance. False: its class has none of that name. */
bool fluent_call(const struct fluent_object *object, const char *name, struct value *ret_value);

#endif
