/*
 * A Lattice instance: the records, functions and environments that its assembly makes, block by block.
 *
 * The original composes an instance out of factories: of the blocks they make, some stay with the instance and about a
 * dozen are dropped at once. Only the context and the scheduler's environment hold state that the C code uses; the
 * other blocks are there because they are part of the shape that a heap profile of the original shows.
 */
#include "engines/lattice/lattice_internal.h"

#define WORDS(count) (sizeof(struct lattice_api_block) + (count) * sizeof(void *))

static struct lattice_api_block *keep(struct lattice_api *api, struct lattice_api_block *block)
{
	block->next = api->blocks;
	api->blocks = block;
	return block;
}

static void keep_closures(struct lattice_api *api, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		keep(api, lattice_new_api_closure());
}

/* Graph traversal, scheduler, graph edges, pull: what stays of them is closures and their environments. */
static void assemble_helpers(struct lattice_api *api)
{
	const bool batch = (api->options.primitives & LATTICE_WITH_BATCH) != 0;

	keep(api, lattice_new_api_environment(WORDS(2)));
	keep_closures(api, 1); /* traverse */
	api->scheduler = (struct lattice_scheduler *)keep(
	    api, lattice_new_api_environment(sizeof(struct lattice_scheduler)));
	keep_closures(api, 4); /* propagate, dispose, flush, enqueue if scheduled */
	if (batch)
		keep_closures(api, 2); /* start and end of a batch */
	keep(api, lattice_new_api_environment(WORDS(2)));
	keep_closures(api, 3); /* track dependency, detach all, track */
	api->context = (struct lattice_context *)keep(
	    api, lattice_new_api_record(sizeof(struct lattice_context)));
	keep(api, lattice_new_api_environment(WORDS(4)));
	keep_closures(api, 2); /* pull updates, recompute */
	keep(api, lattice_new_api_environment(WORDS(2)));
	keep(api,
	    lattice_new_api_record(WORDS(10))); /* the options: references to all of the above */
}

/* Per primitive an extension record, its method and the environment of its factory. */
static void assemble_primitives(struct lattice_api *api)
{
	for (unsigned primitive = LATTICE_WITH_SIGNAL; primitive <= LATTICE_WITH_SUBSCRIBE;
	     primitive <<= 1) {
		if ((api->options.primitives & primitive) == 0)
			continue;
		keep(api, lattice_new_api_record(WORDS(2)));
		keep(api, lattice_new_api_environment(WORDS(4)));
		keep_closures(api, 1);
	}
}

static void assemble_composition(struct lattice_api *api)
{
	keep(api, lattice_new_api_environment(WORDS(3)));
	keep(api, lattice_new_api_environment(WORDS(3)));
	keep(api, lattice_new_api_record(WORDS(2))); /* state: disposed?, disposers */
	keep(api, lattice_new_api_set());
	keep(api, lattice_new_api_record(WORDS(2))); /* what extensions are given */
	keep_closures(api, 3);			     /* its two functions, and dispose */
}

enum { SCRATCH_CLOSURES = 3, SCRATCH_RECORDS = 7, SCRATCH_COUNT = 11 };

/* Made while an instance is assembled, and dropped at its end. */
static void make_scratch(struct lattice_api_block *scratch[SCRATCH_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < SCRATCH_CLOSURES;
	     i++) /* plain propagate, start and end of a batch */
		scratch[count++] = lattice_new_api_closure();
	for (size_t i = 0; i < SCRATCH_RECORDS; i++) /* four helpers, the factory, two arrays */
		scratch[count++] = lattice_new_api_record(WORDS(4));
	scratch[count++] = lattice_new_api_set(); /* the names seen, to refuse duplicates */
}

struct lattice_api *lattice_api_new(const struct lattice_options *options)
{
	struct lattice_api_block *scratch[SCRATCH_COUNT];
	struct lattice_api *api =
	    (struct lattice_api *)lattice_new_api_record(sizeof(struct lattice_api));

	allocscope_label(api, "lattice_api");
	api->options = *options;
	make_scratch(scratch);
	assemble_helpers(api);
	assemble_primitives(api);
	assemble_composition(api);
	for (size_t i = 0; i < SCRATCH_COUNT; i++)
		lattice_api_block_free(scratch[i]);
	return api;
}

void lattice_api_dispose(struct lattice_api *api)
{
	api->disposed = true;
}

void lattice_api_free(struct lattice_api *api)
{
	if (api == NULL)
		return;
	if (api->options.ownership != RX_OWN_CALLER)
		lattice_free_all_nodes(api);
	while (api->blocks != NULL) {
		struct lattice_api_block *block = api->blocks;

		api->blocks = block->next;
		lattice_api_block_free(block);
	}
	lattice_api_block_free(&api->block);
}
