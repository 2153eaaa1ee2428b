#include "preload/survivors.h"

#include <string.h>

#include "preload/arena.h"
#include "preload/epoch.h"
#include "preload/gate.h"
#include "preload/iteration.h"
#include "preload/stack_table.h"
#include "snapshot/format.h"

/* The gate is closed by one at a time. */
static void close_gate(void)
{
	iteration_lock();
	(void)gate_close(thread_current);
}

static void reopen_gate(void)
{
	(void)gate_open();
	iteration_unlock();
}

uint32_t survivors_cut(void)
{
	close_gate();
	uint32_t epoch = iteration_cut();

	reopen_gate();
	return epoch;
}

/* The thread row at the root of STACK. */
static uint32_t row_of(uint32_t stack)
{
	const struct stack_row *row = stack_table_get(stack);
	const struct node_row *node = row != NULL ? stack_table_node(row->leaf) : NULL;

	while (node != NULL && node->parent != 0)
		node = stack_table_node(node->parent);
	return node != NULL ? (uint32_t)node->pc - 1 : UINT32_MAX;
}

static bool is_survivor(
    const struct live_block *block, const struct allocscope_mark *mark, bool process)
{
	return block->epoch > mark->epoch && (block->flags & SNAPSHOT_BLOCK_IGNORED) == 0 &&
	       (process || row_of(block->stack) == mark->thread);
}

static void add(struct allocscope_retained *sum, const struct live_block *block)
{
	sum->blocks += live_block_weight(block);
	sum->bytes += live_block_weight(block) * block->size;
}

struct count {
	struct allocscope_mark mark;
	bool process;
	struct allocscope_retained sum;
};

static bool count_one(void *context, const struct live_block *block)
{
	struct count *count = context;

	if (is_survivor(block, &count->mark, count->process))
		add(&count->sum, block);
	return true;
}

struct allocscope_retained survivors_count(struct allocscope_mark mark, bool process)
{
	struct count count = {.mark = mark, .process = process};

	if (mark.epoch != 0) {
		close_gate();
		live_table_each(count_one, &count);
		reopen_gate();
	}
	return count.sum;
}

/* ---- for people ---- */

struct description {
	const struct allocscope_scope *scope;
	struct survivors *survivors;
	struct allocscope_retained *by_stack; /* NULL: no memory */
	uint32_t stack_count;
	uint32_t last; /* generation */
};

/* Which iterations gave birth to survivors. */
static bool widen_one(void *context, const struct live_block *block)
{
	struct description *description = context;
	uint32_t generation = epoch_first_generation(block->epoch);

	if (generation == 0 ||
	    !is_survivor(block, &description->scope->mark, description->scope->process))
		return true;
	if (description->last == 0 || generation < description->survivors->first_generation)
		description->survivors->first_generation = generation;
	if (generation > description->last)
		description->last = generation;
	return true;
}

static void add_generation(struct survivors *survivors, const struct live_block *block)
{
	uint32_t generation = epoch_first_generation(block->epoch);

	if (generation == 0)
		add(&survivors->outside, block);
	else
		add(&survivors->by_generation[(generation - survivors->first_generation) /
					      survivors->span],
		    block);
}

/* What is younger than the last end that was written down belongs to the last rounds. */
static void add_round(struct survivors *survivors, const struct allocscope_scope *scope,
    const struct live_block *block)
{
	uint32_t i = 0;

	while (i < scope->end_count && block->epoch > scope->ends[i])
		i++;
	add(&survivors->by_round[i], block);
}

static bool is_larger(const struct live_block *block, const struct live_block *than)
{
	return than->address == 0 || block->size > than->size ||
	       (block->size == than->size && block->epoch < than->epoch);
}

static bool describe_one(void *context, const struct live_block *block)
{
	struct description *description = context;
	struct survivors *survivors = description->survivors;

	if (!is_survivor(block, &description->scope->mark, description->scope->process))
		return true;
	add(&survivors->all, block);
	add_generation(survivors, block);
	add_round(survivors, description->scope, block);
	if (is_larger(block, &survivors->largest))
		survivors->largest = *block;
	if (block->stack < description->stack_count)
		add(&description->by_stack[block->stack], block);
	return true;
}

/* Put STACK in its place among the largest. */
static void rank(struct survivors *survivors, uint32_t stack, struct allocscope_retained sum)
{
	uint32_t at = survivors->site_count;

	if (at == SURVIVORS_SITES) {
		survivors->sites_more++;
		if (survivors->sites[--at].sum.bytes >= sum.bytes)
			return;
	} else {
		survivors->site_count++;
	}
	for (; at > 0 && survivors->sites[at - 1].sum.bytes < sum.bytes; at--)
		survivors->sites[at] = survivors->sites[at - 1];
	survivors->sites[at] = (struct survivors_site){stack, sum};
}

void survivors_describe(const struct allocscope_scope *scope, struct survivors *ret_survivors)
{
	struct survivors *survivors = ret_survivors;
	struct description description = {.scope = scope, .survivors = survivors};

	memset(survivors, 0, sizeof *survivors);
	close_gate();
	size_t bytes = stack_table_count() * sizeof *description.by_stack;

	survivors->last_epoch = epoch_last();
	live_table_each(widen_one, &description);
	if (description.last != 0)
		survivors->span =
		    (description.last - survivors->first_generation) / SURVIVORS_SPANS + 1;
	description.by_stack = arena_map(bytes, ARENA_BUFFERS);
	if (description.by_stack != NULL)
		description.stack_count = stack_table_count();
	live_table_each(describe_one, &description);
	reopen_gate();
	for (uint32_t stack = 0; stack < description.stack_count; stack++)
		if (description.by_stack[stack].blocks != 0)
			rank(survivors, stack, description.by_stack[stack]);
	if (description.by_stack != NULL)
		arena_unmap(description.by_stack, bytes, ARENA_BUFFERS);
}
