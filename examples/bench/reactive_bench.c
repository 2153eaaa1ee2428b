/*
 * reactive-bench ENGINE SCENARIO VARIANT [options]: one scenario under the harness.
 *
 * Path: options -> world.c (what the variant does) -> harness/ (calls it, marks the iterations) -> a table row, and the
 * engine's own counts as JSON where asked for. Exit status: 0, or 2 for a usage error or a file that can't be written.
 */
#include "bench/counts_json.h"
#include "bench/scenario.h"
#include "harness/harness.h"

#include <allocscope/allocscope.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

struct settings {
	struct world_options world;
	struct harness_options harness;
	const char *counts_path;       /* at the end of the last iteration */
	const char *final_counts_path; /* after the teardown */
	const char *snapshot_path;
	bool floor;
	char name[128];
};

/* The harness calls back with the world only. */
static struct settings settings = {
    .harness = {.warmup_calls = 2, .gc = HARNESS_GC_INNER},
    .world = {.engine_options = {.ownership = RX_OWN_TRACE}},
};

static const char usage[] =
    "usage: reactive-bench ENGINE SCENARIO VARIANT [options]\n"
    "       reactive-bench --list\n"
    "ENGINE: lattice, preact, alien. VARIANT: problematic, fixed, disposed, outer, outer_disposed.\n"
    "  --iterations N       exactly N counted iterations (--fixed-calls is the same)\n"
    "  --warmup N           before them, N that do not count (2)\n"
    "  --inner N            writes per iteration (the scenario's own number)\n"
    "  --parameter N        the scenario's n\n"
    "  --own MODE           who frees nodes: trace (a collector), caller, ctx (trace)\n"
    "  --gc MODE            when the collector runs: false, once, inner = each iteration (inner)\n"
    "  --mended             the engine with its known defects mended\n"
    "  --counts FILE        the engine's own counts at the end of the last iteration, as JSON\n"
    "  --final-counts FILE  the same after the teardown\n"
    "  --snapshot FILE      ask the profiler for a snapshot at the end of the last iteration\n"
    "  --floor              first a row for an empty iteration: what the harness itself costs\n"
    "  --list               the scenarios\n";

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "reactive-bench: %s: %s\n%s", what, value, usage);
	return -1;
}

static int parse_number(const char *text, uint64_t *ret_number)
{
	char *end = NULL;
	unsigned long long number = 0;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
		return usage_error("not a number", text);
	*ret_number = number;
	return 0;
}

static int parse_gc(const char *text, enum harness_gc *ret_gc)
{
	static const char *const names[] = {"false", "once", "inner"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0) {
			*ret_gc = (enum harness_gc)i;
			return 0;
		}
	return usage_error("no such gc mode", text);
}

static void list_scenarios(void)
{
	for (size_t i = 0; scenario_at(i) != NULL; i++)
		printf("%-26s %s\n", scenario_at(i)->name, scenario_at(i)->shape);
}

enum bench_option {
	OPTION_ITERATIONS = 256,
	OPTION_WARMUP,
	OPTION_INNER,
	OPTION_PARAMETER,
	OPTION_OWN,
	OPTION_GC,
	OPTION_MENDED,
	OPTION_COUNTS,
	OPTION_FINAL_COUNTS,
	OPTION_SNAPSHOT,
	OPTION_FLOOR,
	OPTION_LIST,
	OPTION_HELP
};

static const struct option long_options[] = {
    {"iterations", required_argument, NULL, OPTION_ITERATIONS},
    {"fixed-calls", required_argument, NULL, OPTION_ITERATIONS},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"inner", required_argument, NULL, OPTION_INNER},
    {"parameter", required_argument, NULL, OPTION_PARAMETER},
    {"own", required_argument, NULL, OPTION_OWN},
    {"gc", required_argument, NULL, OPTION_GC},
    {"mended", no_argument, NULL, OPTION_MENDED},
    {"counts", required_argument, NULL, OPTION_COUNTS},
    {"final-counts", required_argument, NULL, OPTION_FINAL_COUNTS},
    {"snapshot", required_argument, NULL, OPTION_SNAPSHOT},
    {"floor", no_argument, NULL, OPTION_FLOOR},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int take_option(enum bench_option option, const char *value)
{
	switch (option) {
	case OPTION_ITERATIONS:
		return parse_number(value, &settings.harness.fixed_calls);
	case OPTION_WARMUP:
		return parse_number(value, &settings.harness.warmup_calls);
	case OPTION_INNER:
		return parse_number(value, &settings.world.inner);
	case OPTION_PARAMETER:
		return parse_number(value, &settings.world.parameter);
	case OPTION_OWN:
		return engine_parse_ownership(value, &settings.world.engine_options.ownership)
			   ? 0
			   : usage_error("no such ownership mode", value);
	case OPTION_GC:
		return parse_gc(value, &settings.harness.gc);
	case OPTION_MENDED:
		settings.world.engine_options.mended = true;
		return 0;
	case OPTION_COUNTS:
		settings.counts_path = value;
		return 0;
	case OPTION_FINAL_COUNTS:
		settings.final_counts_path = value;
		return 0;
	case OPTION_SNAPSHOT:
		settings.snapshot_path = value;
		return 0;
	case OPTION_FLOOR:
		settings.floor = true;
		return 0;
	case OPTION_LIST:
		list_scenarios();
		exit(0);
	case OPTION_HELP:
		fputs(usage, stdout);
		exit(0);
	}
	fputs(usage, stderr);
	return -1;
}

static int take_operands(char **operands, int count)
{
	struct world_options *world = &settings.world;

	if (count != 3) {
		fputs(usage, stderr);
		return -1;
	}
	world->engine = engine_find(operands[0]);
	if (world->engine == NULL)
		return usage_error("no such engine", operands[0]);
	world->scenario = scenario_find(operands[1]);
	if (world->scenario == NULL)
		return usage_error("no such scenario (see --list)", operands[1]);
	if (!variant_parse(operands[2], &world->variant))
		return usage_error("no such variant", operands[2]);
	if (world->parameter == 0)
		world->parameter = world->scenario->parameter;
	if (world->inner == 0)
		world->inner = world->scenario->inner(world->parameter);
	snprintf(settings.name, sizeof(settings.name), "%s:%s:%s", operands[0], operands[1],
	    operands[2]);
	return 0;
}

static int parse_arguments(int argc, char **argv)
{
	int option = 0;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (take_option((enum bench_option)option, optarg) != 0)
			return -1;
	return take_operands(argv + optind, argc - optind);
}

/* As the variables of a module in the original's language: what the benchmark itself holds hangs on this. */
static struct world *the_world;

static void *setup(const void *arguments)
{
	the_world = world_new(arguments);
	return the_world;
}

static void iterate(void *state)
{
	world_iterate(state);
}

static void teardown(void *state)
{
	(void)state;
	world_free(the_world);
	the_world = NULL;
}

static void collect(void *state)
{
	world_collect(state);
}

static void write_counts(const char *path, const char *moment)
{
	if (path != NULL && counts_json_write(path, settings.world.engine, moment) != 0) {
		fprintf(stderr, "reactive-bench: %s: %s\n", path, strerror(errno));
		exit(2);
	}
}

static void finished(void *state)
{
	(void)state;
	if (settings.snapshot_path != NULL) {
		const int code = allocscope_snapshot(settings.snapshot_path);

		if (code != 0) {
			fprintf(stderr, "reactive-bench: no snapshot %s: %s\n",
			    settings.snapshot_path, strerror(-code));
			exit(2);
		}
	}
	write_counts(settings.counts_path, "last iteration");
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

static int run(const struct harness_benchmark *benchmark)
{
	struct harness_result result = {0};

	if (harness_run(benchmark, &settings.harness, &result) != 0) {
		fprintf(stderr, "reactive-bench: %s: %s\n", benchmark->name, strerror(errno));
		return -1;
	}
	harness_print_result(stdout, benchmark->name, &result);
	return 0;
}

int main(int argc, char **argv)
{
	const struct harness_benchmark floor_benchmark = {
	    .name = "(empty iteration)",
	    .setup = empty_setup,
	    .iterate = empty,
	    .teardown = empty,
	};
	const struct harness_benchmark benchmark = {
	    .name = settings.name,
	    .setup = setup,
	    .iterate = iterate,
	    .teardown = teardown,
	    .collect = collect,
	    .finished = finished,
	    .arguments = &settings.world,
	};

	if (parse_arguments(argc, argv) != 0)
		return 2;
	harness_print_header(stdout);
	if (settings.floor && run(&floor_benchmark) != 0)
		return 2;
	if (run(&benchmark) != 0)
		return 2;
	write_counts(settings.final_counts_path, "after the teardown");
	return 0;
}
