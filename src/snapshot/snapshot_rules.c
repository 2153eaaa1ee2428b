#include "snapshot/snapshot_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_rules_internal.h"

#define BLOCKS_AT_ONCE 4096

static uint64_t offset_of_row(const struct rules *rules, size_t row)
{
	const struct snapshot *snapshot = rules->snapshot;

	for (uint32_t i = 0; i < snapshot->section_count; i++)
		if (snapshot->sections[i].id == rules->section)
			return snapshot->sections[i].offset + row * snapshot->sections[i].row_bytes;
	return 0;
}

int rules_refuse(const struct rules *rules, size_t row, const char *format, ...)
{
	char why[160];
	uint64_t offset = offset_of_row(rules, row);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	return status_set(rules->error, STATUS_DAMAGED, offset, "%s row %zu (byte %" PRIu64 "): %s",
	    section_name(rules->section), row, offset, why);
}

static int check_phase(const struct rules *rules, size_t row, uint32_t phase)
{
	if (phase == SNAPSHOT_PHASE_WARMUP || phase == SNAPSHOT_PHASE_COUNTED)
		return 0;
	return rules_refuse(
	    rules, row, "phase is %" PRIu32 ", neither warmup (1) nor counted (2)", phase);
}

/* Reserved row 0: the section must not be empty. */
static int check_reserved_row(const struct rules *rules, size_t count)
{
	return count > 0 ? 0 : rules_refuse(rules, 0, "the reserved row 0 is missing");
}

static int check_strings(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;

	rules->section = SNAPSHOT_STRINGS;
	if (snapshot->string_bytes == 0)
		return rules_refuse(rules, 0, "the empty string at 0 is missing");
	if (snapshot->string_bytes > SNAPSHOT_STRING_BYTES_MAX)
		return rules_refuse(rules, 0, "%zu bytes of strings are more than the %u allowed",
		    snapshot->string_bytes, SNAPSHOT_STRING_BYTES_MAX);
	if (snapshot->strings[0] != '\0')
		return rules_refuse(rules, 0, "the string at 0 is not the empty string");
	if (snapshot->strings[snapshot->string_bytes - 1] != '\0')
		return rules_refuse(
		    rules, snapshot->string_bytes - 1, "the last string does not end");
	return 0;
}

static int check_run(struct rules *rules)
{
	const struct snapshot_run *run = rules->snapshot->run;
	const struct {
		const char *member;
		uint32_t offset;
	} strings[] = {
	    {"program", run->program},
	    {"executable", run->executable},
	    {"arguments", run->arguments},
	    {"host", run->host},
	    {"version", run->version},
	    {"trigger_detail", run->trigger_detail},
	    {"directory", run->directory},
	};

	rules->section = SNAPSHOT_RUN;
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
		int status = rules_check_string(rules, 0, strings[i].member, strings[i].offset);

		if (status != 0)
			return status;
	}
	return 0;
}

static int check_modules(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;

	rules->section = SNAPSHOT_MODULES;

	int status = check_reserved_row(rules, snapshot->module_count);

	for (size_t i = 0; status == 0 && i < snapshot->module_count; i++) {
		const struct snapshot_module *module = &snapshot->modules[i];

		status = rules_check_string(rules, i, "path", module->path);
		if (status == 0)
			status = rules_check_string(rules, i, "build_id", module->build_id);
		if (status == 0 && module->end < module->start)
			status = rules_refuse(rules, i,
			    "it ends at 0x%" PRIx64 ", before its start 0x%" PRIx64, module->end,
			    module->start);
	}
	return status;
}

static int check_node(const struct rules *rules, size_t row)
{
	const struct snapshot_node *node = &rules->snapshot->nodes[row];

	/* Parents before children: walks to the root end, whatever the file says. */
	if (node->parent >= row)
		return rules_refuse(
		    rules, row, "parent %" PRIu32 " is not a lower node", node->parent);
	if (node->parent == 0 && node->pc > rules->snapshot->thread_count)
		return rules_refuse(rules, row,
		    "root of thread row %" PRIu64 ", but there are only %zu", node->pc - 1,
		    rules->snapshot->thread_count);
	return rules_check_reference(
	    rules, row, "module", node->module, rules->snapshot->module_count);
}

static int check_nodes(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;

	rules->section = SNAPSHOT_NODES;

	int status = check_reserved_row(rules, snapshot->node_count);

	if (status == 0 && (snapshot->nodes[0].parent != 0 || snapshot->nodes[0].module != 0 ||
			       snapshot->nodes[0].pc != 0))
		status = rules_refuse(rules, 0, "the reserved node is not empty");
	for (size_t i = 1; status == 0 && i < snapshot->node_count; i++)
		status = check_node(rules, i);
	return status;
}

static int check_stacks(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;

	rules->section = SNAPSHOT_STACKS;

	int status = check_reserved_row(rules, snapshot->stack_count);

	if (status == 0 && snapshot->stacks[0].leaf != 0)
		status = rules_refuse(rules, 0, "the reserved stack has a leaf");
	for (size_t i = 0; status == 0 && i < snapshot->stack_count; i++)
		status = rules_check_reference(
		    rules, i, "leaf", snapshot->stacks[i].leaf, snapshot->node_count);
	return status;
}

static int check_names_of_small_sections(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_THREADS;
	for (size_t i = 0; status == 0 && i < snapshot->thread_count; i++)
		status = rules_check_string(rules, i, "name", snapshot->threads[i].name);
	if (status != 0)
		return status;
	rules->section = SNAPSHOT_BENCHMARKS;
	for (size_t i = 0; status == 0 && i < snapshot->benchmark_count; i++)
		status = rules_check_string(rules, i, "name", snapshot->benchmarks[i].name);
	if (status != 0)
		return status;
	rules->section = SNAPSHOT_POOLS;
	for (size_t i = 0; status == 0 && i < snapshot->pool_count; i++)
		status = rules_check_string(rules, i, "name", snapshot->pools[i].name);
	return status;
}

static int check_iteration(const struct rules *rules, size_t row)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_iteration *iteration = &snapshot->iterations[row];
	int status = rules_check_reference(
	    rules, row, "benchmark", iteration->benchmark, snapshot->benchmark_count);

	if (status == 0)
		status = rules_check_reference(
		    rules, row, "thread", iteration->thread, snapshot->thread_count);
	if (status == 0)
		status = check_phase(rules, row, iteration->phase);
	if (status != 0)
		return status;
	if (iteration->count == 0)
		return rules_refuse(rules, row, "it stands for 0 iterations");
	if (iteration->last_generation < iteration->first_generation)
		return rules_refuse(rules, row,
		    "last generation %" PRIu32 " is before the first, %" PRIu32,
		    iteration->last_generation, iteration->first_generation);
	if (row > 0 && iteration->first_generation <= iteration[-1].first_generation)
		return rules_refuse(rules, row,
		    "first generation %" PRIu32 " does not ascend from %" PRIu32,
		    iteration->first_generation, iteration[-1].first_generation);
	return 0;
}

static int check_iterations(struct rules *rules)
{
	int status = 0;

	rules->section = SNAPSHOT_ITERATIONS;
	for (size_t i = 0; status == 0 && i < rules->snapshot->iteration_count; i++)
		status = check_iteration(rules, i);
	return status;
}

static int check_block_columns(struct rules *rules)
{
	static const uint32_t columns[] = {SNAPSHOT_BLOCK_ADDRESS, SNAPSHOT_BLOCK_SIZE,
	    SNAPSHOT_BLOCK_STACK, SNAPSHOT_BLOCK_EPOCH, SNAPSHOT_BLOCK_BORN};
	const struct snapshot *snapshot = rules->snapshot;

	for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
		for (uint32_t i = 0; i < snapshot->section_count; i++) {
			const struct snapshot_section *section = &snapshot->sections[i];
			uint64_t rows = section->bytes / section->row_bytes;

			if (section->id == columns[c] && rows != snapshot->block_count)
				return status_set(rules->error, STATUS_DAMAGED, section->offset,
				    "column %s has %" PRIu64 " rows, but BLOCK_ADDRESS has %zu",
				    section_name(section->id), rows, snapshot->block_count);
		}
	}
	return 0;
}

/* The first block of a pool may lie where the block begins that the pool was cut from; it stands after it. The
 * order of BLOCK_EXTRAS is not checked yet: in a wrong one the search ends too, and finds nothing. */
static bool may_share_address(const struct snapshot *snapshot, size_t block)
{
	size_t low = 0;
	size_t high = snapshot->extra_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->extras[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->extra_count && snapshot->extras[low].block == block &&
	       (snapshot->extras[low].flags & SNAPSHOT_BLOCK_POOLED) != 0 &&
	       (block < 2 || snapshot->block_address[block - 2] != snapshot->block_address[block]);
}

static int check_block_address(const struct rules *rules, size_t row)
{
	const struct snapshot *snapshot = rules->snapshot;
	uint64_t address = snapshot->block_address[row];
	uint64_t before = row > 0 ? snapshot->block_address[row - 1] : 0;

	if (row > 0 &&
	    (address < before || (address == before && !may_share_address(snapshot, row))))
		return rules_refuse(rules, row,
		    "address 0x%" PRIx64 " does not ascend from 0x%" PRIx64, address, before);
	if (address + snapshot->block_size[row] < address)
		return rules_refuse(rules, row,
		    "a block of %" PRIu64 " bytes at 0x%" PRIx64 " passes the end of memory",
		    snapshot->block_size[row], address);
	return 0;
}

/* True when rows [FIRST, END) obey the rules without a question. No branch, for there are many. */
static bool blocks_are_plain(const struct snapshot *snapshot, size_t first, size_t end)
{
	const uint64_t *addresses = snapshot->block_address;
	uint64_t before = first > 0 ? addresses[first - 1] : 0;
	bool questioned = false;

	for (size_t i = first; i < end; i++) {
		uint64_t address = addresses[i];

		questioned |= address <= before;
		questioned |= address + snapshot->block_size[i] < address;
		questioned |= snapshot->block_stack[i] >= snapshot->stack_count;
		before = address;
	}
	return !questioned;
}

static int check_blocks(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = check_block_columns(rules);

	for (size_t first = 0; status == 0 && first < snapshot->block_count;
	     first += BLOCKS_AT_ONCE) {
		size_t end = snapshot->block_count - first > BLOCKS_AT_ONCE ? first + BLOCKS_AT_ONCE
									    : snapshot->block_count;

		if (blocks_are_plain(snapshot, first, end))
			continue;
		rules->section = SNAPSHOT_BLOCK_ADDRESS;
		for (size_t i = first; status == 0 && i < end; i++)
			status = check_block_address(rules, i);
		rules->section = SNAPSHOT_BLOCK_STACK;
		for (size_t i = first; status == 0 && i < end; i++)
			status = rules_check_reference(
			    rules, i, "stack", snapshot->block_stack[i], snapshot->stack_count);
	}
	return status;
}

static int check_extra(const struct rules *rules, size_t row)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_block_extra *extra = &snapshot->extras[row];
	int status =
	    rules_check_reference(rules, row, "block", extra->block, snapshot->block_count);

	if (status == 0 && row > 0 && extra->block <= extra[-1].block)
		status = rules_refuse(rules, row, "block %" PRIu64 " does not ascend from %" PRIu64,
		    extra->block, extra[-1].block);
	if (status == 0)
		status = rules_check_reference(
		    rules, row, "resize_stack", extra->resize_stack, snapshot->stack_count);
	if (status == 0)
		status = rules_check_string(rules, row, "label", extra->label);
	/* 0 is none: one more value than there are pools. */
	if (status == 0 && extra->pool > snapshot->pool_count)
		status = rules_refuse(rules, row, "pool is %" PRIu32 ", but there are only %zu",
		    extra->pool, snapshot->pool_count);
	return status;
}

static int check_extras(struct rules *rules)
{
	int status = 0;

	rules->section = SNAPSHOT_BLOCK_EXTRAS;
	for (size_t i = 0; status == 0 && i < rules->snapshot->extra_count; i++)
		status = check_extra(rules, i);
	return status;
}

static int check_born_ranges(struct rules *rules)
{
	const struct snapshot_born_range *ranges = rules->snapshot->born_ranges;

	rules->section = SNAPSHOT_BORN_RANGES;
	for (size_t i = 0; i < rules->snapshot->born_range_count; i++) {
		if (ranges[i].last_generation < ranges[i].first_generation)
			return rules_refuse(rules, i,
			    "last generation %" PRIu32 " is before the first, %" PRIu32,
			    ranges[i].last_generation, ranges[i].first_generation);
		if (i > 0 && ranges[i].epoch <= ranges[i - 1].epoch)
			return rules_refuse(rules, i,
			    "epoch %" PRIu32 " does not ascend from %" PRIu32, ranges[i].epoch,
			    ranges[i - 1].epoch);
	}
	return 0;
}

static int check_samples(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_sample *samples = snapshot->samples;
	int status = 0;

	rules->section = SNAPSHOT_SAMPLES;
	if (snapshot->sample_count > SNAPSHOT_SAMPLES_MAX)
		return rules_refuse(rules, SNAPSHOT_SAMPLES_MAX,
		    "%zu samples are more than the %d allowed", snapshot->sample_count,
		    SNAPSHOT_SAMPLES_MAX);
	for (size_t i = 0; status == 0 && i < snapshot->sample_count; i++) {
		status = rules_check_reference(
		    rules, i, "benchmark", samples[i].benchmark, snapshot->benchmark_count);
		if (status == 0)
			status = check_phase(rules, i, samples[i].phase);
		if (status == 0 && i > 0 && samples[i].generation <= samples[i - 1].generation)
			status = rules_refuse(rules, i,
			    "generation %" PRIu32 " does not ascend from %" PRIu32,
			    samples[i].generation, samples[i - 1].generation);
	}
	return status;
}

static int check_series(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_series_point *points = snapshot->series;
	int status = 0;

	rules->section = SNAPSHOT_SERIES;
	for (size_t i = 0; status == 0 && i < snapshot->series_count; i++) {
		status = rules_check_reference(
		    rules, i, "stack", points[i].stack, snapshot->stack_count);
		if (status == 0)
			status = rules_check_reference(
			    rules, i, "sample", points[i].sample, snapshot->sample_count);
		if (status == 0 && i > 0 &&
		    (points[i].stack < points[i - 1].stack ||
			(points[i].stack == points[i - 1].stack &&
			    points[i].sample <= points[i - 1].sample)))
			status = rules_refuse(rules, i, "(stack, sample) does not ascend");
	}
	return status;
}

static int check_deaths(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_DEATHS;
	for (size_t i = 0; status == 0 && i < snapshot->deaths_count; i++) {
		status = rules_check_reference(
		    rules, i, "stack", snapshot->deaths[i].stack, snapshot->stack_count);
		if (status == 0 && i > 0 &&
		    snapshot->deaths[i].stack <= snapshot->deaths[i - 1].stack)
			status = rules_refuse(rules, i,
			    "stack %" PRIu32 " does not ascend from %" PRIu32,
			    snapshot->deaths[i].stack, snapshot->deaths[i - 1].stack);
	}
	return status;
}

/* Does the cell come after the one before, by (stack, born_first, died_first)? */
static bool survival_ascends(const struct snapshot_survival *cell)
{
	const struct snapshot_survival *before = cell - 1;

	if (cell->stack != before->stack)
		return cell->stack > before->stack;
	if (cell->born_first != before->born_first)
		return cell->born_first > before->born_first;
	return cell->died_first > before->died_first;
}

static int check_survival(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_SURVIVAL;
	for (size_t i = 0; status == 0 && i < snapshot->survival_count; i++) {
		const struct snapshot_survival *cell = &snapshot->survival[i];

		status =
		    rules_check_reference(rules, i, "stack", cell->stack, snapshot->stack_count);
		if (status == 0 && cell->width == 0)
			status = rules_refuse(rules, i, "its width is 0");
		if (status == 0 && (cell->born_first > UINT32_MAX - cell->width ||
				       cell->died_first > UINT32_MAX - cell->width))
			status = rules_refuse(rules, i, "its generations pass 2^32");
		if (status == 0 && i > 0 && !survival_ascends(cell))
			status = rules_refuse(
			    rules, i, "(stack, born_first, died_first) does not ascend");
	}
	return status;
}

static int check_roots(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_ROOTS;
	for (size_t i = 0; status == 0 && i < snapshot->root_count; i++) {
		const struct snapshot_root *root = &snapshot->roots[i];

		status = rules_check_string(rules, i, "name", root->name);
		if (status == 0 && root->start + root->bytes < root->start)
			status = rules_refuse(rules, i,
			    "%" PRIu64 " bytes at 0x%" PRIx64 " pass the end of memory",
			    root->bytes, root->start);
	}
	return status;
}

static int check_own_costs(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	int status = 0;

	rules->section = SNAPSHOT_OWN_MEMORY;
	for (size_t i = 0; status == 0 && i < snapshot->own_memory_count; i++)
		status = rules_check_string(rules, i, "table", snapshot->own_memory[i].table);
	rules->section = SNAPSHOT_GATE;
	if (status == 0 && snapshot->gate_count > 1)
		status =
		    rules_refuse(rules, 0, "%zu rows where one is allowed", snapshot->gate_count);
	return status;
}

static int check_names(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_name *names = snapshot->names;
	int status = 0;

	rules->section = SNAPSHOT_NAMES;
	for (size_t i = 0; status == 0 && i < snapshot->name_count; i++) {
		status =
		    rules_check_reference(rules, i, "node", names[i].node, snapshot->node_count);
		if (status == 0)
			status = rules_check_string(rules, i, "function", names[i].function);
		if (status == 0)
			status = rules_check_string(rules, i, "file", names[i].file);
		if (status == 0 && i > 0 &&
		    (names[i].node < names[i - 1].node ||
			(names[i].node == names[i - 1].node &&
			    names[i].inline_depth <= names[i - 1].inline_depth)))
			status = rules_refuse(rules, i, "(node, inline_depth) does not ascend");
	}
	return status;
}

static int check_symbols(struct rules *rules)
{
	const struct snapshot *snapshot = rules->snapshot;
	const struct snapshot_symbol *symbols = snapshot->symbols;
	int status = 0;

	rules->section = SNAPSHOT_SYMBOLS;
	for (size_t i = 0; status == 0 && i < snapshot->symbol_count; i++) {
		status = rules_check_reference(
		    rules, i, "module", symbols[i].module, snapshot->module_count);
		if (status == 0)
			status = rules_check_string(rules, i, "name", symbols[i].name);
		if (status == 0 && i > 0 &&
		    snapshot_symbol_compare(&symbols[i - 1], &symbols[i]) >= 0)
			status = rules_refuse(rules, i, "(kind, module, address) does not ascend");
	}
	return status;
}

int snapshot_rules_check(const struct snapshot *snapshot, struct status_error *ret_error)
{
	/* Strings first: the others check their offsets against them. */
	static int (*const checks[])(struct rules *) = {check_strings, check_run, check_modules,
	    check_nodes, check_stacks, check_names_of_small_sections, check_iterations,
	    check_blocks, check_extras, check_born_ranges, check_samples, check_series,
	    check_deaths, check_survival, check_roots, check_own_costs, check_names, check_symbols,
	    rules_check_sampling, rules_check_graph, rules_check_virtual_tables};
	struct rules rules = {.snapshot = snapshot, .error = ret_error};

	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		int status = checks[i](&rules);

		if (status != 0)
			return status;
	}
	return 0;
}
