/* What snapshot_builder.c (collecting) hands to snapshot_builder_settle.c (computing and writing). */
#ifndef TEST_SUPPORT_SNAPSHOT_BUILDER_INTERNAL_H
#define TEST_SUPPORT_SNAPSHOT_BUILDER_INTERNAL_H

#include <stdbool.h>

#include "snapshot_builder.h"

#define BUILDER_IDS 96 /* section ids below this can be built */

/* A growing array of rows of one size. */
struct builder_rows {
	char *rows;
	size_t row_bytes, count, capacity;
};

/* What one section will be. Rows of the block columns and NAMES are made by settle. */
struct builder_section {
	struct builder_rows rows;
	uint32_t flags;
	uint32_t widen_bytes;
	bool present;
};

/* One frame text and its address; module is a row of MODULES. */
struct builder_frame {
	char *text;
	uint64_t pc;
	uint32_t module;
};

/* An edge by addresses: FROM is a block, or a word in root range RANGE. To a virtual table: WORD is its row. */
struct builder_edge {
	uint64_t from, to;
	uint32_t word, into, range;
};

struct snapshot_builder {
	struct snapshot_run run;
	struct builder_section sections[BUILDER_IDS];
	struct builder_rows blocks;	 /* struct snapshot_builder_block */
	struct builder_rows frames;	 /* struct builder_frame */
	struct builder_rows images;	 /* void *, of snapshot_builder_open */
	struct builder_rows edges;	 /* struct builder_edge, of blocks */
	struct builder_rows root_edges;	 /* likewise, of roots */
	struct builder_rows table_words; /* likewise, of blocks to virtual tables */
	uint64_t next_address;
	uint64_t samples; /* blocks of a sampled file, live or gone */
	uint32_t last_generation;
	bool without_names, settled;
};

/* Append a copy of ROW (NULL: zeros) and return it. */
void *builder_rows_add(struct builder_rows *rows, const void *row);
void *builder_rows_at(const struct builder_rows *rows, size_t number);
/* Append ROW to section ID. */
void *builder_add(struct snapshot_builder *builder, uint32_t id, const void *row);
/* Sections 80 to 89 from edges, root_edges and table_words, when there are any; the block columns are settled. */
void builder_settle_graph(struct snapshot_builder *builder);

#endif
