/* Verify's rules about sums and balances: what was allocated, freed, is alive. */
#include <inttypes.h>
#include <stdlib.h>

#include "snapshot/snapshot_verify_internal.h"

void verify_temporary(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->stack_count; i++) {
		const struct snapshot_stack *stack = &snapshot->stacks[i];

		if (stack->temporary > stack->frees || stack->temporary_bytes > stack->freed_bytes)
			verifier_found(verifier,
			    "stack %zu has %" PRIu64 " temporary blocks (%" PRIu64
			    " bytes), but only %" PRIu64 " were freed (%" PRIu64 ")",
			    i, stack->temporary, stack->temporary_bytes, stack->frees,
			    stack->freed_bytes);
	}
}

struct live {
	uint64_t blocks, bytes;
};

/* Block NUMBER, as often as it counts. */
static void add_block(struct live *live, const struct snapshot *snapshot, size_t number)
{
	uint64_t weight = snapshot_block_weight(snapshot, number);

	live->blocks += weight;
	live->bytes += weight * snapshot->block_size[number];
}

/* Live blocks and bytes per stack, from the columns; NULL when out of memory. */
static struct live *live_by_stack(const struct snapshot *snapshot)
{
	struct live *live = calloc(snapshot->stack_count, sizeof *live);

	for (size_t i = 0; live != NULL && i < snapshot->block_count; i++) {
		add_block(&live[snapshot->block_stack[i]], snapshot, i);
	}
	return live;
}

void verify_stack_books(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	if (!verifier->exact)
		return;

	struct live *live = live_by_stack(snapshot);

	if (live == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	for (size_t i = 0; i < snapshot->stack_count; i++) {
		const struct snapshot_stack *stack = &snapshot->stacks[i];

		if (stack->allocs - stack->frees != live[i].blocks)
			verifier_found(verifier,
			    "stack %zu: %" PRIu64 " allocations minus %" PRIu64
			    " frees, but %" PRIu64 " live blocks",
			    i, stack->allocs, stack->frees, live[i].blocks);
		else if (stack->bytes - stack->freed_bytes != live[i].bytes)
			verifier_found(verifier,
			    "stack %zu: %" PRIu64 " bytes minus %" PRIu64 " freed, but %" PRIu64
			    " live bytes",
			    i, stack->bytes, stack->freed_bytes, live[i].bytes);
	}
	free(live);
}

static void compare_sum(
    struct verifier *verifier, const char *what, const char *of, uint64_t total, uint64_t sum)
{
	if (total != sum)
		verifier_found(verifier,
		    "%s of the totals are %" PRIu64 ", the sum over the %s is %" PRIu64, what,
		    total, of, sum);
}

void verify_total_sums(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_totals *totals = &snapshot->run->totals;
	struct snapshot_stack sum = {0};

	for (size_t i = 0; i < snapshot->stack_count; i++) {
		const struct snapshot_stack *stack = &snapshot->stacks[i];

		sum.allocs += stack->allocs;
		sum.bytes += stack->bytes;
		sum.frees += stack->frees;
		sum.freed_bytes += stack->freed_bytes;
		sum.temporary += stack->temporary;
		sum.temporary_bytes += stack->temporary_bytes;
		sum.reallocs += stack->reallocs;
	}
	if ((snapshot->run->flags & SNAPSHOT_RUN_APPROXIMATE) != 0)
		return;
	compare_sum(verifier, "allocations", "stacks", totals->allocs, sum.allocs);
	compare_sum(verifier, "bytes", "stacks", totals->bytes, sum.bytes);
	compare_sum(verifier, "frees", "stacks", totals->frees, sum.frees);
	compare_sum(verifier, "freed bytes", "stacks", totals->freed_bytes, sum.freed_bytes);
	compare_sum(verifier, "temporary blocks", "stacks", totals->temporary, sum.temporary);
	compare_sum(
	    verifier, "temporary bytes", "stacks", totals->temporary_bytes, sum.temporary_bytes);
	compare_sum(verifier, "reallocs", "stacks", totals->reallocs, sum.reallocs);
}

/* Holds in every file: the totals are written from the columns. */
void verify_total_live(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_totals *totals = &snapshot->run->totals;
	struct live sum = {0};

	for (size_t i = 0; i < snapshot->block_count; i++)
		add_block(&sum, snapshot, i);
	if (totals->live_blocks != sum.blocks)
		verifier_found(verifier,
		    "%" PRIu64 " live blocks in the totals, %" PRIu64 " in the columns",
		    totals->live_blocks, sum.blocks);
	if (totals->live_bytes != sum.bytes)
		verifier_found(verifier,
		    "%" PRIu64 " live bytes in the totals, %" PRIu64 " in the columns",
		    totals->live_bytes, sum.bytes);
}

void verify_total_books(struct verifier *verifier)
{
	const struct snapshot_totals *totals = &verifier->snapshot->run->totals;

	if (!verifier->exact)
		return;
	if (totals->allocs - totals->frees != totals->live_blocks)
		verifier_found(verifier,
		    "%" PRIu64 " allocations minus %" PRIu64 " frees, but %" PRIu64 " live blocks",
		    totals->allocs, totals->frees, totals->live_blocks);
	if (totals->bytes - totals->freed_bytes != totals->live_bytes)
		verifier_found(verifier,
		    "%" PRIu64 " bytes minus %" PRIu64 " freed, but %" PRIu64 " live bytes",
		    totals->bytes, totals->freed_bytes, totals->live_bytes);
}

void verify_total_peak(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_totals *totals = &snapshot->run->totals;
	uint64_t sum = 0;

	if (!verifier->exact)
		return;
	for (size_t i = 0; i < snapshot->stack_count; i++)
		sum += snapshot->stacks[i].peak_bytes;
	if (totals->peak_bytes + totals->peak_error_bytes < totals->live_bytes)
		verifier_found(verifier,
		    "the peak is %" PRIu64 " bytes (+- %" PRIu64 "), but %" PRIu64 " are alive",
		    totals->peak_bytes, totals->peak_error_bytes, totals->live_bytes);
	/* Exact on one thread; with several each share was read at a slightly different moment, and
	 * in a journalled file the peak may have come after the moment that it shows. */
	if (totals->peak_error_bytes == 0 && verifier->at_cut && sum != totals->peak_bytes)
		verifier_found(verifier,
		    "the peak is %" PRIu64 " bytes, the shares of the stacks are %" PRIu64,
		    totals->peak_bytes, sum);
}

/* A free counts for the thread that freed, so only the sums balance. */
void verify_thread_sums(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_totals *totals = &snapshot->run->totals;
	struct snapshot_thread sum = {0};

	if (!verifier->exact || !verifier->at_cut || snapshot->run->losses.threads != 0)
		return;
	for (size_t i = 0; i < snapshot->thread_count; i++) {
		sum.allocs += snapshot->threads[i].allocs;
		sum.bytes += snapshot->threads[i].bytes;
		sum.frees += snapshot->threads[i].frees;
		sum.freed_bytes += snapshot->threads[i].freed_bytes;
	}
	compare_sum(verifier, "allocations", "threads", totals->allocs, sum.allocs);
	compare_sum(verifier, "bytes", "threads", totals->bytes, sum.bytes);
	compare_sum(verifier, "frees", "threads", totals->frees, sum.frees);
	compare_sum(verifier, "freed bytes", "threads", totals->freed_bytes, sum.freed_bytes);
}

static void compare_marked(struct verifier *verifier, const char *what, uint64_t said_blocks,
    uint64_t said_bytes, const struct live *found)
{
	if (said_blocks != found->blocks || said_bytes != found->bytes)
		verifier_found(verifier,
		    "RUN says %" PRIu64 " %s blocks of %" PRIu64 " bytes, there are %" PRIu64
		    " of %" PRIu64,
		    said_blocks, what, said_bytes, found->blocks, found->bytes);
}

void verify_marked_blocks(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_run *run = snapshot->run;
	struct live ignored = {0};
	struct live inherited = {0};
	uint64_t journalled = 0;

	for (size_t i = 0; i < snapshot->extra_count; i++) {
		const struct snapshot_block_extra *extra = &snapshot->extras[i];

		if ((extra->flags & SNAPSHOT_BLOCK_IGNORED) != 0)
			add_block(&ignored, snapshot, extra->block);
		journalled += (extra->flags & SNAPSHOT_BLOCK_JOURNALLED) != 0;
	}
	for (size_t i = 0; run->inherited_epoch != 0 && i < snapshot->block_count; i++) {
		if (snapshot->block_epoch[i] <= run->inherited_epoch)
			add_block(&inherited, snapshot, i);
	}
	compare_marked(verifier, "ignored", run->ignored_blocks, run->ignored_bytes, &ignored);
	compare_marked(
	    verifier, "inherited", run->inherited_blocks, run->inherited_bytes, &inherited);
	if (journalled > 0 && (run->flags & SNAPSHOT_RUN_JOURNALLED) == 0)
		verifier_found(
		    verifier, "%" PRIu64 " blocks are journalled, the run is not", journalled);
}

/* Pools count apart from the allocator: pool blocks are rows of the columns with the flag POOLED. */
void verify_pool_books(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	if (!verifier->exact || !verifier->at_cut || snapshot->pool_count == 0)
		return;

	struct live *live = calloc(snapshot->pool_count, sizeof *live);

	if (live == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	for (size_t i = 0; i < snapshot->extra_count; i++) {
		const struct snapshot_block_extra *extra = &snapshot->extras[i];

		if (extra->pool != 0)
			add_block(&live[extra->pool - 1], snapshot, extra->block);
	}
	for (size_t i = 0; i < snapshot->pool_count; i++) {
		const struct snapshot_pool *pool = &snapshot->pools[i];

		if (pool->allocs - pool->frees != live[i].blocks ||
		    pool->bytes - pool->freed_bytes != live[i].bytes)
			verifier_found(verifier,
			    "pool %zu: %" PRIu64 " - %" PRIu64 " blocks and %" PRIu64 " - %" PRIu64
			    " bytes, but %" PRIu64 " blocks of %" PRIu64 " bytes are alive",
			    i, pool->allocs, pool->frees, pool->bytes, pool->freed_bytes,
			    live[i].blocks, live[i].bytes);
	}
	free(live);
}

static uint64_t sum_of_costs(const struct snapshot_costs *costs)
{
	return costs->live_table + costs->large_table + costs->stack_index + costs->nodes +
	       costs->stacks + costs->counters + costs->survival + costs->iterations +
	       costs->threads + costs->other;
}

void verify_own_memory(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint64_t told = sum_of_costs(&snapshot->run->costs), sum = 0;

	for (size_t i = 0; i < snapshot->own_memory_count; i++) {
		const struct snapshot_own_memory *row = &snapshot->own_memory[i];

		sum += row->resident_bytes;
		if (row->resident_bytes > row->mapped_bytes)
			verifier_found(verifier,
			    "table %zu has %" PRIu64 " resident bytes of %" PRIu64 " mapped", i,
			    row->resident_bytes, row->mapped_bytes);
		if (row->reserved != 0)
			verifier_found(verifier, "the reserved member of row %zu is not 0", i);
	}
	if (snapshot->own_memory_count != 0 && sum != told)
		verifier_found(verifier, "the tables have %" PRIu64 " bytes, but RUN says %" PRIu64,
		    sum, told);
}
