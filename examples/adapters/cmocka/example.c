/* cmocka under allocscope. Usage: example [FILTER] */
#include <allocscope/adapters/cmocka.h>

#include "examples/adapters/registry.h"

ALLOCSCOPE_CMOCKA_TEST(measures)
{
	(void)state;
	assert_int_equal(registry_measure("forty-two"), 9);
}

ALLOCSCOPE_CMOCKA_TEST(keeps)
{
	(void)state;
	registry_keep("a name that stays");
}

static int set_up(void **state)
{
	*state = registry_copy("made by set_up, freed by tear_down");
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	print_message("tear_down has run\n");
	return 0;
}

ALLOCSCOPE_CMOCKA_TEST(with_fixture)
{
	assert_int_equal(registry_measure(*state), strlen(*state));
}

static void part_keeps(void **state)
{
	(void)state;
	registry_keep("outside of the block");
	ALLOCSCOPE_ASSERT_NOTHING_RETAINED("the second name")
	{
		registry_keep("inside");
	}
	print_message("not reached\n");
}

static size_t mocked_measure(const char *name)
{
	check_expected_ptr(name);
	return mock_type(size_t);
}

/* cmocka remembers what is expected and what to return, until it is asked for. */
ALLOCSCOPE_CMOCKA_TEST(framework_mocks)
{
	(void)state;
	expect_string(mocked_measure, name, "forty-two");
	will_return(mocked_measure, 9);
	assert_int_equal(mocked_measure("forty-two"), 9);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(measures),
	    cmocka_unit_test(keeps),
	    cmocka_unit_test_setup_teardown(with_fixture, set_up, tear_down),
	    cmocka_unit_test(part_keeps),
	    cmocka_unit_test(framework_mocks),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
