/*
 * The Alien port behind the engines' common face.
 *
 * Its state is global: the first instance of the face starts it, the last one ends it, and all instances are the same
 * engine.
 */
#include "engines/alien_signals/alien_signals.h"
#include "engines/engine.h"

static unsigned api_count;

static void *api_new(const struct engine_options *options)
{
	const struct alien_options own = {
	    .ownership = options->ownership,
	    .mended = options->mended ? ALIEN_DEFECT_ALL : 0,
	};

	if (api_count++ == 0)
		alien_begin(&own);
	return &api_count;
}

static void api_free(void *api)
{
	(void)api;
	if (--api_count == 0)
		alien_end();
}

static void *new_signal(void *api, struct rx_value initial)
{
	(void)api;
	return alien_signal(initial);
}

static void *new_computed(void *api, struct rx_computation computation)
{
	(void)api;
	return alien_computed(computation);
}

static int new_effect(
    void *api, struct rx_reaction reaction, void **ret_disposer, struct rx_value *ret_error)
{
	struct alien_function *disposer = NULL;
	const int code = alien_effect(reaction, &disposer, ret_error);

	(void)api;
	*ret_disposer = disposer;
	return code;
}

static int new_scope(void *api, rx_compute_function run, void *environment, void **ret_disposer,
    struct rx_value *ret_error)
{
	struct alien_function *disposer = NULL;
	const int code = alien_scope(run, environment, &disposer, ret_error);

	(void)api;
	*ret_disposer = disposer;
	return code;
}

static int read_handle(void *handle, struct rx_value *ret_value)
{
	return alien_read(handle, ret_value);
}

static int write_handle(void *handle, struct rx_value value, struct rx_value *ret_error)
{
	return alien_write(handle, value, ret_error);
}

static int dispose(void *disposer, struct rx_value *ret_error)
{
	(void)ret_error;
	alien_dispose(disposer);
	return 0;
}

/* The original offers the two ends of a batch; the error of the flush is the one that comes out. */
static int batch(void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	struct rx_value error = rx_undefined();
	int code = 0;
	int end_code = 0;

	(void)api;
	alien_start_batch();
	code = run(environment, ret_value);
	end_code = alien_end_batch(&error);
	if (end_code != 0) {
		*ret_value = error;
		return end_code;
	}
	return code;
}

static int untracked(
    void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	(void)api;
	return alien_untracked(run, environment, ret_value);
}

static void drop(void *handle)
{
	alien_drop(handle);
}

static void release(void *handle)
{
	alien_release(handle);
}

static void collect(void *api)
{
	(void)api;
	alien_collect();
}

static void totals(struct engine_totals *ret_totals)
{
	const struct rx_block_count *rows = alien_block_counts;

	*ret_totals = (struct engine_totals){
	    .signals = rows[ALIEN_BLOCK_SIGNAL].allocs,
	    .computeds = rows[ALIEN_BLOCK_COMPUTED].allocs,
	    .effects = rows[ALIEN_BLOCK_EFFECT].allocs,
	    .edges = rows[ALIEN_BLOCK_LINK].allocs,
	    .frames = rows[ALIEN_BLOCK_PROPAGATE_FRAME].allocs,
	    .check_frames = rows[ALIEN_BLOCK_CHECK_FRAME].allocs,
	    .disposers = rows[ALIEN_BLOCK_EFFECT_DISPOSER].allocs,
	    .live_signals = rx_blocks_live(&rows[ALIEN_BLOCK_SIGNAL]),
	    .live_computeds = rx_blocks_live(&rows[ALIEN_BLOCK_COMPUTED]),
	    .live_effects = rx_blocks_live(&rows[ALIEN_BLOCK_EFFECT]),
	    .edges_held = alien_links_held(),
	    .edges_linked = alien_links_held(), /* a link always stands in both its lists */
	    .queued = alien_queued(),
	};
}

static const struct rx_block_count *block_counts(size_t *ret_count)
{
	*ret_count = ALIEN_BLOCK_COUNT;
	return alien_block_counts;
}

const struct engine engine_alien = {
    .name = "alien",
    .shape = {.signal = 2, .computed = 2, .effect = 2},
    .api_new = api_new,
    .api_free = api_free,
    .signal = new_signal,
    .computed = new_computed,
    .effect = new_effect,
    .read = read_handle,
    .write = write_handle,
    .dispose = dispose,
    .batch = batch,
    .untracked = untracked,
    .scope = new_scope,
    .drop = drop,
    .drop_disposer = drop,
    .release = release,
    .release_disposer = release,
    .collect = collect,
    .totals = totals,
    .block_counts = block_counts,
    .block_counts_reset = alien_block_counts_reset,
};
