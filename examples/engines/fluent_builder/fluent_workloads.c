/*
 * What the scenarios do in an iteration, and the switches that change it.
 *
 * What a leaky scenario keeps stands in a global called g_retained_...; its teardown leaves that alone. All others give
 * back everything.
 */
#include "engines/fluent_builder/fluent_caches.h"
#include "engines/fluent_builder/fluent_models.h"
#include "engines/fluent_builder/fluent_scenarios.h"
#include "engines/fluent_builder/fluent_state.h"
#include "engines/ledger/vec.h"

#include <stdlib.h>

enum release_switch { SWITCH_RELEASE_NONE, SWITCH_RELEASE_NONE_DROP, SWITCH_RELEASE_AUTO };

/* Written by the driver alone, as numbers: the place of the word. */
static struct {
	uint32_t model, release, reset, pool_key, discard, check_double_release, pool_max, async;
	uint32_t flight, clear_every, clear, keep, build, same_keys, max_size, fixed;
} settings;

enum { FLIGHT = 50, POOL_MAX = 1000, FACTORIES = 10, NAME_BYTES = 24, STATES_PER_ITERATION = 4 };

const struct driver_switch fluent_switches[FLUENT_SWITCH_COUNT] = {
    {"model", FLUENT_MODEL_WORDS, &settings.model, FLUENT_MODEL_INTERFACE, "what is built"},
    {"release", "none|none-drop|auto", &settings.release, SWITCH_RELEASE_NONE,
	"who gives a builder back: nobody, the caller destroys it, build"},
    {"reset", "faulty|correct", &settings.reset, FLUENT_RESET_FAULTY, "what a release forgets"},
    {"pool-key", "keys|identity", &settings.pool_key, FLUENT_POOL_KEY_KEYS, "who shares a pool"},
    {"discard", "newest|oldest", &settings.discard, FLUENT_DISCARD_NEWEST,
	"what a full pool discards"},
    {"check-double-release", NULL, &settings.check_double_release, 0,
	"a second release is refused"},
    {"pool-max", "N", &settings.pool_max, POOL_MAX, "builders that a pool holds"},
    {"async", NULL, &settings.async, 0, "build later, wait for it"},
    {"flight", "N", &settings.flight, FLIGHT, "builders at once"},
    {"clear-every", "N", &settings.clear_every, 0,
	"iterations until all pools are emptied; 0: never"},
    {"clear", "all|registered", &settings.clear, FLUENT_CLEAR_ALL, "which pools that empties"},
    {"keep", NULL, &settings.keep, 0, "what was made is kept"},
    {"build", NULL, &settings.build, 0, "each factory builds once"},
    {"same-keys", NULL, &settings.same_keys, 0, "all factories have the same keys"},
    {"max-size", "N", &settings.max_size, POOL_MAX, "schemas that the cache holds"},
    {"fixed", NULL, &settings.fixed, 0, "every fault of the pools mended, whatever else is set"},
};

static struct fluent_factory *factory;

static void set_options(void)
{
	fluent_options = (struct fluent_options){
	    .release =
		settings.release == SWITCH_RELEASE_AUTO ? FLUENT_RELEASE_AUTO : FLUENT_RELEASE_NONE,
	    .reset = (enum fluent_reset)settings.reset,
	    .pool_key = (enum fluent_pool_key)settings.pool_key,
	    .discard = (enum fluent_discard)settings.discard,
	    .clear = (enum fluent_clear)settings.clear,
	    .check_double_release = settings.check_double_release != 0,
	    .pool_max = settings.pool_max,
	};
	if (settings.fixed != 0)
		fluent_options = fluent_options_mended();
}

static bool drops(void)
{
	return settings.release == SWITCH_RELEASE_NONE_DROP && settings.fixed == 0;
}

static void give_back(void)
{
	fluent_factory_free(factory);
	factory = NULL;
	fluent_clear_pools();
}

static struct fluent_factory *new_factory(struct fluent_input input)
{
	const char *why = NULL;
	struct fluent_factory *made = settings.async != 0 ? fluent_factory_new_async(input, &why)
							  : fluent_factory_new(input, NULL, &why);

	if (made == NULL) {
		fprintf(stderr, "fluent-builder: %s\n", why);
		exit(2);
	}
	return made;
}

/* --- one object of a model --- */

static void setup_build(const struct driver_run *run)
{
	(void)run;
	set_options();
	factory = new_factory(fluent_model((enum fluent_model_name)settings.model)->input);
}

static struct fluent_outcome build_one(uint64_t number)
{
	const struct fluent_model *model = fluent_model((enum fluent_model_name)settings.model);
	struct fluent_proxy *builder = fluent_factory_call(factory);
	struct fluent_outcome outcome;

	model->fill(builder, number);
	outcome =
	    settings.async != 0 ? fluent_await(fluent_build_async(builder)) : fluent_build(builder);
	if (drops())
		fluent_builder_drop(builder);
	if (outcome.object != NULL && model->use != NULL)
		model->use(outcome.object);
	return outcome;
}

static void clear_now_and_then(uint64_t iteration)
{
	if (settings.clear_every != 0 && iteration % settings.clear_every == 0)
		fluent_clear_pools();
}

static void iterate_build(uint64_t iteration)
{
	const struct fluent_outcome outcome = build_one(iteration);

	fluent_object_release(outcome.object);
	fluent_error_free(outcome.error);
	clear_now_and_then(iteration);
}

const struct driver_workload fluent_workload_build = {
    .setup = setup_build, .iterate = iterate_build, .teardown = give_back};

/* --- many builders at once --- */

static void **drv_flight; /* the driver's own, made before the first iteration */

static void setup_flight(const struct driver_run *run)
{
	setup_build(run);
	drv_flight = calloc(settings.flight + 1, sizeof(*drv_flight));
	if (drv_flight == NULL)
		abort();
}

static void iterate_flight(uint64_t iteration)
{
	struct fluent_object_pool *pool = fluent_factory_pool(factory);

	(void)iteration;
	for (uint32_t i = 0; i < settings.flight; i++)
		drv_flight[i] = fluent_pool_get(pool);
	for (uint32_t i = 0; i < settings.flight; i++) {
		fluent_pool_release(pool, drv_flight[i]);
		drv_flight[i] = NULL;
	}
}

static void teardown_flight(void)
{
	free(drv_flight);
	drv_flight = NULL;
	give_back();
}

const struct driver_workload fluent_workload_flight = {
    .setup = setup_flight, .iterate = iterate_flight, .teardown = teardown_flight};

/* --- results that are kept --- */

static const struct vec_kind kept_kind = {
    .backing = &fluent_books[FLUENT_KEPT], .item_bytes = sizeof(void *), .first_capacity = 1};
/* Found by a scan of the program's data: not static. */
extern struct vec g_retained_users;
struct vec g_retained_users;

static void setup_keep(const struct driver_run *run)
{
	setup_build(run);
	if (settings.release == SWITCH_RELEASE_AUTO)
		iterate_build(0); /* warms the pool */
}

static void iterate_keep(uint64_t iteration)
{
	struct fluent_outcome outcome = build_one(iteration);

	if (settings.keep == 0) {
		fluent_object_release(outcome.object);
		return;
	}
	vec_push_pointer(&g_retained_users, &kept_kind, outcome.object);
}

const struct driver_workload fluent_workload_keep = {
    .setup = setup_keep, .iterate = iterate_keep, .teardown = give_back};

/* --- a factory in each iteration --- */

extern void **g_retained_factories;
void **g_retained_factories;	      /* by iteration; made in advance, as are the names */
static char (*drv_names)[NAME_BYTES]; /* "k0", "k1", ...: keys are borrowed */

static void setup_factory(const struct driver_run *run)
{
	const uint64_t count = run->warmup + run->iterations + 1;

	set_options();
	drv_names = calloc(count, sizeof(*drv_names));
	g_retained_factories = calloc(count, sizeof(*g_retained_factories));
	if (drv_names == NULL || g_retained_factories == NULL)
		abort();
	for (uint64_t i = 0; i < count; i++)
		(void)snprintf(drv_names[i], NAME_BYTES, "k%ju", (uintmax_t)i);
}

static void build_with(struct fluent_factory *made, const char *key)
{
	char name[NAME_BYTES + sizeof("with")];
	struct fluent_proxy *builder = fluent_factory_call(made);

	(void)snprintf(name, sizeof(name), "withK%s", key + 1);
	(void)fluent_with(builder, name, value_integer(1));
	fluent_object_release(fluent_build(builder).object);
	if (drops())
		fluent_builder_drop(builder);
}

static void iterate_factory(uint64_t iteration)
{
	const char *key = drv_names[settings.same_keys != 0 ? 0 : iteration];
	struct fluent_factory *made = new_factory(fluent_input_keys(&key, 1));

	if (settings.build != 0)
		build_with(made, key);
	if (settings.keep != 0)
		g_retained_factories[iteration] = made;
	else
		fluent_factory_free(made);
	clear_now_and_then(iteration);
}

/* The registry keeps the pools: that is what leaks. Their keys' names must not go before them. */
static void teardown_factory(void)
{
	if (settings.same_keys == 0 && settings.clear_every == 0)
		return;
	give_back();
	free(g_retained_factories);
	g_retained_factories = NULL;
	free(drv_names);
	drv_names = NULL;
}

const struct driver_workload fluent_workload_factory = {
    .setup = setup_factory, .iterate = iterate_factory, .teardown = teardown_factory};

/* --- ten pools, emptied now and then --- */

static struct fluent_factory *factories[FACTORIES];

static void setup_clear(const struct driver_run *run)
{
	(void)run;
	set_options();
	for (int i = 0; i < FACTORIES; i++) {
		static const char *const keys[FACTORIES] = {
		    "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"};

		factories[i] = new_factory(fluent_input_keys(&keys[i], 1));
	}
}

static void iterate_clear(uint64_t iteration)
{
	for (int i = 0; i < FACTORIES; i++) {
		const char key[] = {'k', (char)('0' + i), '\0'};

		build_with(factories[i], key);
	}
	clear_now_and_then(iteration);
}

static void teardown_clear(void)
{
	for (int i = 0; i < FACTORIES; i++) {
		fluent_factory_free(factories[i]);
		factories[i] = NULL;
	}
	fluent_clear_pools();
}

const struct driver_workload fluent_workload_clear = {
    .setup = setup_clear, .iterate = iterate_clear, .teardown = teardown_clear};

/* --- a curried function --- */

static struct value add(struct value a, struct value b)
{
	return value_integer(a.as.integer + b.as.integer);
}

extern struct fluent_memo g_retained_memo;
struct fluent_memo g_retained_memo = {.compute = add};

static void iterate_memo(uint64_t iteration)
{
	struct fluent_memo_curried *curried =
	    fluent_memo_call(&g_retained_memo, value_integer((int64_t)iteration));

	(void)fluent_memo_curried_call(curried, value_integer(1));
	if (settings.keep == 0)
		fluent_memo_clear(&g_retained_memo);
}

const struct driver_workload fluent_workload_memo = {.iterate = iterate_memo};

/* --- the cache of schemas --- */

extern struct fluent_schema_cache g_retained_schemas;
struct fluent_schema_cache g_retained_schemas;

static void setup_cache(const struct driver_run *run)
{
	(void)run;
	g_retained_schemas.max_size = settings.max_size;
}

static void iterate_cache(uint64_t iteration)
{
	char key[NAME_BYTES];

	(void)snprintf(key, sizeof(key), "projection-%ju", (uintmax_t)iteration);
	fluent_schema_cache_set(
	    &g_retained_schemas, key, fluent_model(FLUENT_MODEL_SCHEMA)->input.as.object);
}

static void teardown_cache(void)
{
	fluent_schema_cache_clear(&g_retained_schemas);
}

const struct driver_workload fluent_workload_cache = {
    .setup = setup_cache, .iterate = iterate_cache, .teardown = teardown_cache};

/* --- states --- */

extern struct vec g_retained_states;
struct vec g_retained_states;

static void iterate_immutable(uint64_t iteration)
{
	struct fluent_object *made[STATES_PER_ITERATION];

	made[0] = fluent_state_empty();
	made[1] =
	    fluent_state_apply(fluent_state_with("id", value_integer((int64_t)iteration)), made[0]);
	made[2] = fluent_state_apply(fluent_state_with("name", value_string("Test")), made[1]);
	made[3] = fluent_state_build(made[2]);
	for (int i = 0; i < STATES_PER_ITERATION; i++)
		if (settings.keep != 0)
			vec_push_pointer(&g_retained_states, &kept_kind, made[i]);
		else
			fluent_object_release(made[i]);
}

const struct driver_workload fluent_workload_immutable = {.iterate = iterate_immutable};
