/*
 * What the scenarios do; qt_scenario_table.c says with which switches, and what must come of it.
 *
 * What a leaky scenario keeps hangs on g_retained_roots or g_retained_names, so that a profiler can name the holder.
 */
#include "engines/quick_tree/qt_scenario_table.h"

#include "engines/quick_tree/qt_internal.h"

enum { HOT_TREES = 10, MICRO_REFERENCES = 5 };

uint32_t qt_scenario_model;

static const struct vec_kind roots_kind = {.backing = &qt_books[QT_ROOTS],
    .item_bytes = sizeof(void *),
    .first_capacity = QT_ROOTS_FIRST_CAPACITY};
static struct vec g_retained_roots; /* of nodes */
static struct vec g_retained_names; /* of computed strings */
static struct vec g_retained_snapshots;

/* What a scenario makes before its iterations and frees after them. */
static struct qt_node *world_trees[HOT_TREES];
static bool types_registered;

static enum qt_model_name model_name(void)
{
	return (enum qt_model_name)qt_scenario_model;
}

static void register_types(void)
{
	if (!types_registered)
		qt_model_register(model_name());
	types_registered = true;
}

static const struct qt_type *model(void)
{
	static const char *const type_names[] = {
	    "NameExample", "TestClassModel", "State", "LargeRoot"};

	return qt_find_type(type_names[qt_scenario_model]);
}

static struct qt_node *create(void)
{
	return qt_create(model(), qt_model_snapshot(model_name()), NULL, NULL);
}

/* The snapshot is made before the first mark. */
static void prepare(const struct driver_run *run)
{
	(void)run;
	qt_model_snapshot(model_name());
}

static void free_all(void)
{
	for (size_t i = 0; i < HOT_TREES; i++) {
		if (world_trees[i] != NULL)
			qt_release(world_trees[i]);
		world_trees[i] = NULL;
	}
	qt_release_types();
	types_registered = false;
}

void qt_scenarios_forget(void)
{
	for (uint32_t i = 0; i < g_retained_roots.count; i++)
		qt_release(vec_pointer_at(&g_retained_roots, i));
	for (uint32_t i = 0; i < g_retained_names.count; i++) {
		char *name = vec_pointer_at(&g_retained_names, i);

		qt_free(QT_STRING_BLOCK, name, strlen(name) + 1);
	}
	for (uint32_t i = 0; i < g_retained_snapshots.count; i++)
		qt_plain_free(vec_pointer_at(&g_retained_snapshots, i));
	vec_release(&g_retained_roots, &roots_kind);
	vec_release(&g_retained_names, &roots_kind);
	vec_release(&g_retained_snapshots, &roots_kind);
	free_all();
}

/* --- the iterations --- */

static void create_and_release(uint64_t n)
{
	(void)n;
	qt_release(create());
}

static void create_and_keep(uint64_t n)
{
	(void)n;
	vec_push_pointer(&g_retained_roots, &roots_kind, create());
}

static void keep_leaf(uint64_t n)
{
	struct qt_node *root = create();
	struct qt_node *leaf = qt_get(root, "nested").as.object;

	(void)n;
	qt_retain(leaf);
	qt_release(root);
	vec_push_pointer(&g_retained_roots, &roots_kind, leaf);
}

static void keep_name_of_leaf(uint64_t n)
{
	struct qt_node *root = create();
	struct qt_node *leaf = qt_get(root, "nested").as.object;
	const struct value name = qt_computed_string(qt_get(leaf, "name").as.string);

	(void)n;
	qt_release(root);
	vec_push_pointer(&g_retained_names, &roots_kind, name.as.object);
}

static void keep_snapshot(uint64_t n)
{
	struct qt_node *root = create();
	struct qt_plain *plain = qt_snapshot(root);

	(void)n;
	qt_release(root);
	vec_push_pointer(&g_retained_snapshots, &roots_kind, plain);
}

static void instance_of(const struct qt_type *type)
{
	qt_release(qt_create(type, qt_model_snapshot(QT_NAME_EXAMPLE), NULL, NULL));
}

static void register_new_type(uint64_t n)
{
	char name[48];

	snprintf(name, sizeof(name), "NameExample%" PRIu64, n);
	instance_of(qt_name_example_register(name));
}

static void register_once(uint64_t n)
{
	(void)n;
	register_types();
	instance_of(model());
}

static void make_hot_trees(const struct driver_run *run)
{
	prepare(run);
	for (size_t i = 0; i < HOT_TREES; i++)
		world_trees[i] = create();
}

static void read_hot_trees(uint64_t n)
{
	static volatile uint64_t read; /* keeps the reads from being left out */

	(void)n;
	for (size_t i = 0; i < HOT_TREES; i++) {
		struct qt_node *root = world_trees[i];
		struct qt_node *nested = qt_get(root, "nested").as.object;

		read = read + qt_get(root, "bool").as.boolean +
		       strlen(qt_get(nested, "name").as.string) +
		       qt_size(qt_get(root, "array").as.object);
	}
}

static void make_one_tree(const struct driver_run *run)
{
	prepare(run);
	world_trees[0] = create();
}

static void read_memos(uint64_t n)
{
	static const char *const getters[] = {"carCount", "firstCar", "allCars"};

	(void)n;
	for (size_t i = 0; i < sizeof(getters) / sizeof(getters[0]); i++) {
		qt_get(world_trees[0], getters[i]);
		qt_get(world_trees[0], getters[i]);
	}
}

/* A context alone: one entry in its cache, one waiting reference, each an object of its own. */
static void context_alone(uint64_t n)
{
	enum { OBJECT_BYTES = 16 };
	struct qt_context *context = qt_context_take(NULL);
	void *object = qt_object_new(OBJECT_BYTES);
	void *closure = qt_descriptor_new(sizeof(struct qt_descriptor));

	(void)n;
	omap_set(context->cache, &qt_cache_kind, value_string("key"), value_object(object));
	vec_push_pointer(context->references, qt_refs_kind(), closure);
	qt_references_forget(context);
	qt_free(QT_OBJECT_BLOCK, object, OBJECT_BYTES);
	qt_context_free(context);
}

/* Descriptors alone, each with an owner and two strings of its own. */
static void descriptors_alone(uint64_t n)
{
	enum { OWNER_BYTES = 16 };
	struct vec *references = qt_refs_header_new(sizeof(*references));

	(void)n;
	*references = (struct vec){0};
	for (int i = 0; i < MICRO_REFERENCES; i++) {
		struct qt_descriptor *descriptor = qt_descriptor_new(sizeof(*descriptor));

		*descriptor = (struct qt_descriptor){
		    .owner = qt_object_new(OWNER_BYTES),
		    .identifier = qt_computed_string("identifier").as.string,
		    .snapshot = qt_computed_string("property"),
		};
		vec_push_pointer(references, qt_refs_kind(), descriptor);
	}
	for (uint32_t i = 0; i < references->count; i++) {
		struct qt_descriptor *descriptor = vec_pointer_at(references, i);

		qt_free(QT_OBJECT_BLOCK, descriptor->owner, OWNER_BYTES);
		qt_free(QT_STRING_BLOCK, (void *)(uintptr_t)descriptor->identifier,
		    strlen(descriptor->identifier) + 1);
		qt_value_free(descriptor->snapshot);
		qt_free(QT_DESCRIPTOR, descriptor, sizeof(*descriptor));
	}
	vec_release(references, qt_refs_kind());
	qt_free(QT_REFS_HEADER, references, sizeof(*references));
}

static void fail_to_create(uint64_t n)
{
	(void)n;
	if (qt_create(model(), qt_large_root_snapshot(false), NULL, NULL) != NULL)
		abort();
}

#define WORKLOAD(name, ...)                                                                        \
	const struct driver_workload name = {.compile = register_types, __VA_ARGS__}

WORKLOAD(
    qt_create_and_release, .setup = prepare, .iterate = create_and_release, .teardown = free_all);
WORKLOAD(qt_create_and_keep, .setup = prepare, .iterate = create_and_keep);
WORKLOAD(qt_create_and_lose, .setup = prepare, .iterate = create_and_release);
WORKLOAD(qt_keep_leaf, .setup = prepare, .iterate = keep_leaf);
WORKLOAD(qt_keep_name, .setup = prepare, .iterate = keep_name_of_leaf);
WORKLOAD(qt_keep_snapshot, .setup = prepare, .iterate = keep_snapshot);
WORKLOAD(qt_read_hot, .setup = make_hot_trees, .iterate = read_hot_trees, .teardown = free_all);
WORKLOAD(qt_read_memos, .setup = make_one_tree, .iterate = read_memos, .teardown = free_all);
WORKLOAD(qt_context_alone, .iterate = context_alone, .teardown = free_all);
WORKLOAD(qt_descriptors_alone, .iterate = descriptors_alone, .teardown = free_all);
WORKLOAD(qt_fail_and_undo, .setup = prepare, .iterate = fail_to_create, .teardown = free_all);
WORKLOAD(qt_fail_and_lose, .setup = prepare, .iterate = fail_to_create);
const struct driver_workload qt_register_new = {.setup = prepare, .iterate = register_new_type};
const struct driver_workload qt_register_once = {
    .setup = prepare, .iterate = register_once, .teardown = free_all};
