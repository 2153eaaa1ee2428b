/* Verify's rules about iterations, the samples at their ends, and what survived them. */
#include <inttypes.h>
#include <stdlib.h>

#include "snapshot/snapshot_verify_internal.h"

#define ITERATION_OPEN 1u /* flag of struct snapshot_iteration */

static void check_iteration(struct verifier *verifier, size_t row)
{
	const struct snapshot *snapshot = verifier->snapshot;
	const struct snapshot_iteration *iteration = &snapshot->iterations[row];
	uint64_t generations =
	    (uint64_t)iteration->last_generation - iteration->first_generation + 1;

	if (iteration->first == 0)
		verifier_found(
		    verifier, "row %zu begins with iteration 0; they are numbered from 1", row);
	if (iteration->first_generation == 0)
		verifier_found(
		    verifier, "row %zu has generation 0, which is outside of iterations", row);
	/* Other benchmarks and phases may have had generations in between. */
	if (iteration->count > generations)
		verifier_found(verifier,
		    "row %zu stands for %" PRIu64 " iterations in %" PRIu64 " generations", row,
		    iteration->count, generations);
	if (iteration->last_generation > snapshot->run->generation)
		verifier_found(verifier,
		    "row %zu has generation %" PRIu32 ", after the last, %" PRIu32, row,
		    iteration->last_generation, snapshot->run->generation);
	if ((iteration->flags & ~ITERATION_OPEN) != 0)
		verifier_found(
		    verifier, "row %zu has unknown flags 0x%" PRIx32, row, iteration->flags);
	if (!verifier->exact)
		return;
	if (iteration->temporary > iteration->allocs || iteration->temporary > iteration->frees ||
	    iteration->temporary_bytes > iteration->freed_bytes)
		verifier_found(verifier,
		    "row %zu has %" PRIu64 " temporary blocks of %" PRIu64 " born and %" PRIu64
		    " freed",
		    row, iteration->temporary, iteration->allocs, iteration->frees);
	if (iteration->survived_blocks > iteration->allocs)
		verifier_found(verifier,
		    "row %zu has %" PRIu64 " survivors of %" PRIu64 " allocations", row,
		    iteration->survived_blocks, iteration->allocs);
	if (iteration->maximum_allocs > iteration->allocs ||
	    iteration->maximum_bytes > iteration->bytes ||
	    iteration->maximum_survived_blocks > iteration->survived_blocks)
		verifier_found(
		    verifier, "row %zu has a maximum of one iteration above the sum of all", row);
}

void verify_iteration_rows(struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->snapshot->iteration_count; i++)
		check_iteration(verifier, i);
}

void verify_iteration_order(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	if (snapshot->benchmark_count == 0)
		return;

	uint64_t *next = calloc(snapshot->benchmark_count, sizeof *next);

	if (next == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	for (size_t i = 0; i < snapshot->iteration_count; i++) {
		const struct snapshot_iteration *row = &snapshot->iterations[i];

		if (row->first < next[row->benchmark])
			verifier_found(verifier,
			    "row %zu begins with iteration %" PRIu64 " of benchmark %" PRIu32
			    ", the rows before reach %" PRIu64,
			    i, row->first, row->benchmark, next[row->benchmark] - 1);
		next[row->benchmark] = row->first + row->count;
	}
	free(next);
}

static void compare_count(
    struct verifier *verifier, const char *what, uint64_t said, uint64_t found)
{
	if (said != found)
		verifier_found(
		    verifier, "%s: %" PRIu64 ", but there are %" PRIu64, what, said, found);
}

static void sum_rows(const struct snapshot *snapshot, struct snapshot_benchmark *sums)
{
	for (size_t i = 0; i < snapshot->iteration_count; i++) {
		const struct snapshot_iteration *row = &snapshot->iterations[i];
		uint64_t ended = row->count - ((row->flags & ITERATION_OPEN) != 0);

		sums[row->benchmark].iterations += ended;
		if (row->phase == SNAPSHOT_PHASE_COUNTED)
			sums[row->benchmark].counted += ended;
	}
}

static void compare_benchmarks(struct verifier *verifier, const struct snapshot_benchmark *sums)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint64_t ended = 0;
	uint64_t counted = 0;

	for (size_t i = 0; i < snapshot->benchmark_count; i++) {
		const struct snapshot_benchmark *benchmark = &snapshot->benchmarks[i];

		ended += benchmark->iterations;
		counted += benchmark->counted;
		if (snapshot->run->losses.iterations == 0 &&
		    (benchmark->iterations != sums[i].iterations ||
			benchmark->counted != sums[i].counted))
			verifier_found(verifier,
			    "benchmark %zu (%s) says %" PRIu64 " iterations, %" PRIu64
			    " of them counted; its rows hold %" PRIu64 " and %" PRIu64,
			    i, snapshot_string(snapshot, benchmark->name), benchmark->iterations,
			    benchmark->counted, sums[i].iterations, sums[i].counted);
	}
	compare_count(verifier, "iterations ended in RUN", snapshot->run->iterations_ended, ended);
	compare_count(
	    verifier, "iterations counted in RUN", snapshot->run->iterations_counted, counted);
}

void verify_iteration_counts(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	struct snapshot_benchmark *sums = calloc(snapshot->benchmark_count + 1, sizeof *sums);

	if (sums == NULL) {
		verifier_no_memory(verifier);
		return;
	}
	sum_rows(snapshot, sums);
	compare_benchmarks(verifier, sums);
	free(sums);
}

void verify_sample_generations(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->sample_count; i++) {
		const struct snapshot_sample *sample = &snapshot->samples[i];

		if (sample->generation == 0 || sample->generation > snapshot->run->generation)
			verifier_found(verifier,
			    "sample %zu is of generation %" PRIu32 ", the last is %" PRIu32, i,
			    sample->generation, snapshot->run->generation);
	}
}

/* A series holds steps: add up by how much each point differs from the one before, then carry forward. */
void verify_sample_sums(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	struct snapshot_series_point steps[SNAPSHOT_SAMPLES_MAX] = {{0}};
	struct snapshot_series_point before = {0};
	uint64_t blocks = 0;
	uint64_t bytes = 0;

	if (!verifier->exact || snapshot->run->losses.series != 0)
		return;
	for (size_t i = 0; i < snapshot->series_count; i++) {
		const struct snapshot_series_point *point = &snapshot->series[i];

		if (i == 0 || point->stack != before.stack)
			before = (struct snapshot_series_point){0};
		steps[point->sample].live_blocks += point->live_blocks - before.live_blocks;
		steps[point->sample].live_bytes += point->live_bytes - before.live_bytes;
		before = *point;
	}
	for (size_t i = 0; i < snapshot->sample_count; i++) {
		const struct snapshot_sample *sample = &snapshot->samples[i];

		blocks += steps[i].live_blocks;
		bytes += steps[i].live_bytes;
		if (sample->live_blocks != blocks || sample->live_bytes != bytes)
			verifier_found(verifier,
			    "sample %zu says %" PRIu64 " blocks of %" PRIu64
			    " bytes, the series hold %" PRIu64 " of %" PRIu64,
			    i, sample->live_blocks, sample->live_bytes, blocks, bytes);
	}
}

void verify_series_steps(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	for (size_t i = 0; i < snapshot->series_count; i++) {
		const struct snapshot_series_point *point = &snapshot->series[i];
		bool first = i == 0 || point[-1].stack != point->stack;

		if (point->live_blocks == (first ? 0 : point[-1].live_blocks) &&
		    point->live_bytes == (first ? 0 : point[-1].live_bytes))
			verifier_found(verifier,
			    "row %zu of stack %" PRIu32 " repeats the value before it", i,
			    point->stack);
	}
}

void verify_deaths(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;

	if (!verifier->exact || !verifier->at_cut)
		return;
	for (size_t i = 0; i < snapshot->deaths_count; i++) {
		const struct snapshot_deaths *deaths = &snapshot->deaths[i];
		const struct snapshot_stack *stack = &snapshot->stacks[deaths->stack];
		uint64_t sum = 0;

		for (size_t k = 0; k < SNAPSHOT_AGE_BUCKETS; k++)
			sum += deaths->by_age[k];
		if (sum > stack->frees - stack->temporary)
			verifier_found(verifier,
			    "stack %" PRIu32 " has %" PRIu64 " deaths by age, but %" PRIu64
			    " frees, %" PRIu64 " of them temporary",
			    deaths->stack, sum, stack->frees, stack->temporary);
	}
}

void verify_survival(struct verifier *verifier)
{
	const struct snapshot *snapshot = verifier->snapshot;
	uint64_t sum = 0;

	for (size_t i = 0; i < snapshot->survival_count; i++) {
		const struct snapshot_survival *cell = &snapshot->survival[i];
		bool last = i + 1 == snapshot->survival_count || cell[1].stack != cell->stack;

		if (cell->died_first < cell->born_first)
			verifier_found(verifier,
			    "row %zu of stack %" PRIu32 ": born from generation %" PRIu32
			    " on, died from %" PRIu32 " on",
			    i, cell->stack, cell->born_first, cell->died_first);
		sum += cell->blocks;
		if (last && verifier->exact && verifier->at_cut &&
		    sum > snapshot->stacks[cell->stack].frees)
			verifier_found(verifier,
			    "stack %" PRIu32 " has %" PRIu64 " deaths in the matrix, but %" PRIu64
			    " frees",
			    cell->stack, sum, snapshot->stacks[cell->stack].frees);
		sum = last ? 0 : sum;
	}
}
