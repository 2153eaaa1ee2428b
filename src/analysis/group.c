#include "analysis/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/group_keys.h"

static const struct {
	const char *name;
	int (*keys)(struct group_builder *builder, size_t input);
	bool by_block;
} groups[] = {
    [GROUP_BY_SITE] = {"site", group_keys_by_site, false},
    [GROUP_BY_STACK] = {"stack", group_keys_by_stack, false},
    [GROUP_BY_TYPE] = {"type", group_keys_by_type, true},
    [GROUP_BY_MODULE] = {"module", group_keys_by_module, false},
    [GROUP_BY_THREAD] = {"thread", group_keys_by_thread, false},
    [GROUP_BY_BORN] = {"born", group_keys_by_born, true},
};

bool group_by_parse(const char *word, enum group_by *ret_by)
{
	for (size_t by = 0; by < sizeof(groups) / sizeof(groups[0]); by++) {
		if (strcmp(groups[by].name, word) == 0) {
			*ret_by = (enum group_by)by;
			return true;
		}
	}
	return false;
}

const char *group_by_name(enum group_by by)
{
	return groups[by].name;
}

static bool stack_is_hidden(const struct group_input *input, uint32_t stack)
{
	return input->filter != NULL && input->filter->stack_hidden != NULL &&
	       input->filter->stack_hidden[stack] != 0;
}

/* Live bytes of each stack, as far as the filter of INPUT lets them through. */
static int sum_live(const struct group_input *input, uint64_t **ret_live)
{
	const struct heap *heap = input->heap;
	uint64_t *live = calloc((size_t)heap->stack_count + 1, sizeof(*live));

	*ret_live = live;
	if (live == NULL)
		return STATUS_NO_MEMORY;
	if (heap_filter_is_open(input->filter)) {
		for (uint32_t stack = 0; stack < heap->stack_count; stack++)
			live[stack] = heap->stacks[stack].bytes - heap->stacks[stack].freed_bytes;
		return STATUS_OK;
	}
	for (size_t block = 0; block < heap->snapshot->block_count; block++)
		if (heap_filter_passes(heap, input->filter, block))
			live[heap_stack_of_block(heap, block)] +=
			    snapshot_block_weight(heap->snapshot, block) *
			    heap->snapshot->block_size[block];
	return STATUS_OK;
}

/* The stack that is shown for a row: of the last input that has one, the one with most live bytes of those that count. */
static int choose_stacks(struct grouping *grouping, size_t input)
{
	const struct heap *heap = grouping->inputs[input].heap;
	uint64_t *live;

	if (grouping->key_of_stack[input] == NULL)
		return STATUS_OK;
	if (sum_live(&grouping->inputs[input], &live) != STATUS_OK)
		return STATUS_NO_MEMORY;
	for (uint32_t stack = 0; stack < heap->stack_count; stack++) {
		struct group_key *key = &grouping->keys[grouping->key_of_stack[input][stack]];

		if (heap->stacks[stack].leaf != 0 &&
		    (key->stack == HEAP_NONE || key->input != input ||
			live[stack] > live[key->stack])) {
			key->input = (uint32_t)input;
			key->stack = stack;
		}
	}
	free(live);
	return STATUS_OK;
}

/* stacks_by_key of the last input, by counting; hidden stacks are left out. */
static int order_stacks(struct grouping *grouping)
{
	size_t input = grouping->input_count - 1;
	const struct heap *heap = grouping->inputs[input].heap;
	const uint32_t *keys = grouping->key_of_stack[input];

	if (keys == NULL)
		return STATUS_OK;
	size_t *first = calloc(grouping->key_count + 2, sizeof(size_t));
	uint32_t *stacks = calloc((size_t)heap->stack_count + 1, sizeof(uint32_t));

	grouping->first_stack = first;
	grouping->stacks_by_key = stacks;
	if (first == NULL || stacks == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t stack = 0; stack < heap->stack_count; stack++)
		first[keys[stack] + 2] += !stack_is_hidden(&grouping->inputs[input], stack);
	for (size_t key = 2; key < grouping->key_count + 2; key++)
		first[key] += first[key - 1];
	for (uint32_t stack = 0; stack < heap->stack_count; stack++) {
		if (!stack_is_hidden(&grouping->inputs[input], stack))
			stacks[first[keys[stack] + 1]++] = stack;
	}
	return STATUS_OK;
}

static int make_keys(struct grouping *grouping)
{
	struct group_builder builder = {.grouping = grouping};
	size_t input_count = grouping->input_count;
	int status = STATUS_OK;

	for (size_t input = 0; input < input_count && status == STATUS_OK; input++) {
		const struct heap *heap = grouping->inputs[input].heap;
		bool by_block = groups[grouping->by].by_block;
		size_t count = by_block ? heap->snapshot->block_count : heap->stack_count;
		uint32_t *keys = calloc(count + 1, sizeof(uint32_t));

		*(by_block ? &grouping->key_of_block[input] : &grouping->key_of_stack[input]) =
		    keys;
		status = keys != NULL ? group_keys_begin(&builder, input) : STATUS_NO_MEMORY;
		if (status == STATUS_OK)
			status = groups[grouping->by].keys(&builder, input);
		group_keys_end(&builder);
	}
	id_table_release(&builder.identities);
	return status;
}

int grouping_open(const struct group_input *inputs, size_t input_count, enum group_by by,
    bool normalised, struct grouping **ret_grouping)
{
	struct grouping *grouping = calloc(1, sizeof(*grouping));

	assert(input_count == 1 || input_count == 2);
	if (grouping == NULL)
		return STATUS_NO_MEMORY;
	grouping->by = by;
	grouping->normalised = normalised;
	grouping->input_count = input_count;
	for (size_t input = 0; input < input_count; input++)
		grouping->inputs[input] = inputs[input];
	grouping->pool = text_pool_open();
	int status = grouping->pool != NULL ? make_keys(grouping) : STATUS_NO_MEMORY;

	if (status == STATUS_OK)
		status = order_stacks(grouping);
	for (size_t input = 0; input < input_count && status == STATUS_OK; input++)
		status = choose_stacks(grouping, input);
	if (status != STATUS_OK) {
		grouping_close(grouping);
		return status;
	}
	*ret_grouping = grouping;
	return STATUS_OK;
}

void grouping_close(struct grouping *grouping)
{
	if (grouping == NULL)
		return;
	for (size_t input = 0; input < 2; input++) {
		free(grouping->key_of_stack[input]);
		free(grouping->key_of_block[input]);
	}
	free(grouping->keys);
	free(grouping->stacks_by_key);
	free(grouping->first_stack);
	text_pool_close(grouping->pool);
	free(grouping);
}

struct growth grouping_growth(
    const struct grouping *grouping, uint32_t key, struct growth_judge *judge)
{
	if (grouping->stacks_by_key == NULL)
		return (struct growth){.shape = GROWTH_UNKNOWN,
		    .benchmark = HEAP_NONE,
		    .reason = "no series is kept by type or birth"};
	size_t first = grouping->first_stack[key];

	return growth_of_stacks(
	    judge, grouping->stacks_by_key + first, grouping->first_stack[key + 1] - first);
}

/* --- totals per row --- */

static void add_counters(struct group_row *row, const struct heap_stack *stack)
{
	row->alloc_objects += stack->allocs;
	row->alloc_space += stack->bytes;
	row->free_objects += stack->frees;
	row->free_space += stack->freed_bytes;
	row->temporary_objects += stack->temporary;
	row->temporary_space += stack->temporary_bytes;
	row->realloc_objects += stack->reallocs;
	row->peak_space += stack->peak_bytes;
	spread_add(&row->alloc_spread, &stack->alloc_spread);
	spread_add(&row->temporary_spread, &stack->temporary_spread);
}

static void add_block(
    struct group_row *row, uint32_t weight, uint64_t size, bool ignored, bool retained)
{
	uint64_t bytes = weight * size;

	if (ignored) {
		row->ignored_objects += weight;
		row->ignored_space += bytes;
		return;
	}
	row->inuse_objects += weight;
	row->inuse_space += bytes;
	spread_add_block(&row->inuse_spread, weight, size);
	if (retained) {
		row->retained_objects += weight;
		row->retained_space += bytes;
		spread_add_block(&row->retained_spread, weight, size);
	}
}

static void fill_rows(
    const struct grouping *grouping, struct group_row *rows, struct group_row *total)
{
	size_t input = grouping->input_count - 1;
	const struct group_input *in = &grouping->inputs[input];
	const struct snapshot *snapshot = in->heap->snapshot;
	size_t extra = 0;

	for (uint32_t stack = 0; stack < in->heap->stack_count; stack++) {
		if (stack_is_hidden(in, stack))
			continue;
		if (grouping->key_of_stack[input] != NULL)
			add_counters(
			    &rows[grouping->key_of_stack[input][stack]], &in->heap->stacks[stack]);
		add_counters(total, &in->heap->stacks[stack]);
	}
	for (size_t block = 0; block < snapshot->block_count; block++) {
		uint32_t weight = snapshot_block_weight(snapshot, block);
		bool ignored;
		bool retained;

		while (extra < snapshot->extra_count && snapshot->extras[extra].block < block)
			extra++;
		ignored = extra < snapshot->extra_count && snapshot->extras[extra].block == block &&
			  (snapshot->extras[extra].flags & SNAPSHOT_BLOCK_IGNORED) != 0;
		if (!heap_filter_passes(in->heap, in->filter, block))
			continue;
		retained = heap_birth_of_block(in->heap, block) == HEAP_BIRTH_COUNTED;
		add_block(&rows[grouping_key_of_block(grouping, input, block)], weight,
		    snapshot->block_size[block], ignored, retained);
		add_block(total, weight, snapshot->block_size[block], ignored, retained);
		if (in->reach != NULL && !ignored)
			hold_add(&rows[grouping_key_of_block(grouping, input, block)].hold,
			    in->reach, (uint32_t)block);
	}
	for (uint32_t key = 0; key < grouping->key_count && in->reach != NULL; key++)
		hold_merge(&total->hold, &rows[key].hold, in->reach);
}

static uint64_t sort_value(const struct group_row *row, enum group_sort sort)
{
	switch (sort) {
	case GROUP_SORT_BYTES:
		return row->inuse_space;
	case GROUP_SORT_BLOCKS:
		return row->inuse_objects;
	case GROUP_SORT_RETAINED:
		return row->retained_space;
	case GROUP_SORT_ALLOCS:
		return row->alloc_objects;
	case GROUP_SORT_TEMPORARY:
		return row->temporary_objects;
	case GROUP_SORT_PEAK:
		return row->peak_space;
	}
	return 0;
}

struct row_order {
	const struct grouping *grouping;
	enum group_sort sort;
};

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* A total order, so that equal numbers come out alike everywhere. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct group_row *left = a;
	const struct group_row *right = b;
	const struct row_order *order = context;
	int result = descending(sort_value(left, order->sort), sort_value(right, order->sort));

	if (result == 0)
		result = descending(left->inuse_space, right->inuse_space);
	if (result == 0)
		result = descending(left->alloc_space, right->alloc_space);
	if (result == 0)
		result = strcmp(
		    order->grouping->keys[left->key].text, order->grouping->keys[right->key].text);
	if (result == 0)
		result = descending(right->key, left->key);
	return result;
}

static int judge_rows(const struct grouping *grouping, struct group_table *table)
{
	struct growth_judge *judge;
	int status = growth_judge_open(grouping->inputs[grouping->input_count - 1].heap, &judge);

	if (status != STATUS_OK)
		return status;
	for (size_t row = 0; row < table->row_count; row++) {
		table->rows[row].growth = grouping_growth(grouping, table->rows[row].key, judge);
		hold_judge(&table->rows[row].hold, table->rows[row].growth.shape);
	}
	growth_judge_close(judge);
	return STATUS_OK;
}

static bool row_is_empty(const struct group_row *row)
{
	return row->alloc_objects == 0 && row->inuse_objects == 0 && row->ignored_objects == 0;
}

int group_table_open(const struct grouping *grouping, enum group_sort sort, bool shapes,
    struct group_table **ret_table)
{
	struct group_table *table = calloc(1, sizeof(*table));
	struct group_row *rows = calloc(grouping->key_count + 1, sizeof(*rows));
	struct row_order order = {.grouping = grouping, .sort = sort};
	int status = STATUS_OK;

	if (table == NULL || rows == NULL) {
		free(table);
		free(rows);
		return STATUS_NO_MEMORY;
	}
	table->rows = rows;
	fill_rows(grouping, rows, &table->total);
	for (uint32_t key = 0; key < grouping->key_count; key++) {
		rows[key].key = key;
		rows[key].growth = (struct growth){.benchmark = HEAP_NONE, .reason = "not judged"};
		if (!row_is_empty(&rows[key]))
			rows[table->row_count++] = rows[key];
	}
	table->total.growth = (struct growth){.benchmark = HEAP_NONE, .reason = "not judged"};
	qsort_r(rows, table->row_count, sizeof(*rows), compare_rows, &order);
	if (shapes)
		status = judge_rows(grouping, table);
	if (status != STATUS_OK) {
		group_table_close(table);
		return status;
	}
	*ret_table = table;
	return STATUS_OK;
}

void group_table_close(struct group_table *table)
{
	if (table == NULL)
		return;
	free(table->rows);
	free(table);
}
