/*
 * The driver's loop: phases, iterations, marks, and the comparison of books and promises.
 *
 * Before: engine_driver_options.c has read the command line. The books are read between iterations, so that nothing of
 * the driver's lies inside one.
 */
#include "harness/engine_driver.h"

#include "engines/ledger/vec.h"

#include <allocscope/allocscope.h>
#include <inttypes.h>
#include <string.h>

struct driving {
	const struct driver_engine *engine;
	const struct driver_scenario *scenario;
	const struct driver_run *run;
	const char *phase;
	struct ledger_totals before_first; /* before iteration 1, warm-up or not */
	struct ledger_totals before_measured;
	unsigned broken;
};

static int64_t list_growths_in(const struct driver_promise *promise, uint64_t n)
{
	int64_t growths = 0;

	for (uint64_t push = 1; push <= promise->list_pushes; push++)
		growths += vec_grows_at(
		    (n - 1) * promise->list_pushes + push, promise->list_first_capacity);
	return growths;
}

int64_t driver_promised_retained(const struct driver_promise *promise, uint64_t n)
{
	const bool beyond = promise->limit != 0 && n > promise->limit;
	int64_t blocks = promise->list_pushes > 0 ? 1 : 0;

	if (n == 0)
		return 0;
	if (promise->retained != NULL)
		return blocks + promise->retained(n);
	blocks += promise->base + promise->per_iteration * (int64_t)(beyond ? promise->limit : n);
	return beyond ? blocks + promise->beyond_limit * (int64_t)(n - promise->limit) : blocks;
}

int64_t driver_promised_allocs(const struct driver_promise *promise, uint64_t n)
{
	int64_t allocs = n == 1 ? promise->first_allocs : promise->allocs;

	if (promise->allocs_of != NULL)
		allocs = promise->allocs_of(n);
	if (allocs == DRIVER_NOT_PROMISED)
		return allocs;
	return allocs + list_growths_in(promise, n);
}

static void write_begin(const struct driving *driving, const char *mark)
{
	fprintf(driving->run->marks,
	    "{\"scenario\":\"%s\",\"variant\":\"%s\",\"switches\":\"%s\",\"phase\":\"%s\",\"mark\":\"%s\",",
	    driving->scenario->name, driver_variant_name(driving->scenario->variant),
	    driving->scenario->switches, driving->phase, mark);
}

static void mark_phase(struct driving *driving, const char *phase)
{
	driving->phase = phase;
	if (driving->run->marks == NULL)
		return;
	write_begin(driving, "phase");
	ledger_write_json(driving->run->marks, driving->engine->ledger, true);
	fputs("}\n", driving->run->marks);
}

static void mark_iteration(const struct driving *driving, bool end, uint64_t iteration)
{
	FILE *marks = driving->run->marks;

	if (marks == NULL)
		return;
	write_begin(driving, end ? "iteration_end" : "iteration_begin");
	fprintf(marks, "\"iteration\":%" PRIu64 ",", iteration);
	if (end)
		fprintf(marks, "\"retained_blocks\":%" PRId64 ",",
		    (int64_t)(ledger_totals(driving->engine->ledger).live_blocks -
			      driving->before_measured.live_blocks));
	ledger_write_json(marks, driving->engine->ledger, end);
	fputs("}\n", marks);
}

static void check(
    struct driving *driving, uint64_t n, const char *what, int64_t actual, int64_t promised)
{
	if (promised == DRIVER_NOT_PROMISED || actual == promised)
		return;
	fprintf(stderr,
	    "%s %s %s: iteration %" PRIu64 ": %s is %" PRId64 ", promised %" PRId64 "\n",
	    driving->engine->ledger->engine, driving->scenario->name,
	    driver_variant_name(driving->scenario->variant), n, what, actual, promised);
	driving->broken++;
}

/* N counts from the first warm-up iteration. */
static void iterate(struct driving *driving, uint64_t n, enum allocscope_phase phase)
{
	const struct driver_promise *promise = &driving->scenario->promise;
	const struct ledger_totals before = ledger_totals(driving->engine->ledger);
	const uint64_t number = phase == ALLOCSCOPE_WARMUP ? n : n - driving->run->warmup;
	struct ledger_totals after;

	mark_iteration(driving, false, number);
	allocscope_iteration_begin_phase(driving->scenario->name, phase);
	driving->scenario->workload->iterate(n);
	allocscope_iteration_end();
	mark_iteration(driving, true, number);
	if (!driving->run->promised)
		return;
	after = ledger_totals(driving->engine->ledger);
	check(driving, n, "retained",
	    (int64_t)(after.live_blocks - driving->before_first.live_blocks),
	    driver_promised_retained(promise, n));
	check(driving, n, "allocs", (int64_t)(after.allocs - before.allocs),
	    driver_promised_allocs(promise, n));
}

/* Iteration 0: of the scenario's benchmark, so that "the end of the warm-up" lies behind it. */
static void compile(struct driving *driving)
{
	mark_phase(driving, "compile");
	if (driving->scenario->workload->compile == NULL)
		return;
	mark_iteration(driving, false, 0);
	allocscope_iteration_begin_phase(driving->scenario->name, ALLOCSCOPE_WARMUP);
	driving->scenario->workload->compile();
	allocscope_iteration_end();
	mark_iteration(driving, true, 0);
}

static void take_snapshot(struct driving *driving)
{
	const int code = driving->run->snapshot_path != NULL
			     ? allocscope_snapshot(driving->run->snapshot_path)
			     : 0;

	if (code == 0)
		return;
	fprintf(stderr, "%s: no snapshot %s: %s\n", driving->engine->ledger->engine,
	    driving->run->snapshot_path, strerror(-code));
	driving->broken++;
}

unsigned driver_run_scenario(const struct driver_engine *engine,
    const struct driver_scenario *scenario, const struct driver_run *run)
{
	const struct driver_workload *workload = scenario->workload;
	struct driving driving = {.engine = engine, .scenario = scenario, .run = run};
	const uint64_t live_before = ledger_totals(engine->ledger).live_blocks;
	uint64_t n = 1;

	compile(&driving);
	if (workload->setup != NULL)
		workload->setup(run);
	driving.before_first = ledger_totals(engine->ledger);
	driving.before_measured = driving.before_first;
	mark_phase(&driving, "warmup");
	for (; n <= run->warmup; n++)
		iterate(&driving, n, ALLOCSCOPE_WARMUP);
	driving.before_measured = ledger_totals(engine->ledger);
	mark_phase(&driving, "measure");
	for (; n <= run->warmup + run->iterations; n++)
		iterate(&driving, n, ALLOCSCOPE_COUNTED);
	take_snapshot(&driving);
	mark_phase(&driving, "teardown");
	if (workload->teardown != NULL)
		workload->teardown();
	mark_phase(&driving, "exit");
	if (scenario->variant == DRIVER_DISPOSED)
		check(&driving, n - 1, "alive after the teardown",
		    (int64_t)(ledger_totals(engine->ledger).live_blocks - live_before), 0);
	return driving.broken;
}
