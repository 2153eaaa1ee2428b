/* Patterns and lines of suppressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"
#include "report/suppression.h"

static void patterns_are_parts_of_names(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
	    {"foo", "foo", true},
	    {"foo", "a foo b", true},
	    {"foo", "fo", false},
	    {"foo", "", false},
	    {"foo", NULL, false},
	    {"^foo", "foobar", true},
	    {"^foo", "a foo", false},
	    {"foo$", "a foo", true},
	    {"foo$", "foobar", false},
	    {"^foo$", "foo", true},
	    {"^foo$", "foofoo", false},
	    /* the end is the end, wherever the part was met before */
	    {"a$", "aba", true},
	    {"f*r", "xfoo bar", true},
	    {"f*r$", "for bar", true},
	    {"f*r$", "for bat", false},
	    {"^f*r*z$", "forty rooz", true},
	    {"^*foo", "a foo", true},
	    {"*", "anything", true},
	    {"a*a", "a", false},
	    {"a*a$", "a", false},
	    {"^a*a$", "aa", true},
	    {"foo*", "foo", true},
	    {"foo*$", "foobar", true},
	    {"^$", "a", false},
	    {"operator new[](unsigned long)", "operator new[](unsigned long)", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (suppression_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern,
			    cases[i].text != NULL ? cases[i].text : "NULL");
}

static int add(struct suppression_list *list, const char *text, uint32_t *ret_line)
{
	return suppressions_add(list, text, strlen(text), "a file", true, ret_line);
}

static void lines_are_read_as_lsan_does(void **state)
{
	struct suppression_list list = {0};
	uint32_t line = 0;

	(void)state;
	assert_int_equal(
	    add(&list, "# comment\n\n  leak:first \r\nrace:other\nleak:a:b", &line), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.rows[0].pattern, "first");
	assert_int_equal(list.rows[0].line, 3);
	assert_string_equal(list.rows[1].pattern, "a:b");
	assert_int_equal(list.rows[1].line, 5);
	assert_string_equal(list.rows[1].origin, "a file");
	assert_int_equal(add(&list, "", &line), 0);
	assert_int_equal(list.count, 2);
	suppressions_release(&list);
}

static void wrong_lines_are_told_by_number(void **state)
{
	static const char *const wrong[] = {
	    "leak:one\nno colon", "\nleak:", "\n:pattern", "\nword:"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct suppression_list list = {0};
		uint32_t line = 0;

		assert_int_equal(add(&list, wrong[i], &line), STATUS_BAD_ARGUMENT);
		assert_int_equal(line, 2);
		suppressions_release(&list);
	}
}

static void the_built_in_list_is_well_formed(void **state)
{
	struct suppression_list list = {0};

	(void)state;
	assert_int_equal(suppressions_add_built_in(&list), 0);
	assert_true(list.count > 10);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.rows[i].line, 0);
		/* none may match what anybody could call his own function */
		assert_false(suppression_matches(list.rows[i].pattern, "allocate"));
	}
	suppressions_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(patterns_are_parts_of_names),
	    cmocka_unit_test(lines_are_read_as_lsan_does),
	    cmocka_unit_test(wrong_lines_are_told_by_number),
	    cmocka_unit_test(the_built_in_list_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
