#include "report/graph_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "report/text_number.h"

static int open_graph(struct graph_view *view)
{
	const struct root_names *names = view->roots;
	uint64_t *base = calloc((size_t)names->count + 1, sizeof *base);
	int status = STATUS_NO_MEMORY;

	for (uint32_t i = 0; base != NULL && i < names->count; i++)
		base[i] = names->roots[i].base;
	const struct reference_roots roots = {
	    .root_of_edge = names->root_of_edge, .base = base, .count = names->count};

	if (base != NULL)
		status = reference_graph_open(view->input->heap, &roots, &view->graph);
	free(base);
	return status == STATUS_OK ? reachability_open(view->graph, &view->reach) : status;
}

int graph_view_open(
    const struct group_input *input, struct symbolizer *symbolizer, struct graph_view **ret_view)
{
	struct graph_view *view = calloc(1, sizeof *view);
	int status = STATUS_NO_MEMORY;

	if (view != NULL) {
		view->input = input;
		status = object_names_open(input->heap->snapshot, symbolizer, &view->objects);
	}
	if (status == STATUS_OK)
		status = root_names_open(view->objects, &view->roots);
	if (status == STATUS_OK)
		status = block_types_open(input, view->objects, &view->types);
	if (status == STATUS_OK)
		status = open_graph(view);
	if (status != STATUS_OK) {
		graph_view_close(view);
		return status;
	}
	*ret_view = view;
	return STATUS_OK;
}

void graph_view_close(struct graph_view *view)
{
	if (view == NULL)
		return;
	dominators_close(view->dominators);
	reachability_close(view->reach);
	reference_graph_close(view->graph);
	block_types_close(view->types);
	root_names_close(view->roots);
	object_names_close(view->objects);
	free(view);
}

int graph_view_dominators(struct graph_view *view)
{
	return view->dominators != NULL ? STATUS_OK
					: dominators_open(view->reach, &view->dominators);
}

void graph_view_block_text(const struct graph_view *view, uint32_t block, char *text, size_t bytes)
{
	const struct group_input *input = view->input;
	const char *type = block_types_of(view->types, block);
	struct site_frame site;

	if (type != NULL) {
		(void)snprintf(text, bytes, "%s", type);
		return;
	}
	(void)site_of_stack(input->heap, input->names, input->rules,
	    heap_stack_of_block(input->heap, block), &site);
	(void)site_text(input->heap, &site, text, bytes);
}

void graph_view_born_text(const struct graph_view *view, uint32_t block, char *text, size_t bytes)
{
	const struct heap *heap = view->input->heap;
	const struct heap_born born = heap_born_of_block(heap, block);
	uint32_t row = heap_iteration_of_generation(heap, born.first_generation);

	if (born.first_generation == 0 || row == HEAP_NONE) {
		(void)snprintf(text, bytes, "born outside iterations");
		return;
	}
	const struct snapshot_iteration *iteration = &heap->snapshot->iterations[row];
	const char *name =
	    snapshot_string(heap->snapshot, heap->snapshot->benchmarks[iteration->benchmark].name);
	uint64_t number = iteration->first;

	if (iteration->last_generation - iteration->first_generation + 1u == iteration->count)
		number += born.first_generation - iteration->first_generation;
	/* The only benchmark needs no name. */
	(void)snprintf(text, bytes, "born in %s %s%s%s",
	    heap->snapshot->benchmark_count > 1 ? name : "iteration",
	    heap->snapshot->benchmark_count > 1 ? "#" : "", text_count(number).text,
	    born.last_generation != born.first_generation ? " or later" : "");
}

void graph_view_id_text(const struct heap *heap, uint32_t block, char *text, size_t bytes)
{
	const struct snapshot_block_extra *extra = heap_extra_of_block(heap, block);
	uint64_t address =
	    extra != NULL ? extra->identity_address : heap->snapshot->block_address[block];

	(void)snprintf(
	    text, bytes, "0x%" PRIx64 ".%" PRIu32, address, heap->snapshot->block_epoch[block]);
}
