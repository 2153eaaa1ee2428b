#include "preload/graph_sections.h"

#include <stddef.h>

#include "preload/graph_classes.h"
#include "preload/graph_roots.h"
#include "preload/graph_threads.h"
#include "preload/snapshot_sections.h"

static void begin(struct snapshot_writer *writer, uint32_t id, size_t row_bytes)
{
	snapshot_writer_section(writer, id, (uint32_t)row_bytes, 0);
}

/* One column of the edges: the array at OFFSET of each chunk. */
static void put_column(
    struct snapshot_writer *writer, const struct graph *graph, uint32_t id, size_t offset)
{
	begin(writer, id, sizeof(uint32_t));
	for (uint64_t done = 0; done < graph->edge_count;) {
		uint64_t rows = graph->edge_count - done;
		const struct graph_chunk *chunk = graph->chunks[done / GRAPH_CHUNK_EDGES];

		rows = rows < GRAPH_CHUNK_EDGES ? rows : GRAPH_CHUNK_EDGES;
		snapshot_writer_put(writer, (const char *)chunk + offset, rows * sizeof(uint32_t));
		done += rows;
	}
	snapshot_writer_end_section(writer);
}

static void put_edges(struct snapshot_writer *writer, const struct graph *graph)
{
	begin(writer, SNAPSHOT_EDGE_FIRST, sizeof(uint64_t));
	snapshot_writer_put(writer, graph->first, graph->first_count * sizeof *graph->first);
	snapshot_writer_end_section(writer);
	put_column(writer, graph, SNAPSHOT_EDGE_WORD, offsetof(struct graph_chunk, word));
	put_column(writer, graph, SNAPSHOT_EDGE_TARGET, offsetof(struct graph_chunk, target));
	put_column(writer, graph, SNAPSHOT_EDGE_INTO, offsetof(struct graph_chunk, into));
}

/* Modules that were listed after the cut are not in the file. */
static uint32_t known_module(uint32_t module, const struct snapshot_cut *cut)
{
	return module < cut->module_count ? module : 0;
}

/* As KIND, or as plain memory when the module that it needs is not in the file. */
static uint32_t known_kind(const struct graph_range *range, const struct snapshot_cut *cut)
{
	bool of_module = range->kind == SNAPSHOT_ROOT_DATA || range->kind == SNAPSHOT_ROOT_TLS;

	return of_module && known_module(range->module, cut) == 0 ? SNAPSHOT_ROOT_MAPPING
								  : range->kind;
}

static void put_ranges(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	const char *last_name = NULL;
	uint32_t last_offset = 0;

	begin(writer, SNAPSHOT_ROOT_RANGES, sizeof(struct snapshot_root_range));
	for (size_t i = 0; i < graph_roots_count(); i++) {
		const struct graph_range *range = graph_roots_get(i);

		if (range->name != last_name) {
			last_name = range->name;
			last_offset = snapshot_sections_string(last_name);
		}
		struct snapshot_root_range row = {
		    .start = range->start,
		    .end = range->end,
		    .kind = known_kind(range, cut),
		    .module = known_module(range->module, cut),
		    .thread = range->thread < cut->thread_count ? range->thread : UINT32_MAX,
		    .tid = range->tid,
		    .name = last_offset,
		};

		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_frames(struct snapshot_writer *writer, const struct snapshot_cut *cut)
{
	begin(writer, SNAPSHOT_STACK_FRAMES, sizeof(struct snapshot_stack_frame));
	for (size_t i = 0; i < graph_frames_count(); i++) {
		struct snapshot_stack_frame row = graph_frames()[i];

		row.module = known_module(row.module, cut);
		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
}

static void put_virtual_tables(
    struct snapshot_writer *writer, const struct graph *graph, const struct snapshot_cut *cut)
{
	size_t count;
	const uint32_t *of_blocks;
	const struct snapshot_virtual_table *tables = graph_classes_get(&count, &of_blocks);

	if (tables == NULL)
		return;
	begin(writer, SNAPSHOT_VIRTUAL_TABLES, sizeof *tables);
	for (size_t i = 0; i < count; i++) {
		struct snapshot_virtual_table row = tables[i];

		row.module = known_module(row.module, cut);
		if (row.module == 0)
			row.address = 0; /* nobody could name it */
		snapshot_writer_put(writer, &row, sizeof row);
	}
	snapshot_writer_end_section(writer);
	begin(writer, SNAPSHOT_BLOCK_VIRTUAL_TABLE, sizeof *of_blocks);
	snapshot_writer_put(writer, of_blocks, (graph->first_count - 1) * sizeof *of_blocks);
	snapshot_writer_end_section(writer);
}

void graph_sections_put(
    struct snapshot_writer *writer, const struct graph *graph, const struct snapshot_cut *cut)
{
	begin(writer, SNAPSHOT_GRAPH, sizeof graph->row);
	snapshot_writer_put(writer, &graph->row, sizeof graph->row);
	snapshot_writer_end_section(writer);
	put_edges(writer, graph);
	put_ranges(writer, cut);
	begin(writer, SNAPSHOT_ROOT_EDGES, sizeof(struct snapshot_root_edge));
	snapshot_writer_put(
	    writer, graph->root_edges, graph->root_edge_count * sizeof *graph->root_edges);
	snapshot_writer_end_section(writer);
	put_frames(writer, cut);
	put_virtual_tables(writer, graph, cut);
}
