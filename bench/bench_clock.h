/* The two clocks of the benchmarks, in nanoseconds. */
#ifndef BENCH_BENCH_CLOCK_H
#define BENCH_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t bench_clock_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* CPU time of this thread: what other work on the processor costs is left out. */
static inline uint64_t bench_clock_thread_ns(void)
{
	return bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline uint64_t bench_clock_wall_ns(void)
{
	return bench_clock_ns(CLOCK_MONOTONIC);
}

#endif
