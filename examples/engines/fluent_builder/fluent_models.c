/* The models: keys, classes, schemas, and how a builder of each is filled. */
#include "engines/fluent_builder/fluent_models.h"

#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { PROBABLY_A_DATE = 1600000000, MILLISECONDS = 1000, TAX_DIVISOR = 10 };

static const char *const pair_keys[] = {"id", "name"};
static const char *const user_keys[] = {
    "id", "name", "email", "age", "isActive", "createdAt", "tags", "metadata"};
static const char *const many_keys[] = {"key0", "key1", "key2", "key3", "key4", "key5", "key6",
    "key7", "key8", "key9", "key10", "key11", "key12", "key13", "key14", "key15", "key16", "key17",
    "key18", "key19", "key20", "key21", "key22", "key23", "key24", "key25", "key26", "key27",
    "key28", "key29", "key30", "key31", "key32", "key33", "key34", "key35", "key36", "key37",
    "key38", "key39", "key40", "key41", "key42", "key43", "key44", "key45", "key46", "key47",
    "key48", "key49"};

static struct value new_tags(void)
{
	struct fluent_object *tags = fluent_object_new(FLUENT_LIST, 2);

	(void)fluent_list_push(tags, value_string("a"));
	(void)fluent_list_push(tags, value_string("b"));
	return value_object(tags);
}

static struct value new_metadata(void)
{
	struct fluent_object *metadata = fluent_object_new(FLUENT_RECORD, 1);

	(void)fluent_object_set(metadata, "source", value_string("test"));
	return value_object(metadata);
}

static struct value new_date(uint64_t number)
{
	return fluent_date((PROBABLY_A_DATE + (int64_t)number) * MILLISECONDS);
}

/* --- two fields --- */

static const char *construct_pair(struct fluent_draft *self, const struct fluent_object *data)
{
	fluent_draft_set(self, "id", value_integer(0));
	fluent_draft_set(self, "name", value_string(""));
	if (data != NULL)
		fluent_draft_assign(self, data);
	return NULL;
}

static const struct fluent_class pair_class = {.name = "Pair", .construct = construct_pair};

static const struct fluent_rule pair_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER},
    {.key = "name", .type = FLUENT_TYPE_STRING},
};
static const struct fluent_rule pair_rule = {
    .type = FLUENT_TYPE_OBJECT, .fields = pair_fields, .field_count = COUNT_OF(pair_fields)};
static const struct fluent_schema pair_schema = {.name = "PairSchema",
    .parse = fluent_schema_parse,
    .safe_parse = fluent_schema_safe_parse,
    .definition = &pair_rule};

static void fill_pair(struct fluent_proxy *builder, uint64_t number)
{
	(void)fluent_with(builder, "withId", value_integer((int64_t)number));
	(void)fluent_with(builder, "withName", value_string("Test"));
}

static void fill_name(struct fluent_proxy *builder, uint64_t number)
{
	(void)fluent_with(builder, "withName", fluent_string_printf("User %ju", (uintmax_t)number));
}

static void fill_named(struct fluent_proxy *builder, uint64_t number)
{
	(void)fluent_with(builder, "withId", value_integer((int64_t)number));
	fill_name(builder, number);
}

/* --- a user: an object, or by schema --- */

static void fill_user(struct fluent_proxy *builder, uint64_t number)
{
	const uintmax_t n = number;

	(void)fluent_with(builder, "withId", value_integer((int64_t)number));
	(void)fluent_with(builder, "withName", fluent_string_printf("User %ju", n));
	(void)fluent_with(builder, "withEmail", fluent_string_printf("user%ju@example.com", n));
	(void)fluent_with(builder, "withAge", value_integer(20 + (int64_t)(number % 50)));
	(void)fluent_with(builder, "withIsActive", value_boolean(number % 2 == 0));
	(void)fluent_with(builder, "withCreatedAt", new_date(number));
	(void)fluent_with(builder, "withTags", new_tags());
	(void)fluent_with(builder, "withMetadata", new_metadata());
}

static const struct fluent_rule any_string = {.type = FLUENT_TYPE_STRING};
static const struct fluent_rule anything = {.type = FLUENT_TYPE_ANY};
static const struct fluent_rule user_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER},
    {.key = "name", .type = FLUENT_TYPE_STRING},
    {.key = "email", .type = FLUENT_TYPE_STRING, .email = true},
    {.key = "age",
	.type = FLUENT_TYPE_NUMBER,
	.has_minimum = true,
	.minimum = 0,
	.has_maximum = true,
	.maximum = 120},
    {.key = "isActive", .type = FLUENT_TYPE_BOOLEAN},
    {.key = "createdAt", .type = FLUENT_TYPE_DATE},
    {.key = "tags", .type = FLUENT_TYPE_LIST, .element = &any_string},
    {.key = "metadata", .type = FLUENT_TYPE_RECORD, .element = &anything},
};
static const struct fluent_rule user_rule = {
    .type = FLUENT_TYPE_OBJECT, .fields = user_fields, .field_count = COUNT_OF(user_fields)};
static const struct fluent_schema user_schema = {.name = "UserSchema",
    .parse = fluent_schema_parse,
    .safe_parse = fluent_schema_safe_parse,
    .definition = &user_rule};

static const struct fluent_rule contact_fields[] = {
    {.key = "id", .type = FLUENT_TYPE_NUMBER},
    {.key = "email", .type = FLUENT_TYPE_STRING, .email = true},
};
static const struct fluent_rule contact_rule = {
    .type = FLUENT_TYPE_OBJECT, .fields = contact_fields, .field_count = COUNT_OF(contact_fields)};
static const struct fluent_schema contact_schema = {.name = "ContactSchema",
    .parse = fluent_schema_parse,
    .safe_parse = fluent_schema_safe_parse,
    .definition = &contact_rule};

static void fill_invalid(struct fluent_proxy *builder, uint64_t number)
{
	(void)fluent_with(builder, "withId", value_integer((int64_t)number));
	(void)fluent_with(builder, "withEmail", value_string("not an e-mail"));
}

/* --- a product: a class whose constructor makes what the data then replaces --- */

static const char *construct_product(struct fluent_draft *self, const struct fluent_object *data)
{
	fluent_draft_set(self, "id", value_integer(0));
	fluent_draft_set(self, "name", value_string(""));
	fluent_draft_set(self, "price", value_integer(0));
	fluent_draft_set(self, "category", value_string(""));
	fluent_draft_set(self, "inStock", value_boolean(false));
	fluent_draft_set(self, "createdAt", new_date(0));
	fluent_draft_set(self, "tags", value_object(fluent_object_new(FLUENT_LIST, 0)));
	fluent_draft_set(self, "metadata", value_object(fluent_object_new(FLUENT_RECORD, 0)));
	if (data != NULL)
		fluent_draft_assign(self, data);
	return NULL;
}

static double price_of(const struct fluent_object *self)
{
	const struct value price = *fluent_object_get(self, "price");

	return value_is(price, VALUE_INTEGER) ? (double)price.as.integer : price.as.number;
}

static struct value product_tax(const struct fluent_object *self)
{
	return value_number(price_of(self) / TAX_DIVISOR);
}

static struct value product_total(const struct fluent_object *self)
{
	return value_number(price_of(self) + price_of(self) / TAX_DIVISOR);
}

static const struct fluent_method product_methods[] = {
    {"tax", product_tax}, {"total", product_total}, {NULL, NULL}};
static const struct fluent_class product_class = {
    .name = "Product", .construct = construct_product, .methods = product_methods};

static void fill_product(struct fluent_proxy *builder, uint64_t number)
{
	const uintmax_t n = number;

	(void)fluent_with(builder, "withId", value_integer((int64_t)number));
	(void)fluent_with(builder, "withName", fluent_string_printf("Product %ju", n));
	(void)fluent_with(builder, "withPrice", value_integer((int64_t)number));
	(void)fluent_with(builder, "withCategory", fluent_string_printf("category %ju", n % 7));
	(void)fluent_with(builder, "withInStock", value_boolean(number % 2 == 0));
	(void)fluent_with(builder, "withCreatedAt", new_date(number));
	(void)fluent_with(builder, "withTags", new_tags());
	(void)fluent_with(builder, "withMetadata", new_metadata());
}

/* Two methods for each product, as in the original's benchmark. */
static void use_product(const struct fluent_object *product)
{
	struct value tax;
	struct value total;

	if (!fluent_call(product, "tax", &tax) || !fluent_call(product, "total", &total) ||
	    total.as.number < tax.as.number)
		abort();
}

/* --- many keys --- */

static void fill_many(struct fluent_proxy *builder, uint64_t number, size_t count)
{
	char name[sizeof("withKey00")];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(
		    name, sizeof(name), "withKey%u", (unsigned)(i % COUNT_OF(many_keys)));
		(void)fluent_with(builder, name, value_integer((int64_t)(number + i)));
	}
}

static void fill_ten(struct fluent_proxy *builder, uint64_t number)
{
	fill_many(builder, number, 10);
}

static void fill_fifty(struct fluent_proxy *builder, uint64_t number)
{
	fill_many(builder, number, COUNT_OF(many_keys));
}

#define KEYS(array)                                                                                \
	{                                                                                          \
		.kind = FLUENT_INPUT_KEYS, .key_count = COUNT_OF(array), .as.keys = (array)        \
	}
#define FUNCTION(class_of)                                                                         \
	{                                                                                          \
		.kind = FLUENT_INPUT_FUNCTION, .as.function = &(class_of)                          \
	}
#define OBJECT(schema)                                                                             \
	{                                                                                          \
		.kind = FLUENT_INPUT_OBJECT, .as.object = &(schema)                                \
	}

static const struct fluent_model models[FLUENT_MODEL_COUNT] = {
    [FLUENT_MODEL_INTERFACE] = {KEYS(pair_keys), fill_pair, NULL},
    [FLUENT_MODEL_CLASS] = {FUNCTION(pair_class), fill_pair, NULL},
    [FLUENT_MODEL_SCHEMA] = {OBJECT(pair_schema), fill_pair, NULL},
    [FLUENT_MODEL_USER] = {KEYS(user_keys), fill_user, NULL},
    [FLUENT_MODEL_PRODUCT] = {FUNCTION(product_class), fill_product, use_product},
    [FLUENT_MODEL_USER_SCHEMA] = {OBJECT(user_schema), fill_user, NULL},
    [FLUENT_MODEL_TEN] = {{.kind = FLUENT_INPUT_KEYS, .key_count = 10, .as.keys = many_keys},
	fill_ten, NULL},
    [FLUENT_MODEL_FIFTY] = {KEYS(many_keys), fill_fifty, NULL},
    [FLUENT_MODEL_NAME] = {{.kind = FLUENT_INPUT_KEYS, .key_count = 1, .as.keys = &pair_keys[1]},
	fill_name, NULL},
    [FLUENT_MODEL_NAMED] = {KEYS(pair_keys), fill_named, NULL},
    [FLUENT_MODEL_INVALID] = {OBJECT(contact_schema), fill_invalid, NULL},
};

const struct fluent_model *fluent_model(enum fluent_model_name name)
{
	return &models[name];
}
