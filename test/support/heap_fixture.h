/*
 * A snapshot made by a snapshot_builder, opened, with its heap and the names that the builder embedded: what every
 * test of analysis starts from. Failures fail the test.
 */
#ifndef TEST_SUPPORT_HEAP_FIXTURE_H
#define TEST_SUPPORT_HEAP_FIXTURE_H

#include "analysis/group.h"
#include "snapshot_builder.h"

struct heap_fixture {
	struct snapshot_builder *builder;
	struct snapshot *snapshot;
	struct heap *heap;
	struct frame_names names;
	/* private */
	struct frame_table table;
	struct frame_name *frames;
	uint32_t *first;
};

/* Takes BUILDER over. The fixture may not be moved afterwards. */
void heap_fixture_open(struct heap_fixture *fixture, struct snapshot_builder *builder);
void heap_fixture_close(struct heap_fixture *fixture);
/* The fixture as input of a grouping: all blocks, built-in rules. */
struct group_input heap_fixture_input(struct heap_fixture *fixture);
/* Row number of the key with TEXT; fails the test when there is none. */
uint32_t heap_fixture_key(const struct grouping *grouping, const char *text);

#endif
