/* Paths of source files, tidied. */
#include "symbols/source_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void paths_lose_what_says_nothing(void **state)
{
	static const struct {
		const char *path, *expected;
	} cases[] = {
	    {"", ""},
	    {"/", "/"},
	    {".", ""},
	    {"./", ""},
	    {"a.c", "a.c"},
	    {"./malloc/malloc.c", "malloc/malloc.c"},
	    {"/build/./malloc/./malloc.c", "/build/malloc/malloc.c"},
	    {"/build//malloc///malloc.c", "/build/malloc/malloc.c"},
	    {"//build/a.c", "/build/a.c"},
	    {"/build/../a.c", "/build/../a.c"},
	    {"../a.c", "../a.c"},
	    {"/a/.hidden/.b.c", "/a/.hidden/.b.c"},
	    {"/a/b/.", "/a/b"},
	    {"/a/b/", "/a/b"},
	    {"a/./", "a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *tidy = source_path_tidy(cases[i].path);

		assert_non_null(tidy);
		assert_string_equal(tidy, cases[i].expected);
		free(tidy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_lose_what_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
