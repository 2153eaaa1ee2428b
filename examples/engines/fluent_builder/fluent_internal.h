/*
 * Inside the fluent builders: the layout of their blocks and what the files promise each other.
 *
 *     registry (by key string) -> pool -> config -> keys		factory -> pool
 *     pool -> idle builders
 *
 *     proxy -> handler -> getter -> context -> builder, data		(the user holds the proxy)
 *       \------------------------------------> builder -> data, proxy, config
 *
 * Path of a build: fluent_factory.c (detect, keys, pool) -> fluent_proxy.c (withKey) -> fluent_build.c (object) ->
 * back to the pool. A pool lives as long as the registry, a factory or a builder in flight refers to it.
 */
#ifndef ENGINES_FLUENT_INTERNAL_H
#define ENGINES_FLUENT_INTERNAL_H

#include "engines/fluent_builder/fluent_builder.h"
#include "engines/ledger/omap.h"

struct fluent_config {
	enum fluent_mode mode;
	uint32_t key_count;
	const char **keys;
	struct fluent_input input;
};

struct fluent_key_string {
	char *text; /* NULL: none */
	size_t size_bytes;
};

struct fluent_pool {
	struct fluent_object_pool objects; /* of struct fluent_builder */
	struct fluent_config *config;	   /* of the first factory with these keys */
	struct fluent_key_string key;	   /* none: not registered any more */
	uint32_t references;
	struct fluent_pool *previous, *next; /* of the pools that the registry forgot */
};

struct fluent_factory {
	struct fluent_pool *pool;
};

struct fluent_builder {
	struct fluent_proxy *proxy;
	struct fluent_object *data;
	const struct fluent_config *config;
	struct fluent_pool *home;
};

/* A builder of a class or a schema has one field more. */
struct fluent_class_builder {
	struct fluent_builder base;
	const struct fluent_class *class_constructor; /* NULL: a faulty reset was here */
};

struct fluent_schema_builder {
	struct fluent_builder base;
	const struct fluent_schema *schema;
};

/* What the getter and its setters know of their builder. */
struct fluent_context {
	struct fluent_builder *builder;
	struct fluent_object *data;
};

struct fluent_getter {
	struct fluent_setter *(*code)(struct fluent_context *context, const char *name);
	struct fluent_context *context;
};

struct fluent_handler {
	struct fluent_getter *getter;
};

struct fluent_proxy {
	struct fluent_builder *builder;
	struct fluent_handler *handler;
};

/* fluent_proxy.c: the six blocks of a builder. */
struct fluent_builder *fluent_builder_new(struct fluent_pool *home);
void fluent_builder_destroy(struct fluent_builder *builder);

/* fluent_factory.c */
void fluent_pool_retain(struct fluent_pool *pool);
void fluent_pool_unreference(struct fluent_pool *pool);

/* fluent_build.c: the object so far, and nothing else. */
struct fluent_outcome fluent_build_object(const struct fluent_builder *builder);
/* After a build: back to the pool, if builds give back. */
void fluent_builder_built(struct fluent_builder *builder);

/* fluent_schema.c, fluent_schema_check.c: where in the input a check stands; the steps lie on the stack. */
struct fluent_place {
	const struct fluent_place *outer;
	struct fluent_path_step step;
	uint32_t depth;
};
void fluent_issue_add(
    struct vec *issues, enum fluent_issue_code code, const struct fluent_place *place);
void fluent_issues_release(struct vec *issues);
void fluent_schema_check(
    const struct fluent_rule *rule, const struct fluent_object *input, struct vec *issues);

#endif
