/*
 * The cases of behaviour, numbered as the description of the original numbers them.
 *
 * What is set on a builder and what comes out of it are rows of a table; what needs more than one builder or looks at
 * pools is a function.
 */
#include "engines/fluent_builder/fluent_caches.h"
#include "engines/fluent_builder/fluent_models.h"
#include "engines/fluent_builder/fluent_state.h"
#include "engines/fluent_builder/fluent_test.h"

#include <ctype.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { STEPS_MAX = 8 };

#define STRING(text)                                                                               \
	{                                                                                          \
		.tag = VALUE_STRING, .as.string = (text)                                           \
	}
#define INTEGER(number)                                                                            \
	{                                                                                          \
		.tag = VALUE_INTEGER, .as.integer = (number)                                       \
	}
#define BOOLEAN(truth)                                                                             \
	{                                                                                          \
		.tag = VALUE_BOOLEAN, .as.boolean = (truth)                                        \
	}
#define NUMBER(amount)                                                                             \
	{                                                                                          \
		.tag = VALUE_NUMBER, .as.number = (amount)                                         \
	}
#define NOTHING                                                                                    \
	{                                                                                          \
		.tag = VALUE_NULL                                                                  \
	}
#define UNDEFINED                                                                                  \
	{                                                                                          \
		.tag = VALUE_UNDEFINED                                                             \
	}

#define FIELDS(array) .type = FLUENT_TYPE_OBJECT, .fields = (array), .field_count = COUNT_OF(array)
#define SCHEMA(rule)                                                                               \
	{                                                                                          \
		.parse = fluent_schema_parse, .safe_parse = fluent_schema_safe_parse,              \
		.definition = &(rule)                                                              \
	}

/* --- what the table's rows build from --- */

static const char *const id_name[] = {"id", "name"};
static const char *const id_email[] = {"id", "email"};
static const char *const odd_names[] = {"firstName", "x", "withdraw"};

/* A class with fields, a method, and defaults. */
static const char *construct_item(struct fluent_draft *self, const struct fluent_object *data)
{
	fluent_draft_set(self, "id", value_integer(0));
	fluent_draft_set(self, "name", value_string(""));
	fluent_draft_set(self, "price", value_integer(0));
	if (data != NULL)
		fluent_draft_assign(self, data);
	return NULL;
}

static struct value item_tax(const struct fluent_object *self)
{
	return value_number((double)fluent_object_get(self, "price")->as.integer / 10);
}

static const struct fluent_method item_methods[] = {{"tax", item_tax}, {NULL, NULL}};
static const struct fluent_class item_class = {
    .name = "Item", .construct = construct_item, .methods = item_methods};
/* Another one with the same keys. */
static const struct fluent_class other_item_class = {
    .name = "OtherItem", .construct = construct_item};
static const struct fluent_class item_function = {
    .name = "ItemFunction", .kind = FLUENT_FUNCTION_PLAIN, .construct = construct_item};
static const struct fluent_class arrow = {
    .name = "arrow", .kind = FLUENT_FUNCTION_ARROW, .construct = construct_item};

/* Without the data it throws, with an empty one it does not. */
static const char *construct_strict(struct fluent_draft *self, const struct fluent_object *data)
{
	const struct value *name = NULL;

	if (data == NULL)
		return "data is undefined";
	name = fluent_object_get(data, "name");
	fluent_draft_set(
	    self, "name", name != NULL ? fluent_value_retain(*name) : value_string("nobody"));
	return NULL;
}

static const struct fluent_class strict_class = {.name = "Strict", .construct = construct_strict};

static const char *construct_throwing(struct fluent_draft *self, const struct fluent_object *data)
{
	(void)data;
	fluent_draft_set(self, "lost", fluent_string("freed"));
	return "always";
}

static const struct fluent_class throwing_class = {
    .name = "Throwing", .construct = construct_throwing};

/* No field without data. */
static const char *construct_bare(struct fluent_draft *self, const struct fluent_object *data)
{
	if (data != NULL)
		fluent_draft_assign(self, data);
	return NULL;
}

static const struct fluent_class bare_class = {.name = "Bare", .construct = construct_bare};

static const struct fluent_rule user_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER},
    {.key = "name", .type = FLUENT_TYPE_STRING},
    {.key = "email", .type = FLUENT_TYPE_STRING, .email = true, .optional = true},
};
static const struct fluent_rule user_rule = {FIELDS(user_fields)};
static const struct fluent_schema user_schema = SCHEMA(user_rule);

static const struct fluent_rule default_fields[] = {
    {.key = "a1", .type = FLUENT_TYPE_STRING, .default_value = STRING("d")},
    {.key = "b1", .type = FLUENT_TYPE_NUMBER, .optional = true},
};
static const struct fluent_rule default_rule = {FIELDS(default_fields)};
static const struct fluent_schema default_schema = SCHEMA(default_rule);

static bool is_even(struct value value)
{
	return value.as.integer % 2 == 0;
}

static struct value upper_case(struct value value)
{
	char text[64];
	size_t length = 0;

	for (; value.as.string[length] != '\0' && length + 1 < sizeof(text); length++)
		text[length] = (char)toupper((unsigned char)value.as.string[length]);
	text[length] = '\0';
	return fluent_string(text);
}

static const struct fluent_rule special_fields[] = {
    {.key = "even", .type = FLUENT_TYPE_NUMBER, .refine = is_even},
    {.key = "loud", .type = FLUENT_TYPE_STRING, .transform = upper_case},
};
static const struct fluent_rule special_rule = {FIELDS(special_fields)};
static const struct fluent_schema special_schema = SCHEMA(special_rule);

static const char *const roles[] = {"admin", "user", NULL};
static const struct fluent_rule street_fields[] = {
    {.key = "street", .type = FLUENT_TYPE_STRING, .has_minimum = true, .minimum = 3},
};
static const struct fluent_rule a_string = {.type = FLUENT_TYPE_STRING};
static const struct fluent_rule nested_fields[] = {
    {.key = "role", .type = FLUENT_TYPE_MEMBER, .members = roles},
    {.key = "address", FIELDS(street_fields)},
    {.key = "tags",
	.type = FLUENT_TYPE_LIST,
	.element = &a_string,
	.has_maximum = true,
	.maximum = 3},
};
static const struct fluent_rule nested_rule = {FIELDS(nested_fields)};
static const struct fluent_schema nested_schema = SCHEMA(nested_rule);

static const struct fluent_rule adult_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER, .has_minimum = true, .minimum = 18},
    {.key = "name", .type = FLUENT_TYPE_STRING},
};
static const struct fluent_rule adult_rule = {FIELDS(adult_fields)};
static const struct fluent_schema adult_schema = SCHEMA(adult_rule);
static const struct fluent_rule child_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER},
    {.key = "name", .type = FLUENT_TYPE_STRING},
};
static const struct fluent_rule child_rule = {FIELDS(child_fields)};
static const struct fluent_schema child_schema = SCHEMA(child_rule);

static const struct fluent_schema no_schema;

#define FROM_KEYS(array)                                                                           \
	{                                                                                          \
		.kind = FLUENT_INPUT_KEYS, .key_count = COUNT_OF(array), .as.keys = (array)        \
	}
#define FROM_CLASS(class_of)                                                                       \
	{                                                                                          \
		.kind = FLUENT_INPUT_FUNCTION, .as.function = &(class_of)                          \
	}
#define FROM_OBJECT(schema)                                                                        \
	{                                                                                          \
		.kind = FLUENT_INPUT_OBJECT, .as.object = &(schema)                                \
	}
#define FROM_VALUE(...)                                                                            \
	{                                                                                          \
		.kind = FLUENT_INPUT_VALUE, .as.value = __VA_ARGS__                                \
	}

/* --- 1: detection --- */

#define UNKNOWN                                                                                    \
	"Unable to detect builder type. Expected Zod schema, class constructor, or array of keys."

static const struct {
	struct fluent_input input;
	enum fluent_mode mode;
	const char *why; /* NULL: detected */
} detections[] = {
    {FROM_OBJECT(user_schema), FLUENT_SCHEMA, NULL},
    {FROM_CLASS(item_class), FLUENT_CLASS, NULL},
    {FROM_CLASS(item_function), FLUENT_CLASS, NULL},
    {FROM_KEYS(id_name), FLUENT_INTERFACE, NULL},
    {FROM_VALUE(NOTHING), FLUENT_INTERFACE, UNKNOWN},
    {FROM_VALUE(UNDEFINED), FLUENT_INTERFACE, UNKNOWN},
    {FROM_VALUE(INTEGER(5)), FLUENT_INTERFACE, UNKNOWN},
    {FROM_VALUE(STRING("str")), FLUENT_INTERFACE, UNKNOWN},
    {FROM_OBJECT(no_schema), FLUENT_INTERFACE, UNKNOWN},
    {FROM_CLASS(arrow), FLUENT_INTERFACE, UNKNOWN},
    {{.kind = FLUENT_INPUT_KEYS}, FLUENT_INTERFACE,
	"Interface mode requires an array of property keys"},
};

static void detection(void)
{
	for (size_t i = 0; i < COUNT_OF(detections); i++) {
		enum fluent_mode mode = FLUENT_MODE_COUNT;
		const char *why = fluent_detect(&detections[i].input, &mode);

		CHECK_TEXT(
		    why != NULL ? why : "", detections[i].why != NULL ? detections[i].why : "");
		CHECK(why != NULL || mode == detections[i].mode);
		if (why != NULL)
			CHECK(fluent_factory_new(detections[i].input, NULL, &why) == NULL);
	}
}

/* --- what goes in and what comes out --- */

struct step {
	const char *name; /* "withId"; NULL: no more */
	struct value value;
	bool absent; /* there is no such function */
};

#define SET(step_name, ...)                                                                        \
	{                                                                                          \
		.name = (step_name), .value = __VA_ARGS__                                          \
	}
#define ABSENT(step_name, ...)                                                                     \
	{                                                                                          \
		.name = (step_name), .value = __VA_ARGS__, .absent = true                          \
	}
#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}

static const struct {
	unsigned number;
	struct fluent_input input;
	struct step steps[STEPS_MAX];
	const char *expected;
} builds[] = {
    {3, FROM_KEYS(id_name), {SET("withId", INTEGER(1)), SET("withName", STRING("Test"))},
	"{id:1,name:\"Test\"}"},
    {3, FROM_KEYS(id_email), {SET("withEmail", STRING("e")), SET("withId", INTEGER(1))},
	"{id:1,email:\"e\"}"},
    {4, FROM_KEYS(id_name), {SET("withId", UNDEFINED), SET("withName", NOTHING)}, "{name:null}"},
    {4, FROM_KEYS(id_name), {SET("withId", INTEGER(0)), SET("withName", STRING(""))},
	"{id:0,name:\"\"}"},
    {4, FROM_KEYS(id_name), {SET("withId", BOOLEAN(false))}, "{id:false}"},
    {5, FROM_KEYS(id_name), {END}, "{}"},
    {6, FROM_KEYS(id_name), {SET("withId", INTEGER(1)), SET("withId", INTEGER(2))}, "{id:2}"},
    {6, FROM_KEYS(id_name), {SET("withId", INTEGER(1)), SET("withId", UNDEFINED)}, "{}"},
    {7, FROM_KEYS(odd_names),
	{SET("withFirstName", STRING("f")), SET("withX", INTEGER(1)),
	    SET("withWithdraw", INTEGER(2)), ABSENT("withNope", INTEGER(3)),
	    ABSENT("firstName", INTEGER(4)), ABSENT("with", INTEGER(5))},
	"{firstName:\"f\",x:1,withdraw:2}"},
    {13, FROM_CLASS(item_class), {SET("withPrice", INTEGER(999))}, "{id:0,name:\"\",price:999}"},
    {13, FROM_CLASS(item_class), {END}, "{id:0,name:\"\",price:0}"},
    {13, FROM_CLASS(item_function), {SET("withName", STRING("n"))}, "{id:0,name:\"n\",price:0}"},
    {13, FROM_CLASS(strict_class), {SET("withName", STRING("n"))}, "{name:\"n\"}"},
    {13, FROM_CLASS(strict_class), {END}, "{name:\"nobody\"}"},
    {13, FROM_CLASS(bare_class), {ABSENT("withName", STRING("n"))}, "{}"},
    {13, FROM_CLASS(throwing_class), {ABSENT("withLost", STRING("n"))}, "!always"},
    {16, FROM_OBJECT(user_schema), {SET("withId", INTEGER(1)), SET("withName", STRING("Test"))},
	"{id:1,name:\"Test\"}"},
    {16, FROM_OBJECT(user_schema),
	{SET("withId", NUMBER(1.5)), SET("withName", STRING("")), SET("withEmail", STRING("a@b.c")),
	    ABSENT("withOther", INTEGER(1))},
	"{id:1.5,name:\"\",email:\"a@b.c\"}"},
    {16, FROM_OBJECT(default_schema), {END}, "{a1:\"d\"}"},
    {16, FROM_OBJECT(default_schema), {SET("withA1", STRING("x")), SET("withB1", INTEGER(1))},
	"{a1:\"x\",b1:1}"},
    {17, FROM_OBJECT(user_schema),
	{SET("withId", INTEGER(1)), SET("withName", STRING("Test")),
	    SET("withEmail", STRING("nobody"))},
	"!validation failed email:invalid_format"},
    {17, FROM_OBJECT(user_schema), {SET("withId", STRING("1"))},
	"!validation failed id:invalid_type name:invalid_type"},
    {17, FROM_OBJECT(user_schema), {SET("withId", NOTHING), SET("withName", STRING("Test"))},
	"!validation failed id:invalid_type"},
    {17, FROM_OBJECT(adult_schema), {SET("withId", INTEGER(5)), SET("withName", STRING("n"))},
	"!validation failed id:too_small"},
    {18, FROM_OBJECT(special_schema), {SET("withEven", INTEGER(2)), SET("withLoud", STRING("hey"))},
	"{even:2,loud:\"HEY\"}"},
    {18, FROM_OBJECT(special_schema), {SET("withEven", INTEGER(3)), SET("withLoud", STRING("hey"))},
	"!validation failed even:custom"},
};

static void one_build(size_t i)
{
	struct fluent_factory *factory = fluent_test_factory(builds[i].input);
	struct fluent_proxy *builder = fluent_factory_call(factory);

	for (const struct step *step = builds[i].steps; step->name != NULL; step++)
		CHECK(fluent_with(builder, step->name, step->value) ==
		      (step->absent ? NULL : builder));
	CHECK_TEXT(fluent_outcome_text(fluent_build(builder)), builds[i].expected);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
	fluent_clear_pools(); /* equal keys would share a pool */
}

/* 3 to 7, 13, 16 to 18; 8 in each of them. */
static void builds_of_the_table(void)
{
	for (size_t i = 0; i < COUNT_OF(builds); i++)
		one_build(i);
}

/* --- what needs more --- */

static struct fluent_proxy *new_pair(struct fluent_factory *factory)
{
	return fluent_with(fluent_factory_call(factory), "withId", value_integer(1));
}

static void two_builders(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_proxy *first = new_pair(factory);
	struct fluent_proxy *second = fluent_factory_call(factory);

	CHECK(first != second);
	CHECK_TEXT(fluent_outcome_text(fluent_build(second)), "{}");
	fluent_builder_drop(first);
	fluent_builder_drop(second);
	fluent_factory_free(factory);
}

static void two_builds(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_proxy *builder = new_pair(factory);
	struct fluent_outcome first = fluent_build(builder);
	struct fluent_outcome second;

	(void)fluent_with(builder, "withId", value_integer(2));
	second = fluent_build(builder);
	CHECK(first.object != second.object);
	CHECK_TEXT(fluent_outcome_text(first), "{id:1}");
	CHECK_TEXT(fluent_outcome_text(second), "{id:2}");
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

static void fifty_keys(void)
{
	const struct fluent_model *model = fluent_model(FLUENT_MODEL_FIFTY);
	struct fluent_factory *factory = fluent_test_factory(model->input);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_outcome outcome;

	model->fill(builder, 100);
	outcome = fluent_build(builder);
	CHECK_NUMBER(outcome.object->count, 50);
	CHECK_NUMBER(fluent_object_get(outcome.object, "key49")->as.integer, 149);
	fluent_object_release(outcome.object);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

static void shared_by_reference(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_proxy *builder = fluent_factory_call(factory);
	const struct value date = fluent_date(5);
	struct fluent_object *list = fluent_object_new(FLUENT_LIST, 1);
	struct fluent_object *built = NULL;

	(void)fluent_list_push(list, value_integer(1));
	(void)fluent_with(builder, "withId", fluent_value_retain(date));
	(void)fluent_with(builder, "withName", fluent_value_retain(value_object(list)));
	built = fluent_build(builder).object;
	CHECK(fluent_object_get(built, "id")->as.object == date.as.object);
	CHECK(fluent_object_get(built, "name")->as.object == list);
	CHECK_TEXT(
	    fluent_outcome_text((struct fluent_outcome){.object = built}), "{id:@5,name:[1]}");
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
	fluent_value_release(date);
	fluent_object_release(list);
}

static void methods_and_instances(void)
{
	static const char *const explicit_names[] = {"id"};
	const struct fluent_explicit_keys explicit_keys = {explicit_names, 1};
	const char *why = NULL;
	struct fluent_factory *factory =
	    fluent_factory_new(fluent_input_function(&item_class), &explicit_keys, &why);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_object *item = NULL;
	struct value tax = value_undefined();

	/* 14: the explicit keys are ignored, or this would be absent. */
	CHECK(fluent_with(builder, "withPrice", value_integer(999)) == builder);
	item = fluent_build(builder).object;
	CHECK(item->class_of == &item_class);
	CHECK(fluent_call(item, "tax", &tax));
	CHECK_NUMBER(tax.as.number, 99.9);
	CHECK(!fluent_call(item, "nope", &tax));
	fluent_object_release(item);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
	fluent_clear_pools();
	fluent_options = fluent_options_mended();
	factory = fluent_factory_new(fluent_input_function(&item_class), &explicit_keys, &why);
	builder = fluent_factory_call(factory);
	CHECK(fluent_get(builder, "withPrice") == NULL);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

/* TAGS after the member of roles and the street. */
static const char *build_nested(const char *role, const char *street, struct value tag)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_object(&nested_schema));
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_object *address = fluent_object_new(FLUENT_RECORD, 2);
	struct fluent_object *tags = fluent_object_new(FLUENT_LIST, 2);
	const char *text = NULL;

	(void)fluent_object_set(address, "street", value_string(street));
	(void)fluent_object_set(address, "stripped", value_integer(1));
	(void)fluent_list_push(tags, value_string("a"));
	(void)fluent_list_push(tags, tag);
	(void)fluent_with(builder, "withRole", value_string(role));
	(void)fluent_with(builder, "withAddress", value_object(address));
	(void)fluent_with(builder, "withTags", value_object(tags));
	text = fluent_outcome_text(fluent_build(builder));
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
	return text;
}

static void members_objects_lists(void)
{
	CHECK_TEXT(build_nested("admin", "Main", value_string("b")),
	    "{role:\"admin\",address:{street:\"Main\"},tags:[\"a\",\"b\"]}");
	CHECK_TEXT(build_nested("guest", "Main", value_string("b")),
	    "!validation failed role:invalid_value");
	CHECK_TEXT(build_nested("user", "M", value_string("b")),
	    "!validation failed address.street:too_small");
	CHECK_TEXT(build_nested("user", "Main", value_integer(1)),
	    "!validation failed tags.1:invalid_type");
	CHECK_TEXT(build_nested("guest", "M", value_null()),
	    "!validation failed role:invalid_value address.street:too_small tags.1:invalid_type");
}

static void sync_and_async(void)
{
	const char *why = NULL;
	const char *key = "";
	const struct fluent_input schema = fluent_input_object(&user_schema);
	struct fluent_factory *now = fluent_test_factory(schema);
	struct fluent_factory *later = fluent_factory_new_async(schema, &why);
	struct fluent_proxy *builder = fluent_factory_call(later);
	struct fluent_promise *promise = NULL;

	CHECK(fluent_factory_pool(now) != fluent_factory_pool(later));
	CHECK(fluent_registered_pool(FLUENT_ASYNC, 0, &key) == fluent_factory_pool(later));
	CHECK_TEXT(key, "async-zod-id,name,email");
	CHECK(fluent_registered_pool(FLUENT_SYNC, 0, &key) == fluent_factory_pool(now));
	CHECK_TEXT(key, "zod-id,name,email");
	CHECK(fluent_factory_new_async(fluent_input_keys(id_name, 2), &why) == NULL);
	CHECK_TEXT(why, "Async builder only supports Zod schemas");
	(void)fluent_with(builder, "withId", value_integer(1));
	promise = fluent_build_async(builder);
	CHECK_TEXT(
	    fluent_outcome_text(fluent_await(promise)), "!validation failed name:invalid_type");
	(void)fluent_with(builder, "withName", value_string("n"));
	promise = fluent_build_async(builder);
	/* What is set now comes too late for it. */
	(void)fluent_with(builder, "withId", value_integer(2));
	CHECK_TEXT(fluent_outcome_text(fluent_await(promise)), "{id:1,name:\"n\"}");
	fluent_builder_drop(builder);
	fluent_factory_free(now);
	fluent_factory_free(later);
}

static void promises_settle_in_order(void)
{
	const char *why = NULL;
	struct fluent_factory *factory =
	    fluent_factory_new_async(fluent_input_object(&default_schema), &why);
	struct fluent_proxy *builders[2] = {
	    fluent_factory_call(factory), fluent_factory_call(factory)};
	struct fluent_promise *promises[2];

	(void)fluent_with(builders[0], "withB1", value_integer(1));
	(void)fluent_with(builders[1], "withB1", value_integer(2));
	promises[0] = fluent_build_async(builders[0]);
	promises[1] = fluent_build_async(builders[1]);
	CHECK_TEXT(fluent_outcome_text(fluent_await(promises[1])), "{a1:\"d\",b1:2}");
	CHECK_TEXT(fluent_outcome_text(fluent_await(promises[0])), "{a1:\"d\",b1:1}");
	fluent_builder_drop(builders[0]);
	fluent_builder_drop(builders[1]);
	fluent_factory_free(factory);
}

/* --- a pool of numbers, which counts what happens to them --- */

static int resets;
static int destroyed;

static void *create_number(void *environment)
{
	int *numbers = environment;

	return &numbers[++numbers[0]];
}

static void reset_number(void *environment, void *object)
{
	(void)environment;
	(void)object;
	resets++;
}

static void destroy_number(void *environment, void *object)
{
	(void)environment;
	(void)object;
	destroyed++;
}

static const struct fluent_pool_methods number_methods = {
    .create = create_number, .reset = reset_number, .destroy = destroy_number};

static struct fluent_object_pool new_number_pool(int *numbers, uint32_t max_size)
{
	resets = 0;
	destroyed = 0;
	numbers[0] = 0;
	return (struct fluent_object_pool){
	    .methods = &number_methods, .environment = numbers, .max_size = max_size};
}

static void gets_and_releases(void)
{
	int numbers[8];
	struct fluent_object_pool pool = new_number_pool(numbers, 10);
	struct fluent_pool_statistics statistics = fluent_pool_statistics_of(&pool);
	void *first = NULL;

	CHECK_NUMBER(statistics.hit_rate, 0); /* 26 */
	first = fluent_pool_get(&pool);
	statistics = fluent_pool_statistics_of(&pool);
	CHECK(statistics.misses == 1 && statistics.created == 1 && statistics.hits == 0); /* 22 */
	fluent_pool_release(&pool, first);
	CHECK(fluent_pool_get(&pool) == first); /* 23 */
	statistics = fluent_pool_statistics_of(&pool);
	CHECK(statistics.hits == 1 && statistics.misses == 1 && statistics.created == 1);
	fluent_pool_clear(&pool);

	pool = new_number_pool(numbers, 0);
	CHECK_NUMBER(fluent_pool_statistics_of(&pool).utilisation, 0); /* 26 */
	fluent_pool_release(&pool, fluent_pool_get(&pool));
	CHECK(resets == 0 && destroyed == 1);
	fluent_pool_clear(&pool);
}

static void releases_beyond_the_maximum(void)
{
	int numbers[8];
	struct fluent_object_pool pool = new_number_pool(numbers, 2);
	void *objects[3];

	for (int i = 0; i < 3; i++)
		objects[i] = fluent_pool_get(&pool);
	for (int i = 0; i < 3; i++)
		fluent_pool_release(&pool, objects[i]);
	CHECK(pool.idle.count == 2 && resets == 2 && destroyed == 1 && pool.discarded == 1);
	CHECK(fluent_pool_get(&pool) == objects[1]); /* last in, first out */
	fluent_pool_clear(&pool);

	pool = new_number_pool(numbers, 2);
	pool.discard = FLUENT_DISCARD_OLDEST;
	for (int i = 0; i < 3; i++)
		objects[i] = fluent_pool_get(&pool);
	for (int i = 0; i < 3; i++)
		fluent_pool_release(&pool, objects[i]);
	CHECK(pool.idle.count == 2 && resets == 3 && destroyed == 1);
	CHECK(fluent_pool_get(&pool) == objects[2] && fluent_pool_get(&pool) == objects[1]);
	fluent_pool_clear(&pool);
}

static void statistics_of_a_pool(void)
{
	int numbers[8];
	struct fluent_object_pool pool = new_number_pool(numbers, 10);
	struct fluent_pool_statistics statistics;
	void *objects[3];

	for (int i = 0; i < 3; i++)
		objects[i] = fluent_pool_get(&pool);
	fluent_pool_release(&pool, objects[0]);
	fluent_pool_release(&pool, objects[1]);
	CHECK(fluent_pool_get(&pool) == objects[1]);
	statistics = fluent_pool_statistics_of(&pool);
	CHECK(statistics.size == 1 && statistics.hits == 1 && statistics.misses == 3); /* 25 */
	CHECK_NUMBER(statistics.hit_rate, 0.25);
	CHECK_NUMBER(statistics.created, 3);
	CHECK_NUMBER(statistics.utilisation, 0.1);
	fluent_pool_reset_statistics(&pool);
	statistics = fluent_pool_statistics_of(&pool);
	CHECK(statistics.hits == 0 && statistics.misses == 0 && statistics.created == 3 &&
	      statistics.size == 1); /* 27 */
	fluent_pool_clear(&pool);
	CHECK_NUMBER(fluent_pool_statistics_of(&pool).size, 0); /* 28 */
}

static void double_release(void)
{
	int numbers[8];
	struct fluent_object_pool pool = new_number_pool(numbers, 10);
	void *object = fluent_pool_get(&pool);

	fluent_pool_release(&pool, object);
	fluent_pool_release(&pool, object);
	CHECK(fluent_pool_get(&pool) == object && fluent_pool_get(&pool) == object);
	fluent_pool_release(&pool, object);
	fluent_pool_release(&pool, object);
	fluent_pool_clear(&pool);
	CHECK(destroyed == 1); /* once, though it was there twice */

	pool = new_number_pool(numbers, 10);
	pool.check_double_release = true;
	object = fluent_pool_get(&pool);
	fluent_pool_release(&pool, object);
	fluent_pool_release(&pool, object);
	CHECK(pool.refused == 1 && pool.idle.count == 1);
	fluent_pool_clear(&pool);
}

static void clear_pools(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));

	fluent_options.release = FLUENT_RELEASE_AUTO;
	fluent_object_release(fluent_build(new_pair(factory)).object);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).objects, 1);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).pools, 1);
	fluent_clear_pools();
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).objects, 0);
	CHECK_NUMBER(fluent_statistics(FLUENT_ASYNC).objects, 0);
	CHECK_TEXT(fluent_outcome_text(fluent_build(new_pair(factory))), "{id:1}");
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).pools, 0);
	CHECK_NUMBER(fluent_factory_pool(factory)->idle.count, 1);
	fluent_factory_free(factory);
}

/* The second of two builds by the same factory. */
static const char *second_build(
    struct fluent_input input, enum fluent_reset reset, const char *name, struct value value)
{
	struct fluent_factory *factory = NULL;
	const char *text = NULL;

	fluent_clear_pools();
	fluent_options.release = FLUENT_RELEASE_AUTO;
	fluent_options.reset = reset;
	factory = fluent_test_factory(input);
	(void)fluent_outcome_text(
	    fluent_build(fluent_with(fluent_factory_call(factory), name, value)));
	text = fluent_outcome_text(fluent_build(fluent_factory_call(factory)));
	fluent_factory_free(factory);
	return text;
}

static void resets_faulty_and_correct(void)
{
	const struct fluent_input keys = fluent_input_keys(id_name, 2);
	const struct fluent_input item = fluent_input_function(&item_class);
	const struct fluent_input defaults = fluent_input_object(&default_schema);

	CHECK_TEXT(
	    second_build(keys, FLUENT_RESET_FAULTY, "withName", fluent_string_printf("User %d", 1)),
	    "{name:\"User 1\"}");
	CHECK_TEXT(
	    second_build(keys, FLUENT_RESET_CORRECT, "withName", fluent_string("User 1")), "{}");
	CHECK_TEXT(second_build(item, FLUENT_RESET_FAULTY, "withPrice", value_integer(1)),
	    "!classConstructor is not a constructor");
	CHECK_TEXT(second_build(item, FLUENT_RESET_CORRECT, "withPrice", value_integer(1)),
	    "{id:0,name:\"\",price:0}");
	CHECK_TEXT(second_build(defaults, FLUENT_RESET_FAULTY, "withB1", value_integer(1)),
	    "{a1:\"d\",b1:1}");
	CHECK_TEXT(
	    second_build(defaults, FLUENT_RESET_CORRECT, "withB1", value_integer(1)), "{a1:\"d\"}");
}

static void key_order_makes_pools(void)
{
	static const char *const name_id[] = {"name", "id"};
	struct fluent_factory *first = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_factory *second = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_factory *other = fluent_test_factory(fluent_input_keys(name_id, 2));
	struct fluent_proxy *builders[] = {
	    fluent_factory_call(first), fluent_factory_call(second), fluent_factory_call(other)};

	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).pools, 2);
	CHECK_NUMBER(fluent_factory_pool(first)->misses, 2);
	CHECK_NUMBER(fluent_factory_pool(other)->misses, 1);
	for (size_t i = 0; i < COUNT_OF(builders); i++)
		fluent_builder_drop(builders[i]);
	fluent_factory_free(first);
	fluent_factory_free(second);
	fluent_factory_free(other);
}

/* What the second of two factories with equal keys builds. */
static struct fluent_outcome build_by_second(
    struct fluent_input first, struct fluent_input second, const char *name, struct value value)
{
	struct fluent_factory *factories[] = {
	    fluent_test_factory(first), fluent_test_factory(second)};
	struct fluent_proxy *builder = fluent_factory_call(factories[1]);
	struct fluent_outcome outcome;

	(void)fluent_with(builder, "withName", value_string("n"));
	(void)fluent_with(builder, name, value);
	outcome = fluent_build(builder);
	fluent_builder_drop(builder);
	fluent_factory_free(factories[0]);
	fluent_factory_free(factories[1]);
	fluent_clear_pools();
	return outcome;
}

static void pools_shared_by_equal_keys(void)
{
	const struct fluent_input items[] = {
	    fluent_input_function(&item_class), fluent_input_function(&other_item_class)};
	const struct fluent_input schemas[] = {
	    fluent_input_object(&child_schema), fluent_input_object(&adult_schema)};

	for (int identity = 0; identity < 2; identity++) {
		struct fluent_outcome outcome;

		fluent_options.pool_key = (enum fluent_pool_key)identity;
		outcome = build_by_second(items[0], items[1], "withId", value_integer(5));
		CHECK(
		    outcome.object->class_of == (identity != 0 ? &other_item_class : &item_class));
		fluent_object_release(outcome.object);
		outcome = build_by_second(schemas[0], schemas[1], "withId", value_integer(5));
		CHECK_TEXT(fluent_outcome_text(outcome),
		    identity != 0 ? "!validation failed id:too_small" : "{id:5,name:\"n\"}");
	}
}

static void classes_without_fields_share_a_pool(void)
{
	const char *key = "";
	struct fluent_factory *bare = fluent_test_factory(fluent_input_function(&bare_class));
	struct fluent_factory *throwing =
	    fluent_test_factory(fluent_input_function(&throwing_class));

	CHECK(fluent_registered_pool(FLUENT_SYNC, 0, &key) == fluent_factory_pool(bare));
	CHECK_TEXT(key, "class-default");
	CHECK(fluent_factory_pool(throwing) == fluent_factory_pool(bare));
	fluent_factory_free(bare);
	fluent_factory_free(throwing);
}

static void immutable_states(void)
{
	struct fluent_object *empty = fluent_state_empty();
	struct fluent_object *with_id =
	    fluent_state_apply(fluent_state_with("id", value_integer(1)), empty);
	struct fluent_object *with_name =
	    fluent_state_apply(fluent_state_with("name", fluent_string("n")), with_id);
	struct fluent_object *other =
	    fluent_state_apply(fluent_state_with("id", value_integer(2)), with_name);
	struct fluent_object *built = fluent_state_build(with_name);

	CHECK(empty != with_id && with_id != with_name && with_name != other);
	CHECK(!fluent_object_set(with_id, "id", fluent_string("refused")));
	CHECK(fluent_object_set(built, "id", value_integer(9)));
	CHECK_TEXT(fluent_outcome_text((struct fluent_outcome){.object = empty}), "{}");
	CHECK_TEXT(fluent_outcome_text((struct fluent_outcome){.object = with_id}), "{id:1}");
	CHECK_TEXT(
	    fluent_outcome_text((struct fluent_outcome){.object = with_name}), "{id:1,name:\"n\"}");
	CHECK_TEXT(
	    fluent_outcome_text((struct fluent_outcome){.object = other}), "{id:2,name:\"n\"}");
	CHECK_TEXT(
	    fluent_outcome_text((struct fluent_outcome){.object = built}), "{id:9,name:\"n\"}");
}

static struct value multiply(struct value a, struct value b)
{
	return value_integer(a.as.integer * b.as.integer);
}

static void memoised_functions(void)
{
	static const int64_t calls[][3] = {{1, 2, 2}, {1, 2, 2}, {1, 3, 3}};
	struct fluent_memo memo = {.compute = multiply};

	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		struct fluent_memo_curried *curried =
		    fluent_memo_call(&memo, value_integer(calls[i][0]));

		CHECK_NUMBER(
		    fluent_memo_curried_call(curried, value_integer(calls[i][1])).as.integer,
		    calls[i][2]);
	}
	CHECK_NUMBER(memo.computations, 2);
	fluent_memo_clear(&memo);
}

static void schemas_used_last(void)
{
	struct fluent_schema_cache cache = {.max_size = 2};

	fluent_schema_cache_set(&cache, "a", &user_schema);
	fluent_schema_cache_set(&cache, "b", &default_schema);
	CHECK(fluent_schema_cache_get(&cache, "a") == &user_schema); /* b is now the oldest */
	fluent_schema_cache_set(&cache, "c", &nested_schema);
	CHECK(fluent_schema_cache_get(&cache, "b") == NULL);
	fluent_schema_cache_set(&cache, "a", &nested_schema); /* c is now the oldest */
	fluent_schema_cache_set(&cache, "d", &user_schema);
	CHECK(fluent_schema_cache_get(&cache, "c") == NULL);
	CHECK(fluent_schema_cache_get(&cache, "a") == &nested_schema);
	CHECK(fluent_schema_cache_get(&cache, "d") == &user_schema);
	fluent_schema_cache_clear(&cache);
}

const struct fluent_test fluent_conformance_tests[] = {
    {"1: what a builder can be made from", detection},
    {"3 to 8, 13, 16 to 18: what is set and what is built", builds_of_the_table},
    {"9: two calls of a factory give two builders", two_builders},
    {"10: two builds give two objects", two_builds},
    {"11: fifty keys", fifty_keys},
    {"12: objects, lists and dates are stored by reference", shared_by_reference},
    {"13, 14: instances have methods; explicit keys of a class are ignored", methods_and_instances},
    {"19: members, nested objects and lists are validated", members_objects_lists},
    {"21: sync and async pools are separate", sync_and_async},
    {"21: promises settle in the order of their builds", promises_settle_in_order},
    {"22, 23, 26: gets and releases", gets_and_releases},
    {"24: releases beyond the maximum", releases_beyond_the_maximum},
    {"25, 27, 28: statistics of a pool", statistics_of_a_pool},
    {"a double release is not noticed, or refused if asked for", double_release},
    {"28: cleared pools are forgotten, their factories work", clear_pools},
    {"32: a faulty reset shows the last use or fails; a correct one does not",
	resets_faulty_and_correct},
    {"34: the order of keys makes pools", key_order_makes_pools},
    {"equal keys share a pool, of the first class or schema", pools_shared_by_equal_keys},
    {"classes without fields share a pool", classes_without_fields_share_a_pool},
    {"37: states are frozen, earlier ones unchanged", immutable_states},
    {"38: a curried function is computed once for each pair", memoised_functions},
    {"the cache of schemas drops what was used longest ago", schemas_used_last},
};
const size_t fluent_conformance_test_count = COUNT_OF(fluent_conformance_tests);
