/*
 * reactive-bench ENGINE SCENARIO VARIANT [options]: scenarios under the harness.
 *
 * Path: reactive_options.c -> world.c (what a variant does) -> harness/ (calls it, marks the iterations, reports), and the
 * engine's own counts as JSON where asked for. Exit status: 0, or 2 for a usage error or a file that can't be written.
 */
#include "bench/counts_json.h"
#include "bench/reactive_options.h"

#include <allocscope/allocscope.h>
#include <errno.h>
#include <string.h>

static struct world_options current; /* the combination that runs */
static struct harness_report report;

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
	if (path != NULL && counts_json_write(path, current.engine, moment) != 0) {
		fprintf(stderr, "reactive-bench: %s: %s\n", path, strerror(errno));
		exit(2);
	}
}

static void finished(void *state)
{
	(void)state;
	if (reactive_settings.snapshot_path != NULL) {
		const int code = allocscope_snapshot(reactive_settings.snapshot_path);

		if (code != 0) {
			fprintf(stderr, "reactive-bench: no snapshot %s: %s\n",
			    reactive_settings.snapshot_path, strerror(-code));
			exit(2);
		}
	}
	write_counts(reactive_settings.counts_path, "last iteration");
}

/* NAME is the benchmark's for the profiler, LABEL the row's in its group. */
static int run(const struct scenario *scenario, const struct engine *engine, enum variant variant)
{
	struct harness_result result = {0};
	char name[HARNESS_NAME_BYTES];
	char label[HARNESS_NAME_BYTES];
	const struct harness_benchmark benchmark = {
	    .name = name,
	    .setup = setup,
	    .iterate = iterate,
	    .teardown = teardown,
	    .collect = collect,
	    .finished = finished,
	    .arguments = &current,
	};

	current = reactive_settings.world;
	current.engine = engine;
	current.scenario = scenario;
	current.variant = variant;
	if (current.parameter == 0)
		current.parameter = scenario->parameter;
	if (current.inner == 0)
		current.inner = scenario->inner(current.parameter);
	snprintf(
	    name, sizeof(name), "%s:%s:%s", engine->name, scenario->name, variant_name(variant));
	snprintf(label, sizeof(label), "%s:%s", engine->name, variant_name(variant));
	if (harness_run(&benchmark, &reactive_settings.harness, &result) != 0) {
		fprintf(stderr, "reactive-bench: %s: %s\n", name, strerror(errno));
		return -1;
	}
	/* a row that is alone needs no group to tell it from others */
	harness_report_add(&report, report.group[0] != '\0' ? label : name, &result,
	    reactive_settings.baseline != NULL && strcmp(reactive_settings.baseline, label) == 0);
	return 0;
}

/* Is there more than one row in all? */
static bool has_groups(void)
{
	return strpbrk(reactive_settings.engines, ",") != NULL ||
	       strpbrk(reactive_settings.scenarios, ",") != NULL ||
	       strpbrk(reactive_settings.variants, ",") != NULL ||
	       strcmp(reactive_settings.engines, "all") == 0 ||
	       strcmp(reactive_settings.scenarios, "all") == 0 ||
	       strcmp(reactive_settings.variants, "all") == 0;
}

static int run_group(const struct scenario *scenario, bool grouped)
{
	bool begun = !grouped;

	for (size_t e = 0; engine_at(e) != NULL; e++)
		for (enum variant variant = 0; variant < VARIANT_COUNT; variant++) {
			if (!reactive_options_want(engine_at(e)->name, scenario->name, variant))
				continue;
			if (!begun)
				harness_report_group(&report, scenario->name);
			begun = true;
			if (run(scenario, engine_at(e), variant) != 0)
				return -1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct harness_result floor = {0};

	if (reactive_options_parse(argc, argv) != 0)
		return 2;
	if (reactive_settings.floor && harness_floor(&reactive_settings.harness, &floor) != 0) {
		fprintf(stderr, "reactive-bench: %s\n", strerror(errno));
		return 2;
	}
	harness_report_begin(
	    &report, stdout, reactive_settings.format, reactive_settings.floor ? &floor : NULL);
	for (size_t i = 0; scenario_at(i) != NULL; i++)
		if (run_group(scenario_at(i), has_groups()) != 0)
			return 2;
	if (harness_report_end(&report) != 0) {
		fprintf(stderr, "reactive-bench: standard output: %s\n", strerror(errno));
		return 2;
	}
	write_counts(reactive_settings.final_counts_path, "after the teardown");
	return 0;
}
