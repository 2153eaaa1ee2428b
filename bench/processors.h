/* How many processors the benchmarks may use. */
#ifndef BENCH_PROCESSORS_H
#define BENCH_PROCESSORS_H

#include <sched.h>

/* How many of THREADS threads can work at the same time. */
static inline unsigned processors_at_once(unsigned threads)
{
	cpu_set_t usable;

	CPU_ZERO(&usable);
	if (sched_getaffinity(0, sizeof usable, &usable) != 0)
		return 1;

	unsigned processors = (unsigned)CPU_COUNT(&usable);

	return threads < processors ? threads : processors;
}

#endif
