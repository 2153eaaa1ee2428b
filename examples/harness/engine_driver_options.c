/*
 * The driver's command line: its own options, the engine's switches, the list of rows.
 *
 * Switches are data (struct driver_switch): each sets one number, so a row of the table and the command line set them
 * by the same function. Storage is static: the driver makes no block.
 */
#include "harness/engine_driver.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

enum { SWITCHES_MAX = 32, MARKS_BUFFER_BYTES = 1 << 20 };

enum driver_option {
	OPTION_SCENARIO = 256,
	OPTION_VARIANT,
	OPTION_ITERATIONS,
	OPTION_WARMUP,
	OPTION_SEED,
	OPTION_MARKS,
	OPTION_SNAPSHOT,
	OPTION_LIST,
	OPTION_HELP,
	OPTION_SWITCH /* and the engine's switches from here on */
};

static const struct option own_options[] = {
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"variant", required_argument, NULL, OPTION_VARIANT},
    {"iterations", required_argument, NULL, OPTION_ITERATIONS},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"marks", required_argument, NULL, OPTION_MARKS},
    {"snapshot", required_argument, NULL, OPTION_SNAPSHOT},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, OPTION_HELP},
};

static const char usage[] =
    "  --scenario NAME     a row of --list\n"
    "  --variant V         leaky, pooled, fixed, disposed or baseline (the first row of that name)\n"
    "  --iterations N      counted iterations (20)\n"
    "  --warmup W          before them, iterations that do not count (0)\n"
    "  --seed K            for what the engine draws by lot (0)\n"
    "  --marks WHERE       the books, a JSON line at each mark: fd = standard output (default),\n"
    "                      env = the file that ENGINE_MARKS names, none\n"
    "  --snapshot FILE     ask the profiler for a snapshot behind the last iteration\n"
    "  --list              the rows, as tab-separated values\n"
    "Switches of the engine; with one of them the row's numbers are not checked:\n";

static const char *const variant_names[] = {
    [DRIVER_BASELINE] = "baseline",
    [DRIVER_LEAKY] = "leaky",
    [DRIVER_POOLED] = "pooled",
    [DRIVER_FIXED] = "fixed",
    [DRIVER_DISPOSED] = "disposed",
};

struct command_line {
	const struct driver_engine *engine;
	const char *scenario, *marks;
	enum driver_variant variant;
	bool has_variant;
	struct driver_run run;
	struct {
		const struct driver_switch *one;
		const char *value;
	} given[SWITCHES_MAX];
	size_t given_count;
};

const char *driver_variant_name(enum driver_variant variant)
{
	return variant_names[variant];
}

static bool parse_variant(const char *text, enum driver_variant *ret_variant)
{
	for (size_t i = 0; i < sizeof(variant_names) / sizeof(variant_names[0]); i++)
		if (strcmp(variant_names[i], text) == 0) {
			*ret_variant = (enum driver_variant)i;
			return true;
		}
	return false;
}

const struct driver_scenario *driver_find(
    const struct driver_engine *engine, const char *name, const enum driver_variant *variant)
{
	for (size_t i = 0; i < engine->scenario_count; i++) {
		const struct driver_scenario *row = &engine->scenarios[i];

		if (strcmp(row->name, name) == 0 && (variant == NULL || row->variant == *variant))
			return row;
	}
	return NULL;
}

static bool parse_number(const char *text, size_t length, uint64_t *ret_number)
{
	char *end = NULL;
	unsigned long long number = 0;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || end != text + length || length == 0 || text[0] < '0' || text[0] > '9')
		return false;
	*ret_number = number;
	return true;
}

/* WORD's place in "eager|lazy". */
static bool parse_word(const char *words, const char *word, size_t length, uint32_t *ret_place)
{
	for (uint32_t place = 0; *words != '\0'; place++) {
		const size_t candidate = strcspn(words, "|");

		if (candidate == length && strncmp(words, word, length) == 0) {
			*ret_place = place;
			return true;
		}
		words += candidate + (words[candidate] == '|');
	}
	return false;
}

bool driver_set_switch(const struct driver_switch *one, const char *value, size_t value_length)
{
	uint64_t number = 0;

	if (one->words == NULL) {
		*one->setting = 1;
		return value == NULL;
	}
	if (value == NULL)
		return false;
	if (strcmp(one->words, "N") != 0)
		return parse_word(one->words, value, value_length, one->setting);
	if (!parse_number(value, value_length, &number) || number > UINT32_MAX)
		return false;
	*one->setting = (uint32_t)number;
	return true;
}

/* TEXT is "name" or "name=value", LENGTH bytes of it. */
static bool set_by_text(const struct driver_engine *engine, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	const size_t name_length = equals != NULL ? (size_t)(equals - text) : length;

	for (size_t i = 0; i < engine->switch_count; i++) {
		const struct driver_switch *one = &engine->switches[i];

		if (strlen(one->name) == name_length && strncmp(one->name, text, name_length) == 0)
			return equals == NULL
				   ? driver_set_switch(one, NULL, 0)
				   : driver_set_switch(one, equals + 1, length - name_length - 1);
	}
	return false;
}

bool driver_set_switches(const struct driver_engine *engine, const char *switches)
{
	for (size_t i = 0; i < engine->switch_count; i++)
		*engine->switches[i].setting = engine->switches[i].initial;
	while (*switches != '\0') {
		const size_t length = strcspn(switches, " ");

		if (length > 0 && !set_by_text(engine, switches, length))
			return false;
		switches += length + (switches[length] == ' ');
	}
	return true;
}

static void print_usage(FILE *out, const struct driver_engine *engine)
{
	fprintf(out, "usage: %s --scenario NAME [options]\n%s", engine->ledger->engine, usage);
	for (size_t i = 0; i < engine->switch_count; i++) {
		const struct driver_switch *one = &engine->switches[i];

		fprintf(out, "  --%s%s%s\n                      %s\n", one->name,
		    one->words != NULL ? " " : "", one->words != NULL ? one->words : "", one->help);
	}
}

/* A row: name, variant, switches, N of the acceptance, retained after 1, 2 and N, allocs in 1, 2 and N, shape, holder. */
static void list_rows(const struct driver_engine *engine)
{
	static const uint64_t columns[] = {1, 2, 20, 100, 2000};

	fputs("#scenario\tvariant\tswitches\tshape\tholder", stdout);
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		printf("\tretained(%" PRIu64 ")\tallocs(%" PRIu64 ")", columns[c], columns[c]);
	puts("\tsummary");
	for (size_t i = 0; i < engine->scenario_count; i++) {
		const struct driver_scenario *row = &engine->scenarios[i];

		printf("%s\t%s\t%s\t%s\t%s", row->name, driver_variant_name(row->variant),
		    row->switches[0] != '\0' ? row->switches : "-", row->promise.shape,
		    row->promise.holder != NULL ? row->promise.holder : "-");
		for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
			printf("\t%" PRId64 "\t%" PRId64,
			    driver_promised_retained(&row->promise, columns[c]),
			    driver_promised_allocs(&row->promise, columns[c]));
		printf("\t%s\n", row->summary);
	}
}

static int wrong_use(const struct command_line *line, const char *what, const char *value)
{
	fprintf(stderr, "%s: %s: %s (see --help)\n", line->engine->ledger->engine, what, value);
	return 2;
}

static int take_number(const struct command_line *line, const char *value, uint64_t *ret_number)
{
	return parse_number(value, strlen(value), ret_number)
		   ? 0
		   : wrong_use(line, "not a number", value);
}

static int take_switch(struct command_line *line, size_t number, const char *value)
{
	if (line->given_count == SWITCHES_MAX)
		return wrong_use(line, "too many switches", line->engine->switches[number].name);
	line->given[line->given_count].one = &line->engine->switches[number];
	line->given[line->given_count++].value = value;
	return 0;
}

static int take_option(struct command_line *line, int option, const char *value)
{
	switch (option) {
	case OPTION_SCENARIO:
		line->scenario = value;
		return 0;
	case OPTION_VARIANT:
		line->has_variant = parse_variant(value, &line->variant);
		return line->has_variant ? 0 : wrong_use(line, "no such variant", value);
	case OPTION_ITERATIONS:
		return take_number(line, value, &line->run.iterations);
	case OPTION_WARMUP:
		return take_number(line, value, &line->run.warmup);
	case OPTION_SEED:
		return take_number(line, value, &line->run.seed);
	case OPTION_MARKS:
		line->marks = value;
		return 0;
	case OPTION_SNAPSHOT:
		line->run.snapshot_path = value;
		return 0;
	case OPTION_LIST:
		list_rows(line->engine);
		exit(0);
	case OPTION_HELP:
		print_usage(stdout, line->engine);
		exit(0);
	default:
		if (option >= OPTION_SWITCH)
			return take_switch(line, (size_t)(option - OPTION_SWITCH), value);
		return 2; /* getopt has told */
	}
}

static int parse(struct command_line *line, int argc, char **argv)
{
	enum { OWN = sizeof(own_options) / sizeof(own_options[0]) };
	static struct option options[OWN + SWITCHES_MAX + 1];
	const struct driver_engine *engine = line->engine;
	int option = 0;

	memcpy(options, own_options, sizeof(own_options));
	for (size_t i = 0; i < engine->switch_count && i < SWITCHES_MAX; i++)
		options[OWN + i] = (struct option){engine->switches[i].name,
		    engine->switches[i].words != NULL ? required_argument : no_argument, NULL,
		    OPTION_SWITCH + (int)i};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const int code = take_option(line, option, optarg);

		if (code != 0)
			return code;
	}
	if (optind < argc)
		return wrong_use(line, "not understood", argv[optind]);
	return line->scenario != NULL ? 0 : wrong_use(line, "missing", "--scenario");
}

static int open_marks(struct command_line *line)
{
	static char buffer[MARKS_BUFFER_BYTES];
	const char *path = getenv("ENGINE_MARKS");

	if (strcmp(line->marks, "none") == 0)
		return 0;
	if (strcmp(line->marks, "fd") != 0 && strcmp(line->marks, "env") != 0)
		return wrong_use(line, "no such place for marks", line->marks);
	line->run.marks = stdout;
	if (strcmp(line->marks, "env") == 0) {
		if (path == NULL)
			return wrong_use(line, "--marks env", "ENGINE_MARKS is not set");
		line->run.marks = fopen(path, "we");
	}
	if (line->run.marks == NULL ||
	    setvbuf(line->run.marks, buffer, _IOFBF, sizeof(buffer)) != 0)
		return wrong_use(line, path, strerror(errno));
	return 0;
}

static int set_given_switches(struct command_line *line, const struct driver_scenario *row)
{
	if (!driver_set_switches(line->engine, row->switches))
		return wrong_use(line, "the row's switches are wrong", row->switches);
	for (size_t i = 0; i < line->given_count; i++) {
		const char *value = line->given[i].value;

		if (!driver_set_switch(
			line->given[i].one, value, value != NULL ? strlen(value) : 0))
			return wrong_use(line, line->given[i].one->name, value);
	}
	line->run.promised = line->given_count == 0;
	return 0;
}

int driver_main(const struct driver_engine *engine, int argc, char **argv)
{
	static struct command_line line; /* static: large, and all 0 */
	const struct driver_scenario *row = NULL;
	unsigned broken = 0;
	int code = 0;

	line.engine = engine;
	line.marks = "fd";
	line.run.iterations = 20;
	if ((code = parse(&line, argc, argv)) != 0)
		return code;
	row = driver_find(engine, line.scenario, line.has_variant ? &line.variant : NULL);
	if (row == NULL)
		return wrong_use(&line, "no such scenario (see --list)", line.scenario);
	if ((code = set_given_switches(&line, row)) != 0 || (code = open_marks(&line)) != 0)
		return code;
	broken = driver_run_scenario(engine, row, &line.run);
	if (line.run.marks != NULL && (fflush(line.run.marks) != 0 || ferror(line.run.marks) != 0))
		return wrong_use(&line, "cannot write the marks", strerror(errno));
	return broken > 0 ? 1 : 0;
}
