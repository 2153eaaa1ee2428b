#include "preload/iteration_fold.h"

#include <string.h>

#include "preload/arena.h"
#include "preload/counters.h"
#include "preload/iteration.h"
#include "preload/stack_table.h"

/* What the samples know of a stack. */
struct stack_fold {
	int64_t blocks, bytes;		  /* being summed */
	uint64_t last_blocks, last_bytes; /* at the last sample */
	uint32_t series;		  /* number + 1; 0 none: constant since the first sample */
	uint32_t refused;		  /* wanted a series when there was no room */
};

static struct stack_fold *folds[STACK_CHUNKS_MAX];
static bool refused[STACK_CHUNKS_MAX]; /* once there was no memory for that chunk of folds */
static struct series *series_rows;     /* ITERATION_SERIES_MAX of them, mapped at first use */
static uint32_t series_count;
static uint64_t lost_series;
static struct snapshot_sample samples[ITERATION_SAMPLES_MAX];
static uint32_t sample_count;
static uint64_t stride = 1;

uint32_t iteration_sample_count(void)
{
	return sample_count;
}

const struct snapshot_sample *iteration_sample(uint32_t number)
{
	return &samples[number];
}

uint64_t iteration_lost_series(void)
{
	return lost_series;
}

const struct series *iteration_series(uint32_t stack, uint64_t *ret_blocks, uint64_t *ret_bytes)
{
	const struct stack_fold *chunk = folds[stack >> STACK_CHUNK_BITS];

	*ret_blocks = 0;
	*ret_bytes = 0;
	if (chunk == NULL)
		return NULL;
	const struct stack_fold *fold = &chunk[stack & (STACK_CHUNK - 1)];

	*ret_blocks = fold->last_blocks;
	*ret_bytes = fold->last_bytes;
	return fold->series != 0 ? &series_rows[fold->series - 1] : NULL;
}

/* Keep every second sample: the ones at multiples of the doubled stride. */
static void thin(void)
{
	for (uint32_t i = 0; i < ITERATION_SAMPLES_MAX / 2; i++)
		samples[i] = samples[2 * i + 1];
	for (uint32_t row = 0; row < series_count; row++)
		for (uint32_t i = 0; i < ITERATION_SAMPLES_MAX / 2; i++)
			series_rows[row].points[i] = series_rows[row].points[2 * i + 1];
	sample_count = ITERATION_SAMPLES_MAX / 2;
	stride *= 2;
}

static void add_thread(const struct thread_state *state, uint32_t stack_count)
{
	for (uint32_t first = 0; first < stack_count; first += STACK_CHUNK) {
		uint32_t number = first >> STACK_CHUNK_BITS;
		const struct stack_counters *counters = state->counters[number];

		if (counters == NULL)
			continue;
		if (folds[number] == NULL)
			folds[number] =
			    arena_map(STACK_CHUNK * sizeof(struct stack_fold), ARENA_SURVIVAL);
		uint32_t end =
		    stack_count - first < STACK_CHUNK ? stack_count - first : STACK_CHUNK;

		if (folds[number] == NULL) {
			lost_series += refused[number] ? 0 : end;
			refused[number] = true;
			continue;
		}
		for (uint32_t i = 0; i < end; i++) {
			folds[number][i].blocks +=
			    (int64_t)(counters[i].allocs - counters[i].frees);
			folds[number][i].bytes +=
			    (int64_t)(counters[i].bytes - counters[i].freed_bytes);
		}
	}
}

static struct series *series_new(struct stack_fold *fold)
{
	if (series_rows == NULL)
		series_rows = arena_map(ITERATION_SERIES_MAX * sizeof *series_rows, ARENA_SURVIVAL);
	if (series_rows == NULL || series_count == ITERATION_SERIES_MAX) {
		lost_series += fold->refused == 0;
		fold->refused = 1;
		return NULL;
	}
	struct series *row = &series_rows[series_count++];

	fold->series = series_count;
	for (uint32_t i = 0; i < sample_count; i++) {
		row->points[i].blocks = fold->last_blocks;
		row->points[i].bytes = fold->last_bytes;
	}
	return row;
}

/* The sum in FOLD becomes its point at sample number sample_count. */
static void take_point(struct stack_fold *fold)
{
	uint64_t blocks = fold->blocks > 0 ? (uint64_t)fold->blocks : 0;
	uint64_t bytes = fold->bytes > 0 ? (uint64_t)fold->bytes : 0;
	struct series *row = fold->series != 0 ? &series_rows[fold->series - 1] : NULL;

	if (row == NULL && sample_count > 0 &&
	    (blocks != fold->last_blocks || bytes != fold->last_bytes))
		row = series_new(fold);
	if (row != NULL) {
		row->points[sample_count].blocks = blocks;
		row->points[sample_count].bytes = bytes;
	}
	samples[sample_count].live_blocks += blocks;
	samples[sample_count].live_bytes += bytes;
	fold->last_blocks = blocks;
	fold->last_bytes = bytes;
	fold->blocks = 0;
	fold->bytes = 0;
}

void fold_iteration_ended(uint64_t number, const struct snapshot_sample *sample)
{
	uint32_t stack_count = stack_table_count();

	if (number % stride != 0)
		return;
	if (sample_count == ITERATION_SAMPLES_MAX) {
		thin();
		if (number % stride != 0)
			return;
	}
	/* scope=thread: an iteration that began earlier may end later; samples ascend */
	if (sample_count > 0 && sample->generation <= samples[sample_count - 1].generation)
		return;
	/* its live numbers are the sum of the very fold that makes the points: other threads go on meanwhile */
	samples[sample_count] = *sample;
	samples[sample_count].live_blocks = 0;
	samples[sample_count].live_bytes = 0;
	for (const struct thread_state *state = thread_states_first(); state != NULL;
	     state = state->next)
		add_thread(state, stack_count);
	for (uint32_t first = 0; first < stack_count; first += STACK_CHUNK) {
		struct stack_fold *chunk = folds[first >> STACK_CHUNK_BITS];
		uint32_t end =
		    stack_count - first < STACK_CHUNK ? stack_count - first : STACK_CHUNK;

		for (uint32_t i = 0; chunk != NULL && i < end; i++)
			take_point(&chunk[i]);
	}
	sample_count++;
}
