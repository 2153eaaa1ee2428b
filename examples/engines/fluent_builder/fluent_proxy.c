/* A builder's six blocks, and withKey. */
#include "engines/fluent_builder/fluent_internal.h"

#include <ctype.h>
#include <string.h>

static const char with[] = "with";
enum { WITH_LENGTH = sizeof(with) - 1 };

struct fluent_setter {
	struct fluent_context *context;
	char *key;
	uint32_t key_bytes;
};

static const size_t builder_bytes[FLUENT_MODE_COUNT] = {
    [FLUENT_INTERFACE] = sizeof(struct fluent_builder),
    [FLUENT_CLASS] = sizeof(struct fluent_class_builder),
    [FLUENT_SCHEMA] = sizeof(struct fluent_schema_builder),
};

/* The getter's code: makes the key's name, and a setter if the builder has that key. */
static struct fluent_setter *find_setter(struct fluent_context *context, const char *name)
{
	const struct fluent_object *data = context->data;
	const size_t key_bytes = strlen(name) - WITH_LENGTH + 1;
	struct fluent_setter *setter = NULL;
	char *key = fluent_new_with_key(key_bytes);

	memcpy(key, name + WITH_LENGTH, key_bytes);
	key[0] = (char)tolower((unsigned char)key[0]);
	for (uint32_t i = 0; i < data->count && setter == NULL; i++)
		if (strcmp(data->fields[i].key, key) == 0)
			setter = fluent_new_setter(sizeof(*setter));
	if (setter == NULL)
		fluent_free(FLUENT_WITH_KEY, key, key_bytes);
	else
		*setter = (struct fluent_setter){
		    .context = context, .key = key, .key_bytes = (uint32_t)key_bytes};
	return setter;
}

static void set_own_field(struct fluent_builder *builder)
{
	const struct fluent_config *config = builder->config;

	if (config->mode == FLUENT_CLASS)
		((struct fluent_class_builder *)builder)->class_constructor =
		    config->input.as.function;
	else if (config->mode == FLUENT_SCHEMA)
		((struct fluent_schema_builder *)builder)->schema = config->input.as.object;
}

static struct fluent_object *new_data(const struct fluent_config *config)
{
	struct fluent_object *data = fluent_object_new(FLUENT_DATA, config->key_count);

	for (uint32_t i = 0; i < config->key_count; i++)
		data->fields[i].key = config->keys[i];
	for (uint32_t i = 0; i < config->key_count; i++)
		data->fields[i].value = value_undefined();
	data->count = config->key_count;
	return data;
}

struct fluent_builder *fluent_builder_new(struct fluent_pool *home)
{
	struct fluent_builder *builder = fluent_new_builder(builder_bytes[home->config->mode]);
	struct fluent_object *data = new_data(home->config);
	struct fluent_proxy *proxy = fluent_new_proxy(sizeof(*proxy));
	struct fluent_handler *handler = fluent_new_handler(sizeof(*handler));
	struct fluent_getter *getter = fluent_new_getter(sizeof(*getter));
	struct fluent_context *context = fluent_new_context(sizeof(*context));

	*builder = (struct fluent_builder){
	    .proxy = proxy, .data = data, .config = home->config, .home = home};
	set_own_field(builder);
	*proxy = (struct fluent_proxy){.builder = builder, .handler = handler};
	*handler = (struct fluent_handler){.getter = getter};
	*getter = (struct fluent_getter){.code = find_setter, .context = context};
	*context = (struct fluent_context){.builder = builder, .data = data};
	return builder;
}

void fluent_builder_destroy(struct fluent_builder *builder)
{
	struct fluent_proxy *proxy = builder->proxy;
	struct fluent_getter *getter = proxy->handler->getter;

	fluent_free(FLUENT_CONTEXT, getter->context, sizeof(*getter->context));
	fluent_free(FLUENT_GETTER, getter, sizeof(*getter));
	fluent_free(FLUENT_HANDLER, proxy->handler, sizeof(*proxy->handler));
	fluent_free(FLUENT_PROXY, proxy, sizeof(*proxy));
	fluent_object_release(builder->data);
	fluent_free(FLUENT_BUILDER, builder, builder_bytes[builder->config->mode]);
}

struct fluent_setter *fluent_get(struct fluent_proxy *builder, const char *name)
{
	struct fluent_getter *getter = builder->handler->getter;

	if (strncmp(name, with, WITH_LENGTH) != 0 || name[WITH_LENGTH] == '\0')
		return NULL;
	return getter->code(getter->context, name);
}

struct fluent_proxy *fluent_setter_call(struct fluent_setter *setter, struct value value)
{
	struct fluent_builder *builder = setter->context->builder;

	(void)fluent_object_set(setter->context->data, setter->key, value);
	fluent_free(FLUENT_WITH_KEY, setter->key, setter->key_bytes);
	fluent_free(FLUENT_SETTER, setter, sizeof(*setter));
	return builder->proxy;
}

struct fluent_proxy *fluent_with(struct fluent_proxy *builder, const char *name, struct value value)
{
	struct fluent_setter *setter = fluent_get(builder, name);

	if (setter != NULL)
		return fluent_setter_call(setter, value);
	fluent_value_release(value);
	return NULL;
}
