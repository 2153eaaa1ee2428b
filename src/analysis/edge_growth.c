#include "analysis/edge_growth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/large_array.h"

#define NOT_COUNTED 255
static_assert(EDGE_GROWTH_BENCHMARKS_MAX * GROWTH_STRETCHES < NOT_COUNTED, "a stretch is a byte");

/* Edges to the blocks born in the counted iterations of one benchmark, by stretch of that birth. */
struct stretches {
	uint64_t all[GROWTH_STRETCHES], older[GROWTH_STRETCHES];
};

struct counter {
	struct edge_fields *fields;
	const struct heap *heap;
	uint32_t benchmarks; /* at most EDGE_GROWTH_BENCHMARKS_MAX */
	uint64_t warmup[EDGE_GROWTH_BENCHMARKS_MAX];
	uint64_t counted[EDGE_GROWTH_BENCHMARKS_MAX];
	struct edge_growth_row *rows; /* by field */
	struct stretches *stretches;  /* by field and benchmark */
	uint8_t *stretch;	      /* by block: in which it was born */
	struct edge_growth *result;
};

/* --- where a birth falls --- */

static uint32_t slot_of_benchmark(const struct counter *counter, uint32_t benchmark)
{
	return benchmark < counter->benchmarks ? benchmark : counter->benchmarks - 1;
}

static void count_iterations(struct counter *counter)
{
	const struct snapshot *snapshot = counter->heap->snapshot;

	for (size_t row = 0; row < snapshot->iteration_count; row++) {
		const struct snapshot_iteration *iteration = &snapshot->iterations[row];
		uint32_t slot = slot_of_benchmark(counter, iteration->benchmark);

		if (iteration->phase == SNAPSHOT_PHASE_WARMUP)
			counter->warmup[slot] += iteration->count;
		else
			counter->counted[slot] += iteration->count - (iteration->flags & 1);
	}
}

/* Slot and stretch of a block born in a counted iteration that ended, as one number; NOT_COUNTED for others. */
static uint8_t find_stretch(const struct counter *counter, uint32_t block)
{
	const struct heap *heap = counter->heap;

	if (counter->benchmarks == 0 || heap_birth_of_block(heap, block) != HEAP_BIRTH_COUNTED)
		return NOT_COUNTED;
	uint32_t generation = heap_born_of_block(heap, block).first_generation;
	uint32_t row = heap_iteration_of_generation(heap, generation);

	if (row == HEAP_NONE)
		return NOT_COUNTED;
	const struct snapshot_iteration *iteration = &heap->snapshot->iterations[row];
	uint32_t slot = slot_of_benchmark(counter, iteration->benchmark);
	uint64_t inside = generation - iteration->first_generation;
	/* Numbers of iterations begin with 1, and with the warm-up. */
	uint64_t number =
	    iteration->first + (inside < iteration->count ? inside : iteration->count - 1);
	uint64_t before = 1 + counter->warmup[slot];
	uint64_t rank = number > before ? number - before : 0;

	if (counter->counted[slot] == 0)
		return NOT_COUNTED;
	if (rank >= counter->counted[slot])
		rank = counter->counted[slot] - 1;
	return (
	    uint8_t)(slot * GROWTH_STRETCHES + rank * GROWTH_STRETCHES / counter->counted[slot]);
}

/* Edges are many and lead anywhere: what is asked of their targets stands in one byte each. */
static int find_stretches(struct counter *counter)
{
	uint32_t count = counter->fields->graph->block_count;

	counter->stretch = large_array(count, 1);
	for (uint32_t block = 0; counter->stretch != NULL && block < count; block++)
		counter->stretch[block] = find_stretch(counter, block);
	return counter->stretch != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- counting --- */

enum age { OLDER, SAME, YOUNGER };

static enum age age_of_edge(const struct counter *counter, const struct edge_visit *edge)
{
	const uint32_t *born = counter->heap->snapshot->block_born;

	/* A root is there before everything, and so is what was born outside of iterations before the held. */
	if (!reference_is_block(counter->fields->graph, edge->node))
		return OLDER;
	if (born[edge->node] == born[edge->target])
		return SAME;
	return born[edge->node] < born[edge->target] ? OLDER : YOUNGER;
}

static void add_age(struct edge_ages *ages, enum age age)
{
	ages->older += age == OLDER;
	ages->same += age == SAME;
	ages->younger += age == YOUNGER;
}

static int count_edge(void *context, const struct edge_visit *edge)
{
	struct counter *counter = context;
	struct edge_fields *fields = counter->fields;
	uint32_t field = edge_fields_number(fields, edge_fields_key(fields, edge->node),
	    edge_fields_key(fields, edge->target), edge->offset);
	struct edge_growth_row *row = &counter->rows[field];
	uint8_t stretch = counter->stretch[edge->target];
	enum age age = age_of_edge(counter, edge);

	row->doubts = row->edges == 0 ? edge->grade : row->doubts & edge->grade;
	row->edges++;
	add_age(&row->ages, age);
	if (reference_is_block(fields->graph, edge->node))
		add_age(&counter->result->total, age);
	if (stretch == NOT_COUNTED)
		return STATUS_OK;
	struct stretches *stretches =
	    &counter->stretches[(size_t)field * counter->benchmarks + stretch / GROWTH_STRETCHES];

	row->counted_edges++;
	add_age(&row->counted_ages, age);
	stretches->all[stretch % GROWTH_STRETCHES]++;
	stretches->older[stretch % GROWTH_STRETCHES] += age == OLDER;
	return STATUS_OK;
}

/* --- judging --- */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static uint64_t sum_of(const uint64_t *stretches)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < GROWTH_STRETCHES; i++)
		sum += stretches[i];
	return sum;
}

/* Something in each stretch, and nowhere less than a third of the middle one. */
static bool is_steady(const uint64_t *stretches)
{
	uint64_t sorted[GROWTH_STRETCHES];

	memcpy(sorted, stretches, sizeof(sorted));
	qsort(sorted, GROWTH_STRETCHES, sizeof(*sorted), compare_numbers);
	return sorted[0] > 0 && 3 * sorted[0] >= sorted[GROWTH_STRETCHES / 2];
}

/* What the iterations of benchmark SLOT did to ROW, if that is more than is known of it. */
static void judge_benchmark(const struct counter *counter, struct edge_growth_row *row,
    const struct stretches *stretches, uint32_t slot)
{
	bool enough = counter->counted[slot] >= GROWTH_ITERATIONS_MIN;
	bool takes_in = enough && is_steady(stretches->older);
	bool grows = takes_in || (enough && is_steady(stretches->all));
	uint64_t edges = sum_of(takes_in ? stretches->older : stretches->all);

	if (edges == 0)
		return;
	double per_iteration = (double)edges / (double)counter->counted[slot];

	if (row->benchmark != HEAP_NONE &&
	    (row->takes_in != takes_in ? row->takes_in
		: row->grows != grows  ? row->grows
				       : row->per_iteration >= per_iteration))
		return;
	row->takes_in = takes_in;
	row->grows = grows;
	row->benchmark = slot;
	row->per_iteration = per_iteration;
}

static int compare_rows(const void *a, const void *b)
{
	const struct edge_growth_row *left = a;
	const struct edge_growth_row *right = b;

	if (left->takes_in != right->takes_in)
		return left->takes_in ? -1 : 1;
	if (left->grows != right->grows)
		return left->grows ? -1 : 1;
	if (left->per_iteration > right->per_iteration ||
	    left->per_iteration < right->per_iteration)
		return left->per_iteration > right->per_iteration ? -1 : 1;
	if (left->edges != right->edges)
		return left->edges > right->edges ? -1 : 1;
	return left->field < right->field ? -1 : left->field > right->field;
}

/* Rows of fields become rows of the result: without those that have no edge, in order. */
static void finish(struct counter *counter, size_t field_count)
{
	struct edge_growth *result = counter->result;

	for (size_t field = 0; field < field_count; field++) {
		struct edge_growth_row *row = &counter->rows[field];

		if (row->edges == 0)
			continue;
		row->field = (uint32_t)field;
		row->benchmark = HEAP_NONE;
		for (uint32_t slot = 0; slot < counter->benchmarks; slot++)
			judge_benchmark(counter, row,
			    &counter->stretches[field * counter->benchmarks + slot], slot);
		counter->rows[result->count++] = *row;
	}
	qsort(counter->rows, result->count, sizeof(*counter->rows), compare_rows);
	result->rows = counter->rows;
}

int edge_growth_open(struct edge_fields *fields, struct edge_growth *ret_growth)
{
	const struct heap *heap = fields->graph->heap;
	size_t benchmarks = heap->snapshot->benchmark_count;
	size_t field_count = (size_t)fields->ids.count * EDGE_FIELDS_MAX;
	struct counter counter = {
	    .fields = fields,
	    .heap = heap,
	    .benchmarks =
		(uint32_t)(benchmarks < EDGE_GROWTH_BENCHMARKS_MAX ? benchmarks
								   : EDGE_GROWTH_BENCHMARKS_MAX),
	    .rows = calloc(field_count + 1, sizeof(*counter.rows)),
	    .result = ret_growth,
	};

	*ret_growth = (struct edge_growth){0};
	counter.stretches =
	    calloc(field_count * counter.benchmarks + 1, sizeof(*counter.stretches));
	int status =
	    counter.rows != NULL && counter.stretches != NULL ? STATUS_OK : STATUS_NO_MEMORY;

	if (status == STATUS_OK) {
		count_iterations(&counter);
		status = find_stretches(&counter);
	}
	if (status == STATUS_OK)
		status = edge_fields_each(fields->graph, count_edge, &counter);
	if (status == STATUS_OK)
		finish(&counter, field_count);
	else
		free(counter.rows);
	free(counter.stretches);
	free(counter.stretch);
	return status;
}

void edge_growth_release(struct edge_growth *growth)
{
	free(growth->rows);
	*growth = (struct edge_growth){0};
}
