/*
 * Fluent builders: a factory for a set of keys, builders with a withKey(value) for each, and an object at the end.
 *
 *     factory = fluent_factory_new(fluent_input_keys(keys, 2), NULL, &why);
 *     builder = fluent_factory_call(factory);			from the factory's pool, or made
 *     fluent_with(fluent_with(builder, "withId", id), "withName", name);
 *     outcome = fluent_build(builder);				an object, or an error
 *
 * What a factory is made from decides its mode: an array of keys (plain objects), a class (instances), a schema
 * (validated objects). Factories with the same keys share a pool. README.md says what the original is, and which of its
 * faults are switches here (struct fluent_options).
 */
#ifndef ENGINES_FLUENT_BUILDER_H
#define ENGINES_FLUENT_BUILDER_H

#include "engines/fluent_builder/fluent_class.h"
#include "engines/fluent_builder/fluent_pool.h"
#include "engines/fluent_builder/fluent_schema.h"

enum fluent_release {
	FLUENT_RELEASE_NONE, /* as published: nothing gives a builder back; who doesn't drop it leaks it */
	FLUENT_RELEASE_AUTO /* as documented: build gives it back */
};

enum fluent_reset {
	FLUENT_RESET_FAULTY, /* as published: forgets functions, so a class's constructor, and keeps the data */
	FLUENT_RESET_CORRECT /* forgets the data */
};

enum fluent_pool_key {
	FLUENT_POOL_KEY_KEYS, /* as published: mode and keys; two classes with equal keys share a pool */
	FLUENT_POOL_KEY_IDENTITY /* the class or schema too */
};

/* Which pools fluent_clear_pools empties. It forgets the registered ones in either case. */
enum fluent_clear {
	FLUENT_CLEAR_ALL,
	FLUENT_CLEAR_REGISTERED /* as published: what was forgotten before is beyond reach */
};

/* Read when a pool is made, by build and by fluent_clear_pools. */
struct fluent_options {
	enum fluent_release release;
	enum fluent_reset reset;
	enum fluent_pool_key pool_key;
	enum fluent_discard discard;
	enum fluent_clear clear;
	bool check_double_release;
	bool use_explicit_keys; /* as published: no */
	uint32_t pool_max;
};

extern struct fluent_options fluent_options;
struct fluent_options fluent_options_upstream(void); /* the initial ones */
struct fluent_options fluent_options_mended(void);   /* every fault mended */

enum fluent_mode { FLUENT_INTERFACE, FLUENT_CLASS, FLUENT_SCHEMA, FLUENT_MODE_COUNT };

enum fluent_input_kind {
	FLUENT_INPUT_VALUE, /* a number, a string, null ...: nothing to build from */
	FLUENT_INPUT_KEYS,
	FLUENT_INPUT_FUNCTION, /* a class is a function */
	FLUENT_INPUT_OBJECT
};

struct fluent_input {
	enum fluent_input_kind kind;
	uint32_t key_count;
	union {
		struct value value;
		const char *const *keys; /* borrowed, as are the strings */
		const struct fluent_class *function;
		const struct fluent_schema
		    *object; /* a schema if it can parse, else just an object */
	} as;
};

static inline struct fluent_input fluent_input_value(struct value value)
{
	return (struct fluent_input){.kind = FLUENT_INPUT_VALUE, .as.value = value};
}

static inline struct fluent_input fluent_input_keys(const char *const *keys, uint32_t count)
{
	return (struct fluent_input){
	    .kind = FLUENT_INPUT_KEYS, .key_count = count, .as.keys = keys};
}

static inline struct fluent_input fluent_input_function(const struct fluent_class *function)
{
	return (struct fluent_input){.kind = FLUENT_INPUT_FUNCTION, .as.function = function};
}

static inline struct fluent_input fluent_input_object(const struct fluent_schema *object)
{
	return (struct fluent_input){.kind = FLUENT_INPUT_OBJECT, .as.object = object};
}

/* A second argument of the factory's; NULL: none. */
struct fluent_explicit_keys {
	const char *const *keys;
	uint32_t count;
};

struct fluent_factory;
struct fluent_proxy; /* what a user holds of a builder */
struct fluent_setter;
struct fluent_promise;

/* Why INPUT cannot be built from; NULL: it can, and RET_MODE says how. */
const char *fluent_detect(const struct fluent_input *input, enum fluent_mode *ret_mode);

/* NULL: RET_WHY says why. An array of keys is copied; its strings, a class, a schema outlive what is made of them. */
struct fluent_factory *fluent_factory_new(struct fluent_input input,
    const struct fluent_explicit_keys *explicit_keys, const char **ret_why);
/* The same for builders that are built later; schemas only. */
struct fluent_factory *fluent_factory_new_async(struct fluent_input input, const char **ret_why);
/* Gives up the handle; the pool stays, in the registry. */
void fluent_factory_free(struct fluent_factory *factory);
/* Where its builders come from. */
struct fluent_object_pool *fluent_factory_pool(const struct fluent_factory *factory);

/* A builder out of the pool, or a new one. */
struct fluent_proxy *fluent_factory_call(struct fluent_factory *factory);
/* The function behind "withKey": the caller's, to be called once. NULL: there is none of that name. */
struct fluent_setter *fluent_get(struct fluent_proxy *builder, const char *name);
/* Takes VALUE, frees the setter, returns its builder. */
struct fluent_proxy *fluent_setter_call(struct fluent_setter *setter, struct value value);
/* Both at once. Takes VALUE; NULL: no such name. */
struct fluent_proxy *fluent_with(
    struct fluent_proxy *builder, const char *name, struct value value);
/* The object so far; with FLUENT_RELEASE_AUTO the builder is then no longer the caller's. */
struct fluent_outcome fluent_build(struct fluent_proxy *builder);
/* Destroys a builder that the caller holds, as a garbage collector would. */
void fluent_builder_drop(struct fluent_proxy *builder);

/* As build, but the outcome is known later. The builder stays the caller's until then. */
struct fluent_promise *fluent_build_async(struct fluent_proxy *builder);
/* Runs what waits until PROMISE is settled, frees it, returns its outcome. */
struct fluent_outcome fluent_await(struct fluent_promise *promise);

enum fluent_side { FLUENT_SYNC, FLUENT_ASYNC, FLUENT_SIDE_COUNT };

/* Over all pools of a side that are registered. */
struct fluent_side_statistics {
	uint64_t pools, objects, hits, misses, created;
	double average_hit_rate;    /* of all gets */
	double average_utilisation; /* mean over the pools */
};

struct fluent_side_statistics fluent_statistics(enum fluent_side side);
/* The NUMBER-th registered pool and its key; NULL: no such. */
struct fluent_object_pool *fluent_registered_pool(
    enum fluent_side side, uint32_t number, const char **ret_key);
void fluent_reset_statistics(void);
/* Empties all pools and forgets them. A factory keeps its own, which the statistics no longer see. */
void fluent_clear_pools(void);

#endif
