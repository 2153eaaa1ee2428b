/* Google Benchmark under allocscope: three allocations and 48 bytes an iteration, or one block of 18 that is kept. */
#include <allocscope/adapters/googlebenchmark.h>

#include "examples/adapters/registry.h"

static void Measures(benchmark::State &state)
{
	allocscope::BenchmarkCounters counters(state);

	for (auto _ : state) {
		benchmark::DoNotOptimize(registry_measure("fifteen letters"));
		benchmark::DoNotOptimize(registry_measure("fifteen letters"));
		benchmark::DoNotOptimize(registry_measure("fifteen letters"));
	}
}
BENCHMARK(Measures)->Iterations(1000);

static void Keeps(benchmark::State &state)
{
	allocscope::BenchmarkCounters counters(state);

	for (auto _ : state)
		ALLOCSCOPE_ITERATION("Keeps")
		{
			registry_keep("seventeen letters");
		}
}
BENCHMARK(Keeps)->Iterations(50);

int main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	allocscope::BenchmarkMemoryManager::Install();
	benchmark::RunSpecifiedBenchmarks();
	return 0;
}
