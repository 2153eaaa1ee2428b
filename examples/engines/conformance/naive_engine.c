/* The oracle: no edges, no cache, no order to get wrong. */
#include "engines/conformance/naive_engine.h"

struct naive_node {
	struct naive_node *next;
	struct rx_value value;		   /* of a signal */
	struct rx_computation computation; /* of a computed; run is NULL for a signal */
};

struct naive_api {
	struct naive_node *first;
};

static void *new_zeroed(size_t size_bytes)
{
	void *block = calloc(1, size_bytes);

	if (block == NULL) {
		fputs("out of memory in the naive engine\n", stderr);
		abort();
	}
	return block;
}

static void *api_new(const struct engine_options *options)
{
	(void)options;
	return new_zeroed(sizeof(struct naive_api));
}

static void api_free(void *api)
{
	struct naive_api *own = api;

	while (own->first != NULL) {
		struct naive_node *node = own->first;

		own->first = node->next;
		rx_environment_destroy(node->computation.environment, node->computation.type);
		free(node);
	}
	free(own);
}

static struct naive_node *new_node(struct naive_api *api)
{
	struct naive_node *node = new_zeroed(sizeof(*node));

	node->next = api->first;
	api->first = node;
	return node;
}

static void *new_signal(void *api, struct rx_value initial)
{
	struct naive_node *node = new_node(api);

	node->value = initial;
	return node;
}

static void *new_computed(void *api, struct rx_computation computation)
{
	struct naive_node *node = new_node(api);

	node->computation = computation;
	return node;
}

static int read_node(void *handle, struct rx_value *ret_value)
{
	const struct naive_node *node = handle;

	if (node->computation.run != NULL)
		return node->computation.run(node->computation.environment, ret_value);
	*ret_value = node->value;
	return 0;
}

static int write_node(void *handle, struct rx_value value, struct rx_value *ret_error)
{
	struct naive_node *node = handle;

	(void)ret_error;
	node->value = value;
	return 0;
}

static int call(void *api, rx_compute_function run, void *environment, struct rx_value *ret_value)
{
	(void)api;
	return run(environment, ret_value);
}

static void ignore_handle(void *handle)
{
	(void)handle;
}

static void totals(struct engine_totals *ret_totals)
{
	*ret_totals = (struct engine_totals){0};
}

static const struct rx_block_count *block_counts(size_t *ret_count)
{
	*ret_count = 0;
	return NULL;
}

static void nothing_to_reset(void)
{
}

const struct engine engine_naive = {
    .name = "naive",
    .api_new = api_new,
    .api_free = api_free,
    .signal = new_signal,
    .computed = new_computed,
    .read = read_node,
    .peek = read_node,
    .write = write_node,
    .batch = call,
    .untracked = call,
    .drop = ignore_handle,
    .drop_disposer = ignore_handle,
    .release = ignore_handle,
    .release_disposer = ignore_handle,
    .collect = ignore_handle,
    .totals = totals,
    .block_counts = block_counts,
    .block_counts_reset = nothing_to_reset,
};
