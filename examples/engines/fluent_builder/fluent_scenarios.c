/*
 * The rows: C1 to C13 as the engine's description numbers them, and a build of each model in each way to let go.
 *
 * Numbers are the description's: how many blocks an iteration makes, and how many are left. A row of the same name and
 * another variant is the same work with the fault mended, or with everything given back.
 */
#include "engines/fluent_builder/fluent_scenarios.h"

#include "engines/fluent_builder/fluent_blocks.h"
#include "engines/ledger/vec.h"

enum {
	BUILDER = 6, /* blocks of a builder */
	BACKING = 1, /* of a pool, of a list, of a table */
	POOLS = 10,
	CLEAR_EVERY = 10,
	REGISTERED = POOLS + 1, /* ten key strings and the registry's table */
	SCHEMAS_MAX = 1000,
	SCHEMA_TABLE_FIRST = 4
};

/* C8: ten pools with a builder each, emptied and forgotten in every tenth iteration. */
static int64_t retained_saw_tooth(uint64_t n)
{
	const int64_t pooled = n % CLEAR_EVERY == 0 ? 0 : POOLS * (BUILDER + BACKING);

	return n < CLEAR_EVERY ? pooled : pooled - REGISTERED;
}

/* A build of one field: a setter with its key, a result; and a builder with its place if the pool is empty. */
static int64_t build_allocs(bool pool_is_empty)
{
	return POOLS * (3 + (pool_is_empty ? BUILDER + BACKING : 0));
}

static int64_t allocs_saw_tooth(uint64_t n)
{
	return build_allocs(n % CLEAR_EVERY == 1);
}

/* The same where pools that were forgotten are beyond the reach of clearing. */
static int64_t retained_one_tooth(uint64_t n)
{
	return n <= CLEAR_EVERY ? retained_saw_tooth(n) : retained_saw_tooth(CLEAR_EVERY + 1);
}

static int64_t allocs_one_tooth(uint64_t n)
{
	return build_allocs(n == 1 || n == CLEAR_EVERY + 1);
}

/* C11: a schema and its key; the table grows until the cache is full. */
static int64_t allocs_cache(uint64_t n)
{
	return 2 + (n <= SCHEMAS_MAX && vec_grows_at(n, SCHEMA_TABLE_FIRST) ? 1 : 0);
}

/* One build in an iteration; MADE blocks with a builder of its own, OWNED of them held by the builder's data. */
#define BUILD_ROWS(row_name, model_switches, made, owned)                                          \
	{.name = (row_name),                                                                       \
	    .variant = DRIVER_DISPOSED,                                                            \
	    .switches = model_switches " release=none-drop",                                       \
	    .summary = "build, destroy the builder",                                               \
	    .workload = &fluent_workload_build,                                                    \
	    .promise = {.first_allocs = (made), .allocs = (made), .shape = "transient"}},          \
	    {.name = (row_name),                                                                   \
		.variant = DRIVER_POOLED,                                                          \
		.switches = model_switches " release=auto reset=correct",                          \
		.summary = "build, the builder goes back to the pool",                             \
		.workload = &fluent_workload_build,                                                \
		.promise = {.base = BUILDER + BACKING,                                             \
		    .first_allocs = (made) + BACKING,                                              \
		    .allocs = (made)-BUILDER,                                                      \
		    .shape = "one-off",                                                            \
		    .holder = "fluent_registries"}},                                               \
	{                                                                                          \
		.name = (row_name), .variant = DRIVER_LEAKY,                                       \
		.switches = model_switches " release=none",                                        \
		.summary = "build, forget the builder", .workload = &fluent_workload_build,        \
		.promise = {                                                                       \
			.per_iteration = BUILDER + (owned),                                        \
			.first_allocs = (made),                                                    \
			.allocs = (made),                                                          \
			.shape = "linear",                                                         \
			.holder = "nothing"                                                        \
		}                                                                                  \
	}

static const struct driver_scenario rows[] = {
    {.name = "C1",
	.variant = DRIVER_DISPOSED,
	.switches = "release=none-drop",
	.summary = "build, destroy the builder",
	.workload = &fluent_workload_build,
	.promise = {.first_allocs = 11, .allocs = 11, .shape = "transient"}},
    {.name = "C2",
	.variant = DRIVER_LEAKY,
	.switches = "release=none",
	.summary = "build; nothing gives the builder back",
	.workload = &fluent_workload_build,
	.promise = {.per_iteration = 6,
	    .first_allocs = 11,
	    .allocs = 11,
	    .shape = "linear",
	    .holder = "nothing"}},
    {.name = "C2",
	.variant = DRIVER_FIXED,
	.switches = "fixed",
	.summary = "build gives the builder back",
	.workload = &fluent_workload_build,
	.promise = {.base = 7,
	    .first_allocs = 12,
	    .allocs = 5,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C3",
	.variant = DRIVER_POOLED,
	.switches = "release=auto",
	.summary = "build from the pool",
	.workload = &fluent_workload_build,
	.promise = {.base = 7,
	    .first_allocs = 12,
	    .allocs = 5,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C3",
	.variant = DRIVER_DISPOSED,
	.switches = "release=auto clear-every=1",
	.summary =
	    "build from the pool, empty it; the first time forgets the pool's key and the registry",
	.workload = &fluent_workload_build,
	.promise = {.base = -2, .first_allocs = 12, .allocs = 12, .shape = "transient"}},
    {.name = "C4",
	.variant = DRIVER_POOLED,
	.switches = "flight=50",
	.summary = "50 builders at once, released",
	.workload = &fluent_workload_flight,
	.promise = {.base = 301,
	    .first_allocs = 307,
	    .allocs = 0,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C5",
	.variant = DRIVER_LEAKY,
	.switches = "model=name release=auto reset=correct keep",
	.summary = "every user is kept in a list",
	.workload = &fluent_workload_keep,
	.promise = {.per_iteration = 2,
	    .first_allocs = 4,
	    .allocs = 4,
	    .list_pushes = 1,
	    .list_first_capacity = 1,
	    .shape = "linear",
	    .holder = "g_retained_users"}},
    {.name = "C5",
	.variant = DRIVER_FIXED,
	.switches = "model=name release=auto reset=correct",
	.summary = "every user is freed",
	.workload = &fluent_workload_keep,
	.promise = {.first_allocs = 4, .allocs = 4, .shape = "transient"}},
    {.name = "C6",
	.variant = DRIVER_POOLED,
	.switches = "flight=1500",
	.summary = "1500 builders at once; the pool keeps 1000, the last 500 are discarded",
	.workload = &fluent_workload_flight,
	.promise = {.base = 6001,
	    .first_allocs = 9011,
	    .allocs = 3000,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C6-oldest",
	.variant = DRIVER_POOLED,
	.switches = "flight=1500 discard=oldest",
	.summary = "the same; the first 500 are discarded",
	.workload = &fluent_workload_flight,
	.promise = {.base = 6001,
	    .first_allocs = 9011,
	    .allocs = 3000,
	    .shape = "deferred one-off",
	    .holder = "fluent_registries"}},
    {.name = "C7",
	.variant = DRIVER_LEAKY,
	.switches = "",
	.summary = "a factory with a new key each time; the registry keeps its pool",
	.workload = &fluent_workload_factory,
	.promise = {.per_iteration = 4,
	    .first_allocs = 5,
	    .allocs = 5,
	    .list_pushes = 1,
	    .list_first_capacity = 4,
	    .shape = "linear",
	    .holder = "fluent_registries"}},
    {.name = "C7-kept",
	.variant = DRIVER_LEAKY,
	.switches = "keep",
	.summary = "the same, and the factories are kept",
	.workload = &fluent_workload_factory,
	.promise = {.per_iteration = 5,
	    .first_allocs = 5,
	    .allocs = 5,
	    .list_pushes = 1,
	    .list_first_capacity = 4,
	    .shape = "linear",
	    .holder = "fluent_registries"}},
    {.name = "C7-built",
	.variant = DRIVER_LEAKY,
	.switches = "keep build release=auto",
	.summary = "the same, and each builds once",
	.workload = &fluent_workload_factory,
	.promise = {.per_iteration = 12,
	    .first_allocs = 15,
	    .allocs = 15,
	    .list_pushes = 1,
	    .list_first_capacity = 4,
	    .shape = "linear",
	    .holder = "fluent_registries"}},
    {.name = "C7",
	.variant = DRIVER_FIXED,
	.switches = "same-keys",
	.summary = "a factory with the same key each time",
	.workload = &fluent_workload_factory,
	.promise = {.base = 5,
	    .first_allocs = 6,
	    .allocs = 4,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C7",
	.variant = DRIVER_DISPOSED,
	.switches = "clear-every=1",
	.summary = "a factory with a new key each time; all pools are forgotten",
	.workload = &fluent_workload_factory,
	.promise = {.first_allocs = 6, .allocs = 6, .shape = "transient"}},
    {.name = "C8",
	.variant = DRIVER_POOLED,
	.switches = "release=auto clear-every=10",
	.summary = "a build from each of ten pools; every tenth time all pools are emptied",
	.workload = &fluent_workload_clear,
	.promise = {.retained = retained_saw_tooth,
	    .allocs_of = allocs_saw_tooth,
	    .shape = "bounded",
	    .holder = "fluent_forgotten"}},
    {.name = "C8-registered",
	.variant = DRIVER_POOLED,
	.switches = "release=auto clear-every=10 clear=registered",
	.summary = "the same; clearing does not reach what it made the registry forget",
	.workload = &fluent_workload_clear,
	.promise = {.retained = retained_one_tooth,
	    .allocs_of = allocs_one_tooth,
	    .shape = "bounded",
	    .holder = "fluent_forgotten"}},
    {.name = "C9",
	.variant = DRIVER_POOLED,
	.switches = "model=named release=auto",
	.summary = "the pooled builder keeps the string of its last use",
	.workload = &fluent_workload_build,
	.promise = {.base = 8,
	    .first_allocs = 13,
	    .allocs = 6,
	    .shape = "deferred one-off",
	    .holder = "fluent_registries"}},
    {.name = "C9",
	.variant = DRIVER_FIXED,
	.switches = "model=named release=auto reset=correct",
	.summary = "the pooled builder keeps nothing",
	.workload = &fluent_workload_build,
	.promise = {.base = 7,
	    .first_allocs = 13,
	    .allocs = 6,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C10",
	.variant = DRIVER_LEAKY,
	.switches = "keep",
	.summary = "a memo without a bound, a new first argument each time",
	.workload = &fluent_workload_memo,
	.promise = {.per_iteration = 2,
	    .first_allocs = 2,
	    .allocs = 2,
	    .list_pushes = 1,
	    .list_first_capacity = 4,
	    .shape = "linear",
	    .holder = "g_retained_memo"}},
    {.name = "C10",
	.variant = DRIVER_FIXED,
	.switches = "",
	.summary = "the memo is cleared",
	.workload = &fluent_workload_memo,
	.promise = {.first_allocs = 3, .allocs = 3, .shape = "transient"}},
    {.name = "C11",
	.variant = DRIVER_POOLED,
	.switches = "",
	.summary = "the cache of schemas, a new key each time; it holds 1000",
	.workload = &fluent_workload_cache,
	.promise = {.base = 1,
	    .per_iteration = 2,
	    .limit = SCHEMAS_MAX,
	    .allocs_of = allocs_cache,
	    .shape = "amortised bounded",
	    .holder = "g_retained_schemas"}},
    {.name = "C12",
	.variant = DRIVER_DISPOSED,
	.switches = "model=invalid release=none-drop",
	.summary = "a build that fails; the error is freed",
	.workload = &fluent_workload_build,
	.promise = {.first_allocs = 15, .allocs = 15, .shape = "transient"}},
    {.name = "C12",
	.variant = DRIVER_POOLED,
	.switches = "model=invalid release=auto",
	.summary = "the same from the pool: a failure gives the builder back too",
	.workload = &fluent_workload_build,
	.promise = {.base = 7,
	    .first_allocs = 16,
	    .allocs = 9,
	    .shape = "one-off",
	    .holder = "fluent_registries"}},
    {.name = "C13",
	.variant = DRIVER_LEAKY,
	.switches = "keep",
	.summary = "three states and an object, all kept",
	.workload = &fluent_workload_immutable,
	.promise = {.per_iteration = 4,
	    .first_allocs = 6,
	    .allocs = 6,
	    .list_pushes = 4,
	    .list_first_capacity = 1,
	    .shape = "linear",
	    .holder = "g_retained_states"}},
    {.name = "C13",
	.variant = DRIVER_FIXED,
	.switches = "",
	.summary = "three states and an object, all freed",
	.workload = &fluent_workload_immutable,
	.promise = {.first_allocs = 6, .allocs = 6, .shape = "transient"}},
    BUILD_ROWS("interface", "model=interface", 11, 0),
    BUILD_ROWS("class", "model=class", 11, 0),
    BUILD_ROWS("schema", "model=schema", 13, 0),
    BUILD_ROWS("user", "model=user", 28, 5),
    BUILD_ROWS("product", "model=product", 31, 5),
    BUILD_ROWS("user-schema", "model=user-schema", 32, 5),
    BUILD_ROWS("ten", "model=ten", 27, 0),
    BUILD_ROWS("fifty", "model=fifty", 107, 0),
    BUILD_ROWS("async-schema", "async model=schema", 15, 0),
    BUILD_ROWS("async-user-schema", "async model=user-schema", 34, 5),
};

const struct driver_engine fluent_engine = {
    .ledger = &fluent_ledger,
    .scenarios = rows,
    .scenario_count = sizeof(rows) / sizeof(rows[0]),
    .switches = fluent_switches,
    .switch_count = FLUENT_SWITCH_COUNT,
};
