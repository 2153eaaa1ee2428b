/*
 * reactive-random [--seed N] [--count N] [--print]: programs made at random, which the engines must agree on.
 *
 * What must hold for every program: a trace does not depend on the ownership mode, so that neither a collection nor a
 * release can be noticed, and no block is left at the end. Programs without effects must further give in Preact the values
 * that an engine without a cache gives, and in Alien, which forgets errors, where none was raised. (Lattice, mended or not,
 * misses changes in a way of its own: README.md there.) The number generator is seeded: a program is known by its number. Ends with "N passed, N failed"; exit status 1 if any failed.
 */
#include "engines/conformance/naive_engine.h"
#include "engines/conformance/script_run.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_CHARS = 8192, SIGNALS = 4, COMPUTEDS = 8, EFFECTS = 4, STEPS = 24 };

struct program {
	char text[PROGRAM_CHARS];
	size_t length;
	uint64_t state; /* of the number generator */
};

/* xorshift64* */
static unsigned choose(struct program *program, unsigned choices)
{
	program->state ^= program->state >> 12;
	program->state ^= program->state << 25;
	program->state ^= program->state >> 27;
	return (unsigned)((program->state * UINT64_C(2685821657736338717)) >> 33) % choices;
}

static void add(struct program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct program *program, const char *format, ...)
{
	va_list arguments;
	int written = 0;

	va_start(arguments, format);
	written = vsnprintf(
	    program->text + program->length, PROGRAM_CHARS - program->length, format, arguments);
	va_end(arguments);
	if (written < 0 || (size_t)written >= PROGRAM_CHARS - program->length) {
		fputs("reactive-random: a program is too long\n", stderr);
		exit(2);
	}
	program->length += (size_t)written;
}

/* A read of a signal, or of one of the first KNOWN computeds. */
static void add_read(struct program *program, unsigned known)
{
	const unsigned source = choose(program, SIGNALS + known);

	if (source < SIGNALS)
		add(program, "s[%u]", source);
	else
		add(program, "c[%u]", source - SIGNALS);
}

static void add_expression(struct program *program, unsigned known, unsigned depth)
{
	static const char *const operators[] = {"+", "-", "*", "=="};

	if (depth == 0 || choose(program, 4) == 0) {
		add_read(program, known);
	} else if (choose(program, 3) == 0) {
		add(program, "(");
		add_read(program, known);
		add(program, " %% 2 == 0 ? ");
		add_expression(program, known, depth - 1);
		add(program, " : ");
		add_expression(program, known, depth - 1);
		add(program, ")");
	} else {
		add(program, "(");
		add_expression(program, known, depth - 1);
		add(program, " %s ", operators[choose(program, 4)]);
		add_expression(program, known, depth - 1);
		add(program, ") %% 1009");
	}
}

static void add_nodes(struct program *program)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		add(program, "S s[%u]=%u;\n", i, choose(program, 5));
	for (unsigned i = 0; i < COMPUTEDS; i++) {
		add(program, "C c[%u]{", i);
		if (choose(program, 8) == 0) {
			add(program, "if ");
			add_read(program, i);
			add(program, " == 3 {throw E%u}; ", i);
		}
		add_expression(program, i, 2);
		add(program, "};\n");
	}
}

/* Computeds may throw, so an effect looks after itself; or it doesn't, and whoever triggers it must. */
static void add_effect(struct program *program, unsigned number)
{
	add(program, "try{E e[%u]{", number);
	add(program, "log 'e%u:'", number);
	add_read(program, COMPUTEDS);
	add(program, "; ");
	if (choose(program, 3) == 0)
		add(program, "cleanup{log 'x%u'}; ", number);
	if (choose(program, 4) == 0) {
		add(program, "E{try{log 'i%u:'", number);
		add_read(program, COMPUTEDS);
		add(program, "}}; ");
	}
	if (choose(program, 5) == 0)
		add(program, "if s[0] == 2 {s[1]:=s[2]}; ");
	/* Only an effect whose first run went well can be disposed. */
	add(program, "}; alive[%u]=1};\n", number);
}

static void add_step(struct program *program, unsigned effects)
{
	const unsigned kind = choose(program, 10);

	add(program, "try{");
	if (kind < 4)
		add(program, "s[%u]:=%u", choose(program, SIGNALS), choose(program, 6));
	else if (kind < 6)
		add(program, "batch{s[%u]:=%u; s[%u]:=%u}", choose(program, SIGNALS),
		    choose(program, 6), choose(program, SIGNALS), choose(program, 6));
	else if (kind < 9 || effects == 0)
		add(program, "log c[%u]", choose(program, COMPUTEDS));
	else
		add(program, "if alive[%u] {alive[%u]=0; dispose e[%u]}", effects - 1, effects - 1,
		    effects - 1);
	add(program, "};\n");
}

static void make_program(struct program *program, uint64_t number, bool with_effects)
{
	program->length = 0;
	program->state = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	add_nodes(program);
	for (unsigned i = 0; with_effects && i < EFFECTS; i++)
		add(program, "alive[%u]=0;\n", i);
	for (unsigned step = 0; step < STEPS; step++) {
		const unsigned effects = with_effects ? 1 + step / (STEPS / EFFECTS) : 0;

		if (with_effects && step % (STEPS / EFFECTS) == 0)
			add_effect(program, effects - 1);
		add_step(program, effects);
	}
	for (unsigned i = 0; i < COMPUTEDS; i++)
		add(program, "try{log c[%u]};\n", i);
}

enum right_values { NEVER, WITHOUT_ERRORS, ALWAYS };

struct subject {
	const struct engine *engine;
	bool mended;
	enum right_values right; /* when it gives the values of an engine without a cache */
};

static const struct subject subjects[] = {
    {&engine_lattice, false, NEVER},
    {&engine_lattice, true, NEVER},
    {&engine_preact, false, ALWAYS},
    {&engine_alien, false, WITHOUT_ERRORS},
    {&engine_alien, true, WITHOUT_ERRORS},
};
static const struct subject oracle = {&engine_naive, false, ALWAYS};
enum { SUBJECT_COUNT = sizeof(subjects) / sizeof(subjects[0]) };

static const enum rx_ownership ownerships[] = {RX_OWN_TRACE, RX_OWN_CALLER, RX_OWN_CTX};
enum { OWNERSHIP_COUNT = sizeof(ownerships) / sizeof(ownerships[0]) };

/* The trace of TREE in each ownership mode, or NULL after a message: they differ, or blocks are left. */
static const char *run_subject(
    struct arena *arena, const struct script_node *tree, const struct subject *subject)
{
	const char *first = NULL;

	for (size_t i = 0; i < OWNERSHIP_COUNT; i++) {
		const struct engine_options options = {ownerships[i], subject->mended};
		struct script_result result = {.trace = NULL};

		script_run(arena, tree, subject->engine, &options, &result);
		if (first == NULL)
			first = result.trace;
		if (!result.books_balance || strcmp(first, result.trace) != 0) {
			printf("  %s, own %s: %s\n  %s\n  %s\n", subject->engine->name,
			    engine_ownership_name(options.ownership),
			    result.books_balance ? "another trace" : "blocks are left behind",
			    first, result.trace);
			return NULL;
		}
	}
	return first;
}

static bool same_as_oracle(
    struct arena *arena, const struct script_node *tree, const char *const traces[SUBJECT_COUNT])
{
	const char *expected = run_subject(arena, tree, &oracle);
	const bool has_errors = expected == NULL || strstr(expected, "throw:") != NULL;
	bool ok = expected != NULL;

	for (size_t i = 0; ok && i < SUBJECT_COUNT; i++) {
		if (subjects[i].right == NEVER ||
		    (subjects[i].right == WITHOUT_ERRORS && has_errors))
			continue;
		ok = strcmp(traces[i], expected) == 0;
		if (!ok)
			printf("  %s: other values than without a cache\n  %s\n  %s\n",
			    subjects[i].engine->name, traces[i], expected);
	}
	return ok;
}

static bool run_program(const struct program *program, bool with_effects)
{
	struct arena arena = {NULL};
	struct script_error error = {0, NULL};
	const struct script_node *tree = script_parse(&arena, program->text, &error);
	const char *traces[SUBJECT_COUNT];
	bool ok = true;

	if (tree == NULL) {
		fprintf(stderr, "reactive-random: expected %s before: %.40s\n", error.expected,
		    program->text + error.offset);
		exit(2);
	}
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		traces[i] = run_subject(&arena, tree, &subjects[i]);
		ok = ok && traces[i] != NULL;
	}
	if (ok && !with_effects)
		ok = same_as_oracle(&arena, tree, traces);
	arena_release(&arena);
	return ok;
}

static uint64_t parse_number(const char *text)
{
	return strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seed", required_argument, NULL, 's'},
	    {"count", required_argument, NULL, 'c'},
	    {"print", no_argument, NULL, 'p'},
	    {NULL, 0, NULL, 0},
	};
	static struct program program;
	uint64_t first = 1;
	uint64_t count = 500;
	unsigned failed = 0;
	bool print = false;
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			first = parse_number(optarg);
		else if (option == 'c')
			count = parse_number(optarg);
		else if (option == 'p')
			print = true;
		else
			return 2;
	}
	for (uint64_t number = first; number < first + count; number++) {
		const bool with_effects = number % 2 == 0;

		make_program(&program, number, with_effects);
		if (print)
			fputs(program.text, stdout);
		if (!run_program(&program, with_effects)) {
			printf("FAILED: program %" PRIu64 "\n", number);
			failed++;
		}
	}
	printf("%" PRIu64 " passed, %u failed\n", count - failed, failed);
	return failed > 0 || count == 0 ? 1 : 0;
}
