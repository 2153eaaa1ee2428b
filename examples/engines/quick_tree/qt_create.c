/*
 * Making a tree: the context, the root's program, the deferred references; depth first, in the order of declaration.
 *
 * Whatever fails leaves nothing: a node that is half made frees its slots, since fresh slots are undefined.
 */
#include "engines/quick_tree/qt_internal.h"

struct value qt_own(void *block, size_t size_bytes)
{
	struct value value = value_object(block);

	value.owned_bytes = (uint32_t)size_bytes;
	return value;
}

/* With the defect of strong parents, each link within a tree is a handle on it. */
void qt_link(struct qt_creation *creation)
{
	if (qt_options.strong_parents && creation->context != NULL)
		creation->context->handles += 2;
}

struct value qt_computed_date(double milliseconds)
{
	double *date = qt_date_new(sizeof(*date));
	struct value value = qt_own(date, sizeof(*date));

	*date = milliseconds;
	value.tag = VALUE_DATE;
	return value;
}

double qt_date_milliseconds(struct value date)
{
	return *(const double *)date.as.object;
}

struct value qt_computed_string(const char *text)
{
	const size_t size_bytes = strlen(text) + 1;
	char *copy = qt_string_new(size_bytes);

	memcpy(copy, text, size_bytes);
	return (struct value){
	    .tag = VALUE_STRING, .owned_bytes = (uint32_t)size_bytes, .as.string = copy};
}

static double milliseconds_of(struct value value)
{
	if (value_is(value, VALUE_DATE))
		return qt_date_milliseconds(value);
	return value_is(value, VALUE_INTEGER) ? (double)value.as.integer : value.as.number;
}

static bool is_absent(const struct qt_optional *optional, struct value snapshot)
{
	if (value_is(snapshot, VALUE_UNDEFINED))
		return true;
	for (uint32_t i = 0; i < optional->absent_count; i++)
		if (value_same(optional->absent[i], snapshot))
			return true;
	return false;
}

static bool make_optional(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct qt_node *parent, struct value *ret_value)
{
	const struct qt_optional *optional = &type->as.optional;
	const bool absent = is_absent(optional, snapshot);
	bool made = false;

	if (!absent)
		return qt_make(creation, type->inner, snapshot, parent, ret_value);
	snapshot = optional->make_fallback != NULL ? optional->make_fallback() : optional->fallback;
	made = qt_make(creation, type->inner, snapshot, parent, ret_value);
	/* A default that is a date was only the model of the date that was made of it. A computed string is kept. */
	if (value_is(snapshot, VALUE_DATE) && snapshot.owned_bytes != 0)
		qt_slot_free(snapshot);
	return made;
}

static bool make_converted(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct qt_node *parent, struct value *ret_value)
{
	if (type->kind == QT_KIND_CUSTOM) {
		*ret_value = type->as.convert(snapshot);
		return true;
	}
	if (!qt_make(creation, type->inner, snapshot, parent, ret_value))
		return false;
	if (!creation->checked || type->as.test(*ret_value))
		return true;
	qt_slot_free(*ret_value);
	return qt_fail(creation->error, "the refinement does not hold");
}

static void make_closures(struct qt_instance *instance, const struct qt_model *model)
{
	enum { CLOSURE_BYTES = 64 };

	for (uint32_t i = 0; i < model->closure_count; i++) {
		void *closure = qt_field_closure_new(CLOSURE_BYTES);

		memset(closure, 0, CLOSURE_BYTES);
		instance->slots[model->first_closure + i] = qt_own(closure, CLOSURE_BYTES);
	}
}

static struct qt_instance *new_instance(
    struct qt_creation *creation, const struct qt_type *type, struct qt_node *parent)
{
	const struct qt_model *model = &type->as.model;
	const size_t slots_bytes = model->slot_count * sizeof(struct value);
	struct qt_instance *instance = qt_instance_new(sizeof(*instance) + slots_bytes);

	instance->node = (struct qt_node){
	    .kind = QT_INSTANCE_NODE, .type = type, .parent = parent, .context = creation->context};
	memset(instance->slots, 0, slots_bytes);
	for (uint32_t i = model->first_getter; i < model->first_input; i++)
		instance->slots[i].tag = QT_NOT_MEMOISED;
	make_closures(instance, model);
	qt_link(creation);
	return instance;
}

static void take_view(struct qt_instance *instance, const struct qt_model *model,
    const struct qt_instruction *instruction, struct value snapshot)
{
	const bool hydrated = model->metadata->views[instruction->index].hydrate != NULL;

	if (!value_is(snapshot, VALUE_UNDEFINED))
		instance->slots[hydrated ? model->first_input + instruction->index
					 : instruction->slot] = snapshot;
}

static bool execute(struct qt_creation *creation, struct qt_instance *instance,
    const struct qt_instruction *instruction, const struct qt_plain *snapshot)
{
	const struct qt_model *model = &instance->node.type->as.model;
	struct value *slot = &instance->slots[instruction->slot];
	struct value given = value_undefined();

	if (instruction->opcode != QT_SET_INITIAL && instruction->opcode != QT_ENTER_CACHE)
		given = qt_field(snapshot, instruction->key);
	switch ((enum qt_opcode)instruction->opcode) {
	case QT_COPY:
		*slot = given;
		slot->owned_bytes = 0; /* the snapshot's, shared */
		return true;
	case QT_MAKE_DATE:
		*slot = qt_computed_date(milliseconds_of(given));
		return true;
	case QT_MAKE_TYPE: {
		const struct qt_type *type = model->aliases[instruction->alias].type;

		return qt_holds_reference(type)
			   ? qt_reference_property(creation, instance, instruction, type, given)
			   : qt_make(creation, type, given, &instance->node, slot);
	}
	case QT_SET_INITIAL:
		*slot = model->aliases[instruction->alias].initial->initial;
		return true;
	case QT_ENTER_CACHE:
		if (value_is(*slot, VALUE_STRING) && creation->context != NULL)
			omap_set(creation->context->cache, &qt_cache_kind, *slot,
			    value_object(instance));
		return true;
	case QT_TAKE_VIEW:
		given.owned_bytes = 0;
		take_view(instance, model, instruction, given);
		return true;
	}
	return false;
}

static bool make_instance(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct qt_node *parent, struct value *ret_value)
{
	const struct qt_model *model = &type->as.model;
	const struct qt_plain *plain = value_is(snapshot, VALUE_OBJECT) ? snapshot.as.object : NULL;
	struct qt_instance *instance = NULL;

	if (plain == NULL || plain->kind != QT_PLAIN || plain->is_array)
		return qt_fail(creation->error, "a %s needs an object", type->name);
	if (!model->compiled)
		qt_compile((struct qt_type *)(uintptr_t)type); /* made by qt_register */
	instance = new_instance(creation, type, parent);
	for (uint32_t i = 0; i < model->instruction_count; i++)
		if (!execute(creation, instance, &model->program[i], plain)) {
			if (!qt_options.leak_on_error)
				qt_node_free(&instance->node);
			return false;
		}
	*ret_value = qt_own(instance, sizeof(*instance) + model->slot_count * sizeof(struct value));
	return true;
}

/* Of maybe and maybeNull: is there nothing to make the inner type of, and what stands for it? */
static bool is_left_out(const struct qt_type *type, struct value snapshot)
{
	return value_is(snapshot, VALUE_UNDEFINED) ||
	       (type->kind == QT_KIND_MAYBE_NULL && value_is(snapshot, VALUE_NULL));
}

/* A frozen value may itself be undefined, so maybeNull leaves it. */
static struct value left_out(const struct qt_type *type, struct value snapshot)
{
	return type->kind == QT_KIND_MAYBE || type->inner->kind == QT_KIND_FROZEN ? snapshot
										  : value_null();
}

static bool make_simple(struct qt_creation *creation, const struct qt_type *type,
    struct value snapshot, struct value *ret_value)
{
	if (creation->checked && !qt_is(type, snapshot))
		return qt_fail(creation->error, "not a %s", type->name);
	snapshot.owned_bytes =
	    value_is(snapshot, VALUE_STRING) ? snapshot.owned_bytes : 0; /* a computed default */
	*ret_value = snapshot;
	return true;
}

static bool makes_node(const struct qt_type *type)
{
	return type->kind == QT_KIND_MODEL || type->kind == QT_KIND_ARRAY ||
	       type->kind == QT_KIND_MAP;
}

bool qt_make(struct qt_creation *creation, const struct qt_type *type, struct value snapshot,
    struct qt_node *parent, struct value *ret_value)
{
	if (creation->context == NULL && makes_node(type))
		return qt_fail(creation->error, "a %s is a node of a tree", type->name);
	switch (type->kind) {
	case QT_KIND_MODEL:
		return make_instance(creation, type, snapshot, parent, ret_value);
	case QT_KIND_ARRAY:
		return qt_array_make(creation, type, snapshot, parent, ret_value);
	case QT_KIND_MAP:
		return qt_map_make(creation, type, snapshot, parent, ret_value);
	case QT_KIND_DATE:
		if (creation->checked && !qt_is(type, snapshot))
			return qt_fail(creation->error, "not a Date");
		*ret_value = qt_computed_date(milliseconds_of(snapshot));
		return true;
	case QT_KIND_OPTIONAL:
		return make_optional(creation, type, snapshot, parent, ret_value);
	case QT_KIND_MAYBE:
	case QT_KIND_MAYBE_NULL:
		if (is_left_out(type, snapshot)) {
			*ret_value = left_out(type, snapshot);
			return true;
		}
		return qt_make(creation, type->inner, snapshot, parent, ret_value);
	case QT_KIND_REFERENCE:
	case QT_KIND_SAFE_REFERENCE:
		return qt_reference_make(creation, type, snapshot, ret_value);
	case QT_KIND_LATE:
		return qt_make(creation, qt_resolve_late(type), snapshot, parent, ret_value);
	case QT_KIND_UNION:
		type = qt_union_member(type, snapshot, creation->error);
		return type != NULL && qt_make(creation, type, snapshot, parent, ret_value);
	case QT_KIND_REFINEMENT:
	case QT_KIND_CUSTOM:
		return make_converted(creation, type, snapshot, parent, ret_value);
	default:
		return make_simple(creation, type, snapshot, ret_value);
	}
}

struct qt_node *qt_create(
    const struct qt_type *model, struct value snapshot, void *env, struct qt_error *ret_error)
{
	struct qt_creation creation = {.context = qt_context_take(env), .error = ret_error};
	struct value root = value_undefined();
	bool made = qt_make(&creation, model, snapshot, NULL, &root);

	if (made && !qt_references_resolve(&creation)) {
		made = false;
		if (!qt_options.leak_on_error)
			qt_slot_free(root);
	}
	if (made) {
		qt_references_forget(creation.context);
		qt_context_settle(creation.context, root.as.object);
		return root.as.object;
	}
	if (!qt_options.leak_on_error) {
		qt_references_forget(creation.context);
		qt_context_free(creation.context);
	}
	return NULL;
}

bool qt_instantiate(const struct qt_type *type, struct value snapshot, struct value *ret_value,
    struct qt_error *ret_error)
{
	struct qt_creation creation = {.error = ret_error, .checked = true};

	return qt_make(&creation, type, snapshot, NULL, ret_value);
}
