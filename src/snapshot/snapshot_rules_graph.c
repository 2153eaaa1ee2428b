/*
 * The reader's rules about the reference graph. All its sections are there or none; the edges of a block are
 * a range of three columns that are equally long, in the order of the words that hold them; whatever an edge,
 * a root, a frame or a virtual table names exists. Nothing here is larger than one pass over each section.
 */
#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_rules_internal.h"

static const uint32_t graph_sections[] = {SNAPSHOT_GRAPH, SNAPSHOT_EDGE_FIRST, SNAPSHOT_EDGE_WORD,
    SNAPSHOT_EDGE_TARGET, SNAPSHOT_EDGE_INTO, SNAPSHOT_ROOT_RANGES, SNAPSHOT_ROOT_EDGES,
    SNAPSHOT_STACK_FRAMES};
static const uint32_t virtual_table_sections[] = {
    SNAPSHOT_VIRTUAL_TABLES, SNAPSHOT_BLOCK_VIRTUAL_TABLE};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct snapshot_section *section_of(const struct snapshot *snapshot, uint32_t id)
{
	for (uint32_t i = 0; i < snapshot->section_count; i++)
		if (snapshot->sections[i].id == id)
			return &snapshot->sections[i];
	return NULL;
}

/* All COUNT sections of IDS or none. *RET_PRESENT says which. */
static int check_presence(
    const struct rules *rules, const uint32_t *ids, size_t count, bool *ret_present)
{
	const struct snapshot_section *present = NULL;
	const struct snapshot_section *section;
	uint32_t absent = 0;

	for (size_t i = 0; i < count; i++) {
		section = section_of(rules->snapshot, ids[i]);
		if (section != NULL)
			present = section;
		else
			absent = ids[i];
	}
	*ret_present = present != NULL;
	if (present == NULL || absent == 0)
		return 0;
	return status_set(rules->error, STATUS_DAMAGED, present->offset,
	    "there is a section %s, but %s is missing", section_name(present->id),
	    section_name(absent));
}

static int check_columns(const struct rules *rules)
{
	static const uint32_t columns[] = {SNAPSHOT_EDGE_TARGET, SNAPSHOT_EDGE_INTO};
	const struct snapshot *snapshot = rules->snapshot;

	for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
		const struct snapshot_section *section = section_of(snapshot, columns[c]);
		uint64_t rows = section->bytes / section->row_bytes;

		if (rows != snapshot->edge_count)
			return status_set(rules->error, STATUS_DAMAGED, section->offset,
			    "column %s has %" PRIu64 " rows, but EDGE_WORD has %zu",
			    section_name(columns[c]), rows, snapshot->edge_count);
	}
	return 0;
}

static int check_first(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	const uint64_t *first = snapshot->edge_first;

	rules->section = SNAPSHOT_EDGE_FIRST;
	if (snapshot->edge_first_count != snapshot->block_count + 1)
		return rules_refuse(rules, 0, "%zu rows for %zu blocks, not one more",
		    snapshot->edge_first_count, snapshot->block_count);
	if (first[0] != 0)
		return rules_refuse(
		    rules, 0, "the first block's edges begin at %" PRIu64, first[0]);
	for (size_t i = 1; i < snapshot->edge_first_count; i++)
		if (first[i] < first[i - 1])
			return rules_refuse(rules, i, "%" PRIu64 " does not ascend from %" PRIu64,
			    first[i], first[i - 1]);
	if (first[snapshot->block_count] != snapshot->edge_count)
		return rules_refuse(rules, snapshot->block_count,
		    "the last block's edges end at %" PRIu64 ", but there are %zu",
		    first[snapshot->block_count], snapshot->edge_count);
	return 0;
}

static int check_edges(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_EDGE_WORD;
	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint64_t end = snapshot->edge_first[block + 1];

		for (uint64_t i = snapshot->edge_first[block] + 1; i < end; i++)
			if (unlikely(snapshot->edge_word[i] <= snapshot->edge_word[i - 1]))
				return rules_refuse(rules, i,
				    "word %" PRIu32 " of block %zu does not ascend from %" PRIu32,
				    snapshot->edge_word[i], block, snapshot->edge_word[i - 1]);
	}
	rules->section = SNAPSHOT_EDGE_TARGET;
	for (size_t i = 0; status == 0 && i < snapshot->edge_count; i++)
		status = rules_check_reference(
		    rules, i, "block", snapshot->edge_target[i], snapshot->block_count);
	return status;
}

static int check_root_range(const struct rules *rules, size_t row)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_root_range *range = &snapshot->root_ranges[row];
	int status = rules_check_string(rules, row, "name", range->name);

	if (status == 0)
		status = rules_check_reference(
		    rules, row, "module", range->module, snapshot->module_count);
	if (status == 0 && range->thread != UINT32_MAX)
		status = rules_check_reference(
		    rules, row, "thread", range->thread, snapshot->thread_count);
	if (status != 0)
		return status;
	if (range->kind < SNAPSHOT_ROOT_DATA || range->kind > SNAPSHOT_ROOT_MAPPING)
		return rules_refuse(rules, row, "kind %" PRIu32 " is unknown", range->kind);
	if (range->end < range->start)
		return rules_refuse(rules, row,
		    "it ends at 0x%" PRIx64 ", before its start 0x%" PRIx64, range->end,
		    range->start);
	return 0;
}

static int check_root_ranges(struct rules *rules)
{
	int status = 0;

	rules->section = SNAPSHOT_ROOT_RANGES;
	for (size_t i = 0; status == 0 && i < rules->snapshot->root_range_count; i++)
		status = check_root_range(rules, i);
	return status;
}

static int check_root_edges(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_ROOT_EDGES;
	for (size_t i = 0; status == 0 && i < snapshot->root_edge_count; i++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[i];

		status = rules_check_reference(
		    rules, i, "range", edge->range, snapshot->root_range_count);
		if (status == 0)
			status = rules_check_reference(
			    rules, i, "target", edge->target, snapshot->block_count);
		if (status == 0 && i > 0 &&
		    (edge->range < edge[-1].range ||
			(edge->range == edge[-1].range && edge->address <= edge[-1].address)))
			status = rules_refuse(rules, i, "(range, address) does not ascend");
	}
	return status;
}

static int check_stack_frames(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_STACK_FRAMES;
	for (size_t i = 0; status == 0 && i < snapshot->stack_frame_count; i++) {
		const struct snapshot_stack_frame *frame = &snapshot->stack_frames[i];

		status = rules_check_reference(
		    rules, i, "range", frame->range, snapshot->root_range_count);
		if (status == 0)
			status = rules_check_reference(
			    rules, i, "module", frame->module, snapshot->module_count);
		if (status == 0 && i > 0 &&
		    (frame->range < frame[-1].range ||
			(frame->range == frame[-1].range && frame->low <= frame[-1].low)))
			status = rules_refuse(rules, i, "(range, low) does not ascend");
	}
	return status;
}

int rules_check_graph(struct rules *rules)
{
	bool present;
	int status = check_presence(rules, graph_sections, COUNT(graph_sections), &present);

	if (status != 0 || !present)
		return status;
	status = check_columns(rules);
	if (status == 0)
		status = check_first(rules);
	if (status == 0)
		status = check_edges(rules);
	if (status == 0)
		status = check_root_ranges(rules);
	if (status == 0)
		status = check_root_edges(rules);
	if (status == 0)
		status = check_stack_frames(rules);
	return status;
}

int rules_check_virtual_tables(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	bool present;
	int status =
	    check_presence(rules, virtual_table_sections, COUNT(virtual_table_sections), &present);

	if (status != 0 || !present)
		return status;
	rules->section = SNAPSHOT_VIRTUAL_TABLES;
	for (size_t i = 0; status == 0 && i < snapshot->virtual_table_count; i++)
		status = rules_check_reference(
		    rules, i, "module", snapshot->virtual_tables[i].module, snapshot->module_count);
	rules->section = SNAPSHOT_BLOCK_VIRTUAL_TABLE;
	if (status == 0 && snapshot->block_virtual_table_count != snapshot->block_count)
		status = rules_refuse(rules, 0, "%zu rows for %zu blocks",
		    snapshot->block_virtual_table_count, snapshot->block_count);
	for (size_t i = 0; status == 0 && i < snapshot->block_count; i++)
		status = rules_check_reference(rules, i, "table", snapshot->block_virtual_table[i],
		    snapshot->virtual_table_count);
	return status;
}
