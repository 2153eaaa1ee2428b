/*
 * Registering a model, and compiling it: one segment per property, volatile, identifier and snapshotted view, assembled
 * to a program. What the segments need besides the snapshot is hoisted as aliases, equal ones once.
 */
#include "engines/quick_tree/qt_internal.h"

const struct omap_kind qt_registry_kind = {
    .table = &qt_books[QT_REGISTRY_TABLE], .first_capacity = 4};
static struct omap qt_registry;

/* A piece of a program in the making; the block is gone when the program is assembled. */
struct segment {
	struct segment *next;
	struct qt_instruction instruction;
	struct qt_alias alias; /* all NULL: needs none */
};
struct segments {
	struct segment *first, **end;
	uint32_t count, alias_count;
};

static size_t bytes_of_name(const char *name)
{
	return strlen(name) + 1;
}

static enum qt_opcode opcode_of(const struct qt_type *type)
{
	if (qt_is_copied(type))
		return QT_COPY;
	return type->kind == QT_KIND_DATE ? QT_MAKE_DATE : QT_MAKE_TYPE;
}

static struct segment *add_segment(
    struct segments *segments, enum qt_opcode opcode, const char *key, uint32_t slot)
{
	struct segment *segment = qt_segment_new(sizeof(*segment));

	*segment = (struct segment){
	    .instruction = {.key = key, .opcode = (uint16_t)opcode, .slot = (uint16_t)slot}};
	*segments->end = segment;
	segments->end = &segment->next;
	segments->count++;
	return segment;
}

static void make_segments(struct segments *segments, const struct qt_model *model)
{
	const struct qt_declaration *declaration = &model->declaration;
	const uint32_t property_count = declaration->property_count;

	for (uint32_t i = 0; i < property_count; i++) {
		const struct qt_property *property = &model->properties[i];
		const enum qt_opcode opcode = opcode_of(property->type);
		struct segment *segment = add_segment(segments, opcode, property->name, i);

		if (opcode == QT_MAKE_TYPE)
			segment->alias.type = property->type;
	}
	for (uint32_t i = 0; i < declaration->volatile_count; i++)
		add_segment(segments, QT_SET_INITIAL, declaration->volatiles[i].name,
		    model->first_volatile + i)
		    ->alias.initial = &declaration->volatiles[i];
	if (model->identifier_slot >= 0)
		add_segment(segments, QT_ENTER_CACHE,
		    model->properties[model->identifier_slot].name,
		    (uint32_t)model->identifier_slot);
	for (uint32_t i = 0; i < declaration->view_count; i++)
		add_segment(
		    segments, QT_TAKE_VIEW, declaration->views[i].name, model->first_view + i)
		    ->instruction.index = (uint16_t)i;
}

static bool needs_alias(const struct segment *segment)
{
	return segment->alias.type != NULL || segment->alias.initial != NULL;
}

/* Numbers the aliases, and writes them to ALIASES if it is not NULL. */
static uint32_t hoist_aliases(struct segments *segments, struct qt_alias *aliases)
{
	uint32_t count = 0;

	for (struct segment *segment = segments->first; segment != NULL; segment = segment->next) {
		const struct segment *equal = segments->first;

		if (!needs_alias(segment))
			continue;
		while (equal != segment && (equal->alias.type != segment->alias.type ||
					       equal->alias.initial != segment->alias.initial))
			equal = equal->next;
		if (equal != segment) {
			segment->instruction.alias = equal->instruction.alias;
			continue;
		}
		segment->instruction.alias = (uint16_t)count;
		if (aliases != NULL)
			aliases[count] = segment->alias;
		count++;
	}
	return count;
}

static void assemble(struct qt_model *model, struct segments *segments)
{
	model->alias_count = hoist_aliases(segments, NULL);
	if (model->alias_count > 0) {
		model->aliases = qt_type_aliases_new(model->alias_count * sizeof(*model->aliases));
		hoist_aliases(segments, model->aliases);
	}
	/* a model without any property still has its program, which is empty */
	model->program = qt_type_program_new(segments->count * sizeof(*model->program));
	model->instruction_count = segments->count;
	for (uint32_t i = 0; segments->first != NULL; i++) {
		struct segment *segment = segments->first;

		model->program[i] = segment->instruction;
		segments->first = segment->next;
		qt_free(QT_SEGMENT, segment, sizeof(*segment));
	}
}

static void collect_metadata(struct qt_model *model)
{
	const struct qt_declaration *declaration = &model->declaration;

	model->metadata = qt_type_metadata_new(sizeof(*model->metadata));
	*model->metadata = (struct qt_metadata){
	    .getters = declaration->getters,
	    .volatiles = declaration->volatiles,
	    .views = declaration->views,
	    .functions = declaration->functions,
	    .getter_count = declaration->getter_count,
	    .volatile_count = declaration->volatile_count,
	    .view_count = declaration->view_count,
	    .function_count = declaration->function_count,
	};
	if (declaration->getter_count == 0)
		return;
	model->getter_slots =
	    qt_type_getters_new(declaration->getter_count * sizeof(*model->getter_slots));
	for (uint32_t i = 0; i < declaration->getter_count; i++)
		model->getter_slots[i] = (uint16_t)(model->first_getter + i);
}

/* Slots: properties, volatiles, a memo per getter, a memo and an input per snapshotted view, closures. */
static void lay_out(struct qt_model *model)
{
	const struct qt_declaration *declaration = &model->declaration;

	model->identifier_slot = -1;
	for (uint32_t i = 0; i < declaration->property_count; i++)
		if (model->properties[i].type->kind == QT_KIND_IDENTIFIER)
			model->identifier_slot = (int32_t)i;
	model->closure_count = qt_options.class_field_actions ? declaration->field_action_count : 0;
	model->first_volatile = declaration->property_count;
	model->first_getter = model->first_volatile + declaration->volatile_count;
	model->first_view = model->first_getter + declaration->getter_count;
	model->first_input = model->first_view + declaration->view_count;
	model->first_closure = model->first_input + declaration->view_count;
	model->slot_count = model->first_closure + model->closure_count;
}

void qt_compile(struct qt_type *type)
{
	struct qt_model *model = &type->as.model;
	struct segments segments = {.first = NULL};

	if (model->compiled)
		return;
	segments.end = &segments.first;
	lay_out(model);
	collect_metadata(model);
	make_segments(&segments, model);
	assemble(model, &segments);
	model->compiled = true;
}

struct qt_type *qt_register(const struct qt_declaration *declaration, struct qt_error *ret_error)
{
	const size_t props_bytes = declaration->property_count * sizeof(struct qt_property);
	struct qt_type *type = NULL;
	struct qt_model *model = NULL;
	char *name = NULL;

	for (uint32_t i = 0; i < declaration->property_count; i++)
		if (!qt_require_registered(declaration->properties[i].type, ret_error))
			return NULL;
	type = qt_type_new(sizeof(*type));
	name = qt_type_name_new(bytes_of_name(declaration->name));
	memcpy(name, declaration->name, bytes_of_name(declaration->name));
	*type = (struct qt_type){.kind = QT_KIND_MODEL, .name = name};
	model = &type->as.model;
	model->properties = qt_type_props_new(props_bytes);
	memcpy(model->properties, declaration->properties, props_bytes);
	model->declaration = *declaration;
	model->declaration.name = name;
	model->declaration.properties = model->properties;
	for (uint32_t i = 0; i < declaration->property_count; i++)
		qt_adopt(model, model->properties[i].type);
	model->registered = true;
	omap_set(&qt_registry, &qt_registry_kind, value_string(name), value_object(type));
	if (!qt_options.compile_lazily)
		qt_compile(type);
	return type;
}

const struct qt_type *qt_find_type(const char *name)
{
	const struct value *found = omap_find_string(&qt_registry, name);

	return found != NULL ? found->as.object : NULL;
}

static void type_free(struct qt_type *type)
{
	struct qt_model *model = &type->as.model;
	char *name = (char *)(uintptr_t)type->name; /* made by qt_register */

	qt_typenodes_free(model->nodes);
	if (model->compiled) {
		qt_free(QT_TYPE_PROGRAM, model->program,
		    model->instruction_count * sizeof(*model->program));
		qt_free(QT_TYPE_METADATA, model->metadata, sizeof(*model->metadata));
		qt_free(QT_TYPE_GETTERS, model->getter_slots,
		    model->declaration.getter_count * sizeof(*model->getter_slots));
		qt_free(
		    QT_TYPE_ALIASES, model->aliases, model->alias_count * sizeof(*model->aliases));
	}
	qt_free(QT_TYPE_PROPS, model->properties,
	    model->declaration.property_count * sizeof(*model->properties));
	qt_free(QT_TYPE_NAME, name, bytes_of_name(name));
	qt_free(QT_TYPE, type, sizeof(*type));
}

void qt_release_types(void)
{
	qt_pool_release(); /* a stale pool holds a tree, which needs its types to be freed */
	for (uint32_t i = 0; i < qt_registry.count; i++)
		type_free(qt_registry.entries[i].value.as.object);
	omap_release(&qt_registry, &qt_registry_kind);
}
