/* From an input to a factory: detection, keys, the pool of that key, and the registry of pools. */
#include "engines/fluent_builder/fluent_internal.h"

#include <string.h>

enum { POOL_MAX = 1000, IDENTITY_CHARS = 2 * sizeof(uintptr_t) + 1 };

static const struct fluent_options upstream = {.pool_max = POOL_MAX};
struct fluent_options fluent_options = {.pool_max = POOL_MAX};

/* The registered pools of each side, by their key strings. */
static struct omap fluent_registries[FLUENT_SIDE_COUNT];
static const struct omap_kind registry_kind = {
    .table = &fluent_books[FLUENT_REGISTRY_TABLE], .first_capacity = 4};

/* Pools that were registered and whose factories or builders are still there, the last forgotten first. */
static struct fluent_pool *fluent_forgotten;

static const char *const mode_names[] = {
    [FLUENT_INTERFACE] = "interface", [FLUENT_CLASS] = "class", [FLUENT_SCHEMA] = "zod"};
static const char *const side_prefixes[] = {[FLUENT_SYNC] = "", [FLUENT_ASYNC] = "async-"};

struct fluent_options fluent_options_upstream(void)
{
	return upstream;
}

struct fluent_options fluent_options_mended(void)
{
	return (struct fluent_options){
	    .release = FLUENT_RELEASE_AUTO,
	    .reset = FLUENT_RESET_CORRECT,
	    .pool_key = FLUENT_POOL_KEY_IDENTITY,
	    .check_double_release = true,
	    .use_explicit_keys = true,
	    .pool_max = POOL_MAX,
	};
}

static bool is_schema(const struct fluent_input *input)
{
	const struct fluent_schema *object = input->as.object;

	return input->kind == FLUENT_INPUT_OBJECT && object->parse != NULL &&
	       object->safe_parse != NULL && object->definition != NULL;
}

static bool is_constructor(const struct fluent_input *input)
{
	return input->kind == FLUENT_INPUT_FUNCTION &&
	       input->as.function->kind != FLUENT_FUNCTION_ARROW;
}

const char *fluent_detect(const struct fluent_input *input, enum fluent_mode *ret_mode)
{
	if (is_schema(input)) {
		*ret_mode = FLUENT_SCHEMA;
	} else if (is_constructor(input)) {
		*ret_mode = FLUENT_CLASS;
	} else if (input->kind == FLUENT_INPUT_KEYS) {
		if (input->key_count == 0)
			return "Interface mode requires an array of property keys";
		*ret_mode = FLUENT_INTERFACE;
	} else {
		return "Unable to detect builder type. Expected Zod schema, class constructor, or "
		       "array of keys.";
	}
	return NULL;
}

static size_t keys_bytes(uint32_t count)
{
	return (count > 0 ? count : 1) * sizeof(const char *);
}

/* COUNT keys, the I-th at KEYS + I * STRIDE. */
static void copy_keys(
    struct fluent_config *config, const char *const *keys, size_t stride_bytes, uint32_t count)
{
	config->keys = fluent_new_keys(keys_bytes(count));
	config->key_count = count;
	for (uint32_t i = 0; i < count; i++)
		config->keys[i] =
		    *(const char *const *)(const void *)((const char *)keys + i * stride_bytes);
}

static void copy_class_keys(struct fluent_config *config)
{
	struct fluent_draft recorded;

	fluent_class_record_keys(config->input.as.function, &recorded);
	copy_keys(config, &recorded.fields[0].key, sizeof(recorded.fields[0]), recorded.count);
}

static struct fluent_config *new_config(const struct fluent_input *input, enum fluent_mode mode,
    const struct fluent_explicit_keys *explicit_keys)
{
	struct fluent_config *config = fluent_new_config(sizeof(*config));

	*config = (struct fluent_config){.mode = mode, .input = *input};
	if (mode == FLUENT_INTERFACE) {
		copy_keys(config, input->as.keys, sizeof(*input->as.keys), input->key_count);
		config->input.as.keys = config->keys;
	} else if (explicit_keys != NULL && fluent_options.use_explicit_keys) {
		copy_keys(config, explicit_keys->keys, sizeof(*explicit_keys->keys),
		    explicit_keys->count);
	} else if (mode == FLUENT_CLASS) {
		copy_class_keys(config);
	} else {
		const struct fluent_rule *rule = input->as.object->definition;

		copy_keys(config, rule->field_count > 0 ? &rule->fields[0].key : NULL,
		    sizeof(rule->fields[0]), rule->field_count);
	}
	return config;
}

static void free_config(struct fluent_config *config)
{
	fluent_free(FLUENT_KEYS, config->keys, keys_bytes(config->key_count));
	fluent_free(FLUENT_CONFIG, config, sizeof(*config));
}

/* "interface-id,name"; "class-default" without keys; with the identity also "@" and an address. */
static struct fluent_key_string new_key_string(
    const struct fluent_config *config, enum fluent_side side)
{
	const bool identity =
	    fluent_options.pool_key == FLUENT_POOL_KEY_IDENTITY && config->mode != FLUENT_INTERFACE;
	size_t size_bytes = strlen(side_prefixes[side]) + strlen(mode_names[config->mode]) + 2 +
			    (config->key_count == 0 ? strlen("default") : 0) +
			    (identity ? IDENTITY_CHARS : 0);
	char *key = NULL;
	size_t length = 0;

	for (uint32_t i = 0; i < config->key_count; i++)
		size_bytes += strlen(config->keys[i]) + (i > 0);
	key = fluent_new_key_string(size_bytes);
	length = (size_t)snprintf(key, size_bytes, "%s%s-%s", side_prefixes[side],
	    mode_names[config->mode], config->key_count == 0 ? "default" : "");
	for (uint32_t i = 0; i < config->key_count; i++)
		length += (size_t)snprintf(
		    key + length, size_bytes - length, "%s%s", i > 0 ? "," : "", config->keys[i]);
	if (identity)
		(void)snprintf(key + length, size_bytes - length, "@%0*jx", IDENTITY_CHARS - 1,
		    (uintmax_t)(uintptr_t)config->input.as.function);
	return (struct fluent_key_string){.text = key, .size_bytes = size_bytes};
}

static void *create(void *pool)
{
	return fluent_builder_new(pool);
}

static void destroy(void *pool, void *builder)
{
	(void)pool;
	fluent_builder_destroy(builder);
}

/* As published: deletes what is a function among the builder's own fields; its data is an object. */
static void reset_faulty(void *pool, void *builder)
{
	if (((struct fluent_pool *)pool)->config->mode == FLUENT_CLASS)
		((struct fluent_class_builder *)builder)->class_constructor = NULL;
}

static void reset_correct(void *pool, void *builder)
{
	struct fluent_object *data = ((struct fluent_builder *)builder)->data;

	(void)pool;
	for (uint32_t i = 0; i < data->count; i++) {
		const struct value old = data->fields[i].value;

		data->fields[i].value = value_undefined();
		fluent_value_release(old);
	}
}

static const struct fluent_pool_methods methods[] = {
    [FLUENT_RESET_FAULTY] = {.create = create, .reset = reset_faulty, .destroy = destroy},
    [FLUENT_RESET_CORRECT] = {.create = create, .reset = reset_correct, .destroy = destroy},
};

static struct fluent_pool *new_pool(struct fluent_config *config, struct fluent_key_string key)
{
	struct fluent_pool *pool = fluent_new_pool(sizeof(*pool));

	*pool = (struct fluent_pool){
	    .objects = {.methods = &methods[fluent_options.reset],
		.environment = pool,
		.max_size = fluent_options.pool_max,
		.discard = fluent_options.discard,
		.check_double_release = fluent_options.check_double_release},
	    .config = config,
	    .key = key,
	    .references = 1, /* the registry's */
	};
	return pool;
}

void fluent_pool_retain(struct fluent_pool *pool)
{
	pool->references++;
}

void fluent_pool_unreference(struct fluent_pool *pool)
{
	if (--pool->references > 0)
		return;
	/* The registry held it until it forgot it. */
	if (pool->previous != NULL)
		pool->previous->next = pool->next;
	else
		fluent_forgotten = pool->next;
	if (pool->next != NULL)
		pool->next->previous = pool->previous;
	fluent_pool_clear(&pool->objects);
	free_config(pool->config);
	fluent_free(FLUENT_POOL, pool, sizeof(*pool));
}

/* The pool of that configuration on SIDE; takes CONFIG. */
static struct fluent_pool *pool_of(struct fluent_config *config, enum fluent_side side)
{
	const struct fluent_key_string key = new_key_string(config, side);
	const struct value *found = omap_find_string(&fluent_registries[side], key.text);
	struct fluent_pool *pool = NULL;

	if (found != NULL) {
		fluent_free(FLUENT_KEY_STRING, key.text, key.size_bytes);
		free_config(config);
		return found->as.object;
	}
	pool = new_pool(config, key);
	(void)omap_set(
	    &fluent_registries[side], &registry_kind, value_string(key.text), value_object(pool));
	return pool;
}

static struct fluent_factory *new_factory(const struct fluent_input *input, enum fluent_mode mode,
    const struct fluent_explicit_keys *explicit_keys, enum fluent_side side)
{
	struct fluent_pool *pool = pool_of(new_config(input, mode, explicit_keys), side);
	struct fluent_factory *factory = fluent_new_factory(sizeof(*factory));

	fluent_pool_retain(pool);
	factory->pool = pool;
	return factory;
}

struct fluent_factory *fluent_factory_new(struct fluent_input input,
    const struct fluent_explicit_keys *explicit_keys, const char **ret_why)
{
	enum fluent_mode mode = FLUENT_INTERFACE;
	const char *why = fluent_detect(&input, &mode);

	if (why == NULL)
		return new_factory(&input, mode, explicit_keys, FLUENT_SYNC);
	*ret_why = why;
	return NULL;
}

struct fluent_factory *fluent_factory_new_async(struct fluent_input input, const char **ret_why)
{
	if (is_schema(&input))
		return new_factory(&input, FLUENT_SCHEMA, NULL, FLUENT_ASYNC);
	*ret_why = "Async builder only supports Zod schemas";
	return NULL;
}

void fluent_factory_free(struct fluent_factory *factory)
{
	if (factory == NULL)
		return;
	fluent_pool_unreference(factory->pool);
	fluent_free(FLUENT_FACTORY, factory, sizeof(*factory));
}

struct fluent_object_pool *fluent_factory_pool(const struct fluent_factory *factory)
{
	return &factory->pool->objects;
}

struct fluent_object_pool *fluent_registered_pool(
    enum fluent_side side, uint32_t number, const char **ret_key)
{
	struct fluent_pool *pool = NULL;

	if (number >= fluent_registries[side].count)
		return NULL;
	pool = fluent_registries[side].entries[number].value.as.object;
	if (ret_key != NULL)
		*ret_key = pool->key.text;
	return &pool->objects;
}

struct fluent_side_statistics fluent_statistics(enum fluent_side side)
{
	struct fluent_side_statistics sum = {0};
	struct fluent_object_pool *pool = NULL;

	while ((pool = fluent_registered_pool(side, (uint32_t)sum.pools, NULL)) != NULL) {
		const struct fluent_pool_statistics one = fluent_pool_statistics_of(pool);

		sum.pools++;
		sum.objects += one.size;
		sum.hits += one.hits;
		sum.misses += one.misses;
		sum.created += one.created;
		sum.average_utilisation += one.utilisation;
	}
	if (sum.pools > 0)
		sum.average_utilisation /= (double)sum.pools;
	if (sum.hits + sum.misses > 0)
		sum.average_hit_rate = (double)sum.hits / (double)(sum.hits + sum.misses);
	return sum;
}

void fluent_reset_statistics(void)
{
	for (int side = 0; side < FLUENT_SIDE_COUNT; side++)
		for (uint32_t i = 0; i < fluent_registries[side].count; i++)
			fluent_pool_reset_statistics(
			    fluent_registered_pool((enum fluent_side)side, i, NULL));
}

static void forget(struct fluent_pool *pool)
{
	fluent_pool_clear(&pool->objects);
	fluent_free(FLUENT_KEY_STRING, pool->key.text, pool->key.size_bytes);
	pool->key = (struct fluent_key_string){0};
	pool->next = fluent_forgotten;
	if (fluent_forgotten != NULL)
		fluent_forgotten->previous = pool;
	fluent_forgotten = pool;
	fluent_pool_unreference(pool);
}

void fluent_clear_pools(void)
{
	if (fluent_options.clear == FLUENT_CLEAR_ALL)
		for (struct fluent_pool *pool = fluent_forgotten; pool != NULL; pool = pool->next)
			fluent_pool_clear(&pool->objects);
	for (int side = 0; side < FLUENT_SIDE_COUNT; side++) {
		struct omap *registry = &fluent_registries[side];

		for (uint32_t i = 0; i < registry->count; i++)
			forget(registry->entries[i].value.as.object);
		omap_release(registry, &registry_kind);
	}
}
