/*
 * Quick-tree: read-only trees made from snapshots by programs that are compiled once per model type.
 *
 * Way through: declare types (qt_types.c) -> register a model -> compile it (qt_compile.c) -> qt_create runs the
 * program for each instance (qt_create.c, qt_containers.c, qt_references.c) -> read it (qt_read.c) -> take a snapshot
 * (qt_snapshot.c) -> release the handle (qt_lifetime.c).
 *
 * Values are 16 bytes (ledger/value.h); a value whose owned_bytes are not 0 owns its block, everything else is
 * borrowed. Snapshots are borrowed by the trees made of them: strings and frozen objects are shared, never copied. One
 * thread.
 */
#ifndef QUICK_TREE_QUICK_TREE_H
#define QUICK_TREE_QUICK_TREE_H

#include "engines/ledger/omap.h"
#include "engines/ledger/value.h"
#include "engines/ledger/vec.h"
#include "engines/quick_tree/qt_blocks.h"

struct qt_type;
struct qt_node;

/* What a value of tag OBJECT may point to; its first member says. */
enum qt_object_kind { QT_PLAIN, QT_INSTANCE_NODE, QT_ARRAY_NODE, QT_MAP_NODE, QT_OTHER };

/* A plain object or array: snapshots, and what frozen properties share. Keys of an array are NULL. */
struct qt_field {
	const char *key;
	struct value value;
};
struct qt_plain {
	uint32_t kind; /* QT_PLAIN */
	uint32_t is_array;
	uint64_t count;
	struct qt_field fields[];
};

struct qt_error {
	char message[128];
};

/* Set before types are registered and trees are made; see README.md. */
struct qt_options {
	uint32_t compile_lazily;
	uint32_t clear_cache;
	uint32_t pool_contexts;
	uint32_t
	    pool_stale; /* with pool_contexts: the pool keeps the last tree until its context is taken again */
	uint32_t inline_descriptors;
	uint32_t class_field_actions;
	uint32_t strong_parents; /* a defect: links count as handles */
	uint32_t leak_on_error;	 /* a defect: a failed creation undoes nothing */
};
extern struct qt_options qt_options;

/* --- types: the simple ones are constants, the others blocks that belong to the model whose declaration holds them --- */
extern const struct qt_type qt_string, qt_number, qt_integer, qt_boolean, qt_identifier, qt_date;

typedef struct value (*qt_default_function)(void);
typedef const struct qt_type *(*qt_late_function)(void);
typedef const struct qt_type *(*qt_dispatch_function)(struct value snapshot);
typedef bool (*qt_test_function)(struct value value);
typedef struct value (*qt_convert_function)(struct value snapshot);

struct qt_optional {
	const struct qt_type *inner;
	struct value fallback;
	qt_default_function make_fallback; /* instead of fallback; run for each instance */
	const struct value *absent;	   /* borrowed: further values that count as undefined */
	uint32_t absent_count;
};
struct qt_union {
	const struct qt_type *const *members; /* copied */
	uint32_t member_count;
	const char *discriminator;     /* a property with a literal; or NULL */
	qt_dispatch_function dispatch; /* or NULL */
};

struct qt_type *qt_literal(struct value literal);
struct qt_type *qt_frozen(void);
struct qt_type *qt_optional(const struct qt_optional *optional);
struct qt_type *qt_maybe(const struct qt_type *inner);
struct qt_type *qt_maybe_null(const struct qt_type *inner);
/* NULL when INNER is a model that is not registered; RET_ERROR then says so, as for those below. */
struct qt_type *qt_array_of(const struct qt_type *inner, struct qt_error *ret_error);
struct qt_type *qt_map_of(const struct qt_type *inner, struct qt_error *ret_error);
struct qt_type *qt_reference(const struct qt_type *target);
struct qt_type *qt_safe_reference(const struct qt_type *target, bool accepts_undefined);
struct qt_type *qt_late(qt_late_function resolve);
struct qt_type *qt_union(const struct qt_union *members);
struct qt_type *qt_enumeration(const struct value *words, uint32_t count); /* words are borrowed */
struct qt_type *qt_refinement(const struct qt_type *inner, qt_test_function test);
struct qt_type *qt_custom(qt_convert_function convert);
/* Frees expressions that no model took. */
void qt_type_free(struct qt_type *type);

/* --- models --- */
typedef struct value (*qt_view_function)(struct qt_node *self);
typedef struct value (*qt_method)(struct qt_node *self, struct value argument);

struct qt_property {
	const char *name;
	const struct qt_type *type;
};
struct qt_getter {
	const char *name;
	qt_view_function compute; /* run once per instance, whatever it gives */
};
struct qt_volatile {
	const char *name;
	struct value initial;
};
struct qt_snapshotted_view {
	const char *name;
	qt_view_function compute;
	qt_convert_function hydrate; /* of the value in the snapshot, at the first read; or NULL */
};
struct qt_function {
	const char *name;
	qt_method call;
	enum { QT_VIEW, QT_ACTION, QT_VOLATILE_ACTION } role;
};
/* The arrays are borrowed, except properties. */
struct qt_declaration {
	const char *name;
	const struct qt_property *properties;
	const struct qt_getter *getters;
	const struct qt_volatile *volatiles;
	const struct qt_snapshotted_view *views;
	const struct qt_function *functions;
	uint32_t property_count, getter_count, volatile_count, view_count, function_count;
	uint32_t
	    field_action_count; /* actions written as fields of the class: a closure per instance */
};

/* NULL, with a message, when a property's type is a model that is not registered. */
struct qt_type *qt_register(const struct qt_declaration *declaration, struct qt_error *ret_error);
const struct qt_type *qt_find_type(const char *name);
/* Frees all registered types, and what the pool of contexts holds. */
void qt_release_types(void);

/* --- trees --- */
/* A handle of count 1 on the root, or NULL with a message and nothing made. ENV may be NULL: none. */
struct qt_node *qt_create(
    const struct qt_type *model, struct value snapshot, void *env, struct qt_error *ret_error);
/* A handle on any node keeps the whole tree. */
void qt_retain(struct qt_node *node);
void qt_release(struct qt_node *node);
/* The entry that is not compiled: values are checked. For types that make no node. */
bool qt_instantiate(const struct qt_type *type, struct value snapshot, struct value *ret_value,
    struct qt_error *ret_error);
bool qt_is(const struct qt_type *type, struct value value);

/* A property, volatile, getter or snapshotted view; undefined when there is none of that name. The tree owns it. */
struct value qt_get(struct qt_node *node, const char *name);
/* Writes a property's slot, past all rules; memos stay. */
bool qt_poke(struct qt_node *node, const char *name, struct value value);
bool qt_call(struct qt_node *node, const char *name, struct value argument,
    struct value *ret_result, struct qt_error *ret_error);
/* Frees a value that qt_call gave to its caller. */
void qt_value_free(struct value value);

uint32_t qt_size(const struct qt_node *container);
struct value qt_item(const struct qt_node *array, uint32_t index);
struct value qt_entry(const struct qt_node *map, const char *key);
const char *qt_key(const struct qt_node *map, uint32_t index);
/* Always fails: "cannot clear a QuickArray instance", "put not supported in QuickMap". */
bool qt_mutate(struct qt_node *container, const char *mutator, struct qt_error *ret_error);

struct qt_node *qt_parent(const struct qt_node *node);
struct qt_node *qt_root(struct qt_node *node);
bool qt_is_root(const struct qt_node *node);
bool qt_env(struct qt_node *node, void **ret_env, struct qt_error *ret_error);
struct qt_node *qt_resolve_identifier(struct qt_node *node, const char *identifier);
const void *qt_context_of(const struct qt_node *node);
bool qt_is_read_only_node(struct value value);
const char *qt_identifier_of(const struct qt_node *node);

/* One block per model, map and array node; the caller frees it with qt_plain_free. */
struct qt_plain *qt_snapshot(struct qt_node *node);
void qt_plain_free(struct qt_plain *plain);
struct value qt_field(const struct qt_plain *plain, const char *key);
static inline size_t qt_plain_bytes(uint64_t count)
{
	return sizeof(struct qt_plain) + count * sizeof(struct qt_field);
}

/* A computed string of TEXT's characters: one block, owned by the value. */
struct value qt_computed_string(const char *text);
struct value qt_computed_date(double milliseconds);
double qt_date_milliseconds(struct value date);

#endif
