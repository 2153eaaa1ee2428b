/*
 * quick-tree-test: does the engine behave as its original, and keep its ledger?
 *
 * In order: the laws of the ledger's list and map, blocks per type, blocks per tree under each option, values read at
 * the end of a path (a table), behaviour that a path cannot say, and every scenario with its numbers.
 * Ends with "N passed, N failed"; exit status 1 if any failed.
 */
#include "engines/quick_tree/qt_internal.h"
#include "engines/quick_tree/qt_models.h"
#include "engines/quick_tree/qt_scenarios.h"
#include "engines/quick_tree/qt_text.h"

#include <inttypes.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned passed;
static unsigned failed;
static char arena_bytes[1 << 18];
static struct qt_arena arena = {.bytes = arena_bytes, .size = sizeof(arena_bytes)};

static void verdict(bool ok, const char *promise, const char *subject)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED: %s (%s)\n", promise, subject);
}

static void expect(bool ok, const char *promise)
{
	verdict(ok, promise, "quick_tree");
}

static void expect_count(
    uint64_t actual, uint64_t expected, const char *promise, const char *subject)
{
	if (actual != expected)
		printf("  %" PRIu64 ", expected %" PRIu64 "\n", actual, expected);
	verdict(actual == expected, promise, subject);
}

static uint64_t live(void)
{
	return ledger_totals(&qt_ledger).live_blocks;
}

static uint64_t allocs(void)
{
	return ledger_totals(&qt_ledger).allocs;
}

static uint64_t made(enum qt_block kind)
{
	return qt_books[kind].count.allocs;
}

static struct value parse(const char *text)
{
	return qt_parse(&arena, text);
}

/* --- the ledger's own laws --- */

static void test_list_law(void)
{
	const struct vec_kind kind = {
	    .backing = &qt_books[QT_ROOTS], .item_bytes = sizeof(void *), .first_capacity = 3};
	struct vec vec = {0};
	bool lawful = true;

	for (uint64_t number = 1; number <= 100; number++) {
		const uint64_t before = allocs();

		vec_push_pointer(&vec, &kind, &vec);
		lawful =
		    lawful && (allocs() - before == 1) == vec_grows_at(number, 3) && live() == 1;
	}
	expect(lawful && vec.capacity == 192,
	    "a list grows at its first push and whenever it is full");
	vec_release(&vec, &kind);
	expect(live() == 0 && vec.count == 0, "a released list holds nothing");
}

static void test_map_law(void)
{
	const struct omap_kind kind = {.table = &qt_books[QT_MAP_TABLE], .first_capacity = 4};
	struct omap map = {0};
	const char *keys[100];
	const uint64_t before = allocs();
	bool found = true;

	for (int i = 0; i < 100; i++) {
		keys[i] = qt_arena_print(&arena, "key %d", i);
		omap_set(&map, &kind, value_string(keys[i]), value_integer(i));
	}
	expect_count(allocs() - before, 6, "a map of 100 had tables of 4 to 128", "omap");
	omap_set(&map, &kind, value_string("key 7"), value_integer(700));
	expect(map.count == 100 && map.entries[7].value.as.integer == 700,
	    "a replaced entry keeps its place");
	for (int i = 0; i < 100; i += 2)
		omap_delete(&map, value_string(keys[i]), NULL);
	for (int i = 0; i < 100; i++)
		found = found && (omap_find_string(&map, keys[i]) != NULL) == (i % 2 == 1);
	expect(found && map.count == 50 && map.capacity == 128 &&
		   map.entries[49].value.as.integer == 99,
	    "a deletion closes the gap and keeps order and table");
	omap_set(&map, &kind, value_object(&map), value_integer(1));
	expect(omap_find(&map, value_object(&map)) != NULL &&
		   omap_find(&map, value_object(&found)) == NULL,
	    "objects are keys by identity");
	omap_release(&map, &kind);
	expect(live() == 0, "a released map holds nothing");
}

/* Inserts, deletes and looks up at random, beside an array that says what must be there. */
static void test_map_churn(void)
{
	enum { KEYS = 200, STEPS = 20000 };
	const struct omap_kind kind = {.table = &qt_books[QT_MAP_TABLE], .first_capacity = 4};
	struct omap map = {0};
	struct value keys[KEYS];
	int64_t present[KEYS] = {0};
	uint64_t drawn = 1;
	bool right = true;

	for (int i = 0; i < KEYS; i++)
		keys[i] = i % 2 == 0 ? value_integer(64 * i)
				     : value_string(qt_arena_print(&arena, "exec-%d", i));
	for (int64_t step = 1; step <= STEPS; step++) {
		const uint64_t key = (drawn = drawn * 6364136223846793005u + 1) >> 33;
		const struct value *found = omap_find(&map, keys[key % KEYS]);
		int64_t *place = &present[key % KEYS];

		right = right && (found != NULL ? found->as.integer : 0) == *place;
		if (key / KEYS % 2 == 0) {
			omap_set(&map, &kind, keys[key % KEYS], value_integer(step));
			*place = step;
		} else {
			right = right && omap_delete(&map, keys[key % KEYS], NULL) == (*place != 0);
			*place = 0;
		}
	}
	for (uint32_t i = 1; i < map.count; i++)
		right = right && omap_find(&map, map.entries[i].key) == &map.entries[i].value;
	expect(right && map.count > 0,
	    "a map finds what is in it and nothing else, whatever was deleted");
	omap_release(&map, &kind);
}

/* --- blocks per type --- */

static void test_types(void)
{
	static const struct {
		enum qt_model_name model;
		uint64_t types, typenodes, retained, segments, allocs, tables;
	} rows[] = {
	    {QT_NAME_EXAMPLE, 1, 0, 7, 4, 11, 1},
	    {QT_DIVERSE, 2, 5, 5 + 12, 3 + 7, 8 + 19, 1},
	    {QT_STATE, 1, 5, 11, 4, 15, 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = qt_model_names[rows[i].model];
		const uint64_t types = made(QT_TYPE);
		const uint64_t nodes = made(QT_TYPENODE);
		const uint64_t segments = made(QT_SEGMENT);
		const uint64_t before = allocs();

		qt_model_register(rows[i].model);
		expect_count(made(QT_TYPE) - types, rows[i].types, "types", name);
		expect_count(made(QT_TYPENODE) - nodes, rows[i].typenodes, "typenodes", name);
		expect_count(made(QT_SEGMENT) - segments, rows[i].segments, "segments", name);
		expect_count(
		    live(), rows[i].retained + rows[i].tables, "blocks of the types", name);
		expect_count(allocs() - before, rows[i].allocs + rows[i].tables,
		    "allocations of the types", name);
		qt_release_types();
		expect_count(live(), 0, "released types hold nothing", name);
	}
}

/* --- blocks per tree --- */

static const struct options_row {
	const char *what;
	struct qt_options options;
	uint64_t allocs[QT_MODEL_COUNT], retained[QT_MODEL_COUNT], residue[QT_MODEL_COUNT];
} options_rows[] = {
    {"plain", {.clear_cache = 0}, {5, 24, 18, 4605}, {4, 19, 12, 3420}, {0}},
    {"clear-cache", {.clear_cache = 1}, {5, 24, 18, 4605}, {2, 17, 10, 3418}, {0}},
    {"pool-ctx, used again", {.pool_contexts = 1}, {1, 18, 13, 4587}, {1, 16, 9, 3417},
	{4, 4, 5, 5}},
    {"inline-desc", {.inline_descriptors = 1}, {5, 24, 15, 3662}, {4, 19, 12, 3420}, {0}},
    {"class-field-actions", {.class_field_actions = 1}, {6, 24, 18, 4605}, {5, 19, 12, 3420}, {0}},
    {"lazy, compiled", {.compile_lazily = 1}, {5, 24, 18, 4605}, {4, 19, 12, 3420}, {0}},
};

static void test_options_row(const struct options_row *row, enum qt_model_name name)
{
	const char *subject = qt_model_names[name];
	const struct qt_type *type = NULL;
	struct qt_node *root = NULL;
	uint64_t before = 0;
	uint64_t base = 0;

	qt_options = row->options;
	type = qt_model_register(name);
	base = live();
	qt_release(qt_create(type, qt_model_snapshot(name), NULL, NULL));
	/* compiled now, if that was lazy */
	base = row->options.compile_lazily ? live() : base;
	expect_count(live() - base, row->residue[name], "what the pool keeps", subject);
	base = live();
	before = allocs();
	root = qt_create(type, qt_model_snapshot(name), NULL, NULL);
	expect_count(allocs() - before, row->allocs[name], row->what, subject);
	expect_count(live() - base, row->retained[name], row->what, subject);
	qt_release(root);
	expect_count(live(), base, "a released tree holds nothing", subject);
	qt_release_types();
	expect_count(live(), 0, "nothing is left", subject);
	qt_options = (struct qt_options){0};
}

static void test_trees(void)
{
	for (size_t i = 0; i < COUNT(options_rows); i++)
		for (int name = 0; name < QT_MODEL_COUNT; name++)
			test_options_row(&options_rows[i], (enum qt_model_name)name);
}

static void test_snapshot_blocks(void)
{
	static const uint64_t blocks[QT_MODEL_COUNT] = {1, 14, 8, 1714};

	for (int name = 0; name < QT_MODEL_COUNT; name++) {
		const struct qt_type *type = qt_model_register((enum qt_model_name)name);
		struct qt_node *root =
		    qt_create(type, qt_model_snapshot((enum qt_model_name)name), NULL, NULL);
		const uint64_t before = allocs();
		struct qt_plain *plain = qt_snapshot(root);
		struct qt_node *again = NULL;

		expect_count(
		    allocs() - before, blocks[name], "blocks of a snapshot", qt_model_names[name]);
		again = qt_create(type, value_object(plain), NULL, NULL);
		expect(again != NULL && qt_is(type, value_object(plain)),
		    "a snapshot makes the tree again");
		qt_release(again);
		qt_plain_free(plain);
		qt_release(root);
		qt_release_types();
		expect_count(live(), 0, "nothing is left", qt_model_names[name]);
	}
}

static void test_large_root_kinds(void)
{
	static const struct {
		enum qt_block kind;
		uint64_t count;
	} rows[] = {{QT_INSTANCE, 1436}, {QT_DATE, 1435}, {QT_MAP_HEADER, 218}, {QT_MAP_TABLE, 395},
	    {QT_ARRAY_HEADER, 60}, {QT_ARRAY_ELEMENTS, 50}, {QT_ARRAY_TEMPORARY, 50},
	    {QT_DESCRIPTOR, 943}, {QT_REFS_BACKING, 7}, {QT_CACHE_TABLE, 8}};
	uint64_t before[COUNT(rows)];
	const struct qt_type *type = qt_model_register(QT_LARGE_ROOT);
	struct qt_node *root = NULL;
	const struct qt_context *context = NULL;

	for (size_t i = 0; i < COUNT(rows); i++)
		before[i] = made(rows[i].kind);
	root = qt_create(type, qt_model_snapshot(QT_LARGE_ROOT), NULL, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_count(made(rows[i].kind) - before[i], rows[i].count,
		    qt_books[rows[i].kind].name, "LargeRoot");
	context = qt_context_of(root);
	expect_count(context->cache->count, 492, "identifiers", "LargeRoot");
	expect_count(context->cache->capacity, 512, "capacity of the cache", "LargeRoot");
	qt_release(root);
	qt_release_types();
}

/* --- values at the end of a path --- */

/* A path is names, keys and numbers with dots: "map.d.key"; its value as text. */
static struct value follow(struct qt_node *node, const char *path)
{
	struct value value = value_object(node);

	while (*path != '\0') {
		char step[32];
		const size_t length = strcspn(path, ".");
		struct qt_node *here = value.as.object;

		snprintf(step, sizeof(step), "%.*s", (int)length, path);
		if (!qt_is_read_only_node(value))
			return value_string("(no node)");
		if (here->kind != QT_INSTANCE_NODE && strcmp(step, "size") == 0)
			value = value_integer(qt_size(here));
		else if (here->kind == QT_ARRAY_NODE)
			value = qt_item(here, (uint32_t)strtoul(step, NULL, 10));
		else
			value =
			    here->kind == QT_MAP_NODE ? qt_entry(here, step) : qt_get(here, step);
		path += length + (path[length] == '.');
	}
	return value;
}

static bool matches(struct value value, const char *expected)
{
	if (value_is(value, VALUE_DATE))
		return strncmp(expected, "Date ", 5) == 0 &&
		       strtod(expected + 5, NULL) == qt_date_milliseconds(value);
	return value_same(value, parse(expected));
}

static const struct {
	const char *promise;
	enum qt_model_name model;
	const char *snapshot; /* NULL: the model's own */
	const char *path, *expected;
} path_cases[] = {
    {"1 nameLength", QT_NAME_EXAMPLE, "{\"key\":\"1\",\"name\":\"Hello World\"}", "nameLength",
	"11"},
    {"3 a volatile starts with its value", QT_NAME_EXAMPLE, NULL, "volatileProp", "\"test\""},
    {"6 array.length", QT_DIVERSE, NULL, "array.size", "5"},
    {"6 map.size", QT_DIVERSE, NULL, "map.size", "5"},
    {"6 a map's key is not the identifier", QT_DIVERSE, NULL, "map.d.key", "\"e\""},
    {"6 notBool", QT_DIVERSE, NULL, "notBool", "false"},
    {"6 arrayLength", QT_DIVERSE, NULL, "arrayLength", "5"},
    {"6 optional", QT_DIVERSE, NULL, "optional", "\"value\""},
    {"6 the fifth has the name of the fourth", QT_DIVERSE, NULL, "array.4.name",
	"\"Array Item 4\""},
    {"8 an absent array is empty", QT_DIVERSE,
	"{\"bool\":true,\"nested\":{\"key\":\"k\",\"name\":\"n\"}}", "array.size", "0"},
    {"8 an absent map is empty", QT_DIVERSE,
	"{\"bool\":true,\"nested\":{\"key\":\"k\",\"name\":\"n\"}}", "map.size", "0"},
    {"8 an absent optional has its default", QT_DIVERSE,
	"{\"bool\":true,\"nested\":{\"key\":\"k\",\"name\":\"n\"}}", "optional", "\"value\""},
    {"a given optional", QT_DIVERSE,
	"{\"bool\":false,\"optional\":\"other\",\"nested\":{\"key\":\"k\",\"name\":\"n\"}}",
	"optional", "\"other\""},
    {"notBool of false", QT_DIVERSE, "{\"bool\":false,\"nested\":{\"key\":\"k\",\"name\":\"n\"}}",
	"notBool", "true"},
    {"programs do not check", QT_NAME_EXAMPLE, "{\"key\":\"1\",\"name\":7}", "name", "7"},
    {"21 a reference that may be absent", QT_STATE, "{\"id\":\"r\",\"initialChildState\":\"nope\"}",
	"initialChildState", "undefined"},
    {"a reference leads to the instance", QT_STATE, NULL, "initialChildState.id", "\"child2\""},
    {"a later identifier replaces an earlier one", QT_STATE,
	"{\"id\":\"r\",\"initialChildState\":\"x\",\"childStates\":[{\"id\":\"x\"},"
	"{\"id\":\"x\",\"childStates\":[{\"id\":\"y\"}]}]}",
	"initialChildState.childStates.size", "1"},
    {"a deferred reference", QT_LARGE_ROOT, NULL,
	"cars.car-00.components.comp-000.parts.line-001.part.key", "\"part-07\""},
    {"the cost of a part", QT_LARGE_ROOT, NULL, "parts.part-07.cost", "7"},
    {"an eager reference", QT_LARGE_ROOT, NULL, "orders.order-03.salesperson.key", "\"sales-09\""},
    {"a date", QT_LARGE_ROOT, NULL, "cars.car-00.components.comp-000.parts.line-000.createdAt",
	"Date 1600000000002"},
    {"a computed getter", QT_LARGE_ROOT, NULL, "salespeople.sales-03.name", "\"First 3 Last 3\""},
    {"carCount", QT_LARGE_ROOT, NULL, "carCount", "30"},
    {"firstCar", QT_LARGE_ROOT, NULL, "firstCar", "\"car-00\""},
    {"a getter of null", QT_LARGE_ROOT, NULL, "null", "null"},
};

static void test_paths(void)
{
	for (size_t i = 0; i < COUNT(path_cases); i++) {
		const enum qt_model_name name = path_cases[i].model;
		const struct value snapshot = path_cases[i].snapshot != NULL
						  ? parse(path_cases[i].snapshot)
						  : qt_model_snapshot(name);
		struct qt_node *root = qt_create(qt_model_register(name), snapshot, NULL, NULL);

		expect(matches(follow(root, path_cases[i].path), path_cases[i].expected),
		    path_cases[i].promise);
		qt_release(root);
		qt_release_types();
	}
}

/* --- behaviour --- */

static struct qt_node *new_name_example(void)
{
	return qt_create(qt_name_example_register("NameExample"),
	    parse("{\"key\":\"1\",\"name\":\"Hello World\"}"), NULL, NULL);
}

static void test_name_example(void)
{
	struct qt_node *first = new_name_example();
	struct qt_node *second =
	    qt_create(first->type, parse("{\"key\":\"2\",\"name\":\"Other\"}"), NULL, NULL);
	struct value result = value_undefined();
	struct qt_error error;

	expect(qt_call(first, "slug", value_undefined(), &result, &error) &&
		   matches(result, "\"hello-world\""),
	    "1 slug");
	qt_value_free(result);
	expect(qt_call(first, "setVolatilePropOnReadonly", value_string("new"), &result, &error) &&
		   result.as.boolean && matches(qt_get(first, "volatileProp"), "\"new\""),
	    "3 a volatile action runs");
	expect(matches(qt_get(second, "volatileProp"), "\"test\"") &&
		   matches(qt_get(second, "name"), "\"Other\""),
	    "2 instances share no state");
	expect(
	    !qt_call(first, "setName", value_string("x"), &result, &error) &&
		strcmp(error.message, "Can't run action \"setName\" for a readonly instance") == 0,
	    "4 actions fail");
	expect(qt_is(first->type, value_object(first)) && qt_is_read_only_node(value_object(first)),
	    "5 an instance is of its model and read-only");
	expect(qt_get(first, "nameLength").as.integer == 11 &&
		   qt_poke(first, "name", value_string("x")) &&
		   qt_get(first, "nameLength").as.integer == 11,
	    "a write past the rules leaves memos");
	qt_release(first);
	qt_release(second);
	qt_release_types();
}

static void test_tree_places(void)
{
	static int env;
	const struct qt_type *type = qt_model_register(QT_DIVERSE);
	struct qt_node *root = qt_create(type, qt_model_snapshot(QT_DIVERSE), &env, NULL);
	struct qt_node *other = qt_create(type, qt_model_snapshot(QT_DIVERSE), NULL, NULL);
	struct qt_node *array = follow(root, "array").as.object;
	struct qt_node *item = follow(root, "array.0").as.object;
	struct qt_node *map = follow(root, "map").as.object;
	static const char *const keys[] = {"a", "b", "c", "d", "f"};
	struct qt_error error;
	void *found = NULL;
	bool in_order = true;

	for (uint32_t i = 0; i < COUNT(keys); i++)
		in_order = in_order && strcmp(qt_key(map, i), keys[i]) == 0;
	expect(in_order, "6 the order of a map's keys");
	expect(qt_parent(follow(root, "nested").as.object) == root && qt_parent(array) == root &&
		   qt_parent(item) == array && qt_root(item) == root && qt_is_root(root) &&
		   !qt_is_root(item),
	    "10 parents and roots");
	expect(qt_context_of(item) == qt_context_of(root) &&
		   qt_context_of(map) == qt_context_of(root) &&
		   qt_context_of(root) != qt_context_of(other),
	    "13 one context per tree");
	expect(qt_env(item, &found, &error) && found == &env && !qt_env(other, &found, &error),
	    "14 the env, from any node; without one it fails");
	expect(!qt_mutate(array, "clear", &error) &&
		   strcmp(error.message, "cannot clear a QuickArray instance") == 0 &&
		   !qt_mutate(map, "put", &error) &&
		   strcmp(error.message, "put not supported in QuickMap") == 0,
	    "15 mutators fail");
	expect(qt_is_read_only_node(value_object(array)) && qt_is_read_only_node(value_object(map)),
	    "5 arrays and maps are read-only nodes");
	expect(qt_resolve_identifier(item, "e") == follow(root, "map.d").as.object &&
		   qt_resolve_identifier(item, "d") == NULL,
	    "identifiers are resolved from any node");
	qt_release(root);
	qt_release(other);
	qt_release_types();
}

static void test_clear_cache_resolves(void)
{
	struct qt_node *root = NULL;

	qt_options.clear_cache = 1;
	root = qt_create(qt_model_register(QT_DIVERSE), qt_model_snapshot(QT_DIVERSE), NULL, NULL);
	expect(qt_resolve_identifier(root, "e") == follow(root, "map.d").as.object &&
		   qt_resolve_identifier(root, "zz") == NULL,
	    "without a cache identifiers are searched for");
	qt_release(root);
	qt_release_types();
	qt_options.clear_cache = 0;
}

static void test_frozen(void)
{
	struct qt_node *root =
	    qt_create(qt_model_register(QT_DIVERSE), qt_model_snapshot(QT_DIVERSE), NULL, NULL);
	const struct qt_plain *given = qt_model_snapshot(QT_DIVERSE).as.object;
	const void *object = qt_field(given, "frozen").as.object;
	struct qt_plain *plain = qt_snapshot(root);

	expect(qt_get(root, "frozen").as.object == object &&
		   qt_field(plain, "frozen").as.object == object,
	    "9 a frozen object is shared");
	qt_plain_free(plain);
	qt_release(root);
	qt_release_types();
}

static void test_leaf_keeps_tree(void)
{
	const struct qt_type *type = qt_model_register(QT_DIVERSE);
	const uint64_t base = live();
	struct qt_node *root = qt_create(type, qt_model_snapshot(QT_DIVERSE), NULL, NULL);
	struct qt_node *leaf = qt_get(root, "nested").as.object;

	qt_retain(leaf);
	qt_release(root);
	expect_count(live() - base, 19, "a handle on a leaf keeps the tree", "Diverse");
	qt_release(leaf);
	expect_count(live() - base, 0, "the last handle frees it", "Diverse");
	qt_release_types();
}

/* --- models of the tests' own --- */

static unsigned body_runs;

static struct value counted_view(struct qt_node *self)
{
	(void)self;
	body_runs++;
	return qt_computed_string("computed");
}

static struct value undefined_view(struct qt_node *self)
{
	(void)self;
	body_runs++;
	return value_undefined();
}

static struct value slug_view(struct qt_node *self)
{
	body_runs++;
	return strcmp(qt_get(self, "name").as.string, "Test") == 0 ? value_string("test")
								   : value_undefined();
}

static struct value hydrate(struct value given)
{
	body_runs++;
	return value_integer(given.as.integer * 2);
}

static const struct qt_type *register_properties(
    const char *name, const struct qt_property *properties, uint32_t count)
{
	return qt_register(
	    &(struct qt_declaration){
		.name = name, .properties = properties, .property_count = count},
	    NULL);
}

static void test_memos(void)
{
	static const struct qt_property properties[] = {{"name", &qt_string}};
	static const struct qt_getter getters[] = {
	    {"counted", counted_view}, {"undefined", undefined_view}};
	const struct qt_type *type = qt_register(&(struct qt_declaration){.name = "Memos",
						     .properties = properties,
						     .property_count = 1,
						     .getters = getters,
						     .getter_count = 2},
	    NULL);
	struct qt_node *first = qt_create(type, parse("{\"name\":\"a\"}"), NULL, NULL);
	struct qt_node *second = qt_create(type, parse("{\"name\":\"a\"}"), NULL, NULL);
	const char *string = NULL;

	body_runs = 0;
	string = qt_get(first, "counted").as.string;
	expect(qt_get(first, "counted").as.string == string && body_runs == 1,
	    "16 a getter runs once per instance");
	qt_get(second, "counted");
	expect(body_runs == 2, "16 and again in another instance");
	body_runs = 0;
	qt_get(first, "undefined");
	qt_get(first, "undefined");
	expect(body_runs == 1, "17 undefined is memoised too");
	qt_release(first);
	qt_release(second);
	qt_release_types();
	expect_count(live(), 0, "memos go with their instance", "Memos");
}

static void test_snapshotted_views(void)
{
	static const struct qt_property properties[] = {{"name", &qt_string}};
	static const struct qt_snapshotted_view views[] = {
	    {"slug", slug_view, NULL}, {"twice", undefined_view, hydrate}};
	const struct qt_type *type = qt_register(&(struct qt_declaration){.name = "Views",
						     .properties = properties,
						     .property_count = 1,
						     .views = views,
						     .view_count = 2},
	    NULL);
	struct qt_node *given = qt_create(
	    type, parse("{\"name\":\"Test\",\"slug\":\"given\",\"twice\":4}"), NULL, NULL);
	struct qt_node *absent = qt_create(type, parse("{\"name\":\"Test\"}"), NULL, NULL);

	body_runs = 0;
	expect(matches(qt_get(given, "slug"), "\"given\"") && body_runs == 0,
	    "26 a view in the snapshot is not computed");
	expect(
	    matches(qt_get(absent, "slug"), "\"test\"") && body_runs == 1, "26 an absent one is");
	body_runs = 0;
	qt_get(given, "twice");
	expect(qt_get(given, "twice").as.integer == 8 && body_runs == 1,
	    "26 a hydrator runs at the first read, once");
	qt_release(given);
	qt_release(absent);
	qt_release_types();
}

static const struct qt_type *register_reference_root(void)
{
	static const struct qt_property item[] = {{"id", &qt_identifier}, {"count", &qt_number}};
	const struct qt_type *item_type = register_properties("Item", item, COUNT(item));
	const struct qt_property model[] = {
	    {"ref", qt_reference(item_type)}, {"safeRef", qt_safe_reference(item_type, true)}};
	const struct qt_type *model_type = register_properties("References", model, COUNT(model));
	const struct qt_property root[] = {{"model", model_type},
	    {"refs", qt_array_of(item_type, NULL)},
	    {"list", qt_array_of(qt_safe_reference(item_type, false), NULL)},
	    {"map", qt_map_of(qt_safe_reference(item_type, false), NULL)}};

	return register_properties("Root", root, COUNT(root));
}

static void test_references(void)
{
	static const char text[] =
	    "{\"model\":{\"ref\":\"item-a\",\"safeRef\":\"item-b\"},"
	    "\"refs\":[{\"id\":\"item-a\",\"count\":12},{\"id\":\"item-b\",\"count\":523}],"
	    "\"list\":[\"item-b\",\"nobody\",\"item-a\"],\"map\":{\"x\":\"item-a\",\"y\":\"nobody\"}}";
	const struct qt_type *type = register_reference_root();
	const uint64_t before = made(QT_DESCRIPTOR);
	struct qt_node *root = qt_create(type, parse(text), NULL, NULL);
	struct qt_plain *plain = NULL;
	const struct qt_plain *list = NULL;
	struct qt_node *again = NULL;

	expect(follow(root, "model.ref").as.object == follow(root, "refs.0").as.object &&
		   follow(root, "model.safeRef").as.object == follow(root, "refs.1").as.object,
	    "19 references lead to their instances");
	expect_count(made(QT_DESCRIPTOR) - before, 2, "19 both were deferred", "references");
	expect(follow(root, "list.size").as.integer == 2 &&
		   follow(root, "map.size").as.integer == 1 &&
		   follow(root, "list.1").as.object == follow(root, "refs.0").as.object,
	    "23 unresolved members of arrays and maps are left out");
	plain = qt_snapshot(root);
	list = qt_field(plain, "list").as.object;
	expect(matches(list->fields[0].value, "\"item-b\"") &&
		   matches(qt_field(qt_field(plain, "model").as.object, "ref"), "\"item-a\""),
	    "23 a snapshot has their identifiers");
	again = qt_create(type, value_object(plain), NULL, NULL);
	expect(follow(again, "list.0").as.object == follow(again, "refs.1").as.object,
	    "23 which resolve again");
	qt_release(again);
	qt_plain_free(plain);
	qt_release(root);
	qt_release_types();
	expect_count(live(), 0, "nothing is left", "references");
}

static void test_missing_references(void)
{
	const struct qt_type *type = register_reference_root();
	const uint64_t base = live();
	struct qt_error error = {""};
	struct qt_node *root =
	    qt_create(type, parse("{\"model\":{\"ref\":\"item-c\"},\"refs\":[]}"), NULL, &error);

	expect(root == NULL &&
		   strcmp(error.message,
		       "can't resolve reference for property \"ref\" using identifier item-c") == 0,
	    "20 a missing reference fails");
	expect_count(live(), base, "20 and leaves nothing", "references");
	root = qt_create(type,
	    parse("{\"model\":{\"ref\":\"a\",\"safeRef\":\"nope\"},\"refs\":[{\"id\":\"a\"}]}"),
	    NULL, &error);
	expect(root != NULL && matches(follow(root, "model.safeRef"), "undefined"),
	    "21 a safe one is undefined");
	qt_release(root);
	qt_release_types();
}

static const struct qt_type *register_apple(void)
{
	const struct qt_property properties[] = {
	    {"type", qt_literal(value_string("Apple"))}, {"ripeness", &qt_number}};

	return register_properties("Apple", properties, COUNT(properties));
}

static void test_union_with_reference(void)
{
	const struct qt_type *name_example = qt_name_example_register("NameExample");
	const struct qt_type *apple = register_apple();
	const struct qt_type *members[] = {qt_reference(name_example), apple};
	struct qt_type *any = qt_union(&(struct qt_union){.members = members, .member_count = 2});
	const struct qt_property properties[] = {
	    {"first", any}, {"second", any}, {"example", name_example}};
	const struct qt_type *type = register_properties("Either", properties, 3);
	struct qt_node *root = qt_create(type,
	    parse("{\"first\":\"foo\",\"second\":{\"type\":\"Apple\",\"ripeness\":1},"
		  "\"example\":{\"key\":\"foo\",\"name\":\"n\"}}"),
	    NULL, NULL);

	expect(follow(root, "first").as.object == follow(root, "example").as.object,
	    "25 the reference of a union, deferred");
	expect(((struct qt_node *)follow(root, "second").as.object)->type == apple &&
		   matches(follow(root, "second.ripeness"), "1"),
	    "25 the other member of the union");
	qt_release(root);
	qt_release_types();
	expect_count(live(), 0, "nothing is left", "Either");
}

static unsigned default_runs;

static struct value counted_default(void)
{
	default_runs++;
	return qt_computed_string("made");
}

static struct value default_date(void)
{
	return qt_computed_date(5);
}

static const struct qt_type *register_optionals(void)
{
	const struct qt_property properties[] = {
	    {"text", qt_optional(&(struct qt_optional){
			 .inner = &qt_string, .make_fallback = counted_default})},
	    {"date", qt_optional(
			 &(struct qt_optional){.inner = &qt_date, .make_fallback = default_date})},
	    {"maybe", qt_maybe(&qt_string)},
	    {"maybeNull", qt_maybe_null(&qt_string)},
	    {"maybeFrozen", qt_maybe_null(qt_frozen())},
	};

	return register_properties("Optionals", properties, COUNT(properties));
}

static void test_optionals(void)
{
	const struct qt_type *type = register_optionals();
	const uint64_t dates = made(QT_DATE);
	const uint64_t live_before = live();
	struct qt_node *first = NULL;
	struct qt_node *second = NULL;
	struct qt_plain *plain = NULL;

	default_runs = 0;
	first = qt_create(type, parse("{}"), NULL, NULL);
	expect_count(made(QT_DATE) - dates, 2, "two dates for a missing one", "Optionals");
	second = qt_create(type, parse("{\"date\":5}"), NULL, NULL);
	expect(default_runs == 2 &&
		   qt_get(first, "text").as.string != qt_get(second, "text").as.string,
	    "29 a default function is run for each instance");
	plain = qt_snapshot(second);
	expect(matches(qt_get(first, "date"), "Date 5") && matches(qt_field(plain, "date"), "5"),
	    "29 a date, and a number in the snapshot");
	expect(matches(qt_get(first, "maybe"), "undefined") &&
		   matches(qt_get(first, "maybeNull"), "null") &&
		   matches(qt_get(first, "maybeFrozen"), "undefined"),
	    "30 maybe and maybeNull when absent");
	qt_plain_free(plain);
	qt_release(first);
	qt_release(second);
	expect_count(live(), live_before, "computed defaults go with their instance", "Optionals");
	qt_release_types();
}

static bool is_even(struct value value)
{
	return value_is(value, VALUE_INTEGER) && value.as.integer % 2 == 0;
}

static void test_simple_types(void)
{
	static const struct value words[] = {
	    {.tag = VALUE_STRING, .as.string = "red"}, {.tag = VALUE_STRING, .as.string = "blue"}};
	struct qt_type *literal = qt_literal(value_string("a"));
	struct qt_type *color = qt_enumeration(words, 2);
	struct qt_type *even = qt_refinement(&qt_integer, is_even);
	const struct value empty[] = {value_null(), value_string("")};
	struct qt_type *optional = qt_optional(&(struct qt_optional){.inner = &qt_string,
	    .fallback = value_string("d"),
	    .absent = empty,
	    .absent_count = 2});
	const struct {
		const struct qt_type *type;
		const char *snapshot;
		bool taken;
		const char *made;
	} rows[] = {{&qt_string, "undefined", false, ""}, {&qt_string, "\"a\"", true, "\"a\""},
	    {&qt_number, "1.5", true, "1.5"}, {&qt_number, "\"a\"", false, ""},
	    {&qt_integer, "1.5", false, ""}, {&qt_integer, "2", true, "2"},
	    {&qt_boolean, "true", true, "true"}, {&qt_boolean, "0", false, ""},
	    {literal, "\"a\"", true, "\"a\""}, {literal, "\"b\"", false, ""},
	    {color, "\"blue\"", true, "\"blue\""}, {color, "\"green\"", false, ""},
	    {even, "4", true, "4"}, {even, "3", false, ""}, {optional, "null", true, "\"d\""},
	    {optional, "\"\"", true, "\"d\""}, {optional, "\"x\"", true, "\"x\""}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct value value = value_undefined();
		const bool taken =
		    qt_instantiate(rows[i].type, parse(rows[i].snapshot), &value, NULL);

		verdict(taken == rows[i].taken && (!taken || matches(value, rows[i].made)),
		    "31 simple types are checked where nothing is compiled", rows[i].snapshot);
	}
	expect(!qt_instantiate(qt_name_example_register("NameExample"),
		   qt_model_snapshot(QT_NAME_EXAMPLE), &(struct value){0}, NULL),
	    "nodes are made in trees only");
	qt_release_types();
	qt_type_free(literal);
	qt_type_free(color);
	qt_type_free(even);
	qt_type_free(optional);
	expect_count(live(), 0, "expressions can be freed alone", "types");
}

static void test_unregistered(void)
{
	const struct qt_type unregistered = {.kind = QT_KIND_MODEL, .name = "Unknown"};
	const struct qt_property properties[] = {{"child", &unregistered}};
	struct qt_error errors[3] = {{""}, {""}, {""}};
	bool refused = qt_array_of(&unregistered, &errors[0]) == NULL &&
		       qt_map_of(&unregistered, &errors[1]) == NULL &&
		       qt_register(
			   &(struct qt_declaration){
			       .name = "Parent", .properties = properties, .property_count = 1},
			   &errors[2]) == NULL;

	for (size_t i = 0; i < COUNT(errors); i++)
		refused = refused && strstr(errors[i].message, "requires registration") != NULL;
	expect(refused && live() == 0, "32 an unregistered model is refused in a declaration");
}

static void test_discriminator(void)
{
	const struct qt_type *apple = register_apple();
	const struct value word = value_string("Pear");
	const struct qt_property pear_properties[] = {{"type",
	    qt_optional(&(struct qt_optional){.inner = qt_literal(word), .fallback = word})}};
	const struct qt_type *pear = register_properties("Pear", pear_properties, 1);
	const struct qt_type *members[] = {apple, pear};
	const struct qt_property properties[] = {{"fruits",
	    qt_array_of(qt_union(&(struct qt_union){
			    .members = members, .member_count = 2, .discriminator = "type"}),
		NULL)}};
	const struct qt_type *type = register_properties("Basket", properties, 1);
	const uint64_t base = live();
	struct qt_node *root = qt_create(type,
	    parse("{\"fruits\":[{\"type\":\"Pear\"},{\"type\":\"Apple\",\"ripeness\":2}]}"), NULL,
	    NULL);
	struct qt_error error = {""};

	expect(((struct qt_node *)follow(root, "fruits.0").as.object)->type == pear &&
		   ((struct qt_node *)follow(root, "fruits.1").as.object)->type == apple,
	    "33 a discriminator chooses, also by an optional literal");
	qt_release(root);
	root = qt_create(
	    type, parse("{\"fruits\":[{\"type\":\"Pear\"},{\"type\":\"Stone\"}]}"), NULL, &error);
	expect(root == NULL && error.message[0] != '\0' && live() == base,
	    "33 an unknown one fails and leaves nothing");
	qt_release_types();
}

static unsigned late_runs;

static const struct qt_type *late_item(void)
{
	late_runs++;
	return qt_find_type("Item");
}

static void test_late(void)
{
	static const struct qt_property item[] = {{"id", &qt_identifier}};
	const struct qt_property properties[] = {{"array", qt_array_of(qt_late(late_item), NULL)},
	    {"map", qt_map_of(qt_late(late_item), NULL)},
	    {"reference", qt_reference(qt_late(late_item))}};
	const struct qt_type *type = register_properties("Late", properties, COUNT(properties));
	struct qt_node *root = NULL;

	late_runs = 0;
	register_properties("Item", item, 1);
	expect(late_runs == 0, "34 a late type is not resolved when it is declared");
	root = qt_create(type,
	    parse("{\"array\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"map\":{\"k\":{\"id\":\"c\"}},"
		  "\"reference\":\"b\"}"),
	    NULL, NULL);
	expect(follow(root, "reference").as.object == follow(root, "array.1").as.object &&
		   matches(follow(root, "map.k.id"), "\"c\"") && late_runs == 2,
	    "34 but once, in arrays, maps and references");
	qt_release(root);
	qt_release_types();
}

/* The original loses an array of exactly one number: it makes that many holes. */
static void test_array_of_one_number(void)
{
	const struct qt_property properties[] = {{"numbers", qt_array_of(&qt_number, NULL)}};
	const struct qt_type *type = register_properties("Numbers", properties, 1);
	const uint64_t temporaries = made(QT_ARRAY_TEMPORARY);
	struct qt_node *root = qt_create(type, parse("{\"numbers\":[3]}"), NULL, NULL);

	expect(
	    follow(root, "numbers.size").as.integer == 1 && matches(follow(root, "numbers.0"), "3"),
	    "an array of one number is that number");
	expect_count(
	    made(QT_ARRAY_TEMPORARY), temporaries, "values need no temporary array", "Numbers");
	qt_release(root);
	qt_release_types();
}

static void test_costs(void)
{
	struct qt_node *root = qt_create(
	    qt_model_register(QT_LARGE_ROOT), qt_model_snapshot(QT_LARGE_ROOT), NULL, NULL);
	struct qt_node *line =
	    follow(root, "cars.car-00.components.comp-000.parts.line-001").as.object;
	struct qt_node *component = follow(root, "cars.car-00.components.comp-000").as.object;
	struct value cost = value_undefined();
	struct value descriptor = value_undefined();

	qt_call(line, "cost", value_undefined(), &cost, NULL);
	expect(matches(cost, "14"), "a part line costs its part, times its quantity");
	qt_call(component, "cost", value_undefined(), &cost, NULL);
	/* seven lines: parts 0 7 14 21 28 5 12, quantities 1 to 7 */
	expect(matches(cost, "394"), "a component costs its lines");
	qt_call(follow(root, "cars.car-01").as.object, "descriptor", value_undefined(), &descriptor,
	    NULL);
	expect(matches(descriptor, "\"1991 Make 1 Model 1\""), "a car's descriptor");
	qt_value_free(descriptor);
	qt_release(root);
	qt_release_types();
}

/* --- the scenarios --- */

static void test_scenarios(void)
{
	static const uint64_t warmups[] = {0, 2};

	for (size_t i = 0; i < qt_engine.scenario_count; i++)
		for (size_t w = 0; w < COUNT(warmups); w++) {
			const struct driver_scenario *row = &qt_engine.scenarios[i];
			const struct driver_run run = {
			    .iterations = 20, .warmup = warmups[w], .promised = true};
			const bool understood = driver_set_switches(&qt_engine, row->switches);

			verdict(understood && driver_run_scenario(&qt_engine, row, &run) == 0,
			    "the scenario's numbers", row->name);
			qt_scenarios_forget();
		}
	driver_set_switches(&qt_engine, "");
}

/* A promise that is broken must be seen. */
static void test_driver_sees(void)
{
	struct driver_scenario row = *driver_find(&qt_engine, "A1/Diverse", NULL);
	const struct driver_run run = {.iterations = 3, .promised = true};

	row.promise.allocs++;
	driver_set_switches(&qt_engine, row.switches);
	puts("(the next two lines on stderr are meant)");
	fflush(stdout);
	expect(
	    driver_run_scenario(&qt_engine, &row, &run) == 2, "the driver sees a broken promise");
	qt_scenarios_forget();
	driver_set_switches(&qt_engine, "");
}

int main(void)
{
	static void (*const tests[])(void) = {test_list_law, test_map_law, test_map_churn,
	    test_types, test_trees, test_snapshot_blocks, test_large_root_kinds, test_paths,
	    test_name_example, test_tree_places, test_clear_cache_resolves, test_frozen,
	    test_leaf_keeps_tree, test_memos, test_snapshotted_views, test_references,
	    test_missing_references, test_union_with_reference, test_optionals, test_simple_types,
	    test_unregistered, test_discriminator, test_late, test_array_of_one_number, test_costs,
	    test_driver_sees, test_scenarios};

	for (size_t i = 0; i < COUNT(tests); i++)
		tests[i]();
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0 ? 1 : 0;
}
