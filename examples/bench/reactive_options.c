/* The command line of reactive-bench. */
#include "bench/reactive_options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct reactive_settings reactive_settings = {
    .harness = {.warmup_calls = 2, .gc = HARNESS_GC_INNER},
    .world = {.engine_options = {.ownership = RX_OWN_TRACE}},
};

static const char usage[] =
    "usage: reactive-bench ENGINE SCENARIO VARIANT [options]\n"
    "       reactive-bench --list\n"
    "ENGINE: lattice, preact, alien. VARIANT: problematic, fixed, disposed, outer, outer_disposed.\n"
    "Each may be a list with commas, or all: the scenarios are then groups, whose rows are compared.\n"
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
    "  --floor              measure an empty iteration first: what the harness itself costs\n"
    "  --baseline NAME      what the others of a group are compared with: ENGINE:VARIANT (the fastest)\n"
    "  --format FORMAT      table, benchmem (as go test -benchmem, for benchstat) or json (table)\n"
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

static int parse_format(const char *text, enum harness_format *ret_format)
{
	static const char *const names[] = {"table", "benchmem", "json"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], text) == 0) {
			*ret_format = (enum harness_format)i;
			return 0;
		}
	return usage_error("no such format", text);
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
	OPTION_BASELINE,
	OPTION_FORMAT,
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
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int take_option(enum bench_option option, const char *value)
{
	switch (option) {
	case OPTION_ITERATIONS:
		return parse_number(value, &reactive_settings.harness.fixed_calls);
	case OPTION_WARMUP:
		return parse_number(value, &reactive_settings.harness.warmup_calls);
	case OPTION_INNER:
		return parse_number(value, &reactive_settings.world.inner);
	case OPTION_PARAMETER:
		return parse_number(value, &reactive_settings.world.parameter);
	case OPTION_OWN:
		return engine_parse_ownership(
			   value, &reactive_settings.world.engine_options.ownership)
			   ? 0
			   : usage_error("no such ownership mode", value);
	case OPTION_GC:
		return parse_gc(value, &reactive_settings.harness.gc);
	case OPTION_MENDED:
		reactive_settings.world.engine_options.mended = true;
		return 0;
	case OPTION_COUNTS:
		reactive_settings.counts_path = value;
		return 0;
	case OPTION_FINAL_COUNTS:
		reactive_settings.final_counts_path = value;
		return 0;
	case OPTION_SNAPSHOT:
		reactive_settings.snapshot_path = value;
		return 0;
	case OPTION_FLOOR:
		reactive_settings.floor = true;
		return 0;
	case OPTION_BASELINE:
		reactive_settings.baseline = value;
		return 0;
	case OPTION_FORMAT:
		return parse_format(value, &reactive_settings.format);
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

/* Does LIST ("a,b" or "all") hold WORD? */
static bool list_holds(const char *list, const char *word)
{
	const size_t length = strlen(word);

	if (strcmp(list, "all") == 0)
		return true;
	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static bool is_engine(const char *word)
{
	return engine_find(word) != NULL;
}

static bool is_scenario(const char *word)
{
	return scenario_find(word) != NULL;
}

static bool is_variant(const char *word)
{
	enum variant variant;

	return variant_parse(word, &variant);
}

/* Every word of LIST must be one that IS_KNOWN. */
static int check_list(const char *list, bool (*is_known)(const char *word), const char *complaint)
{
	char copy[256];
	char *rest = NULL;
	int known = 0;

	if (strcmp(list, "all") == 0)
		return 0;
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *word = strtok_r(copy, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest), known++)
		if (!is_known(word))
			return usage_error(complaint, word);
	return known != 0 ? 0 : usage_error(complaint, list);
}

static int take_operands(char **operands, int count)
{
	if (count != 3) {
		fputs(usage, stderr);
		return -1;
	}
	if (check_list(operands[0], is_engine, "no such engine") != 0 ||
	    check_list(operands[1], is_scenario, "no such scenario (see --list)") != 0 ||
	    check_list(operands[2], is_variant, "no such variant") != 0)
		return -1;
	reactive_settings.engines = operands[0];
	reactive_settings.scenarios = operands[1];
	reactive_settings.variants = operands[2];
	return 0;
}

int reactive_options_parse(int argc, char **argv)
{
	int option = 0;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (take_option((enum bench_option)option, optarg) != 0)
			return -1;
	return take_operands(argv + optind, argc - optind);
}

bool reactive_options_want(const char *engine, const char *scenario, enum variant variant)
{
	return list_holds(reactive_settings.engines, engine) &&
	       list_holds(reactive_settings.scenarios, scenario) &&
	       list_holds(reactive_settings.variants, variant_name(variant));
}
