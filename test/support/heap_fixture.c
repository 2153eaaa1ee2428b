#include "heap_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail_fixture(const char *what)
{
	fprintf(stderr, "heap_fixture: %s\n", what);
	abort();
}

/* SNAPSHOT_NAMES ascend by (node, inline_depth): frames of a node stand together, innermost first. */
static void index_names(struct heap_fixture *fixture)
{
	const struct snapshot *snapshot = fixture->snapshot;
	size_t next = 0;

	fixture->frames = calloc(snapshot->name_count + 1, sizeof(*fixture->frames));
	fixture->first = calloc(snapshot->node_count + 2, sizeof(*fixture->first));
	if (fixture->frames == NULL || fixture->first == NULL)
		fail_fixture("out of memory");
	for (size_t node = 0; node <= snapshot->node_count; node++) {
		fixture->first[node] = (uint32_t)next;
		for (; next < snapshot->name_count && snapshot->names[next].node == node; next++) {
			const struct snapshot_name *name = &snapshot->names[next];

			fixture->frames[next] = (struct frame_name){
			    .function = snapshot_string(snapshot, name->function),
			    .file = name->file != 0 ? snapshot_string(snapshot, name->file) : NULL,
			    .line = name->line,
			    .column = name->column,
			    .inlined = next + 1 < snapshot->name_count &&
				       snapshot->names[next + 1].node == node,
			};
		}
	}
	fixture->table = (struct frame_table){
	    .frames = fixture->frames, .first = fixture->first, .node_count = snapshot->node_count};
	fixture->names = (struct frame_names){frame_table_of_node, &fixture->table};
}

void heap_fixture_open(struct heap_fixture *fixture, struct snapshot_builder *builder)
{
	*fixture = (struct heap_fixture){.builder = builder};
	fixture->snapshot = snapshot_builder_open(builder);
	if (heap_open(fixture->snapshot, &fixture->heap) != STATUS_OK)
		fail_fixture("heap_open");
	index_names(fixture);
}

void heap_fixture_close(struct heap_fixture *fixture)
{
	heap_close(fixture->heap);
	snapshot_close(fixture->snapshot);
	snapshot_builder_free(fixture->builder);
	free(fixture->frames);
	free(fixture->first);
}

struct group_input heap_fixture_input(struct heap_fixture *fixture)
{
	return (struct group_input){.heap = fixture->heap, .names = &fixture->names};
}

uint32_t heap_fixture_key(const struct grouping *grouping, const char *text)
{
	for (uint32_t key = 0; key < grouping->key_count; key++) {
		if (strcmp(grouping->keys[key].text, text) == 0)
			return key;
	}
	fprintf(stderr, "no row \"%s\"; there are:\n", text);
	for (uint32_t key = 0; key < grouping->key_count; key++)
		fprintf(stderr, "  \"%s\"\n", grouping->keys[key].text);
	fail_fixture("no such row");
	return 0;
}
