/*
 * Evidence of growth from a file: ranges of counted iterations, points from SAMPLES and SERIES,
 * deaths, and the births of the blocks that are still alive. growth.c judges it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/growth.h"
#include "base/compiler.h"

/* Counted iterations judged together: those of one benchmark, or of several that interleave. */
struct growth_range {
	uint32_t benchmark; /* HEAP_NONE: several */
	uint32_t first_generation, last_generation;
	uint64_t counted;
	size_t first_point, point_count; /* into samples: sample of each point */
};

/* Evidence of one range while the stacks of a row are gathered. */
struct range_evidence {
	uint64_t survivors[GROWTH_STRETCHES];
	/* freed since, but alive at the last point: from SURVIVAL */
	uint64_t alive_then[GROWTH_STRETCHES];
	uint64_t seen_births; /* survivors born up to the last sample of the process */
	uint32_t last_birth;  /* generation */
};

struct growth_judge {
	struct heap *heap;
	bool knows_births;
	struct growth_range *ranges; /* ascending, disjoint */
	size_t range_count;
	/* by row of ITERATIONS: range that holds its generations, or HEAP_NONE */
	uint32_t *range_of_row;
	/* by row of ITERATIONS: counted iterations of its range before it */
	uint64_t *counted_before;
	uint32_t *point_samples; /* by point of all ranges: row of SAMPLES */
	uint64_t *point_places;
	/* by row of STACKS: first of its points in SERIES; one more at the end */
	size_t *first_series;
	/* range * GROWTH_STRETCHES + stretch of birth; HEAP_NONE none */
	uint32_t *slot_of_generation;

	/* scratch of one row */
	int64_t *blocks, *bytes; /* by sample: change against the sample before, then the sum */
	struct growth_point *points;
	struct range_evidence *evidence;
};

/* --- ranges --- */

static bool is_counted_and_ended(const struct snapshot_iteration *iteration)
{
	return iteration->phase == SNAPSHOT_PHASE_COUNTED && (iteration->flags & 1) == 0 &&
	       iteration->count != 0;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct growth_range *left = a;
	const struct growth_range *right = b;

	if (left->first_generation != right->first_generation)
		return left->first_generation < right->first_generation ? -1 : 1;
	return left->last_generation < right->last_generation
		   ? -1
		   : left->last_generation > right->last_generation;
}

/* One range per benchmark, then those that overlap become one. */
static int find_ranges(struct growth_judge *judge)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	struct growth_range *ranges = calloc(snapshot->benchmark_count + 1, sizeof(*ranges));
	size_t count = 0;

	if (ranges == NULL)
		return STATUS_NO_MEMORY;
	judge->ranges = ranges;
	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		struct growth_range *range = &ranges[iteration->benchmark];

		if (!is_counted_and_ended(iteration))
			continue;
		if (range->counted == 0)
			range->first_generation = iteration->first_generation;
		if (iteration->last_generation > range->last_generation)
			range->last_generation = iteration->last_generation;
		range->benchmark = iteration->benchmark;
		range->counted += iteration->count;
	}
	for (size_t benchmark = 0; benchmark < snapshot->benchmark_count; benchmark++) {
		if (ranges[benchmark].counted != 0)
			ranges[count++] = ranges[benchmark];
	}
	if (count > 1)
		qsort(ranges, count, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < count; i++) {
		struct growth_range *last =
		    judge->range_count != 0 ? &ranges[judge->range_count - 1] : NULL;

		if (last == NULL || ranges[i].first_generation > last->last_generation) {
			ranges[judge->range_count++] = ranges[i];
			continue;
		}
		if (ranges[i].last_generation > last->last_generation)
			last->last_generation = ranges[i].last_generation;
		last->counted += ranges[i].counted;
		last->benchmark = HEAP_NONE;
	}
	return STATUS_OK;
}

/* Else every shape is unknown, whatever the births. */
static bool can_judge(const struct growth_judge *judge)
{
	for (size_t i = 0; i < judge->range_count; i++)
		if (judge->ranges[i].counted >= GROWTH_ITERATIONS_MIN)
			return true;
	return false;
}

static uint32_t range_of_generation(const struct growth_judge *judge, uint32_t generation)
{
	size_t low = 0;
	size_t high = judge->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (judge->ranges[middle].last_generation < generation)
			low = middle + 1;
		else
			high = middle;
	}
	return low < judge->range_count && judge->ranges[low].first_generation <= generation
		   ? (uint32_t)low
		   : HEAP_NONE;
}

static int place_iterations(struct growth_judge *judge)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	uint64_t *counted = calloc(judge->range_count + 1, sizeof(*counted));

	judge->range_of_row = malloc((snapshot->iteration_count + 1) * sizeof(uint32_t));
	judge->counted_before = calloc(snapshot->iteration_count + 1, sizeof(uint64_t));
	if (counted == NULL || judge->range_of_row == NULL || judge->counted_before == NULL) {
		free(counted);
		return STATUS_NO_MEMORY;
	}
	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		uint32_t range = range_of_generation(judge, iteration->first_generation);

		judge->range_of_row[row] = range;
		if (range == HEAP_NONE)
			continue;
		judge->counted_before[row] = counted[range];
		if (is_counted_and_ended(iteration))
			counted[range] += iteration->count;
	}
	free(counted);
	return STATUS_OK;
}

/* Counted iterations of RANGE that had ended when GENERATION had; GENERATION lies in the range. */
static uint64_t place_of_generation(
    const struct growth_judge *judge, const struct growth_range *range, uint32_t generation)
{
	uint32_t row = heap_iteration_of_generation(judge->heap, generation);

	if (row == HEAP_NONE || judge->range_of_row[row] == HEAP_NONE)
		return 0;
	const struct snapshot_iteration *iteration = &judge->heap->snapshot->iterations[row];
	uint64_t place = judge->counted_before[row];

	if (is_counted_and_ended(iteration)) {
		uint64_t inside = (uint64_t)generation - iteration->first_generation + 1;

		place += inside < iteration->count ? inside : iteration->count;
	}
	return place < range->counted ? place : range->counted;
}

/* --- points --- */

/* The samples inside a range, and the one right before it: it shows the state before the first
 * counted iteration. An earlier one doesn't, since setup may lie in between. */
static int find_points(struct growth_judge *judge)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	size_t capacity = snapshot->sample_count + judge->range_count + 1;
	size_t count = 0;

	judge->point_samples = malloc(capacity * sizeof(uint32_t));
	judge->point_places = malloc(capacity * sizeof(uint64_t));
	judge->points = malloc(capacity * sizeof(*judge->points));
	if (judge->point_samples == NULL || judge->point_places == NULL || judge->points == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < judge->range_count; i++) {
		struct growth_range *range = &judge->ranges[i];

		range->first_point = count;
		for (uint32_t sample = 0; sample < snapshot->sample_count; sample++) {
			uint32_t generation = snapshot->samples[sample].generation;
			uint64_t place = 0;

			if (generation > range->last_generation ||
			    (uint64_t)generation + 1 < range->first_generation)
				continue;
			if (generation >= range->first_generation)
				place = place_of_generation(judge, range, generation);
			/* Interleaved warm-ups end without moving the place: the later sample
			 * stands for it. */
			if (count > range->first_point && judge->point_places[count - 1] == place)
				count--;
			judge->point_samples[count] = sample;
			judge->point_places[count++] = place;
		}
		range->point_count = count - range->first_point;
	}
	return STATUS_OK;
}

static int index_series(struct growth_judge *judge)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	size_t point = 0;

	judge->first_series = malloc((snapshot->stack_count + 1) * sizeof(size_t));
	if (judge->first_series == NULL)
		return STATUS_NO_MEMORY;
	for (size_t row = 0; row <= snapshot->stack_count; row++) {
		while (point < snapshot->series_count && snapshot->series[point].stack < row)
			point++;
		judge->first_series[row] = point;
	}
	return STATUS_OK;
}

static size_t stretch_of_place(const struct growth_range *range, uint64_t place)
{
	assert(range->counted != 0);
	return place == 0 ? 0 : (size_t)((place - 1) * GROWTH_STRETCHES / range->counted);
}

/* Where survivors born in GENERATION count, or HEAP_NONE: born in no counted iteration that
 * ended. */
static uint32_t slot_of_generation(const struct growth_judge *judge, uint32_t generation)
{
	uint32_t row = heap_iteration_of_generation(judge->heap, generation);

	if (row == HEAP_NONE || judge->range_of_row[row] == HEAP_NONE ||
	    !is_counted_and_ended(&judge->heap->snapshot->iterations[row]))
		return HEAP_NONE;
	uint32_t range = judge->range_of_row[row];
	uint64_t place = place_of_generation(judge, &judge->ranges[range], generation);

	return range * GROWTH_STRETCHES + (uint32_t)stretch_of_place(&judge->ranges[range], place);
}

/* For every generation that the heap's table knows: where a survivor born in it counts. Later
 * ones are looked up. */
static int index_slots(struct growth_judge *judge)
{
	uint32_t count = judge->heap->direct_generations;

	judge->slot_of_generation = malloc(count * sizeof(uint32_t));
	if (judge->slot_of_generation == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t generation = 0; generation < count; generation++)
		judge->slot_of_generation[generation] = slot_of_generation(judge, generation);
	return STATUS_OK;
}

int growth_judge_open(struct heap *heap, struct growth_judge **ret_judge)
{
	struct growth_judge *judge = calloc(1, sizeof(*judge));

	if (judge == NULL)
		return STATUS_NO_MEMORY;
	judge->heap = heap;
	int status = find_ranges(judge);

	judge->knows_births = status == STATUS_OK && can_judge(judge);
	if (judge->knows_births)
		status = heap_index_births(heap);
	if (status == STATUS_OK)
		status = place_iterations(judge);
	if (status == STATUS_OK)
		status = find_points(judge);
	if (status == STATUS_OK)
		status = index_series(judge);
	if (status == STATUS_OK)
		status = index_slots(judge);
	judge->blocks = malloc((heap->snapshot->sample_count + 1) * sizeof(int64_t));
	judge->bytes = malloc((heap->snapshot->sample_count + 1) * sizeof(int64_t));
	judge->evidence = malloc((judge->range_count + 1) * sizeof(*judge->evidence));
	if (judge->blocks == NULL || judge->bytes == NULL || judge->evidence == NULL)
		status = STATUS_NO_MEMORY;
	if (status != STATUS_OK) {
		growth_judge_close(judge);
		return status;
	}
	*ret_judge = judge;
	return STATUS_OK;
}

void growth_judge_close(struct growth_judge *judge)
{
	if (judge == NULL)
		return;
	free(judge->ranges);
	free(judge->range_of_row);
	free(judge->counted_before);
	free(judge->point_samples);
	free(judge->point_places);
	free(judge->first_series);
	free(judge->slot_of_generation);
	free(judge->blocks);
	free(judge->bytes);
	free(judge->points);
	free(judge->evidence);
	free(judge);
}

/* --- the evidence of a row --- */

/* Points are stored where they change: changes of all stacks are added up, then summed over the
 * samples. */
static void add_series(struct growth_judge *judge, uint32_t row)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	int64_t blocks = 0;
	int64_t bytes = 0;

	for (size_t point = judge->first_series[row]; point < judge->first_series[row + 1];
	     point++) {
		const struct snapshot_series_point *now = &snapshot->series[point];

		judge->blocks[now->sample] += (int64_t)now->live_blocks - blocks;
		judge->bytes[now->sample] += (int64_t)now->live_bytes - bytes;
		blocks = (int64_t)now->live_blocks;
		bytes = (int64_t)now->live_bytes;
	}
}

static void add_deaths(const struct snapshot *snapshot, uint32_t row, uint64_t *deaths)
{
	size_t low = 0;
	size_t high = snapshot->deaths_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->deaths[middle].stack < row)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < snapshot->deaths_count && snapshot->deaths[low].stack == row; low++) {
		for (size_t bucket = 0; bucket < SNAPSHOT_AGE_BUCKETS; bucket++)
			deaths[bucket] += snapshot->deaths[low].by_age[bucket];
	}
}

/* Returns how many of the stack's blocks are alive, whenever born. */
static uint64_t add_survivors(struct growth_judge *judge, uint32_t stack)
{
	const struct heap *heap = judge->heap;
	const struct snapshot *snapshot = heap->snapshot;
	uint32_t last_sample = snapshot->sample_count != 0
				   ? snapshot->samples[snapshot->sample_count - 1].generation
				   : 0;

	uint64_t alive = 0;

	for (size_t i = heap->first_birth[stack]; i < heap->first_birth[stack + 1]; i++) {
		uint32_t weight = heap_birth_weight(heap, i);
		uint32_t born = heap->births_by_stack[i];
		uint32_t slot = born < heap->direct_generations ? judge->slot_of_generation[born]
								: slot_of_generation(judge, born);

		alive += weight;
		if (slot == HEAP_NONE)
			continue;
		struct range_evidence *evidence = &judge->evidence[slot / GROWTH_STRETCHES];

		evidence->survivors[slot % GROWTH_STRETCHES] += weight;
		evidence->seen_births += born <= last_sample ? weight : 0;
		if (born > evidence->last_birth)
			evidence->last_birth = born;
	}
	return alive;
}

/* Spread BLOCKS born in [FIRST, LAST] over the stretches that these generations touch, rounded
 * up. */
static void spread(const struct growth_judge *judge, size_t range_index, uint32_t first,
    uint32_t last, uint64_t blocks)
{
	const struct growth_range *range = &judge->ranges[range_index];
	size_t from = stretch_of_place(range, place_of_generation(judge, range, first));
	size_t to = stretch_of_place(range, place_of_generation(judge, range, last));
	uint64_t share = (blocks + (to - from)) / (to - from + 1);

	for (size_t stretch = from; stretch <= to; stretch++)
		judge->evidence[range_index].alive_then[stretch] += share;
}

/* Freed before the last point? Cells are wide: only one that ends before it says so. Died before
 * born: freed outside iterations, nobody knows when. */
static bool surely_freed_by(const struct snapshot_survival *cell, uint32_t generation)
{
	return cell->died_first >= cell->born_first &&
	       (uint64_t)cell->died_first + cell->width <= generation;
}

static void add_cell(
    const struct growth_judge *judge, size_t range_index, const struct snapshot_survival *cell)
{
	const struct growth_range *range = &judge->ranges[range_index];
	uint64_t end = (uint64_t)cell->born_first + cell->width - 1;

	if (range->point_count == 0 || cell->width == 0 || end < range->first_generation ||
	    cell->born_first > range->last_generation)
		return;
	uint32_t last_sample = judge->point_samples[range->first_point + range->point_count - 1];

	if (surely_freed_by(cell, judge->heap->snapshot->samples[last_sample].generation))
		return;
	spread(judge, range_index,
	    cell->born_first > range->first_generation ? cell->born_first : range->first_generation,
	    end < range->last_generation ? (uint32_t)end : range->last_generation, cell->blocks);
}

/* Blocks that may have been alive at the last point of their range and were freed since, by
 * birth: teardown after the iterations must not erase a leak. An upper bound. */
static void add_freed_later(struct growth_judge *judge, uint32_t row)
{
	const struct snapshot *snapshot = judge->heap->snapshot;
	size_t low = 0;
	size_t high = snapshot->survival_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->survival[middle].stack < row)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < snapshot->survival_count && snapshot->survival[low].stack == row; low++) {
		for (size_t i = 0; i < judge->range_count; i++)
			add_cell(judge, i, &snapshot->survival[low]);
	}
}

/* Survivors tell something when there are about as many as the points say were kept; else what
 * was freed after the last point is added. */
static void settle_survivors(
    const struct range_evidence *gathered, uint64_t kept, struct growth_evidence *evidence)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < GROWTH_STRETCHES; i++)
		sum += evidence->survivors[i] = gathered->survivors[i];
	evidence->survivors_known = sum >= kept - kept / 10;
	if (evidence->survivors_known)
		return;
	for (size_t i = 0; i < GROWTH_STRETCHES; i++) {
		evidence->survivors[i] += gathered->alive_then[i];
		sum += gathered->alive_then[i];
	}
	evidence->survivors_known = sum >= kept - kept / 10;
}

static struct growth judge_range(
    struct growth_judge *judge, size_t range_index, struct growth_evidence *evidence)
{
	const struct growth_range *range = &judge->ranges[range_index];
	const struct range_evidence *gathered = &judge->evidence[range_index];
	size_t count = range->point_count;

	for (size_t i = 0; i < count; i++) {
		uint32_t sample = judge->point_samples[range->first_point + i];

		judge->points[i] = (struct growth_point){
		    .iterations = judge->point_places[range->first_point + i],
		    .blocks = (uint64_t)judge->blocks[sample],
		    .bytes = (uint64_t)judge->bytes[sample],
		};
	}
	uint64_t kept = count != 0 && judge->points[count - 1].blocks > judge->points[0].blocks
			    ? judge->points[count - 1].blocks - judge->points[0].blocks
			    : 0;

	settle_survivors(gathered, kept, evidence);
	evidence->last_birth =
	    gathered->last_birth != 0 ? place_of_generation(judge, range, gathered->last_birth) : 0;
	evidence->counted = range->counted;
	evidence->points = judge->points;
	/* Fewer alive at the last sample than are alive now and were born by then: the series
	 * was lost. */
	evidence->point_count = judge->heap->snapshot->run->losses.series != 0 && count != 0 &&
					gathered->seen_births > judge->points[count - 1].blocks
				    ? 0
				    : count;
	struct growth growth = growth_judge_evidence(evidence);

	growth.benchmark = range->benchmark;
	return growth;
}

struct growth growth_of_stacks(
    struct growth_judge *judge, const uint32_t *stacks, size_t stack_count)
{
	const struct heap *heap = judge->heap;
	struct growth_evidence evidence = {0};
	struct growth strongest = {
	    .shape = GROWTH_UNKNOWN, .benchmark = HEAP_NONE, .reason = "no counted iterations"};

	memset(judge->blocks, 0, (heap->snapshot->sample_count + 1) * sizeof(int64_t));
	memset(judge->bytes, 0, (heap->snapshot->sample_count + 1) * sizeof(int64_t));
	memset(judge->evidence, 0, (judge->range_count + 1) * sizeof(*judge->evidence));
	for (size_t i = 0; i < stack_count; i++) {
		const struct heap_stack *stack = &heap->stacks[stacks[i]];

		for (uint32_t row = 0; row < stack->row_count; row++) {
			add_series(judge, heap->rows[stack->first_row + row]);
			add_deaths(heap->snapshot, heap->rows[stack->first_row + row],
			    evidence.deaths_by_age);
			add_freed_later(judge, heap->rows[stack->first_row + row]);
		}
		if (judge->knows_births)
			evidence.alive_at_cut += add_survivors(judge, stacks[i]);
		evidence.later_frees += stack->frees - stack->temporary;
	}
	for (size_t sample = 1; sample < heap->snapshot->sample_count; sample++) {
		judge->blocks[sample] += judge->blocks[sample - 1];
		judge->bytes[sample] += judge->bytes[sample - 1];
	}
	for (size_t range = 0; range < judge->range_count; range++) {
		struct growth growth = judge_range(judge, range, &evidence);

		if (range == 0 || growth.shape > strongest.shape)
			strongest = growth;
	}
	return strongest;
}
