/* NameExample, TestClassModel ("Diverse") and State; LargeRoot has a file of its own. */
#include "engines/quick_tree/qt_models.h"

#include "engines/quick_tree/qt_text.h"

#include <ctype.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const qt_model_names[QT_MODEL_COUNT] = {
    [QT_NAME_EXAMPLE] = "NameExample",
    [QT_DIVERSE] = "Diverse",
    [QT_STATE] = "State",
    [QT_LARGE_ROOT] = "LargeRoot",
};

/* --- NameExample --- */

static struct value lower_case(const char *text, char blank)
{
	char lower[64];
	size_t length = 0;

	for (; text[length] != '\0' && length + 1 < sizeof(lower); length++)
		lower[length] = text[length] == ' ' ? blank : (char)tolower(text[length]);
	lower[length] = '\0';
	return qt_computed_string(lower);
}

static struct value slug(struct qt_node *self, struct value argument)
{
	(void)argument;
	return lower_case(qt_get(self, "name").as.string, '-');
}

static struct value name_length(struct qt_node *self)
{
	return value_integer((int64_t)strlen(qt_get(self, "name").as.string));
}

static struct value set_volatile_prop(struct qt_node *self, struct value argument)
{
	return value_boolean(qt_poke(self, "volatileProp", argument));
}

const struct qt_type *qt_name_example_register(const char *name)
{
	static const struct qt_property properties[] = {
	    {"key", &qt_identifier}, {"name", &qt_string}};
	static const struct qt_getter getters[] = {{"nameLength", name_length}};
	static const struct qt_volatile volatiles[] = {
	    {"volatileProp", {.tag = VALUE_STRING, .as.string = "test"}}};
	static const struct qt_function functions[] = {
	    {"slug", slug, QT_VIEW},
	    {"setName", NULL, QT_ACTION},
	    {"setNameAsync", NULL, QT_ACTION},
	    {"setVolatileProp", NULL, QT_ACTION},
	    {"setVolatilePropOnReadonly", set_volatile_prop, QT_VOLATILE_ACTION},
	};

	return qt_register(
	    &(struct qt_declaration){
		.name = name,
		.properties = properties,
		.property_count = COUNT(properties),
		.getters = getters,
		.getter_count = COUNT(getters),
		.volatiles = volatiles,
		.volatile_count = COUNT(volatiles),
		.functions = functions,
		.function_count = COUNT(functions),
		.field_action_count = 1,
	    },
	    NULL);
}

/* --- Diverse --- */

static struct value lower_cased_name(struct qt_node *self, struct value argument)
{
	(void)argument;
	return lower_case(qt_get(self, "name").as.string, ' ');
}

static struct value upper_cased_name(struct qt_node *self, struct value argument)
{
	struct value upper = lower_cased_name(self, argument);

	for (char *c = upper.as.object; *c != '\0'; c++)
		*c = (char)toupper(*c);
	return upper;
}

static const struct qt_type *named_thing(void)
{
	return qt_find_type("NamedThing");
}

static void register_named_thing(void)
{
	static const struct qt_property properties[] = {
	    {"key", &qt_identifier}, {"name", &qt_string}};
	static const struct qt_function functions[] = {
	    {"lowerCasedName", lower_cased_name, QT_VIEW},
	    {"upperCasedName", upper_cased_name, QT_VIEW}};

	qt_register(&(struct qt_declaration){.name = "NamedThing",
			.properties = properties,
			.property_count = COUNT(properties),
			.functions = functions,
			.function_count = COUNT(functions)},
	    NULL);
}

static struct value not_bool(struct qt_node *self)
{
	return value_boolean(!qt_get(self, "bool").as.boolean);
}

static struct value array_length(struct qt_node *self)
{
	return value_integer(qt_size(qt_get(self, "array").as.object));
}

static const struct qt_type *register_diverse(void)
{
	static const struct qt_getter getters[] = {
	    {"notBool", not_bool}, {"arrayLength", array_length}};
	static const struct qt_volatile volatiles[] = {
	    {"volatile", {.tag = VALUE_STRING, .as.string = "test"}}};
	static const struct qt_function functions[] = {{"setB", NULL, QT_ACTION}};
	const struct qt_optional optional = {
	    .inner = &qt_string, .fallback = value_string("value")};

	register_named_thing();
	const struct qt_property properties[] = {
	    {"bool", &qt_boolean},
	    {"frozen", qt_frozen()},
	    {"nested", named_thing()},
	    {"array", qt_array_of(named_thing(), NULL)},
	    {"map", qt_map_of(qt_late(named_thing), NULL)},
	    {"optional", qt_optional(&optional)},
	};
	return qt_register(
	    &(struct qt_declaration){
		.name = "TestClassModel",
		.properties = properties,
		.property_count = COUNT(properties),
		.getters = getters,
		.getter_count = COUNT(getters),
		.volatiles = volatiles,
		.volatile_count = COUNT(volatiles),
		.functions = functions,
		.function_count = COUNT(functions),
	    },
	    NULL);
}

/* --- State --- */

static const struct qt_type *state(void)
{
	return qt_find_type("State");
}

static const struct qt_type *register_state(void)
{
	const struct qt_property properties[] = {
	    {"id", &qt_identifier},
	    {"childStates", qt_array_of(qt_late(state), NULL)},
	    {"initialChildState", qt_maybe(qt_reference(qt_late(state)))},
	};

	return qt_register(
	    &(struct qt_declaration){
		.name = "State", .properties = properties, .property_count = COUNT(properties)},
	    NULL);
}

const struct qt_type *qt_model_register(enum qt_model_name name)
{
	switch (name) {
	case QT_NAME_EXAMPLE:
		return qt_name_example_register("NameExample");
	case QT_DIVERSE:
		return register_diverse();
	case QT_STATE:
		return register_state();
	default:
		return qt_large_root_register();
	}
}

static const char *const snapshots[] = {
    [QT_NAME_EXAMPLE] = "{\"key\": \"test\", \"name\": \"test\"}",
    [QT_DIVERSE] = "{\"bool\": true, \"frozen\": {\"test\": \"string\"},"
		   "\"nested\": {\"key\": \"mixed_up\", \"name\": \"MiXeD CaSe\"},"
		   "\"array\": [{\"key\": \"1\", \"name\": \"Array Item 1\"},"
		   "{\"key\": \"2\", \"name\": \"Array Item 2\"},"
		   "{\"key\": \"3\", \"name\": \"Array Item 3\"},"
		   "{\"key\": \"4\", \"name\": \"Array Item 4\"},"
		   "{\"key\": \"5\", \"name\": \"Array Item 4\"}],"
		   "\"map\": {\"a\": {\"key\": \"a\", \"name\": \"Map Item A\"},"
		   "\"b\": {\"key\": \"b\", \"name\": \"Map Item B\"},"
		   "\"c\": {\"key\": \"c\", \"name\": \"Map Item C\"},"
		   "\"d\": {\"key\": \"e\", \"name\": \"Map Item E\"},"
		   "\"f\": {\"key\": \"f\", \"name\": \"Map Item F\"}}}",
    [QT_STATE] =
	"{\"id\": \"root\", \"initialChildState\": \"child2\","
	"\"childStates\": [{\"id\": \"child1\"}, {\"id\": \"child2\"}, {\"id\": \"child3\"}]}",
};

struct value qt_model_snapshot(enum qt_model_name name)
{
	static char bytes[16384];
	static struct qt_arena arena = {.bytes = bytes, .size = sizeof(bytes)};
	static struct value made[QT_LARGE_ROOT];

	if (name == QT_LARGE_ROOT)
		return qt_large_root_snapshot(true);
	if (value_is(made[name], VALUE_UNDEFINED))
		made[name] = qt_parse(&arena, snapshots[name]);
	return made[name];
}
