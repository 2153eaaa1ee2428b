#include "preload/snapshot_cut.h"

#include <errno.h>
#include <string.h>

#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/epoch.h"
#include "preload/iteration.h"
#include "preload/journal.h"
#include "preload/lifecycle.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/record_sampled.h"
#include "preload/stack_table.h"

static void *map_rows(size_t count, size_t row_bytes)
{
	return arena_map((count > 0 ? count : 1) * row_bytes, ARENA_BUFFERS);
}

static void unmap_rows(void *rows, size_t count, size_t row_bytes)
{
	arena_unmap(rows, (count > 0 ? count : 1) * row_bytes, ARENA_BUFFERS);
}

/* ---- blocks ---- */

int snapshot_cut_prepare(struct snapshot_cut *cut)
{
	struct thread_totals now = counters_sum();
	uint64_t live = now.allocs > now.frees ? now.allocs - now.frees : 0;

	if (options.sample != 0)
		live = record_sampled_live();

	return snapshot_blocks_reserve(&cut->blocks, live, cut->costs[ARENA_LIVE_TABLE].resident)
		   ? 0
		   : -ENOMEM;
}

static void count_block(struct snapshot_cut *cut, const struct live_block *block)
{
	uint64_t weight = live_block_weight(block);

	cut->block_count++;
	cut->extra_count += block->flags != 0;
	cut->totals.live_blocks += weight;
	cut->totals.live_bytes += weight * block->size;
	if (lifecycle_identity.forked && block->epoch <= lifecycle_identity.inherited_epoch) {
		cut->inherited_blocks += weight;
		cut->inherited_bytes += weight * block->size;
	}
	if ((block->flags & SNAPSHOT_BLOCK_IGNORED) != 0) {
		cut->ignored_blocks += weight;
		cut->ignored_bytes += weight * block->size;
	}
}

static void count_blocks(struct snapshot_cut *cut)
{
	struct snapshot_block_cursor cursor = {0};
	struct live_block block;

	snapshot_blocks_sort(&cut->blocks);
	while (snapshot_blocks_next(&cut->blocks, &cursor, &block))
		count_block(cut, &block);
}

/* ---- counters ---- */

static void add_counters(
    struct snapshot_stack *into, const struct stack_counters *from, uint32_t peak_serial)
{
	into->allocs += from->allocs;
	into->bytes += from->bytes;
	into->frees += from->frees;
	into->freed_bytes += from->freed_bytes;
	into->temporary += from->temporary;
	into->temporary_bytes += from->temporary_bytes;
	into->reallocs += from->reallocs;
	into->peak_bytes += (uint64_t)(from->peak_serial == peak_serial
					   ? from->peak_bytes
					   : (int64_t)(from->bytes - from->freed_bytes));
}

static void add_thread_counters(
    struct snapshot_cut *cut, const struct thread_state *state, uint32_t peak_serial)
{
	for (size_t stack = 0; stack < cut->stack_count; stack++) {
		const struct stack_counters *chunk = state->counters[stack >> STACK_CHUNK_BITS];

		if (chunk == NULL) {
			stack |= STACK_CHUNK - 1;
			continue;
		}
		const struct stack_counters *counters =
		    cut->journalled ? counters_at_end(state, (uint32_t)stack)
				    : &chunk[stack & (STACK_CHUNK - 1)];

		if (counters->allocs != 0 || counters->frees != 0 || counters->reallocs != 0)
			add_counters(&cut->stacks[stack], counters, peak_serial);
	}
}

static bool collect_stacks(struct snapshot_cut *cut)
{
	uint32_t peak_serial = counters_peak_serial;

	cut->stack_count = stack_table_count();
	cut->stacks = map_rows(cut->stack_count, sizeof *cut->stacks);
	if (cut->stacks == NULL)
		return false;
	for (size_t i = 1; i < cut->stack_count; i++) {
		const struct stack_row *row = stack_table_get((uint32_t)i);

		if (row != NULL && row->hash != 0) {
			cut->stacks[i].leaf = row->leaf;
			cut->stacks[i].flags = row->flags;
		}
	}
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		add_thread_counters(cut, state, peak_serial);
	return true;
}

/*
 * A handler that leaves a hook by longjmp leaves an event half written, and so does an event whose counters get no
 * memory; what the journal had no room for is nowhere. The blocks are the truth then: frees (or, if there are too few,
 * allocations) are set so that the books balance.
 */
static bool settle_books(struct snapshot_cut *cut)
{
	struct live {
		uint64_t blocks, bytes;
	} *live = map_rows(cut->stack_count, sizeof *live);
	struct snapshot_block_cursor cursor = {0};
	struct live_block block;

	if (live == NULL)
		return false;
	while (snapshot_blocks_next(&cut->blocks, &cursor, &block)) {
		live[block.stack].blocks += live_block_weight(&block);
		live[block.stack].bytes += live_block_weight(&block) * block.size;
	}
	for (size_t i = 0; i < cut->stack_count; i++) {
		struct snapshot_stack *stack = &cut->stacks[i];

		if (stack->allocs < live[i].blocks)
			stack->allocs = live[i].blocks;
		if (stack->bytes < live[i].bytes)
			stack->bytes = live[i].bytes;
		stack->frees = stack->allocs - live[i].blocks;
		stack->freed_bytes = stack->bytes - live[i].bytes;
		if (stack->temporary > stack->frees)
			stack->temporary = stack->frees;
		if (stack->temporary_bytes > stack->freed_bytes)
			stack->temporary_bytes = stack->freed_bytes;
	}
	unmap_rows(live, cut->stack_count, sizeof *live);
	return true;
}

static bool needs_settling(const struct snapshot_losses *losses)
{
	return (losses->deferred | losses->journal | losses->blocks | losses->replaced) != 0;
}

static void sum_stacks(struct snapshot_cut *cut)
{
	for (size_t i = 0; i < cut->stack_count; i++) {
		if ((int64_t)cut->stacks[i].peak_bytes < 0)
			cut->stacks[i].peak_bytes = 0;
		cut->totals.allocs += cut->stacks[i].allocs;
		cut->totals.bytes += cut->stacks[i].bytes;
		cut->totals.frees += cut->stacks[i].frees;
		cut->totals.freed_bytes += cut->stacks[i].freed_bytes;
		cut->totals.reallocs += cut->stacks[i].reallocs;
		cut->totals.temporary += cut->stacks[i].temporary;
		cut->totals.temporary_bytes += cut->stacks[i].temporary_bytes;
	}
}

/* Peaks change with the next event: under the gate. */
static void collect_peak(struct snapshot_cut *cut)
{
	cut->totals.peak_bytes = counters_peak();
	cut->totals.peak_error_bytes = counters_peak_error();
	cut->totals.peak_generation = counters_peak_generation();
}

static bool collect_variances(struct snapshot_cut *cut)
{
	if (options.sample == 0)
		return true;
	cut->sampling = record_sampled_totals();
	cut->variances = map_rows(cut->stack_count, sizeof *cut->variances);
	for (size_t i = 0; cut->variances != NULL && i < cut->stack_count; i++)
		cut->variances[i] = record_sampled_variance((uint32_t)i);
	return cut->variances != NULL;
}

/* ---- threads, survival, losses ---- */

/* Sampled: a thread that resizes what others made may be left with less than nothing. The one with most bears it, so
 * that the rows still add up to the totals. */
static void at_least_nothing(struct snapshot_thread *rows, size_t member)
{
#define SUM(row) (*(uint64_t *)(void *)((char *)&rows[row] + member))
	size_t most = 0;

	for (size_t i = 1; i < THREAD_ROWS_MAX; i++)
		if ((int64_t)SUM(i) > (int64_t)SUM(most))
			most = i;
	for (size_t i = 0; i < THREAD_ROWS_MAX; i++)
		if ((int64_t)SUM(i) < 0) {
			SUM(most) += SUM(i);
			SUM(i) = 0;
		}
#undef SUM
}

static bool collect_threads(struct snapshot_cut *cut)
{
	cut->threads = map_rows(THREAD_ROWS_MAX, sizeof *cut->threads);
	if (cut->threads == NULL)
		return false;
	for (uint32_t i = 0; i < THREAD_ROWS_MAX; i++) {
		struct snapshot_thread *row = &cut->threads[i];
		struct thread_totals ended = thread_row_ended(i, &row->uses, &row->tid);

		row->allocs = ended.allocs;
		row->bytes = ended.bytes;
		row->frees = ended.frees;
		row->freed_bytes = ended.freed_bytes;
	}
	cut->thread_count = thread_states_rows();
	if (cut->thread_count == THREAD_ROWS_MAX)
		cut->threads[THREAD_ROWS_MAX - 1].flags |= 2;
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		struct snapshot_thread *row = &cut->threads[state->row];

		row->allocs += state->totals.allocs - state->before.allocs;
		row->bytes += state->totals.bytes - state->before.bytes;
		row->frees += state->totals.frees - state->before.frees;
		row->freed_bytes += state->totals.freed_bytes - state->before.freed_bytes;
		if (state->level == 0)
			row->flags |=
			    atomic_load_explicit(&state->in_use, memory_order_relaxed) != 0;
		if (state->totals.allocs + state->totals.frees > 0 &&
		    state->row >= cut->thread_count)
			cut->thread_count = THREAD_ROWS_MAX;
	}
	if (options.sample != 0) {
		at_least_nothing(cut->threads, offsetof(struct snapshot_thread, allocs));
		at_least_nothing(cut->threads, offsetof(struct snapshot_thread, bytes));
	}
	return true;
}

static bool collect_survival(struct snapshot_cut *cut)
{
	size_t count = 0;

	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		count += state->survival_count;
	cut->survival = map_rows(count, sizeof *cut->survival);
	if (cut->survival == NULL)
		return false;
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		if (state->survival_count == 0)
			continue;
		memcpy(cut->survival + cut->survival_count, state->survival,
		    state->survival_count * sizeof *state->survival);
		cut->survival_count += state->survival_count;
	}
	return true;
}

static void collect_losses(struct snapshot_cut *cut)
{
	struct snapshot_losses *losses = &cut->losses;

	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next) {
		losses->blocks += state->lost_blocks;
		losses->stacks += state->lost_stacks;
		losses->frames_cut += state->frames_cut;
		losses->survival += state->lost_survival;
		losses->replaced += state->replaced;
		losses->unknown_frees += state->unknown_frees;
		losses->nested += state->lost_nested;
		losses->paused += state->paused_allocs;
		losses->deferred += state->interrupted + state->unbooked + state->handler_frees;
		losses->blocks += state->handler_allocs;
	}
	losses->blocks += cut->blocks.copy.lost;
	losses->series = iteration_lost_series();
	losses->iterations = iteration_lost_rows();
	losses->ignored_marks = iteration_ignored_marks();
	losses->journal = cut->journalled ? journal_lost() : 0;
	losses->threads = thread_states_lost();
}

int snapshot_cut_take(struct snapshot_cut *cut, bool at_last_end)
{
	cut->journalled = at_last_end;
	cut->generation = iteration_generation();
	cut->in_iteration = iteration_is_open();
	if (!snapshot_blocks_take(&cut->blocks, at_last_end) || !collect_stacks(cut) ||
	    !collect_variances(cut))
		return -ENOMEM;
	/* an approximate cut: a root is made after its thread's row, so the rows are counted after the nodes */
	cut->node_count = stack_table_node_count();
	if (!collect_threads(cut) || !collect_survival(cut))
		return -ENOMEM;
	cut->epoch = at_last_end ? iteration_last_end_epoch() : iteration_cut();
	collect_losses(cut);
	collect_peak(cut);
	cut->module_count = modules_count();
	return 0;
}

int snapshot_cut_settle(struct snapshot_cut *cut)
{
	count_blocks(cut);
	if (needs_settling(&cut->losses) && !settle_books(cut))
		return -ENOMEM;
	sum_stacks(cut);
	if (cut->totals.peak_bytes < cut->totals.live_bytes)
		cut->totals.peak_bytes = cut->totals.live_bytes;
	return 0;
}

void snapshot_cut_release(struct snapshot_cut *cut)
{
	snapshot_blocks_release(&cut->blocks);
	unmap_rows(cut->stacks, cut->stack_count, sizeof *cut->stacks);
	unmap_rows(cut->variances, cut->stack_count, sizeof *cut->variances);
	unmap_rows(cut->threads, THREAD_ROWS_MAX, sizeof *cut->threads);
	unmap_rows(cut->survival, cut->survival_count, sizeof *cut->survival);
}
