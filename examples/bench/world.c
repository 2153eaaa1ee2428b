/*
 * What the variants do around a scenario, and the user's side of the engines: closures, handles, letting go.
 *
 * The set's arrays belong to the world and keep their capacity, so that an iteration allocates what the engine and the
 * user's closures allocate and nothing else.
 */
#include "bench/world.h"

#include "bench/scenario.h"

#include <string.h>

static const char *const variant_names[VARIANT_COUNT] = {
    [VARIANT_PROBLEMATIC] = "problematic",
    [VARIANT_FIXED] = "fixed",
    [VARIANT_DISPOSED] = "disposed",
    [VARIANT_OUTER] = "outer",
    [VARIANT_OUTER_DISPOSED] = "outer_disposed",
};

const char *variant_name(enum variant variant)
{
	return variant_names[variant];
}

bool variant_parse(const char *text, enum variant *ret_variant)
{
	for (size_t i = 0; i < VARIANT_COUNT; i++)
		if (strcmp(variant_names[i], text) == 0) {
			*ret_variant = (enum variant)i;
			return true;
		}
	return false;
}

struct rx_block_count capture_block_count = {.constructor = "capture_new", .label = "capture"};

static size_t capture_bytes(size_t handle_count)
{
	return sizeof(struct capture) + handle_count * sizeof(void *);
}

RX_CONSTRUCTOR struct capture *capture_new(
    struct world *world, int64_t index, void *const *handles, size_t handle_count)
{
	struct capture *capture = rx_block_made(&capture_block_count,
	    calloc(1, capture_bytes(handle_count)), capture_bytes(handle_count));

	capture->world = world;
	capture->index = index;
	capture->handle_count = handle_count;
	memcpy(capture->handles, handles, handle_count * sizeof(void *));
	return capture;
}

static void capture_trace(void *environment, struct rx_tracer *tracer)
{
	const struct capture *capture = environment;

	for (size_t i = 0; i < capture->handle_count; i++)
		tracer->visit(tracer, capture->handles[i]);
}

static void capture_destroy(void *environment)
{
	const struct capture *capture = environment;

	rx_block_free(&capture_block_count, environment, capture_bytes(capture->handle_count));
}

static const struct rx_environment_type capture_type = {capture_trace, capture_destroy};

static void remember(void ***handles, size_t *count, size_t *capacity, void *handle)
{
	if (*count == *capacity) {
		const size_t grown = *capacity == 0 ? 1024 : 2 * *capacity;
		void **array = realloc(*handles, grown * sizeof(void *));

		if (array == NULL) {
			fprintf(stderr, "out of memory for %zu handles\n", grown);
			abort();
		}
		*handles = array;
		*capacity = grown;
	}
	(*handles)[(*count)++] = handle;
}

static void remember_node(struct world *world, void *node)
{
	remember(&world->nodes, &world->node_count, &world->node_capacity, node);
}

void *world_signal(struct world *world, int64_t initial)
{
	void *signal = world->engine->signal(world->api, rx_integer(initial));

	remember_node(world, signal);
	return signal;
}

bool world_has_outer(const struct world *world)
{
	return world->options.variant == VARIANT_OUTER ||
	       world->options.variant == VARIANT_OUTER_DISPOSED;
}

void *world_first_source(struct world *world, int64_t initial)
{
	if (!world_has_outer(world))
		return world_signal(world, initial);
	if (world->outer == NULL)
		world->outer = world->engine->signal(world->api, rx_integer(initial));
	return world->outer;
}

void *world_computed(struct world *world, rx_compute_function run, struct capture *capture)
{
	void *computed = world->engine->computed(
	    world->api, (struct rx_computation){run, capture, &capture_type});

	remember_node(world, computed);
	return computed;
}

/* A scenario's functions raise nothing, so an error is a defect of the engine's port. */
static void must_succeed(int code, struct rx_value error, const char *what)
{
	if (code == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, error.tag == RX_ERROR ? error.as.message : "failed");
	abort();
}

void *world_own_effect(struct world *world, rx_effect_function run, struct capture *capture)
{
	struct rx_value error = rx_undefined();
	void *disposer = NULL;

	must_succeed(world->engine->effect(world->api,
			 (struct rx_reaction){run, capture, &capture_type}, &disposer, &error),
	    error, "effect");
	return disposer;
}

void world_effect(struct world *world, rx_effect_function run, struct capture *capture)
{
	remember(&world->disposers, &world->disposer_count, &world->disposer_capacity,
	    world_own_effect(world, run, capture));
}

void world_dispose(struct world *world, void *disposer)
{
	struct rx_value error = rx_undefined();

	must_succeed(world->engine->dispose(disposer, &error), error, "dispose");
	world->engine->release_disposer(disposer);
}

void world_write(struct world *world, void *signal, int64_t value)
{
	struct rx_value error = rx_undefined();

	must_succeed(world->engine->write(signal, rx_integer(value), &error), error, "write");
}

int64_t world_read(const struct world *world, void *handle)
{
	struct rx_value value = rx_undefined();

	must_succeed(world->engine->read(handle, &value), value, "read");
	return value.as.integer;
}

/* What goes out of scope is no reference any more, so the slots of an array that lives on are cleared. */
static void forget(void **handles, size_t *count, size_t kept)
{
	if (*count > kept)
		memset(handles + kept, 0, (*count - kept) * sizeof(void *));
	*count = kept;
}

static void dispose_effects(struct world *world)
{
	for (size_t i = 0; i < world->disposer_count; i++)
		world_dispose(world, world->disposers[i]);
	forget(world->disposers, &world->disposer_count, 0);
}

/* Newest first: a computed is given back before what it reads. */
static void release_nodes(struct world *world)
{
	for (size_t i = world->node_count; i > 0; i--)
		world->engine->release(world->nodes[i - 1]);
	forget(world->nodes, &world->node_count, 0);
}

/* Without a collector somebody must release them later: they stay in the set. */
void world_forget(struct world *world, size_t first, size_t count)
{
	if (world->options.engine_options.ownership != RX_OWN_TRACE)
		return;
	for (size_t i = first; i < first + count; i++)
		world->engine->drop(world->nodes[i]);
	memmove(world->nodes + first, world->nodes + first + count,
	    (world->node_count - first - count) * sizeof(void *));
	forget(world->nodes, &world->node_count, world->node_count - count);
}

static void drop_all(struct world *world)
{
	for (size_t i = 0; i < world->disposer_count; i++)
		world->engine->drop_disposer(world->disposers[i]);
	for (size_t i = 0; i < world->node_count; i++)
		world->engine->drop(world->nodes[i]);
	forget(world->disposers, &world->disposer_count, 0);
	forget(world->nodes, &world->node_count, 0);
}

void world_iterate(struct world *world)
{
	const struct scenario *scenario = world->options.scenario;
	const enum variant variant = world->options.variant;

	if (variant != VARIANT_FIXED)
		scenario->build(world);
	scenario->work(world);
	if (variant == VARIANT_DISPOSED || variant == VARIANT_OUTER_DISPOSED)
		dispose_effects(world);
	if (variant == VARIANT_DISPOSED)
		release_nodes(world);
	else if (variant != VARIANT_FIXED)
		drop_all(world);
}

void world_collect(struct world *world)
{
	world->engine->collect(world->api);
}

struct world *world_new(const struct world_options *options)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL) {
		fputs("out of memory for a world\n", stderr);
		abort();
	}
	world->options = *options;
	world->engine = options->engine;
	world->api = world->engine->api_new(&options->engine_options);
	if (options->variant == VARIANT_FIXED)
		options->scenario->build(world);
	else if (world_has_outer(world))
		(void)world_first_source(world, options->scenario->initial);
	return world;
}

void world_free(struct world *world)
{
	dispose_effects(world);
	release_nodes(world);
	if (world->outer != NULL)
		world->engine->release(world->outer);
	world->engine->api_free(world->api);
	free(world->nodes);
	free(world->disposers);
	free(world);
}
