/* What the engine's files share: types and their programs, nodes, the context of a tree. */
#ifndef QUICK_TREE_QT_INTERNAL_H
#define QUICK_TREE_QT_INTERNAL_H

#include "engines/quick_tree/quick_tree.h"

enum qt_type_kind {
	QT_KIND_STRING,
	QT_KIND_NUMBER,
	QT_KIND_INTEGER,
	QT_KIND_BOOLEAN,
	QT_KIND_IDENTIFIER,
	QT_KIND_DATE,
	QT_KIND_LITERAL,
	QT_KIND_FROZEN,
	QT_KIND_OPTIONAL,
	QT_KIND_MAYBE,
	QT_KIND_MAYBE_NULL,
	QT_KIND_ARRAY,
	QT_KIND_MAP,
	QT_KIND_REFERENCE,
	QT_KIND_SAFE_REFERENCE,
	QT_KIND_LATE,
	QT_KIND_UNION,
	QT_KIND_ENUMERATION,
	QT_KIND_REFINEMENT,
	QT_KIND_CUSTOM,
	QT_KIND_MODEL
};

/* What one instruction does to one slot. */
enum qt_opcode {
	QT_COPY,	/* the snapshot's value as it is, unchecked */
	QT_MAKE_DATE,	/* a date of the snapshot's number */
	QT_MAKE_TYPE,	/* what the alias, a type, makes of it */
	QT_SET_INITIAL, /* the alias, a volatile's initial value */
	QT_ENTER_CACHE, /* the identifier: the instance can be referred to from now on */
	QT_TAKE_VIEW	/* a snapshotted view's value, if the snapshot has it */
};

struct qt_instruction {
	const char *key;
	uint16_t opcode, slot, alias, index; /* index: of the view */
};

/* An alias is hoisted out of the instructions that need it, once for equal ones. */
struct qt_alias {
	const struct qt_type *type;
	const struct qt_volatile *initial;
};

/* From the declaration: what only reading needs. Every action is a thrower here. */
struct qt_metadata {
	const struct qt_getter *getters;
	const struct qt_volatile *volatiles;
	const struct qt_snapshotted_view *views;
	const struct qt_function *functions;
	uint32_t getter_count, volatile_count, view_count, function_count;
};

struct qt_model {
	struct qt_property *properties;
	struct qt_declaration declaration; /* its name and properties are the type's own */
	struct qt_type *nodes;		   /* all typenodes of the declaration */
	bool registered, compiled;
	struct qt_metadata *metadata;
	uint16_t *getter_slots; /* the memo keys */
	struct qt_alias *aliases;
	struct qt_instruction *program;
	uint32_t alias_count, instruction_count;
	uint32_t slot_count, first_volatile, first_getter, first_view, first_input, first_closure;
	uint32_t closure_count;
	int32_t identifier_slot; /* -1: none */
};

struct qt_type {
	enum qt_type_kind kind;
	uint32_t adopted; /* a typenode: it belongs to a model */
	const char *name;
	const struct qt_type *inner;
	struct qt_type *next_of_model; /* typenodes */
	union {
		struct value literal;
		struct qt_optional optional;
		struct {
			qt_late_function resolve;
			const struct qt_type *resolved;
			const struct qt_type *
			    *place; /* of resolved: a const type may resolve itself */
		} late;
		struct qt_union any; /* members stand behind the block */
		struct {
			const struct value *words;
			uint32_t count;
		} enumeration;
		qt_test_function test;
		qt_convert_function convert;
		bool accepts_undefined;
		struct qt_model model;
	} as;
};

/* First in instances, arrays and maps. */
struct qt_node {
	uint32_t kind;	  /* enum qt_object_kind */
	uint32_t handles; /* of a root whose context went back to the pool */
	const struct qt_type *type;
	struct qt_node *parent;
	struct qt_context *context;
};
struct qt_instance {
	struct qt_node node;
	struct value slots[];
};
struct qt_array {
	struct qt_node node;
	struct value *elements;
	uint32_t count;
};
struct qt_map {
	struct qt_node node;
	struct omap entries;
};

/* A reference that could not be resolved when its owner was made. */
struct qt_descriptor {
	struct qt_instance *owner;
	const char *identifier; /* NULL: absent */
	const struct qt_instruction *instruction;
	const struct qt_type *instantiate_using; /* a union that holds the reference; or NULL */
	struct value snapshot;			 /* for it */
	bool required;
};

/* Of one tree. */
struct qt_context {
	uint32_t handles;
	struct omap *cache;	/* identifier -> instance */
	struct vec *references; /* of descriptors; NULL once the tree is made */
	void *env;
	struct qt_node *root;
	struct qt_context *next_pooled;
};

/* A creation under way. */
struct qt_creation {
	struct qt_context *context;
	struct qt_error *error;
	bool checked; /* the slow path: values are checked */
};

/* An iterator over a map, as getters may return and memoise one. */
struct qt_iterator {
	uint32_t kind; /* QT_OTHER */
	uint32_t next;
	const struct qt_node *map;
};

/* A memo that was not taken yet; no value of the user's has this tag. */
#define QT_NOT_MEMOISED UINT32_MAX

bool qt_fail(struct qt_error *ret_error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* qt_types.c */
const struct qt_type *qt_resolve_late(const struct qt_type *type);
/* Programs and arrays take such a value as it is. */
bool qt_is_copied(const struct qt_type *type);
bool qt_holds_reference(const struct qt_type *type);
/* Gives the expression's typenodes to MODEL. */
void qt_adopt(struct qt_model *model, const struct qt_type *type);
void qt_typenodes_free(struct qt_type *first);
bool qt_require_registered(const struct qt_type *type, struct qt_error *ret_error);

/* qt_compile.c */
void qt_compile(struct qt_type *type);

/* qt_create.c: what TYPE makes of SNAPSHOT. False: failed, nothing is left of it. */
bool qt_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value);
struct value qt_own(void *block, size_t size_bytes);
void qt_link(struct qt_creation *creation);

/* qt_containers.c */
bool qt_array_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value);
bool qt_map_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value);

/* qt_union.c */
const struct qt_type *qt_union_member(
    const struct qt_type *type, struct value snapshot, struct qt_error *ret_error);

/* qt_references.c */
bool qt_reference_make(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct value *ret_value);
/* A property whose type holds a reference: resolved now, or deferred. */
bool qt_reference_property(struct qt_creation *creation, struct qt_instance *owner,
    const struct qt_instruction *instruction, const struct qt_type *type, struct value snapshot);
bool qt_references_resolve(struct qt_creation *creation);
void qt_references_forget(struct qt_context *context);

/* qt_lifetime.c */
struct qt_context *qt_context_take(void *env);
void qt_context_settle(struct qt_context *context, struct qt_node *root);
void qt_context_free(struct qt_context *context);
void qt_pool_release(void);
void qt_node_free(struct qt_node *node);
/* What a slot, element or entry owns. */
void qt_slot_free(struct value value);

extern const struct omap_kind qt_cache_kind, qt_map_kind, qt_registry_kind;
const struct vec_kind *qt_refs_kind(void);

static inline struct qt_node *qt_node_of(struct value value)
{
	return value_is(value, VALUE_OBJECT) ? value.as.object : NULL;
}

#endif
