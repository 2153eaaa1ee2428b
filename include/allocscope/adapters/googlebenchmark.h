/*
 * Google Benchmark: allocations in its console and JSON output, and an iteration for each of its iterations.
 *
 *     #include <allocscope/adapters/googlebenchmark.h>
 *     static void parses(benchmark::State &state)
 *     {
 *             allocscope::BenchmarkCounters counters(state);
 *             for (auto _ : state)
 *                     ALLOCSCOPE_ITERATION("parses") { parse(text); }
 *     }
 *     int main(int argc, char **argv)
 *     {
 *             benchmark::Initialize(&argc, argv);
 *             allocscope::BenchmarkMemoryManager::Install();
 *             benchmark::RunSpecifiedBenchmarks();
 *     }
 *
 * BenchmarkCounters: the columns allocs, bytes and retained, each per iteration, of the calling thread. The memory manager: for
 * each benchmark the library makes a further short run, and writes allocs_per_iter, max_bytes_used,
 * total_allocated_bytes and net_heap_growth into its JSON: of what lies in the life of BenchmarkCounters, or else
 * of the whole run, with the few blocks of the library itself. Exact; without the preload both say nothing. A peak is that
 * since the last mark.
 *
 * A mark costs about half a microsecond, which is in the time of the iteration: leave it out where that matters.
 */
#ifndef ALLOCSCOPE_ADAPTERS_GOOGLEBENCHMARK_H
#define ALLOCSCOPE_ADAPTERS_GOOGLEBENCHMARK_H

#include <allocscope/allocscope.h>
#include <benchmark/benchmark.h>

namespace allocscope
{

/* What a run allocated, from one moment to another. */
class BenchmarkHeap
{
      public:
	explicit BenchmarkHeap(const allocscope_stats &now) : before_(now)
	{
	}
	/* Of the calling thread: what others free is not seen, and live may be less than nothing. */
	int64_t Allocs(const allocscope_stats &now) const
	{
		return Between(before_.thread.allocs, now.thread.allocs);
	}
	int64_t Bytes(const allocscope_stats &now) const
	{
		return Between(before_.thread.bytes, now.thread.bytes);
	}
	int64_t Retained(const allocscope_stats &now) const
	{
		return Between(before_.thread.live_bytes, now.thread.live_bytes);
	}
	/* Of the process, since the last iteration began. */
	int64_t Peak(const allocscope_stats &now) const
	{
		return now.iteration_peak_bytes > before_.process.live_bytes
			   ? Between(before_.process.live_bytes, now.iteration_peak_bytes)
			   : 0;
	}

      private:
	static int64_t Between(uint64_t before, uint64_t after)
	{
		return static_cast<int64_t>(after - before);
	}

	allocscope_stats before_;
};

class BenchmarkMemoryManager : public benchmark::MemoryManager
{
      public:
	/* Does nothing without the preload. */
	static void Install()
	{
		if (allocscope_active())
			benchmark::RegisterMemoryManager(&Instance());
	}
	static BenchmarkMemoryManager &Instance()
	{
		static BenchmarkMemoryManager manager;

		return manager;
	}

	void Start() override
	{
		/* the peak is counted from the begin of an iteration */
		allocscope_iteration_begin_phase("memory manager", ALLOCSCOPE_WARMUP);
		allocscope_iteration_end();
		has_run_ = false;
		whole_ = BenchmarkHeap(allocscope_stats_now());
	}
	/* A run with BenchmarkCounters has left its own numbers, in which the library's allocations are not. */
	void Stop(Result &result) override
	{
		if (!has_run_)
			Keep(whole_, allocscope_stats_now());
		result.num_allocs = run_.allocs;
		result.total_allocated_bytes = run_.bytes;
		result.net_heap_growth = run_.retained;
		result.max_bytes_used = run_.peak;
	}
	void Stop(Result *result) override
	{
		Stop(*result);
	}

	void Keep(const BenchmarkHeap &heap, const allocscope_stats &now)
	{
		run_.allocs = heap.Allocs(now);
		run_.bytes = heap.Bytes(now);
		run_.retained = heap.Retained(now);
		run_.peak = heap.Peak(now);
		has_run_ = true;
	}

      private:
	BenchmarkHeap whole_{allocscope_stats()};
	/* no Result: making one needs a constant that not every build of the library gives out */
	struct {
		int64_t allocs, bytes, retained, peak;
	} run_ = {0, 0, 0, 0};
	bool has_run_ = false;
};

class BenchmarkCounters
{
      public:
	explicit BenchmarkCounters(benchmark::State &state)
	    : state_(state), heap_(allocscope_stats_now())
	{
	}
	~BenchmarkCounters()
	{
		const allocscope_stats now = allocscope_stats_now();

		if (!allocscope_active())
			return;
		if (state_.thread_index() == 0)
			BenchmarkMemoryManager::Instance().Keep(heap_, now);
		Set("allocs", heap_.Allocs(now));
		Set("bytes", heap_.Bytes(now));
		Set("retained", heap_.Retained(now));
	}
	BenchmarkCounters(const BenchmarkCounters &) = delete;
	BenchmarkCounters &operator=(const BenchmarkCounters &) = delete;

      private:
	void Set(const char *name, int64_t value)
	{
		state_.counters[name] = benchmark::Counter(
		    static_cast<double>(value), benchmark::Counter::kAvgIterations);
	}

	benchmark::State &state_;
	BenchmarkHeap heap_;
};

} // namespace allocscope

#endif
