#include "analysis/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

/* Generations below this are looked up in a table, later ones by search: 5 bytes each. */
#define DIRECT_GENERATIONS_MAX (1u << 22)

static uint64_t hash_mix(uint64_t a, uint64_t b)
{
	uint64_t mixed = (a + 0x9e3779b97f4a7c15u) ^ (b * 0xff51afd7ed558ccdu);

	mixed ^= mixed >> 32;
	mixed *= 0xd6e8feb86659fd93u;
	return mixed ^ (mixed >> 32);
}

/* Lowest power of two that leaves a table of COUNT entries at most half full. */
static size_t hash_slots(size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

/* --- equal modules and stacks --- */

/* Files hold tens of modules, so each is compared with each; a pair of equal strings has equal
 * offsets only when the writer shared them, so the text is compared. */
static int heap_merge_modules(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;

	heap->canonical_module = calloc(snapshot->module_count + 1, sizeof(uint32_t));
	if (heap->canonical_module == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t module = 1; module < snapshot->module_count; module++) {
		const struct snapshot_module *row = &snapshot->modules[module];
		uint32_t lowest = module;

		for (uint32_t other = 1; other < module && row->path != 0; other++) {
			const struct snapshot_module *candidate = &snapshot->modules[other];

			if (heap->canonical_module[other] == other &&
			    strcmp(snapshot_string(snapshot, candidate->path),
				snapshot_string(snapshot, row->path)) == 0 &&
			    strcmp(snapshot_string(snapshot, candidate->build_id),
				snapshot_string(snapshot, row->build_id)) == 0) {
				lowest = other;
				break;
			}
		}
		heap->canonical_module[module] = lowest;
	}
	return STATUS_OK;
}

static uint64_t node_offset(const struct snapshot *snapshot, const struct snapshot_node *node)
{
	return node->module != 0 ? node->pc - snapshot->modules[node->module].bias : node->pc;
}

/* By node: a hash of it and all its callers. A node's parent has a lower number, so one pass settles all. */
static uint64_t *heap_hash_chains(const struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;
	uint64_t *hashes = malloc((snapshot->node_count + 1) * sizeof(uint64_t));

	if (hashes == NULL)
		return NULL;
	hashes[0] = 0;
	for (size_t node = 1; node < snapshot->node_count; node++) {
		const struct snapshot_node *row = &snapshot->nodes[node];

		hashes[node] = hash_mix(hashes[row->parent] + heap->canonical_module[row->module],
		    node_offset(snapshot, row));
	}
	return hashes;
}

static bool chains_are_equal(const struct heap *heap, uint32_t a, uint32_t b)
{
	const struct snapshot *snapshot = heap->snapshot;

	while (a != b && a != 0 && b != 0) {
		const struct snapshot_node *left = &snapshot->nodes[a];
		const struct snapshot_node *right = &snapshot->nodes[b];

		if (heap->canonical_module[left->module] != heap->canonical_module[right->module] ||
		    node_offset(snapshot, left) != node_offset(snapshot, right))
			return false;
		a = left->parent;
		b = right->parent;
	}
	return a == b;
}

static void heap_stack_add(struct heap_stack *stack, const struct snapshot_stack *row)
{
	stack->flags |= row->flags;
	stack->allocs += row->allocs;
	stack->bytes += row->bytes;
	stack->frees += row->frees;
	stack->freed_bytes += row->freed_bytes;
	stack->temporary += row->temporary;
	stack->temporary_bytes += row->temporary_bytes;
	stack->reallocs += row->reallocs;
	stack->peak_bytes += row->peak_bytes;
	stack->row_count++;
}

/* By node: row of THREADS of its root, or HEAP_NONE. */
static uint32_t *heap_thread_of_nodes(const struct snapshot *snapshot)
{
	uint32_t *threads = malloc((snapshot->node_count + 1) * sizeof(uint32_t));

	if (threads == NULL)
		return NULL;
	threads[0] = HEAP_NONE;
	for (uint32_t node = 1; node < snapshot->node_count; node++) {
		const struct snapshot_node *row = &snapshot->nodes[node];

		if (row->parent != 0)
			threads[node] = threads[row->parent];
		else
			threads[node] =
			    row->module == 0 && row->pc >= 1 && row->pc <= snapshot->thread_count
				? (uint32_t)(row->pc - 1)
				: HEAP_NONE;
	}
	return threads;
}

/* rows[]: rows of STACKS in the order of their logical stack, by counting. */
static void heap_order_rows(struct heap *heap)
{
	uint32_t next = 0;

	for (size_t stack = 0; stack < heap->stack_count; stack++) {
		heap->stacks[stack].first_row = next;
		next += heap->stacks[stack].row_count;
		heap->stacks[stack].row_count = 0;
	}
	for (uint32_t row = 0; row < heap->snapshot->stack_count; row++) {
		struct heap_stack *stack = &heap->stacks[heap->stack_of_row[row]];

		heap->rows[stack->first_row + stack->row_count++] = row;
	}
}

/* Logical stack of the chain that ends in LEAF, a new one when no stack has it yet. */
static uint32_t heap_find_stack(
    struct heap *heap, uint32_t leaf, uint64_t hash, uint32_t *table, size_t slots)
{
	size_t slot = hash & (slots - 1);

	while (table[slot] != 0) {
		if (chains_are_equal(heap, heap->stacks[table[slot]].leaf, leaf))
			return table[slot];
		slot = (slot + 1) & (slots - 1);
	}
	table[slot] = (uint32_t)heap->stack_count++;
	heap->stacks[table[slot]].leaf = leaf;
	return table[slot];
}

static int heap_merge_stacks(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t slots = hash_slots(snapshot->stack_count);
	uint32_t *table = calloc(slots, sizeof(uint32_t));
	uint64_t *hashes = heap_hash_chains(heap);
	uint32_t *threads = heap_thread_of_nodes(snapshot);
	int status = STATUS_NO_MEMORY;

	heap->stack_of_row = calloc(snapshot->stack_count + 1, sizeof(uint32_t));
	heap->rows = calloc(snapshot->stack_count + 1, sizeof(uint32_t));
	heap->stacks = calloc(snapshot->stack_count + 1, sizeof(*heap->stacks));
	if (table == NULL || hashes == NULL || threads == NULL || heap->stack_of_row == NULL ||
	    heap->rows == NULL || heap->stacks == NULL)
		goto out;
	heap->stacks[0].thread = HEAP_NONE;
	heap->stack_count = 1;
	for (uint32_t row = 0; row < snapshot->stack_count; row++) {
		uint32_t leaf = row == 0 ? 0 : snapshot->stacks[row].leaf;
		uint32_t stack =
		    leaf == 0 ? 0 : heap_find_stack(heap, leaf, hashes[leaf], table, slots);

		heap->stacks[stack].thread = threads[heap->stacks[stack].leaf];
		heap->stack_of_row[row] = stack;
		heap_stack_add(&heap->stacks[stack], &snapshot->stacks[row]);
	}
	heap_order_rows(heap);
	status = STATUS_OK;
out:
	free(table);
	free(hashes);
	free(threads);
	return status;
}

/* --- generations --- */

static enum heap_birth iteration_birth(const struct snapshot_iteration *iteration)
{
	if (iteration->phase == SNAPSHOT_PHASE_WARMUP)
		return HEAP_BIRTH_WARMUP;
	return (iteration->flags & 1) != 0 ? HEAP_BIRTH_OPEN : HEAP_BIRTH_COUNTED;
}

static int heap_index_generations(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t last = 0;

	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		if (snapshot->iterations[row].last_generation > last)
			last = snapshot->iterations[row].last_generation;
	}
	heap->direct_generations =
	    last < DIRECT_GENERATIONS_MAX ? last + 1 : DIRECT_GENERATIONS_MAX;
	heap->birth_of_generation = calloc(heap->direct_generations, sizeof(uint8_t));
	heap->iteration_of_generation = malloc(heap->direct_generations * sizeof(uint32_t));
	if (heap->birth_of_generation == NULL || heap->iteration_of_generation == NULL)
		return STATUS_NO_MEMORY;
	memset(heap->iteration_of_generation, 0xff, heap->direct_generations * sizeof(uint32_t));
	for (uint32_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];

		for (uint64_t generation = iteration->first_generation;
		     generation <= iteration->last_generation &&
		     generation < heap->direct_generations;
		     generation++) {
			if (generation == 0)
				continue;
			heap->birth_of_generation[generation] = (uint8_t)iteration_birth(iteration);
			heap->iteration_of_generation[generation] = row;
		}
	}
	return STATUS_OK;
}

/* The last row that begins at or before GENERATION; rows ascend by first_generation. */
static uint32_t heap_search_iteration(const struct heap *heap, uint32_t generation)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t low = 0;
	size_t high = snapshot->iteration_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->iterations[middle].first_generation <= generation)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || snapshot->iterations[low - 1].last_generation < generation)
		return HEAP_NONE;
	return (uint32_t)(low - 1);
}

uint32_t heap_iteration_of_generation(const struct heap *heap, uint32_t generation)
{
	if (generation == 0)
		return HEAP_NONE;
	if (generation < heap->direct_generations)
		return heap->iteration_of_generation[generation];
	return heap_search_iteration(heap, generation);
}

enum heap_birth heap_birth_of_generation(const struct heap *heap, uint32_t generation)
{
	if (generation < heap->direct_generations)
		return (enum heap_birth)heap->birth_of_generation[generation];
	uint32_t row = heap_search_iteration(heap, generation);

	return row == HEAP_NONE ? HEAP_BIRTH_OUTSIDE
				: iteration_birth(&heap->snapshot->iterations[row]);
}

/* --- blocks --- */

static const struct snapshot_born_range *heap_born_range(const struct heap *heap, uint32_t epoch)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t low = 0;
	size_t high = snapshot->born_range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->born_ranges[middle].epoch < epoch)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->born_range_count && snapshot->born_ranges[low].epoch == epoch
		   ? &snapshot->born_ranges[low]
		   : NULL;
}

struct heap_born heap_born_of_block(const struct heap *heap, size_t block)
{
	const struct snapshot *snapshot = heap->snapshot;
	const struct snapshot_born_range *range =
	    heap_born_range(heap, snapshot->block_epoch[block]);
	uint32_t born = snapshot->block_born[block];

	if (range != NULL)
		return (struct heap_born){range->first_generation, range->last_generation};
	return (struct heap_born){born, born};
}

/* The strongest class of the range; *RET_MIXED when it holds several. Iteration rows, not
 * generations, are walked. */
static enum heap_birth heap_birth_of_range(
    const struct heap *heap, const struct heap_born *born, bool *ret_mixed)
{
	const struct snapshot *snapshot = heap->snapshot;
	enum heap_birth strongest = heap_birth_of_generation(heap, born->first_generation);
	enum heap_birth first = strongest;

	*ret_mixed = false;
	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		enum heap_birth birth = iteration_birth(iteration);

		if (iteration->first_generation > born->last_generation)
			break;
		if (iteration->last_generation < born->first_generation)
			continue;
		if (birth != first)
			*ret_mixed = true;
		if (birth > strongest)
			strongest = birth;
	}
	return strongest;
}

static enum heap_birth heap_birth_and_mix(const struct heap *heap, size_t block, bool *ret_mixed)
{
	*ret_mixed = false;
	if (likely(heap->snapshot->born_range_count == 0))
		return heap_birth_of_generation(heap, heap->snapshot->block_born[block]);
	struct heap_born born = heap_born_of_block(heap, block);

	if (born.first_generation == born.last_generation)
		return heap_birth_of_generation(heap, born.first_generation);
	return heap_birth_of_range(heap, &born, ret_mixed);
}

enum heap_birth heap_birth_of_block(const struct heap *heap, size_t block)
{
	bool mixed;

	return heap_birth_and_mix(heap, block, &mixed);
}

const struct snapshot_block_extra *heap_extra_of_block(const struct heap *heap, size_t block)
{
	const struct snapshot *snapshot = heap->snapshot;
	size_t low = 0;
	size_t high = snapshot->extra_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->extras[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->extra_count && snapshot->extras[low].block == block
		   ? &snapshot->extras[low]
		   : NULL;
}

bool heap_filter_passes(const struct heap *heap, const struct heap_filter *filter, size_t block)
{
	if (filter == NULL)
		return true;
	if (filter->stack_hidden != NULL &&
	    filter->stack_hidden[heap_stack_of_block(heap, block)] != 0)
		return false;
	if (!filter->born_limited)
		return true;
	struct heap_born born = heap_born_of_block(heap, block);

	return born.last_generation >= filter->born_first &&
	       born.first_generation <= filter->born_last;
}

void heap_count(
    const struct heap *heap, const struct heap_filter *filter, struct heap_totals *ret_totals)
{
	const struct snapshot *snapshot = heap->snapshot;
	struct heap_totals totals = {0};
	size_t extra = 0;

	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint64_t bytes = snapshot->block_size[block];
		uint32_t flags = 0;
		bool mixed;

		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		if (extra < snapshot->extra_count && snapshot->extras[extra].block == block)
			flags = snapshot->extras[extra].flags;
		if (!heap_filter_passes(heap, filter, block))
			continue;
		if ((flags & SNAPSHOT_BLOCK_IGNORED) != 0) {
			totals.ignored_blocks++;
			totals.ignored_bytes += bytes;
			continue;
		}
		totals.blocks++;
		totals.bytes += bytes;
		if ((flags & SNAPSHOT_BLOCK_POOLED) != 0) {
			totals.pooled_blocks++;
			totals.pooled_bytes += bytes;
		}
		if (snapshot->block_epoch[block] <= snapshot->run->inherited_epoch &&
		    snapshot->run->inherited_epoch != 0) {
			totals.inherited_blocks++;
			totals.inherited_bytes += bytes;
		}
		if (heap_birth_and_mix(heap, block, &mixed) == HEAP_BIRTH_COUNTED) {
			totals.retained_blocks++;
			totals.retained_bytes += bytes;
		}
		totals.inexact_birth_blocks += mixed;
	}
	*ret_totals = totals;
}

int heap_index_births(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;

	if (heap->births_by_stack != NULL)
		return STATUS_OK;
	size_t *first = calloc(heap->stack_count + 2, sizeof(size_t));
	uint32_t *births = malloc((snapshot->block_count + 1) * sizeof(uint32_t));

	if (first == NULL || births == NULL) {
		free(first);
		free(births);
		return STATUS_NO_MEMORY;
	}
	/* first[s + 2] counts, then first[s + 1] is the next free place of s and ends as the first of s + 1. */
	for (size_t block = 0; block < snapshot->block_count; block++)
		first[heap_stack_of_block(heap, block) + 2]++;
	for (size_t extra = 0; extra < snapshot->extra_count; extra++) {
		if ((snapshot->extras[extra].flags & SNAPSHOT_BLOCK_IGNORED) != 0)
			first[heap_stack_of_block(heap, snapshot->extras[extra].block) + 2]--;
	}
	for (size_t stack = 2; stack < heap->stack_count + 2; stack++)
		first[stack] += first[stack - 1];
	for (size_t block = 0, extra = 0; block < snapshot->block_count; block++) {
		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		if (extra < snapshot->extra_count && snapshot->extras[extra].block == block &&
		    (snapshot->extras[extra].flags & SNAPSHOT_BLOCK_IGNORED) != 0)
			continue;
		births[first[heap_stack_of_block(heap, block) + 1]++] =
		    snapshot->born_range_count == 0
			? snapshot->block_born[block]
			: heap_born_of_block(heap, block).first_generation;
	}
	heap->first_birth = first;
	heap->births_by_stack = births;
	return STATUS_OK;
}

/* --- life --- */

int heap_open(const struct snapshot *snapshot, struct heap **ret_heap)
{
	struct heap *heap = calloc(1, sizeof(*heap));

	if (heap == NULL)
		return STATUS_NO_MEMORY;
	heap->snapshot = snapshot;
	int status = heap_merge_modules(heap);

	if (status == STATUS_OK)
		status = heap_merge_stacks(heap);
	if (status == STATUS_OK)
		status = heap_index_generations(heap);
	if (status != STATUS_OK) {
		heap_close(heap);
		return status;
	}
	*ret_heap = heap;
	return STATUS_OK;
}

void heap_close(struct heap *heap)
{
	if (heap == NULL)
		return;
	free(heap->stacks);
	free(heap->stack_of_row);
	free(heap->rows);
	free(heap->canonical_module);
	free(heap->births_by_stack);
	free(heap->first_birth);
	free(heap->birth_of_generation);
	free(heap->iteration_of_generation);
	free(heap);
}

uint64_t heap_iterations_ended(const struct heap *heap)
{
	return heap->snapshot->run->iterations_ended;
}

uint64_t heap_iterations_counted(const struct heap *heap)
{
	return heap->snapshot->run->iterations_counted;
}
