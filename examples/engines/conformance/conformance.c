/*
 * reactive-conformance [--engine E] [--own MODE] [--case N] [--verbose] CASES: does each port behave as its original?
 *
 * Runs every case on each engine (Lattice and Alien as they were and mended, Preact) in each ownership mode and
 * compares the whole trace. Ends with "N passed, N failed"; exit status 1 if any failed, 2 for an unusable case.
 */
#include "engines/conformance/case_file.h"
#include "engines/conformance/script_run.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* An engine as the cases know it: where its expected trace stands. */
struct subject {
	const char *name;
	const struct engine *engine;
	bool mended;
	const char *columns[5];
	/* Name the cases in whose end nodes stay that no handle holds: they hold each other in a cycle, where nobody
	 * but the caller frees; or the engine's queue holds them, where the caller does not. */
	const char *cycle_columns[2], *queue_columns[3];
};

static const struct subject subjects[] = {
    {"lattice", &engine_lattice, false, {"L", "ALL", NULL}, {"L-cycle"}, {NULL}},
    {"lattice-mended", &engine_lattice, true, {"L-mended", "L", "ALL", NULL}, {"L-cycle"}, {NULL}},
    {"preact", &engine_preact, false, {"P1.11", "P", "ALL", NULL}, {"P-cycle"}, {NULL}},
    {"alien", &engine_alien, false, {"A2.0", "A", "ALL", NULL}, {"A-cycle"},
	{"A-queue", "A2.0-queue"}},
    {"alien-mended", &engine_alien, true, {"A-mended", "A2.0", "A", "ALL", NULL}, {"A-cycle"},
	{"A-queue"}},
};
enum { SUBJECT_COUNT = sizeof(subjects) / sizeof(subjects[0]), OWNERSHIP_COUNT = 3 };

struct settings {
	const char *engine;   /* NULL: all */
	const char *own_text; /* NULL: all */
	enum rx_ownership own;
	unsigned long number; /* 0: all */
	bool verbose;
};

struct tally {
	unsigned passed, failed, not_applicable;
};

static int run_case(const struct conformance_case *test, const struct subject *subject,
    enum rx_ownership ownership, const struct settings *settings, struct tally *tally)
{
	const struct engine_options options = {.ownership = ownership, .mended = subject->mended};
	const char *expected = case_expected(test, subject->columns);
	struct arena arena = {NULL};
	struct script_error error = {0, NULL};
	struct script_result result = {.trace = NULL};
	const struct script_node *program = NULL;
	const bool is_caller = ownership == RX_OWN_CALLER;
	const bool keeps_cycle = is_caller && case_expected(test, subject->cycle_columns) != NULL;
	const bool keeps_queue = !is_caller && case_expected(test, subject->queue_columns) != NULL;
	bool same = false;
	bool balanced = false;

	if (expected == NULL || strcmp(expected, "n/a") == 0) {
		tally->not_applicable++;
		return 0;
	}
	program = script_parse(&arena, test->script, &error);
	if (program == NULL) {
		fprintf(stderr, "case %u: expected %s before: %.40s\n", test->number,
		    error.expected, test->script + error.offset);
		arena_release(&arena);
		return -1;
	}
	script_run(&arena, program, subject->engine, &options, &result);
	same = strcmp(result.trace, expected) == 0;
	balanced = result.books_balance != keeps_cycle && result.queue_holds == keeps_queue;
	if (same && balanced)
		tally->passed++;
	else
		tally->failed++;
	if (!same || !balanced || settings->verbose)
		printf("%s: %s case %u (%s), own %s\n  trace    %s\n  expected %s%s\n",
		    same && balanced ? "ok" : "FAILED", subject->name, test->number, test->title,
		    engine_ownership_name(ownership), result.trace, expected,
		    balanced			 ? ""
		    : keeps_cycle || keeps_queue ? "\n  what should stay is gone"
						 : "\n  blocks are left behind");
	arena_release(&arena);
	return 0;
}

static int run_all(
    const struct conformance_case *cases, const struct settings *settings, struct tally *tally)
{
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		if (settings->engine != NULL && strcmp(settings->engine, subjects[i].name) != 0)
			continue;
		for (int own = 0; own < OWNERSHIP_COUNT; own++) {
			if (settings->own_text != NULL && settings->own != (enum rx_ownership)own)
				continue;
			for (const struct conformance_case *test = cases; test != NULL;
			     test = test->next)
				if ((settings->number == 0 || settings->number == test->number) &&
				    run_case(test, &subjects[i], (enum rx_ownership)own, settings,
					tally) != 0)
					return -1;
		}
	}
	return 0;
}

static const char usage[] =
    "usage: reactive-conformance [--engine E] [--own trace|caller|ctx] [--case N] [--verbose] CASES\n"
    "E: lattice, lattice-mended, preact, alien, alien-mended; default: all.\n";

static const char *parse_arguments(int argc, char **argv, struct settings *ret_settings)
{
	static const struct option options[] = {
	    {"engine", required_argument, NULL, 'e'},
	    {"own", required_argument, NULL, 'o'},
	    {"case", required_argument, NULL, 'c'},
	    {"verbose", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'e')
			ret_settings->engine = optarg;
		else if (option == 'o')
			ret_settings->own_text = optarg;
		else if (option == 'c')
			ret_settings->number = strtoul(optarg, NULL, 10);
		else if (option == 'v')
			ret_settings->verbose = true;
		else
			return NULL;
	}
	if (ret_settings->own_text != NULL &&
	    !engine_parse_ownership(ret_settings->own_text, &ret_settings->own))
		return NULL;
	return argc - optind == 1 ? argv[optind] : NULL;
}

int main(int argc, char **argv)
{
	struct settings settings = {NULL, NULL, RX_OWN_TRACE, 0, false};
	struct tally tally = {0, 0, 0};
	struct arena arena = {NULL};
	const char *path = parse_arguments(argc, argv, &settings);
	const struct conformance_case *cases = NULL;
	FILE *file = NULL;
	int code = 0;

	if (path == NULL) {
		fputs(usage, stderr);
		return 2;
	}
	file = fopen(path, "r");
	if (file == NULL) {
		fprintf(stderr, "reactive-conformance: %s: %s\n", path, strerror(errno));
		return 2;
	}
	cases = case_file_read(&arena, file, path);
	fclose(file);
	code = cases != NULL ? run_all(cases, &settings, &tally) : -1;
	arena_release(&arena);
	if (code != 0)
		return 2;
	if (tally.not_applicable > 0)
		printf("%u not applicable\n", tally.not_applicable);
	printf("%u passed, %u failed\n", tally.passed, tally.failed);
	return tally.failed > 0 || tally.passed == 0 ? 1 : 0;
}
