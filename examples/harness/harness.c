/*
 * The harness's loop: cold call, warm-up, samples, statistics.
 *
 * A fast function is called in batches, because a clock read costs more than the call. Heap counters are read at the
 * same two points as the clock, so that a column says what the calls of a sample did and nothing else. The samples'
 * own array grows between samples, outside every iteration.
 */
#include "harness/harness.h"

#include <allocscope/allocscope.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	WARMUP_THRESHOLD_NS = 500000, /* slower than this: no warm-up, no batch */
	WARMUP_CALLS_MAX = 2,
	BATCH_THRESHOLD_NS = 65536, /* faster than this: batches */
	BATCH_CALLS = 4096,
	SAMPLES_MIN = 12,
	FIRST_SAMPLES = 1024, /* room that doubles */
	TRIMMED = 2	      /* at each end, when there are more samples than SAMPLES_MIN */
};

/* 642 ms, and a tenth more because the heap is measured too. */
static const double time_limit_ns = 642e6 * 1.1;

struct run {
	const struct harness_benchmark *benchmark;
	const struct harness_options *options;
	void *state;
	double *samples_ns;
	size_t count, capacity;
	struct allocscope_counts total; /* what the samples did, summed */
	double total_retained_blocks, total_retained_bytes;
	double peak_bytes;
	struct harness_cost first;
	bool has_first;
	uint64_t counted_calls;
};

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void collect(const struct run *run)
{
	if (run->benchmark->collect != NULL)
		run->benchmark->collect(run->state);
}

static struct harness_cost cost_between(
    const struct allocscope_counts *before, const struct allocscope_counts *after)
{
	return (struct harness_cost){.allocs = (double)(after->allocs - before->allocs),
	    .bytes = (double)(after->bytes - before->bytes)};
}

/* The first call of all is told apart: it may make what later ones find. */
static void note_first(
    struct run *run, const struct allocscope_counts *before, const struct allocscope_counts *after)
{
	if (!run->has_first)
		run->first = cost_between(before, after);
	run->has_first = true;
}

/* One call that is no sample. */
static double call_once(struct run *run, enum allocscope_phase phase)
{
	struct allocscope_counts before = allocscope_stats_now().process;
	struct allocscope_counts after;
	double begin_ns = 0;
	double end_ns = 0;

	allocscope_iteration_begin_phase(run->benchmark->name, phase);
	begin_ns = now_ns();
	run->benchmark->iterate(run->state);
	end_ns = now_ns();
	after = allocscope_stats_now().process;
	note_first(run, &before, &after);
	if (run->options->gc == HARNESS_GC_INNER)
		collect(run);
	allocscope_iteration_end();
	return end_ns - begin_ns;
}

static int reserve_samples(struct run *run, size_t capacity)
{
	double *grown = realloc(run->samples_ns, capacity * sizeof(*grown));

	if (grown == NULL)
		return -1;
	run->samples_ns = grown;
	run->capacity = capacity;
	return 0;
}

static int add_sample(struct run *run, double sample_ns)
{
	if (run->count == run->capacity && reserve_samples(run, 2 * run->capacity) != 0)
		return -1;
	run->samples_ns[run->count++] = sample_ns;
	return 0;
}

static void add_heap(struct run *run, const struct allocscope_counts *before,
    const struct allocscope_counts *after, const struct allocscope_counts *settled,
    double peak_bytes)
{
	if (peak_bytes > run->peak_bytes)
		run->peak_bytes = peak_bytes;
	run->total.allocs += after->allocs - before->allocs;
	run->total.bytes += after->bytes - before->bytes;
	run->total_retained_blocks += (double)(int64_t)(settled->live_blocks - before->live_blocks);
	run->total_retained_bytes += (double)(int64_t)(settled->live_bytes - before->live_bytes);
}

/* BATCH_CALLS calls, each an iteration; the level when the last one began goes to *RET_LEVEL. */
static double batch_ns(const struct run *run, uint64_t *ret_level)
{
	void (*iterate)(void *state) = run->benchmark->iterate;
	const double begin_ns = now_ns();

	for (int i = 0; i < BATCH_CALLS - 1; i++) {
		allocscope_iteration_begin_phase(run->benchmark->name, ALLOCSCOPE_COUNTED);
		iterate(run->state);
		allocscope_iteration_end();
	}
	*ret_level = allocscope_stats_now().process.live_bytes;
	allocscope_iteration_begin_phase(run->benchmark->name, ALLOCSCOPE_COUNTED);
	iterate(run->state);
	allocscope_iteration_end();
	return now_ns() - begin_ns;
}

/* One sample; returns the time that counts against the limit, or -1 when memory ran out. */
static double take_sample(struct run *run, bool batch)
{
	const uint64_t calls = batch ? BATCH_CALLS : 1;
	const struct allocscope_counts before = allocscope_stats_now().process;
	struct allocscope_stats after;
	struct allocscope_counts settled;
	uint64_t level = before.live_bytes;
	double sample_ns = 0;

	if (batch) {
		sample_ns = batch_ns(run, &level);
	} else {
		double begin_ns = 0;

		allocscope_iteration_begin_phase(run->benchmark->name, ALLOCSCOPE_COUNTED);
		begin_ns = now_ns();
		run->benchmark->iterate(run->state);
		sample_ns = now_ns() - begin_ns;
	}
	after = allocscope_stats_now();
	note_first(run, &before, &after.process);
	if (run->options->gc == HARNESS_GC_INNER)
		collect(run);
	settled = allocscope_stats_now().process;
	if (!batch)
		allocscope_iteration_end();
	add_heap(run, &before, &after.process, &settled,
	    (double)(int64_t)(after.iteration_peak_bytes - level));
	run->counted_calls += calls;
	return add_sample(run, sample_ns / (double)calls) == 0 ? sample_ns : -1;
}

static int run_fixed(struct run *run, struct harness_result *ret_result)
{
	for (uint64_t i = 0; i < run->options->warmup_calls; i++)
		(void)call_once(run, ALLOCSCOPE_WARMUP);
	ret_result->warmup_calls = run->options->warmup_calls;
	ret_result->calls_per_sample = 1;
	if (run->options->gc != HARNESS_GC_FALSE)
		collect(run);
	for (uint64_t i = 0; i < run->options->fixed_calls; i++)
		if (take_sample(run, false) < 0)
			return -1;
	return 0;
}

static int run_timed(struct run *run, struct harness_result *ret_result)
{
	double call_ns = call_once(run, ALLOCSCOPE_WARMUP);
	double spent_ns = 0;
	bool batch = false;

	ret_result->warmup_calls = 1;
	if (call_ns <= WARMUP_THRESHOLD_NS)
		for (int i = 0; i < WARMUP_CALLS_MAX && !batch; i++) {
			call_ns = call_once(run, ALLOCSCOPE_WARMUP);
			batch = call_ns <= BATCH_THRESHOLD_NS;
			ret_result->warmup_calls++;
		}
	ret_result->calls_per_sample = batch ? BATCH_CALLS : 1;
	if (run->options->gc != HARNESS_GC_FALSE)
		collect(run);
	while (run->count < SAMPLES_MIN || spent_ns < time_limit_ns) {
		const double sample_ns = take_sample(run, batch);

		if (sample_ns < 0)
			return -1;
		spent_ns += sample_ns;
	}
	return 0;
}

static int compare_doubles(const void *left, const void *right)
{
	const double a = *(const double *)left;
	const double b = *(const double *)right;

	return (a > b) - (a < b);
}

static void summarise(struct run *run, struct harness_result *ret_result)
{
	const double calls = (double)run->counted_calls;
	const size_t cut = run->count > SAMPLES_MIN ? TRIMMED : 0;
	const double *kept = run->samples_ns + cut;
	const size_t count = run->count - 2 * cut;
	double sum_ns = 0;

	ret_result->samples = run->count;
	if (run->count == 0)
		return;
	qsort(run->samples_ns, run->count, sizeof(*run->samples_ns), compare_doubles);
	for (size_t i = 0; i < count; i++)
		sum_ns += kept[i];
	ret_result->min_ns = kept[0];
	ret_result->max_ns = kept[count - 1];
	ret_result->avg_ns = sum_ns / (double)count;
	ret_result->p25_ns = kept[(size_t)(0.25 * (double)(count - 1))];
	ret_result->p50_ns = kept[(size_t)(0.5 * (double)(count - 1))];
	ret_result->p75_ns = kept[(size_t)(0.75 * (double)(count - 1))];
	ret_result->p99_ns = kept[(size_t)(0.99 * (double)(count - 1))];
	ret_result->has_heap = allocscope_active();
	ret_result->allocs = (double)run->total.allocs / calls;
	ret_result->bytes = (double)run->total.bytes / calls;
	ret_result->retained_blocks = run->total_retained_blocks / calls;
	ret_result->retained_bytes = run->total_retained_bytes / calls;
	ret_result->peak_bytes = run->peak_bytes;
	ret_result->first = run->first;
}

int harness_run(const struct harness_benchmark *benchmark, const struct harness_options *options,
    struct harness_result *ret_result)
{
	struct run run = {.benchmark = benchmark, .options = options};
	struct harness_result result = {0};
	struct allocscope_counts before;
	struct allocscope_counts after;
	int code = 0;

	/* Before anything is measured; where the number of calls is fixed this is all that the harness allocates. */
	if (reserve_samples(
		&run, options->fixed_calls > 0 ? options->fixed_calls : FIRST_SAMPLES) != 0)
		return -1;
	before = allocscope_stats_now().process;
	run.state = benchmark->setup(benchmark->arguments);
	after = allocscope_stats_now().process;
	result.setup = cost_between(&before, &after);
	code = options->fixed_calls > 0 ? run_fixed(&run, &result) : run_timed(&run, &result);
	if (benchmark->finished != NULL)
		benchmark->finished(run.state);
	benchmark->teardown(run.state);
	if (code == 0) {
		summarise(&run, &result);
		*ret_result = result;
	} else {
		errno = ENOMEM;
	}
	free(run.samples_ns);
	return code;
}

static void *empty_setup(const void *arguments)
{
	static char state;

	(void)arguments;
	return &state;
}

static void empty(void *state)
{
	(void)state;
}

int harness_floor(const struct harness_options *options, struct harness_result *ret_result)
{
	const struct harness_benchmark nothing = {
	    .name = "(empty iteration)", .setup = empty_setup, .iterate = empty, .teardown = empty};

	return harness_run(&nothing, options, ret_result);
}
