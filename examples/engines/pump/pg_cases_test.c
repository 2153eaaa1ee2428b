/* Reads the cases and runs each in every mode; the expectation for the mode's most particular name counts. */
#include "engines/pump/pg_cases_test.h"

#include "engines/conformance/case_file.h"
#include "engines/pump/pg_script_test.h"
#include "engines/pump/pump.h"

#include <string.h>

enum { COLUMNS_MAX = 5 };

static const struct mode {
	const char *name;
	struct pg_options options;
	bool mended;
	const char *columns[COLUMNS_MAX]; /* the most particular first */
} modes[] = {
    {"baseline", {.tree_limit = PG_TREE_LIMIT}, false, {"all"}},
    {"lazy", {.lazy_headers = 1, .tree_limit = PG_TREE_LIMIT}, false, {"all"}},
    {"pooled", {.pooled = 1, .tree_limit = PG_TREE_LIMIT}, false, {"pooled", "all"}},
    {"pooled lazy shared",
	{.pooled = 1, .lazy_headers = 1, .share_extensions = 1, .tree_limit = PG_TREE_LIMIT}, false,
	{"pooled", "all"}},
    {"fixed", {.tree_limit = PG_TREE_LIMIT}, true, {"fixed", "all"}},
    {"fixed pooled", {.pooled = 1, .tree_limit = PG_TREE_LIMIT}, true,
	{"fixed-pooled", "fixed", "pooled", "all"}},
};

static bool case_holds(const struct conformance_case *test, const struct mode *mode)
{
	const char *expected = case_expected(test, mode->columns);
	const char *trace = NULL;
	uint64_t live = 0;

	pg_options = mode->mended ? pg_options_mended(mode->options) : mode->options;
	trace = pg_script_run(test->script);
	pg_options = pg_options_upstream();
	live = ledger_totals(&pg_ledger).live_blocks;
	if (expected != NULL && strcmp(trace, expected) == 0 && live == 0)
		return true;
	printf("FAILED: case %u %s, %s\n  trace    %s\n  expected %s\n  %ju blocks are left\n",
	    test->number, test->title, mode->name, trace, expected != NULL ? expected : "nothing",
	    (uintmax_t)live);
	return false;
}

void pg_run_cases(const char *path, unsigned *passed, unsigned *failed)
{
	struct arena arena = {0};
	FILE *file = fopen(path, "re");
	const struct conformance_case *test = NULL;

	if (file == NULL)
		perror(path);
	else
		test = case_file_read(&arena, file, path);
	if (test == NULL)
		++*failed;
	for (; test != NULL; test = test->next)
		for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
			++*(case_holds(test, &modes[i]) ? passed : failed);
	if (file != NULL)
		fclose(file);
	arena_release(&arena);
}
