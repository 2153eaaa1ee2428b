/*
 * The Preact port behind the engines' common face.
 *
 * Its state is global: the first instance of the face starts it, the last one ends it, and all instances are the same
 * engine.
 */
#include "engines/engine.h"
#include "engines/preact_signals/preact_signals.h"

static struct preact_options current_options;
static unsigned api_count;

static void *api_new(const struct engine_options *options)
{
	if (api_count++ == 0) {
		current_options = (struct preact_options){.ownership = options->ownership};
		preact_reset(&current_options);
	}
	return &current_options;
}

static void api_free(void *api)
{
	(void)api;
	if (--api_count == 0)
		preact_reset(&current_options);
}

static void *new_signal(void *api, struct rx_value initial)
{
	(void)api;
	return preact_signal(initial);
}

static void *new_computed(void *api, struct rx_computation computation)
{
	(void)api;
	return preact_computed(computation);
}

static int new_effect(
    void *api, struct rx_reaction reaction, void **ret_disposer, struct rx_value *ret_error)
{
	struct preact_disposer *disposer = NULL;
	const int code = preact_effect(reaction, &disposer, ret_error);

	(void)api;
	*ret_disposer = disposer;
	return code;
}

static int new_subscription(void *api, void *source, struct rx_callback callback,
    void **ret_disposer, struct rx_value *ret_error)
{
	struct preact_disposer *disposer = NULL;
	const int code = preact_subscribe(source, callback, &disposer, ret_error);

	(void)api;
	*ret_disposer = disposer;
	return code;
}

static int read_handle(void *handle, struct rx_value *ret_value)
{
	return preact_read(handle, ret_value);
}

static int peek_handle(void *handle, struct rx_value *ret_value)
{
	return preact_peek(handle, ret_value);
}

static int write_handle(void *handle, struct rx_value value, struct rx_value *ret_error)
{
	return preact_write(handle, value, ret_error);
}

static int dispose(void *disposer, struct rx_value *ret_error)
{
	return preact_dispose(disposer, ret_error);
}

static int batch(void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	(void)api;
	return preact_batch(run, environment, ret_value);
}

static int untracked(
    void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	(void)api;
	return preact_untracked(run, environment, ret_value);
}

static void drop(void *handle)
{
	preact_drop(handle);
}

static void drop_disposer(void *disposer)
{
	preact_drop_disposer(disposer);
}

static void release(void *handle)
{
	preact_release(handle);
}

static void release_disposer(void *disposer)
{
	preact_release_disposer(disposer);
}

static void collect(void *api)
{
	(void)api;
	preact_collect();
}

static void totals(struct engine_totals *ret_totals)
{
	const struct rx_block_count *rows = preact_block_counts;

	*ret_totals = (struct engine_totals){
	    .signals = rows[PREACT_BLOCK_SIGNAL].allocs,
	    .computeds = rows[PREACT_BLOCK_COMPUTED].allocs,
	    .effects = rows[PREACT_BLOCK_EFFECT].allocs,
	    .edges = rows[PREACT_BLOCK_EDGE].allocs,
	    .finishes = rows[PREACT_BLOCK_FINISH].allocs,
	    .disposers = rows[PREACT_BLOCK_DISPOSER].allocs,
	    .watch_closures = rows[PREACT_BLOCK_WATCH_CLOSURE].allocs,
	    .live_signals = rx_blocks_live(&rows[PREACT_BLOCK_SIGNAL]),
	    .live_computeds = rx_blocks_live(&rows[PREACT_BLOCK_COMPUTED]),
	    .live_effects = rx_blocks_live(&rows[PREACT_BLOCK_EFFECT]),
	    .edges_held = preact_edges_held(),
	    .edges_linked = preact_edges_linked(),
	};
}

static const struct rx_block_count *block_counts(size_t *ret_count)
{
	*ret_count = PREACT_BLOCK_COUNT;
	return preact_block_counts;
}

const struct engine engine_preact = {
    .name = "preact",
    .shape = {.signal = 1, .computed = 1, .effect = 2},
    .api_new = api_new,
    .api_free = api_free,
    .signal = new_signal,
    .computed = new_computed,
    .effect = new_effect,
    .subscribe = new_subscription,
    .read = read_handle,
    .peek = peek_handle,
    .write = write_handle,
    .dispose = dispose,
    .batch = batch,
    .untracked = untracked,
    .drop = drop,
    .drop_disposer = drop_disposer,
    .release = release,
    .release_disposer = release_disposer,
    .collect = collect,
    .totals = totals,
    .block_counts = block_counts,
    .block_counts_reset = preact_block_counts_reset,
};
