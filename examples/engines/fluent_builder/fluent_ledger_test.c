/*
 * How many blocks each operation makes, frees and leaves, kind by kind, and what the pools count.
 *
 * The rows of the scenarios say the same of whole iterations; here an operation stands alone.
 */
#include "engines/fluent_builder/fluent_internal.h"
#include "engines/fluent_builder/fluent_models.h"
#include "engines/fluent_builder/fluent_test.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const id_name[] = {"id", "name"};

static struct ledger_totals before;

static void start(void)
{
	before = ledger_totals(&fluent_ledger);
}

/* Since the start: ALLOCS blocks made, RETAINED more alive. */
static void check_since_start(int64_t allocs, int64_t retained, int line)
{
	const struct ledger_totals now = ledger_totals(&fluent_ledger);

	fluent_check_number(
	    (double)(now.allocs - before.allocs), (double)allocs, "blocks made", __FILE__, line);
	fluent_check_number((double)(int64_t)(now.live_blocks - before.live_blocks),
	    (double)retained, "blocks left", __FILE__, line);
	start();
}

#define SINCE_START(allocs, retained) check_since_start((allocs), (retained), __LINE__)

static void factories(void)
{
	struct fluent_factory *first = NULL;
	struct fluent_factory *second = NULL;

	start();
	first = fluent_test_factory(fluent_input_keys(id_name, 2));
	SINCE_START(5 + 1, 5 + 1); /* and the registry's table */
	second = fluent_test_factory(fluent_input_keys(id_name, 2));
	SINCE_START(4, 1);
	fluent_factory_free(second);
	fluent_factory_free(first);
	SINCE_START(0, -2); /* the registry keeps the rest */
	fluent_clear_pools();
	SINCE_START(0, -5);
}

/* The fifth key set makes the registry's table grow. */
static void registry_grows(void)
{
	static const char *const keys[] = {"a", "b", "c", "d", "e"};
	struct fluent_factory *made[COUNT_OF(keys)];

	start();
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		made[i] = fluent_test_factory(fluent_input_keys(&keys[i], 1));
	SINCE_START(5 * 5 + 2, 5 * 5 + 1);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		fluent_factory_free(made[i]);
	fluent_clear_pools();
	SINCE_START(0, -26);
}

static void six_blocks(void)
{
	static const enum fluent_block kinds[] = {FLUENT_BUILDER, FLUENT_DATA, FLUENT_PROXY,
	    FLUENT_HANDLER, FLUENT_GETTER, FLUENT_CONTEXT};
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_proxy *builder = NULL;

	start();
	builder = fluent_factory_call(factory);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		CHECK_NUMBER(rx_blocks_live(&fluent_books[kinds[i]].count), 1);
	CHECK_NUMBER(ledger_totals(&fluent_ledger).live_bytes - before.live_bytes, 160);
	SINCE_START(6, 6);
	CHECK(fluent_with(builder, "withId", value_integer(1)) == builder);
	SINCE_START(2, 0);
	CHECK(fluent_with(builder, "withNope", value_integer(1)) == NULL);
	SINCE_START(1, 0);
	CHECK(fluent_get(builder, "build") == NULL);
	SINCE_START(0, 0);
	fluent_object_release(fluent_build(builder).object);
	SINCE_START(1, 0);
	fluent_builder_drop(builder);
	SINCE_START(0, -6);
	fluent_factory_free(factory);
}

/* Of a model, filled: blocks that build makes, and those that are left when what it gave is freed. */
static void build_of(enum fluent_model_name name, int64_t allocs)
{
	const struct fluent_model *model = fluent_model(name);
	struct fluent_factory *factory = fluent_test_factory(model->input);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_outcome outcome;

	model->fill(builder, 1);
	start();
	outcome = fluent_build(builder);
	fluent_object_release(outcome.object);
	fluent_error_free(outcome.error);
	SINCE_START(allocs, 0);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

static void builds(void)
{
	build_of(FLUENT_MODEL_INTERFACE, 1);
	build_of(FLUENT_MODEL_CLASS, 1);
	build_of(FLUENT_MODEL_SCHEMA, 3);
	build_of(FLUENT_MODEL_USER, 1);
	build_of(FLUENT_MODEL_PRODUCT, 1 + 3);	   /* the constructor's defaults */
	build_of(FLUENT_MODEL_USER_SCHEMA, 3 + 2); /* copies of tags and metadata */
	build_of(FLUENT_MODEL_INVALID, 2 + 1 + 1 + 1);
}

/* Two issues: the list of issues grows once. */
static void failing_builds(void)
{
	const struct fluent_model *model = fluent_model(FLUENT_MODEL_SCHEMA);
	struct fluent_factory *factory = fluent_test_factory(model->input);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_outcome outcome;

	start();
	outcome = fluent_build(builder);
	CHECK(outcome.object == NULL && outcome.error->issues.count == 2);
	SINCE_START(2 + 1 + 2 + 2, 1 + 1 + 2);
	fluent_error_free(outcome.error);
	SINCE_START(0, -4);
	CHECK(!model->input.as.object->safe_parse(model->input.as.object, builder->builder->data));
	SINCE_START(2 + 2 + 2, 0);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

static void async_builds(void)
{
	const struct fluent_model *model = fluent_model(FLUENT_MODEL_SCHEMA);
	const char *why = NULL;
	struct fluent_factory *factory = fluent_factory_new_async(model->input, &why);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_promise *promise = NULL;

	model->fill(builder, 1);
	start();
	promise = fluent_build_async(builder);
	SINCE_START(3 + 2, 1 + 2);
	fluent_object_release(fluent_await(promise).object);
	SINCE_START(0, -3);
	fluent_builder_drop(builder);
	fluent_factory_free(factory);
}

static void pool_backing(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_object_pool *pool = fluent_factory_pool(factory);
	void *objects[5];

	start();
	for (size_t i = 0; i < COUNT_OF(objects); i++)
		objects[i] = fluent_pool_get(pool);
	SINCE_START(5 * 6, 5 * 6);
	for (size_t i = 0; i < COUNT_OF(objects); i++)
		fluent_pool_release(pool, objects[i]);
	SINCE_START(4, 1); /* for 1, 2, 4 and 8 */
	fluent_pool_clear(pool);
	SINCE_START(0, -5 * 6 - 1);
	fluent_factory_free(factory);
}

static void check_side(uint64_t objects, uint64_t hits, uint64_t misses, double hit_rate)
{
	const struct fluent_side_statistics side = fluent_statistics(FLUENT_SYNC);

	CHECK_NUMBER(side.objects, objects);
	CHECK_NUMBER(side.hits, hits);
	CHECK_NUMBER(side.misses, misses);
	CHECK_NUMBER(side.created, misses);
	CHECK_NUMBER(side.average_hit_rate, hit_rate);
}

static void build_many(struct fluent_factory *factory, int count)
{
	for (int i = 0; i < count; i++) {
		struct fluent_proxy *builder = fluent_factory_call(factory);

		fluent_object_release(fluent_build(builder).object);
		if (fluent_options.release == FLUENT_RELEASE_NONE)
			fluent_builder_drop(builder);
	}
}

/* The package as published: the documented rates are never reached, for nothing is ever given back. */
static void published_statistics(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));

	build_many(factory, 100);
	check_side(0, 0, 100, 0);
	build_many(factory, 10000);
	check_side(0, 0, 10100, 0);
	fluent_factory_free(factory);
}

static void documented_statistics(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));

	fluent_options.release = FLUENT_RELEASE_AUTO;
	build_many(factory, 100);
	check_side(1, 99, 1, 0.99);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).average_utilisation, 0.001);
	fluent_reset_statistics();
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).created, 1);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).objects, 1);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).misses, 0);
	fluent_factory_free(factory);
}

static void in_flight(struct fluent_object_pool *pool, int count)
{
	static void *objects[1500];

	for (int i = 0; i < count; i++)
		objects[i] = fluent_pool_get(pool);
	for (int i = 0; i < count; i++)
		fluent_pool_release(pool, objects[i]);
}

static void fifty_in_flight(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));

	for (int i = 0; i < 200; i++)
		in_flight(fluent_factory_pool(factory), 50);
	check_side(50, 9950, 50, 0.995);
	fluent_factory_free(factory);
}

static void more_than_the_pool_holds(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));

	in_flight(fluent_factory_pool(factory), 1500);
	check_side(1000, 0, 1500, 0);
	CHECK_NUMBER(fluent_factory_pool(factory)->discarded, 500);
	in_flight(fluent_factory_pool(factory), 1500);
	check_side(1000, 1000, 2000, 1.0 / 3);
	CHECK_NUMBER(fluent_factory_pool(factory)->discarded, 1000);
	CHECK_NUMBER(fluent_statistics(FLUENT_SYNC).average_utilisation, 1);
	fluent_factory_free(factory);
}

/* A pool whose factory and registration are gone lives as long as its builders. */
static void builders_outlive_their_factory(void)
{
	struct fluent_factory *factory = fluent_test_factory(fluent_input_keys(id_name, 2));
	struct fluent_proxy *builder = fluent_factory_call(factory);

	fluent_factory_free(factory);
	fluent_clear_pools();
	start();
	CHECK_TEXT(
	    fluent_outcome_text(fluent_build(fluent_with(builder, "withId", value_integer(1)))),
	    "{id:1}");
	fluent_builder_drop(builder);
	SINCE_START(3, -6 - 3); /* and the pool, its configuration, its keys */
}

const struct fluent_test fluent_ledger_tests[] = {
    {"a factory is five blocks, of known keys one", factories},
    {"the registry's table doubles", registry_grows},
    {"a builder is six blocks; withKey makes and frees two, an unknown one", six_blocks},
    {"a build makes one block; by schema three; and what defaults and copies need", builds},
    {"a failing build makes an error, a list, and a block per issue", failing_builds},
    {"a build later makes a promise and a job more", async_builds},
    {"a pool's backing doubles", pool_backing},
    {"as published the pool is never hit", published_statistics},
    {"as documented it is, all but the first time", documented_statistics},
    {"50 in flight, 200 times: 50 objects, 9950 hits, 50 misses", fifty_in_flight},
    {"1500 in flight in a pool for 1000", more_than_the_pool_holds},
    {"builders outlive their factory", builders_outlive_their_factory},
};
const size_t fluent_ledger_test_count = COUNT_OF(fluent_ledger_tests);
