/* What the scenarios and the tests build: pairs of fields, a user, a product, a user by schema, many keys. */
#ifndef ENGINES_FLUENT_MODELS_H
#define ENGINES_FLUENT_MODELS_H

#include "engines/fluent_builder/fluent_builder.h"

enum fluent_model_name {
	FLUENT_MODEL_INTERFACE, /* id, name */
	FLUENT_MODEL_CLASS,
	FLUENT_MODEL_SCHEMA,
	FLUENT_MODEL_USER, /* eight fields, five of them with a block of their own */
	FLUENT_MODEL_PRODUCT,
	FLUENT_MODEL_USER_SCHEMA,
	FLUENT_MODEL_TEN, /* so many numbers */
	FLUENT_MODEL_FIFTY,
	FLUENT_MODEL_NAME,    /* one field, a string of its own */
	FLUENT_MODEL_NAMED,   /* id, and such a name */
	FLUENT_MODEL_INVALID, /* a schema, and an e-mail that it refuses */
	FLUENT_MODEL_COUNT
};

/* "interface|class|...", in the order of the names. */
#define FLUENT_MODEL_WORDS                                                                         \
	"interface|class|schema|user|product|user-schema|ten|fifty|name|named|invalid"

struct fluent_model {
	struct fluent_input input;
	void (*fill)(struct fluent_proxy *builder, uint64_t number);
	void (*use)(const struct fluent_object *object); /* NULL: nothing is done with it */
};

const struct fluent_model *fluent_model(enum fluent_model_name name);

#endif
