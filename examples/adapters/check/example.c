/* Check under allocscope. CK_RUN_CASE chooses a case, CK_FORK=no runs without fork. */
#include <allocscope/adapters/check.h>

#include "examples/adapters/registry.h"

static char *fixture_name;

static void set_up(void)
{
	fixture_name = registry_copy("made by set_up, freed by tear_down");
}

static void tear_down(void)
{
	free(fixture_name);
}

ALLOCSCOPE_START_TEST(measures)
{
	ck_assert_uint_eq(registry_measure("forty-two"), 9);
}
END_TEST

ALLOCSCOPE_START_TEST(keeps)
{
	registry_keep("a name that stays");
}
END_TEST

ALLOCSCOPE_START_TEST(with_fixture)
{
	ck_assert_uint_eq(registry_measure(fixture_name), strlen(fixture_name));
	ck_assert_str_ne(fixture_name, "");
}
END_TEST

START_TEST(part_keeps)
{
	ALLOCSCOPE_CK_ZERO_RETAINED("the second name")
	{
		registry_keep("inside");
	}
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("registry");
	TCase *fixture = add_case(suite, "fixture");

	tcase_add_test(add_case(suite, "passing"), measures);
	tcase_add_test(add_case(suite, "failing"), keeps);
	tcase_add_checked_fixture(fixture, set_up, tear_down);
	tcase_add_test(fixture, with_fixture);
	tcase_add_test(add_case(suite, "part"), part_keeps);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed != 0;
}
