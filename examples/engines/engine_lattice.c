/* Lattice behind the engines' common face. */
#include "engines/engine.h"
#include "engines/lattice/lattice.h"

static void *api_new(const struct engine_options *options)
{
	const struct lattice_options own = {
	    .ownership = options->ownership,
	    .primitives = LATTICE_WITH_ALL,
	    .mended = options->mended ? LATTICE_DEFECT_L1 : 0,
	};

	return lattice_api_new(&own);
}

static void api_free(void *api)
{
	lattice_api_free(api);
}

static void *new_signal(void *api, struct rx_value initial)
{
	return lattice_signal(api, initial);
}

static void *new_computed(void *api, struct rx_computation computation)
{
	return lattice_computed(api, computation);
}

static int new_effect(
    void *api, struct rx_reaction reaction, void **ret_disposer, struct rx_value *ret_error)
{
	struct lattice_closure *disposer = NULL;
	const int code = lattice_effect(api, reaction, &disposer, ret_error);

	*ret_disposer = disposer;
	return code;
}

static int new_subscription(void *api, void *source, struct rx_callback callback,
    void **ret_disposer, struct rx_value *ret_error)
{
	struct lattice_closure *unsubscribe = NULL;
	const int code = lattice_subscribe(api, source, callback, &unsubscribe, ret_error);

	*ret_disposer = unsubscribe;
	return code;
}

static int read_handle(void *handle, struct rx_value *ret_value)
{
	return lattice_read(handle, ret_value);
}

static int peek_handle(void *handle, struct rx_value *ret_value)
{
	return lattice_peek(handle, ret_value);
}

static int write_handle(void *handle, struct rx_value value, struct rx_value *ret_error)
{
	return lattice_write(handle, value, ret_error);
}

static int dispose(void *disposer, struct rx_value *ret_error)
{
	return lattice_dispose(disposer, ret_error);
}

static int batch(void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	return lattice_batch(api, run, environment, ret_value);
}

static void drop(void *handle)
{
	lattice_drop(handle);
}

static void release(void *handle)
{
	lattice_release(handle);
}

static void collect(void *api)
{
	lattice_collect(api);
}

static void totals(struct engine_totals *ret_totals)
{
	const struct rx_block_count *rows = lattice_block_counts;
	const uint64_t edges_live = rx_blocks_live(&rows[LATTICE_BLOCK_EDGE]);

	*ret_totals = (struct engine_totals){
	    .signals = rows[LATTICE_BLOCK_SIGNAL_NODE].allocs,
	    .computeds = rows[LATTICE_BLOCK_COMPUTED_NODE].allocs,
	    .effects = rows[LATTICE_BLOCK_EFFECT_NODE].allocs,
	    .edges = rows[LATTICE_BLOCK_EDGE].allocs,
	    .frames = rows[LATTICE_BLOCK_FRAME].allocs,
	    .live_signals = rx_blocks_live(&rows[LATTICE_BLOCK_SIGNAL_NODE]),
	    .live_computeds = rx_blocks_live(&rows[LATTICE_BLOCK_COMPUTED_NODE]),
	    .live_effects = rx_blocks_live(&rows[LATTICE_BLOCK_EFFECT_NODE]),
	    /* An edge always stands in both lists. */
	    .edges_held = edges_live,
	    .edges_linked = edges_live,
	};
}

static const struct rx_block_count *block_counts(size_t *ret_count)
{
	*ret_count = LATTICE_BLOCK_COUNT;
	return lattice_block_counts;
}

const struct engine engine_lattice = {
    .name = "lattice",
    .shape = {.signal = 5, .computed = 5, .effect = 4},
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
    .untracked = NULL,
    .drop = drop,
    .drop_disposer = drop,
    .release = release,
    .release_disposer = release,
    .collect = collect,
    .totals = totals,
    .block_counts = block_counts,
    .block_counts_reset = lattice_block_counts_reset,
};
