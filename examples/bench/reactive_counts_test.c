/*
 * reactive-counts-test TABLE: does each engine allocate what the originals allocate?
 *
 * Each row of the table (engines/expected-counts.tsv) is run with its 50 iterations and compared, equality in every
 * column. Then what the ownership modes promise: without a release all blocks of all sets are alive in a context that
 * owns its nodes, and nothing is alive once everything was released or the engine was freed.
 * Ends with "N passed, N failed"; exit status 1 if any failed.
 */
#include "bench/scenario.h"
#include "engines/lattice/lattice.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { ITERATIONS = 50, INNER = 10, COLUMNS = 13, LINE_CHARS = 512 };

static const char *const column_names[COLUMNS] = {"signal", "computed", "effect", "edge", "frame",
    "check", "finish", "disposer", "watch", "live signal", "live computed", "live effect",
    "live edge"};

struct row {
	struct world_options world;
	uint64_t expected[COLUMNS];
};

static unsigned passed;
static unsigned failed;

static void verdict(bool ok, const struct world_options *world, const char *promise)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED: %s %s(%" PRIu64 ") %s, own %s: %s\n", world->engine->name,
	    world->scenario->name, world->parameter, variant_name(world->variant),
	    engine_ownership_name(world->engine_options.ownership), promise);
}

static void books_reset(const struct engine *engine)
{
	engine->block_counts_reset();
	rx_blocks_reset(&capture_block_count, 1);
}

static bool nothing_is_alive(const struct engine *engine)
{
	return engine_live_blocks(engine) == 0 && rx_blocks_live(&capture_block_count) == 0;
}

static struct world *run_iterations(const struct world_options *options, unsigned count)
{
	struct world *world = world_new(options);

	for (unsigned i = 0; i < count; i++)
		world_iterate(world);
	return world;
}

static void columns_of(const struct engine *engine, uint64_t columns[COLUMNS])
{
	struct engine_totals totals;

	engine->totals(&totals);
	columns[0] = totals.signals;
	columns[1] = totals.computeds;
	columns[2] = totals.effects;
	columns[3] = totals.edges;
	columns[4] = totals.frames;
	columns[5] = totals.check_frames;
	columns[6] = totals.finishes;
	columns[7] = totals.disposers;
	columns[8] = totals.watch_closures;
	columns[9] = totals.live_signals;
	columns[10] = totals.live_computeds;
	columns[11] = totals.live_effects;
	columns[12] = totals.edges_held;
}

static void test_row(const struct row *row)
{
	const struct engine *engine = row->world.engine;
	uint64_t actual[COLUMNS];
	struct world *world = run_iterations(&row->world, ITERATIONS);
	bool equal = true;

	world_collect(world);
	columns_of(engine, actual);
	for (size_t i = 0; i < COLUMNS; i++)
		if (actual[i] != row->expected[i]) {
			equal = false;
			printf("  %s: %" PRIu64 ", expected %" PRIu64 "\n", column_names[i],
			    actual[i], row->expected[i]);
		}
	verdict(equal, &row->world, "counts equal the table's");
	world_free(world);
	verdict(nothing_is_alive(engine), &row->world, "nothing is alive after the teardown");
	books_reset(engine);
}

static uint64_t blocks_of_one_set(const struct world_options *options)
{
	const struct engine_shape *shape = &options->engine->shape;
	struct engine_totals totals;

	options->engine->totals(&totals);
	return totals.edges_held + rx_blocks_live(&capture_block_count) +
	       shape->signal * totals.signals + shape->computed * totals.computeds +
	       shape->effect * totals.effects;
}

/* A context that owns its nodes: they add up, set by set, and go with the context. */
static void test_context_accumulates(const struct row *row)
{
	struct world_options options = row->world;
	const struct engine *engine = options.engine;
	struct world *world = NULL;
	uint64_t before = 0;
	uint64_t per_set = 0;

	options.engine_options.ownership = RX_OWN_CTX;
	world = world_new(&options);
	before = engine_live_blocks(engine);
	world_iterate(world);
	per_set = blocks_of_one_set(&options);
	for (unsigned i = 1; i < ITERATIONS; i++)
		world_iterate(world);
	verdict(engine_live_blocks(engine) + rx_blocks_live(&capture_block_count) ==
		    before + ITERATIONS * per_set,
	    &options, "every block of every set is alive");
	world_free(world);
	verdict(nothing_is_alive(engine), &options, "the context frees all it owns");
	books_reset(engine);
}

/* Without a collector: whoever disposes and releases everything has nothing left. */
static void test_release_frees(const struct row *row)
{
	struct world_options options = row->world;
	const struct engine *engine = options.engine;
	struct world *world = NULL;
	uint64_t before = 0;

	options.engine_options.ownership = RX_OWN_CALLER;
	world = world_new(&options);
	before = engine_live_blocks(engine);
	for (unsigned i = 0; i < ITERATIONS; i++)
		world_iterate(world);
	verdict(engine_live_blocks(engine) == before && rx_blocks_live(&capture_block_count) == 0,
	    &options, "dispose and release free every block");
	world_free(world);
	verdict(nothing_is_alive(engine), &options, "nothing is alive after the teardown");
	books_reset(engine);
}

/* An instance with signals, computeds and effects is 8 records, 16 functions, 10 environments and a set; what only its
 * assembly needed is gone. */
static void test_api_shape(void)
{
	static const struct {
		enum lattice_block kind;
		uint64_t live, temporary;
	} shape[] = {
	    {LATTICE_BLOCK_API_RECORD, 8, 7},
	    {LATTICE_BLOCK_API_CLOSURE, 16, 3},
	    {LATTICE_BLOCK_API_ENVIRONMENT, 10, 0},
	    {LATTICE_BLOCK_API_SET, 1, 1},
	};
	const struct lattice_options options = {
	    .primitives = LATTICE_WITH_SIGNAL | LATTICE_WITH_COMPUTED | LATTICE_WITH_EFFECT};
	struct lattice_api *api = lattice_api_new(&options);
	bool equal = true;

	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		const struct rx_block_count *count = &lattice_block_counts[shape[i].kind];

		equal = equal && rx_blocks_live(count) == shape[i].live &&
			count->frees == shape[i].temporary;
	}
	lattice_api_free(api);
	if (equal && nothing_is_alive(&engine_lattice)) {
		passed++;
	} else {
		failed++;
		puts("FAILED: lattice: an instance has the original's blocks");
	}
	books_reset(&engine_lattice);
}

static bool parse_columns(char *text, uint64_t columns[COLUMNS])
{
	char *end = text;

	for (size_t i = 0; i < COLUMNS; i++) {
		columns[i] = strtoull(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	return *end == '\n' || *end == '\0';
}

/* The next word of *LINE, ended by a NUL in place; *LINE moves behind it. */
static char *take_word(char **line)
{
	char *word = *line;
	char *end = word + strcspn(word, "\t\n");

	*line = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool parse_row(char *line, struct row *ret_row)
{
	const char *engine = take_word(&line);
	const char *scenario = take_word(&line);
	const char *parameter = take_word(&line);
	const char *variant = take_word(&line);

	*ret_row = (struct row){.world = {.inner = INNER}};
	ret_row->world.parameter = strtoull(parameter, NULL, 10);
	ret_row->world.engine = engine_find(engine);
	ret_row->world.scenario = scenario_find(scenario);
	return ret_row->world.engine != NULL && ret_row->world.scenario != NULL &&
	       variant_parse(variant, &ret_row->world.variant) &&
	       parse_columns(line, ret_row->expected);
}

static int test_table(FILE *table, const char *path)
{
	char line[LINE_CHARS];
	struct row row;

	for (unsigned number = 1; fgets(line, sizeof(line), table) != NULL; number++) {
		if (line[0] == '#')
			continue;
		if (!parse_row(line, &row)) {
			fprintf(stderr, "%s:%u: not a row: %s\n", path, number, line);
			return -1;
		}
		test_row(&row);
		if (row.world.variant == VARIANT_PROBLEMATIC)
			test_context_accumulates(&row);
		if (row.world.variant == VARIANT_DISPOSED)
			test_release_frees(&row);
	}
	return 0;
}

int main(int argc, char **argv)
{
	FILE *table = argc == 2 ? fopen(argv[1], "r") : NULL;
	int code = 0;

	if (table == NULL) {
		fprintf(stderr, "usage: reactive-counts-test TABLE%s%s\n", argc == 2 ? ": " : "",
		    argc == 2 ? strerror(errno) : "");
		return 2;
	}
	test_api_shape();
	code = test_table(table, argv[1]);
	fclose(table);
	if (code != 0)
		return 2;
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0 ? 1 : 0;
}
