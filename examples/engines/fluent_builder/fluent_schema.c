/* A parse: check (fluent_schema_check.c), then make. And errors. */
#include "engines/fluent_builder/fluent_internal.h"

#include <string.h>

static const struct vec_kind issues_kind = {
    .backing = &fluent_books[FLUENT_ISSUES],
    .item_bytes = sizeof(struct fluent_issue *),
    .first_capacity = 1,
};

static const char *const code_names[] = {
    [FLUENT_INVALID_TYPE] = "invalid_type",
    [FLUENT_INVALID_FORMAT] = "invalid_format",
    [FLUENT_INVALID_VALUE] = "invalid_value",
    [FLUENT_TOO_SMALL] = "too_small",
    [FLUENT_TOO_BIG] = "too_big",
    [FLUENT_CUSTOM] = "custom",
};

const char *fluent_issue_code_name(enum fluent_issue_code code)
{
	return code_names[code];
}

static size_t issue_bytes(uint32_t depth)
{
	return sizeof(struct fluent_issue) + depth * sizeof(struct fluent_path_step);
}

void fluent_issue_add(
    struct vec *issues, enum fluent_issue_code code, const struct fluent_place *place)
{
	const uint32_t depth = place != NULL ? place->depth : 0;
	struct fluent_issue *issue = fluent_new_issue(issue_bytes(depth));

	issue->code = code;
	issue->depth = depth;
	for (uint32_t i = depth; i > 0; i--, place = place->outer)
		issue->path[i - 1] = place->step;
	vec_push_pointer(issues, &issues_kind, issue);
}

void fluent_issues_release(struct vec *issues)
{
	for (uint32_t i = 0; i < issues->count; i++) {
		struct fluent_issue *issue = vec_pointer_at(issues, i);

		fluent_free(FLUENT_ISSUE, issue, issue_bytes(issue->depth));
	}
	vec_release(issues, &issues_kind);
}

const struct fluent_issue *fluent_error_issue(const struct fluent_error *error, uint32_t number)
{
	return vec_pointer_at(&error->issues, number);
}

struct fluent_error *fluent_error_new(const char *message)
{
	struct fluent_error *error = fluent_new_error(sizeof(*error));

	*error = (struct fluent_error){.message = message};
	return error;
}

void fluent_error_free(struct fluent_error *error)
{
	if (error == NULL)
		return;
	fluent_issues_release(&error->issues);
	fluent_free(FLUENT_ERROR, error, sizeof(*error));
}

static struct value make_value(const struct fluent_rule *rule, struct value value);

static struct value make_object(
    const struct fluent_rule *rule, const struct fluent_object *input, enum fluent_block kind)
{
	struct fluent_object *object = fluent_object_new(kind, rule->field_count);

	for (uint32_t i = 0; i < rule->field_count; i++) {
		const char *key = rule->fields[i].key;
		const struct value *given = fluent_object_get(input, key);
		const struct value made =
		    make_value(&rule->fields[i], given != NULL ? *given : value_undefined());

		if (!value_is(made, VALUE_UNDEFINED))
			(void)fluent_object_set(object, key, made);
	}
	return value_object(object);
}

static struct value make_items(
    const struct fluent_rule *rule, const struct fluent_object *input, enum fluent_block kind)
{
	struct fluent_object *items = fluent_object_new(kind, input->count);

	for (uint32_t i = 0; i < input->count; i++) {
		const struct value made = make_value(rule->element, input->fields[i].value);

		if (kind == FLUENT_LIST)
			(void)fluent_list_push(items, made);
		else
			(void)fluent_object_set(items, input->fields[i].key, made);
	}
	return value_object(items);
}

/* Of a value that was checked. */
static struct value make_value(const struct fluent_rule *rule, struct value value)
{
	const struct fluent_object *input = NULL;
	struct value made;

	if (value_is(value, VALUE_UNDEFINED))
		value = rule->default_value;
	input = fluent_value_object(value);
	if (input != NULL && rule->type == FLUENT_TYPE_OBJECT)
		made = make_object(rule, input, FLUENT_RECORD);
	else if (input != NULL && rule->type == FLUENT_TYPE_LIST)
		made = make_items(rule, input, FLUENT_LIST);
	else if (input != NULL && rule->type == FLUENT_TYPE_RECORD)
		made = make_items(rule, input, FLUENT_RECORD);
	else
		made = fluent_value_retain(value);
	if (rule->transform != NULL && !value_is(made, VALUE_UNDEFINED)) {
		const struct value before = made;

		made = rule->transform(before);
		fluent_value_release(before);
	}
	return made;
}

/* One run of a schema: what it may do, and what it carries. Two short-lived blocks, as in the original. */
struct parse_context {
	const struct fluent_schema *schema;
};
struct parse_payload {
	const struct fluent_object *input;
	struct vec issues;
};

/* The checks and, when they hold, the copy. The issues are the caller's. */
static struct fluent_object *run(
    const struct fluent_schema *schema, const struct fluent_object *input, struct vec *ret_issues)
{
	struct parse_context *context = fluent_new_parse_context(sizeof(*context));
	struct parse_payload *payload = fluent_new_parse_payload(sizeof(*payload));
	struct fluent_object *object = NULL;

	*context = (struct parse_context){.schema = schema};
	*payload = (struct parse_payload){.input = input};
	fluent_schema_check(context->schema->definition, payload->input, &payload->issues);
	if (payload->issues.count == 0)
		object = make_object(context->schema->definition, input, FLUENT_RESULT).as.object;
	*ret_issues = payload->issues;
	fluent_free(FLUENT_PARSE_PAYLOAD, payload, sizeof(*payload));
	fluent_free(FLUENT_PARSE_CONTEXT, context, sizeof(*context));
	return object;
}

struct fluent_outcome fluent_schema_parse(
    const struct fluent_schema *schema, const struct fluent_object *input)
{
	struct vec issues = {0};
	struct fluent_outcome outcome = {.object = run(schema, input, &issues)};

	if (outcome.object == NULL) {
		outcome.error = fluent_error_new("validation failed");
		outcome.error->issues = issues;
	}
	return outcome;
}

bool fluent_schema_safe_parse(const struct fluent_schema *schema, const struct fluent_object *input)
{
	struct vec issues = {0};
	struct fluent_object *object = run(schema, input, &issues);
	const bool success = object != NULL;

	fluent_object_release(object);
	fluent_issues_release(&issues);
	return success;
}
