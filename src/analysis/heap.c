#include "analysis/heap.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/id_table.h"
#include "analysis/text_pool.h"
#include "base/compiler.h"

/* Generations below this are looked up in a table, later ones by search: 5 bytes each. */
#define DIRECT_GENERATIONS_MAX (1u << 22)
#define OVERLAPPING_ROWS_MAX   64

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

/* MODULES[1..COUNT) hold numbers below NUMBERS; each becomes the lowest module with the same
 * number. */
static int lowest_of_each(uint32_t *modules, size_t count, uint32_t numbers)
{
	uint32_t *lowest = calloc((size_t)numbers + 1, sizeof(uint32_t));

	if (lowest == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t module = 1; module < count; module++) {
		uint32_t number = modules[module];

		if (lowest[number] == 0)
			lowest[number] = module;
		modules[module] = lowest[number];
	}
	free(lowest);
	return STATUS_OK;
}

/* A module is its path and build-id. One without a path is like no other. */
static int heap_merge_modules(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;
	struct text_pool *pool = text_pool_open();
	struct id_table names = {0};
	int status = STATUS_OK;

	heap->canonical_module = calloc(snapshot->module_count + 1, sizeof(uint32_t));
	if (pool == NULL || heap->canonical_module == NULL)
		status = STATUS_NO_MEMORY;
	for (uint32_t module = 1; status == STATUS_OK && module < snapshot->module_count;
	     module++) {
		const struct snapshot_module *row = &snapshot->modules[module];
		uint32_t path = text_pool_intern(pool, snapshot_string(snapshot, row->path));
		uint32_t build_id =
		    text_pool_intern(pool, snapshot_string(snapshot, row->build_id));
		uint32_t number = id_table_intern(
		    &names, &(struct id_tuple){path, path != 0 ? build_id : module, path == 0});

		if (path == UINT32_MAX || build_id == UINT32_MAX || number == ID_TABLE_NONE)
			status = STATUS_NO_MEMORY;
		else
			heap->canonical_module[module] = number;
	}
	if (status == STATUS_OK)
		status =
		    lowest_of_each(heap->canonical_module, snapshot->module_count, names.count);
	id_table_release(&names);
	text_pool_close(pool);
	return status;
}

static uint64_t node_offset(const struct snapshot *snapshot, const struct snapshot_node *node)
{
	return node->module != 0 ? node->pc - snapshot->modules[node->module].bias : node->pc;
}

/* By node: a hash of it and all its callers. A node's parent has a lower number, so one pass
 * settles all. */
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

static void heap_stack_add_variance(
    struct heap_stack *stack, const struct snapshot_stack_variance *row)
{
	stack->alloc_spread.blocks += row->allocs;
	stack->alloc_spread.bytes += row->bytes;
	stack->temporary_spread.blocks += row->temporary;
	stack->temporary_spread.bytes += row->temporary_bytes;
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
		if (snapshot->stack_variance_count != 0)
			heap_stack_add_variance(
			    &heap->stacks[stack], &snapshot->stack_variances[row]);
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

/* The first generation from GENERATION on that has no row yet; paths are shortened on the way. */
static uint32_t next_free_generation(uint32_t *next, uint32_t generation)
{
	while (next[generation] != generation) {
		next[generation] = next[next[generation]];
		generation = next[generation];
	}
	return generation;
}

/* Where rows overlap (merged rows of benchmarks that interleave) the one that began last holds a
 * generation. Rows are taken from the last one back and each generation is filled once, however
 * they overlap. */
static int heap_fill_generations(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t count = heap->direct_generations;
	uint32_t *next = malloc(((size_t)count + 1) * sizeof(uint32_t));

	if (next == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t generation = 0; generation <= count; generation++)
		next[generation] = generation;
	for (size_t row = snapshot->iteration_count; row-- > 0;) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		uint32_t first = iteration->first_generation != 0 ? iteration->first_generation : 1;

		if (first >= count)
			continue;
		for (uint32_t generation = next_free_generation(next, first);
		     generation < count && generation <= iteration->last_generation;
		     generation = next_free_generation(next, generation)) {
			heap->birth_of_generation[generation] = (uint8_t)iteration_birth(iteration);
			heap->iteration_of_generation[generation] = (uint32_t)row;
			next[generation] = generation + 1;
		}
	}
	free(next);
	return STATUS_OK;
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
	return heap_fill_generations(heap);
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
	/* Rows that overlap are few: an earlier one may reach further. */
	for (size_t row = low; row > 0 && low - row < OVERLAPPING_ROWS_MAX; row--) {
		if (snapshot->iterations[row - 1].last_generation >= generation)
			return (uint32_t)(row - 1);
	}
	return HEAP_NONE;
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
 * generations, are walked, and only until nothing can change any more. */
static enum heap_birth heap_birth_of_range(
    const struct heap *heap, const struct snapshot_born_range *range, bool *ret_mixed)
{
	const struct snapshot *snapshot = heap->snapshot;
	enum heap_birth first = heap_birth_of_generation(heap, range->first_generation);
	enum heap_birth strongest = first;
	uint32_t start = heap_iteration_of_generation(heap, range->first_generation);

	*ret_mixed = false;
	for (size_t row = start != HEAP_NONE ? start : 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		enum heap_birth birth = iteration_birth(iteration);

		if (iteration->first_generation > range->last_generation ||
		    (strongest == HEAP_BIRTH_COUNTED && *ret_mixed))
			break;
		if (iteration->last_generation < range->first_generation)
			continue;
		if (birth != first)
			*ret_mixed = true;
		if (birth > strongest)
			strongest = birth;
	}
	return strongest;
}

static int heap_classify_ranges(struct heap *heap)
{
	const struct snapshot *snapshot = heap->snapshot;

	heap->births_of_ranges =
	    calloc(snapshot->born_range_count + 1, sizeof(*heap->births_of_ranges));
	if (heap->births_of_ranges == NULL)
		return STATUS_NO_MEMORY;
	for (size_t row = 0; row < snapshot->born_range_count; row++) {
		bool mixed;

		heap->births_of_ranges[row].birth =
		    (uint8_t)heap_birth_of_range(heap, &snapshot->born_ranges[row], &mixed);
		heap->births_of_ranges[row].mixed = mixed;
	}
	return STATUS_OK;
}

static enum heap_birth heap_birth_and_mix(const struct heap *heap, size_t block, bool *ret_mixed)
{
	*ret_mixed = false;
	if (likely(heap->snapshot->born_range_count == 0))
		return heap_birth_of_generation(heap, heap->snapshot->block_born[block]);
	const struct snapshot_born_range *range =
	    heap_born_range(heap, heap->snapshot->block_epoch[block]);

	if (range == NULL)
		return heap_birth_of_generation(heap, heap->snapshot->block_born[block]);
	size_t row = (size_t)(range - heap->snapshot->born_ranges);

	*ret_mixed = heap->births_of_ranges[row].mixed;
	return (enum heap_birth)heap->births_of_ranges[row].birth;
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
	uint32_t epoch = heap->snapshot->block_epoch[block];

	if (filter->epoch_limited && (epoch < filter->epoch_first || epoch > filter->epoch_last))
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
		uint32_t weight = snapshot_block_weight(snapshot, block);
		uint64_t bytes = weight * snapshot->block_size[block];
		uint32_t flags = 0;
		bool mixed;

		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		if (extra < snapshot->extra_count && snapshot->extras[extra].block == block)
			flags = snapshot->extras[extra].flags;
		if (!heap_filter_passes(heap, filter, block))
			continue;
		if ((flags & SNAPSHOT_BLOCK_IGNORED) != 0) {
			totals.ignored_blocks += weight;
			totals.ignored_bytes += bytes;
			continue;
		}
		totals.blocks += weight;
		totals.bytes += bytes;
		spread_add_block(&totals.spread, weight, snapshot->block_size[block]);
		if ((flags & SNAPSHOT_BLOCK_POOLED) != 0) {
			totals.pooled_blocks += weight;
			totals.pooled_bytes += bytes;
		}
		if (snapshot->block_epoch[block] <= snapshot->run->inherited_epoch &&
		    snapshot->run->inherited_epoch != 0) {
			totals.inherited_blocks += weight;
			totals.inherited_bytes += bytes;
		}
		if (heap_birth_and_mix(heap, block, &mixed) == HEAP_BIRTH_COUNTED) {
			totals.retained_blocks += weight;
			totals.retained_bytes += bytes;
			spread_add_block(
			    &totals.retained_spread, weight, snapshot->block_size[block]);
		}
		totals.inexact_birth_blocks += mixed ? weight : 0;
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

	uint32_t *weights =
	    snapshot->weight_count != 0 ? malloc(snapshot->block_count * sizeof(uint32_t)) : NULL;

	if (first == NULL || births == NULL || (weights == NULL && snapshot->weight_count != 0)) {
		free(first);
		free(births);
		free(weights);
		return STATUS_NO_MEMORY;
	}
	/* first[s + 2] counts, then first[s + 1] is the next free place of s and ends as the
	 * first of s + 1. */
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
		size_t place = first[heap_stack_of_block(heap, block) + 1]++;

		if (weights != NULL)
			weights[place] = snapshot->block_weight[block];
		births[place] = snapshot->born_range_count == 0
				    ? snapshot->block_born[block]
				    : heap_born_of_block(heap, block).first_generation;
	}
	heap->first_birth = first;
	heap->births_by_stack = births;
	heap->birth_weights = weights;
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
	if (status == STATUS_OK)
		status = heap_classify_ranges(heap);
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
	free(heap->birth_weights);
	free(heap->first_birth);
	free(heap->birth_of_generation);
	free(heap->iteration_of_generation);
	free(heap->births_of_ranges);
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
