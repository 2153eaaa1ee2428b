/*
 * A small benchmark harness with the execution model of a generator-style harness for JavaScript (see README.md).
 *
 * setup() is the code before the yield, iterate() the yielded function, teardown() the code after it: the first and
 * the last run once, the middle one thousands of times. Each call of iterate() is one iteration for the profiler.
 * Time comes from the clock; what is counted of the heap comes from the profiler and is unknown without it.
 * What is done with results: harness_report.h.
 */
#ifndef HARNESS_HARNESS_H
#define HARNESS_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

struct harness_benchmark {
	const char *name;
	void *(*setup)(const void *arguments);
	void (*iterate)(void *state);
	void (*teardown)(void *state);
	void (*collect)(void *state);  /* runs the engine's garbage collector; may be NULL */
	void (*finished)(void *state); /* after the last iteration, before teardown; may be NULL */
	const void *arguments;
};

enum harness_gc {
	HARNESS_GC_FALSE, /* never */
	HARNESS_GC_ONCE,  /* before the first sample */
	HARNESS_GC_INNER  /* before the first sample and at the end of each, outside its time */
};

struct harness_options {
	/* Exactly this many counted calls, each a sample, after warmup_calls: counts are then the same in each run.
	 * 0: as many as the clock allows. */
	uint64_t fixed_calls;
	uint64_t warmup_calls; /* with fixed_calls */
	enum harness_gc gc;
};

/* What was handed out, freed or not. */
struct harness_cost {
	double allocs, bytes;
};

struct harness_result {
	uint64_t samples, calls_per_sample, warmup_calls;
	/* of a call of iterate() in the samples */
	double min_ns, avg_ns, p25_ns, p50_ns, p75_ns, p99_ns, max_ns;
	bool has_heap; /* the profiler was there */
	double allocs, bytes, retained_blocks, retained_bytes;
	double
	    peak_bytes; /* the highest of a sample: above what was alive when its last call began */
	/* apart from them, because they happen once */
	struct harness_cost setup; /* what must be built, compiled, registered */
	struct harness_cost
	    first; /* the first call, warm-up or not: what is only made when it is first needed */
};

/* 0, or -1 when memory ran out; errno says so. */
int harness_run(const struct harness_benchmark *benchmark, const struct harness_options *options,
    struct harness_result *ret_result);
/* The same of an iteration that does nothing: what the harness itself costs. */
int harness_floor(const struct harness_options *options, struct harness_result *ret_result);

#endif
