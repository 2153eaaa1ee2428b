/*
 * Schemas: what a value must look like, and what is made of one that does.
 *
 * A schema is a constant tree of rules. Parsing never changes its input: it first checks everything and collects the
 * issues, each with its path; without any it makes a copy that has the schema's fields only, with defaults filled in
 * and transformations done. Objects, lists and records are copied, strings and dates shared.
 */
#ifndef ENGINES_FLUENT_SCHEMA_H
#define ENGINES_FLUENT_SCHEMA_H

#include "engines/fluent_builder/fluent_object.h"
#include "engines/ledger/vec.h"

enum fluent_type {
	FLUENT_TYPE_ANY,
	FLUENT_TYPE_STRING,
	FLUENT_TYPE_NUMBER,
	FLUENT_TYPE_BOOLEAN,
	FLUENT_TYPE_DATE,
	FLUENT_TYPE_MEMBER, /* one of `members` */
	FLUENT_TYPE_LIST,   /* of `element` */
	FLUENT_TYPE_RECORD, /* any keys, values by `element` */
	FLUENT_TYPE_OBJECT  /* of `fields` */
};

struct fluent_rule {
	const char *key; /* of a field of an object */
	enum fluent_type type;
	bool optional, email, has_minimum, has_maximum;
	double minimum, maximum;    /* of a number; of the length of a string or list */
	const char *const *members; /* ends with NULL */
	const struct fluent_rule *element;
	const struct fluent_rule *fields;
	uint32_t field_count;
	struct value default_value;		       /* borrowed; undefined: none */
	bool (*refine)(struct value value);	       /* asked when everything else holds */
	struct value (*transform)(struct value value); /* returns a reference of its own */
};

enum fluent_issue_code {
	FLUENT_INVALID_TYPE,
	FLUENT_INVALID_FORMAT,
	FLUENT_INVALID_VALUE, /* not a member */
	FLUENT_TOO_SMALL,
	FLUENT_TOO_BIG,
	FLUENT_CUSTOM /* a refinement said no */
};

struct fluent_path_step {
	const char *key; /* borrowed; NULL: an index */
	uint32_t index;
};

struct fluent_issue {
	enum fluent_issue_code code;
	uint32_t depth; /* steps of the path */
	struct fluent_path_step path[];
};

struct fluent_error {
	const char *message;
	struct vec issues; /* of struct fluent_issue * */
};

struct fluent_outcome {
	struct fluent_object *object; /* the caller's; NULL: failed */
	struct fluent_error *error;
};

struct fluent_schema {
	const char *name;
	struct fluent_outcome (*parse)(
	    const struct fluent_schema *schema, const struct fluent_object *input);
	/* Would parse succeed? Keeps no error. */
	bool (*safe_parse)(const struct fluent_schema *schema, const struct fluent_object *input);
	const struct fluent_rule *definition; /* an object's rule; its transform is not used */
};

/* The usual parsers. */
struct fluent_outcome fluent_schema_parse(
    const struct fluent_schema *schema, const struct fluent_object *input);
bool fluent_schema_safe_parse(
    const struct fluent_schema *schema, const struct fluent_object *input);

/* "invalid_format", ... */
const char *fluent_issue_code_name(enum fluent_issue_code code);
const struct fluent_issue *fluent_error_issue(const struct fluent_error *error, uint32_t number);
/* An error without issues. */
struct fluent_error *fluent_error_new(const char *message);
/* Frees the error with its issues; takes NULL. */
void fluent_error_free(struct fluent_error *error);

#endif
