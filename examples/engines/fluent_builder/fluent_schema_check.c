/* Does a value follow its rule? Collects every issue, each with its place. */
#include "engines/fluent_builder/fluent_internal.h"

#include <math.h>
#include <string.h>

struct checking {
	const struct fluent_rule *rule;
	struct value value;
	const struct fluent_place *place; /* NULL: the input itself */
	struct vec *issues;
};

static void check_value(struct checking checking);

static void complain(const struct checking *checking, enum fluent_issue_code code)
{
	fluent_issue_add(checking->issues, code, checking->place);
}

/* One @, something before it, a dot with something on each side behind it, no blanks. */
static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');
	const char *dot = at != NULL ? strrchr(at, '.') : NULL;

	return at != NULL && at != text && strchr(at + 1, '@') == NULL && dot != NULL &&
	       dot != at + 1 && dot[1] != '\0' && strpbrk(text, " \t\r\n") == NULL;
}

static void check_bounds(const struct checking *checking, double amount)
{
	if (checking->rule->has_minimum && amount < checking->rule->minimum)
		complain(checking, FLUENT_TOO_SMALL);
	if (checking->rule->has_maximum && amount > checking->rule->maximum)
		complain(checking, FLUENT_TOO_BIG);
}

static void check_string(const struct checking *checking)
{
	check_bounds(checking, (double)strlen(checking->value.as.string));
	if (checking->rule->email && !is_email(checking->value.as.string))
		complain(checking, FLUENT_INVALID_FORMAT);
}

static void check_member(const struct checking *checking)
{
	const char *const *member = checking->rule->members;

	if (value_is(checking->value, VALUE_STRING))
		for (; *member != NULL; member++)
			if (strcmp(*member, checking->value.as.string) == 0)
				return;
	complain(checking, FLUENT_INVALID_VALUE);
}

/* The value at STEP of the one that is being checked. */
static void check_inside(const struct checking *checking, const struct fluent_rule *rule,
    struct value value, struct fluent_path_step step)
{
	const struct fluent_place place = {
	    .outer = checking->place,
	    .step = step,
	    .depth = (checking->place != NULL ? checking->place->depth : 0) + 1,
	};

	check_value((struct checking){
	    .rule = rule, .value = value, .place = &place, .issues = checking->issues});
}

static void check_fields(const struct checking *checking)
{
	const struct fluent_object *object = fluent_value_object(checking->value);

	for (uint32_t i = 0; i < checking->rule->field_count; i++) {
		const struct fluent_rule *field = &checking->rule->fields[i];
		const struct value *given = fluent_object_get(object, field->key);

		check_inside(checking, field, given != NULL ? *given : value_undefined(),
		    (struct fluent_path_step){.key = field->key});
	}
}

static void check_items(const struct checking *checking)
{
	const struct fluent_object *items = fluent_value_object(checking->value);

	for (uint32_t i = 0; i < items->count; i++)
		check_inside(checking, checking->rule->element, items->fields[i].value,
		    (struct fluent_path_step){.key = items->fields[i].key, .index = i});
}

static bool is_number(struct value value)
{
	return value_is(value, VALUE_INTEGER) ||
	       (value_is(value, VALUE_NUMBER) && !isnan(value.as.number));
}

static bool has_type(enum fluent_type type, struct value value)
{
	const struct fluent_object *object = fluent_value_object(value);

	switch (type) {
	case FLUENT_TYPE_STRING:
		return value_is(value, VALUE_STRING);
	case FLUENT_TYPE_NUMBER:
		return is_number(value);
	case FLUENT_TYPE_BOOLEAN:
		return value_is(value, VALUE_BOOLEAN);
	case FLUENT_TYPE_DATE:
		return value_is(value, VALUE_DATE);
	case FLUENT_TYPE_LIST:
		return object != NULL && object->block == FLUENT_LIST;
	case FLUENT_TYPE_RECORD:
	case FLUENT_TYPE_OBJECT:
		return object != NULL && object->block != FLUENT_LIST;
	case FLUENT_TYPE_ANY:
	case FLUENT_TYPE_MEMBER: /* anything else is no member */
		return true;
	}
	return false;
}

static void check_contents(const struct checking *checking)
{
	const struct value value = checking->value;

	switch (checking->rule->type) {
	case FLUENT_TYPE_STRING:
		check_string(checking);
		break;
	case FLUENT_TYPE_NUMBER:
		check_bounds(checking,
		    value_is(value, VALUE_INTEGER) ? (double)value.as.integer : value.as.number);
		break;
	case FLUENT_TYPE_MEMBER:
		check_member(checking);
		break;
	case FLUENT_TYPE_LIST:
		check_bounds(checking, fluent_value_object(value)->count);
		check_items(checking);
		break;
	case FLUENT_TYPE_RECORD:
		check_items(checking);
		break;
	case FLUENT_TYPE_OBJECT:
		check_fields(checking);
		break;
	case FLUENT_TYPE_ANY:
	case FLUENT_TYPE_BOOLEAN:
	case FLUENT_TYPE_DATE:
		break;
	}
}

static void check_value(struct checking checking)
{
	const struct fluent_rule *rule = checking.rule;
	const uint32_t issues_before = checking.issues->count;

	if (value_is(checking.value, VALUE_UNDEFINED)) {
		if (rule->optional || rule->type == FLUENT_TYPE_ANY)
			return;
		checking.value = rule->default_value;
	}
	if (value_is(checking.value, VALUE_UNDEFINED) || !has_type(rule->type, checking.value)) {
		complain(&checking,
		    rule->type == FLUENT_TYPE_MEMBER ? FLUENT_INVALID_VALUE : FLUENT_INVALID_TYPE);
		return;
	}
	check_contents(&checking);
	if (rule->refine != NULL && checking.issues->count == issues_before &&
	    !rule->refine(checking.value))
		complain(&checking, FLUENT_CUSTOM);
}

void fluent_schema_check(
    const struct fluent_rule *rule, const struct fluent_object *input, struct vec *issues)
{
	check_value((struct checking){.rule = rule,
	    .value = {.tag = VALUE_OBJECT, .as.object = (void *)(uintptr_t)input},
	    .issues = issues});
}
